"""Threads that allocate and free: from how many arenas of malloc, as glibc itself counts them."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

#: Prints whether the heap is shared, and how many arenas there are after eight threads have allocated at once.
PROGRAM = """
import ctypes, importlib.util, sys, threading

spec = importlib.util.spec_from_file_location("heap", sys.argv[1])
heap = importlib.util.module_from_spec(spec)
spec.loader.exec_module(heap)
shared = heap.share_heap()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(8)

def allocate():
    together.wait()
    libc.free(ctypes.c_void_p(libc.malloc(ctypes.c_size_t(1000))))
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
print(shared, open(sys.argv[2]).read().count("<heap nr="))
"""


def arenas(tmp_path: Path, **env: str) -> tuple[bool, int]:
    from wagtail_sourcegroups.generation import heap

    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(heap.__file__), str(tmp_path / "info.xml")],
        env=clean | env,
        capture_output=True,
        text=True,
        check=True,
    )
    shared, count = done.stdout.split()
    return shared == "True", int(count)


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.confstr("CS_GNU_LIBC_VERSION") is None,
    reason="Needs the C library of GNU: others have no arenas.",
)
class TestOnGlibc:
    def test_threads_share_one(self, tmp_path: Path) -> None:
        assert arenas(tmp_path) == (True, 1)

    def test_what_the_operator_has_decided_stays(self, tmp_path: Path) -> None:
        shared, count = arenas(tmp_path, MALLOC_ARENA_MAX="4")
        assert not shared
        assert count > 1


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from wagtail_sourcegroups.generation import heap

    class Other:
        pass

    for name in ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Other())
    assert heap.share_heap.__wrapped__() is False
    with heap.kept_heap():
        pass


#: Prints how much memory is resident: at first, inside after 200 MiB were freed in pieces, and afterwards; in MiB.
FREED = """
import ctypes, importlib.util, sys, time

spec = importlib.util.spec_from_file_location("heap", sys.argv[1])
heap = importlib.util.module_from_spec(spec)
spec.loader.exec_module(heap)
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 >> 20

def use(mebibytes):
    blocks = [libc.malloc(ctypes.c_size_t(10 << 20)) for _ in range(mebibytes // 10)]
    for block in blocks:
        ctypes.memset(ctypes.c_void_p(block), 1, 10 << 20)
    for block in blocks:
        libc.free(ctypes.c_void_p(block))

found = [resident()]
with heap.kept_heap(), heap.kept_heap():
    use(200)
    found.append(resident())
for _ in range(100):
    time.sleep(0.1)
    if resident() < found[0] + 30:
        break
print(*found, resident())
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.confstr("CS_GNU_LIBC_VERSION") is None,
    reason="Needs the C library of GNU: others give back in ways of their own.",
)
class TestWhatIsFreed:
    def freed(self, **env: str) -> tuple[int, int]:
        """How much more is resident than at first, inside and afterwards, in MiB."""
        from wagtail_sourcegroups.generation import heap

        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))
        }
        done = subprocess.run(
            [sys.executable, "-c", FREED, str(heap.__file__)],
            env=clean | env,
            capture_output=True,
            text=True,
            check=True,
        )
        first, inside, afterwards = map(int, done.stdout.split())
        return inside - first, afterwards - first

    def test_it_stays_while_pictures_are_made_and_goes_back_then(self) -> None:
        inside, afterwards = self.freed()
        assert inside > 150
        assert afterwards < 30

    def test_what_the_operator_has_decided_stays(self) -> None:
        inside, _ = self.freed(MALLOC_TRIM_THRESHOLD_="131072")
        assert inside < 150
