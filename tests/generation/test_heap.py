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
        if name not in ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")
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
