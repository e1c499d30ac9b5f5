"""Memory that is freed is used again: by the next thread, and by the next picture."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

logger = logging.getLogger("wagtail_sourcegroups")

#: What glibc's ``malloc.h`` calls ``M_TRIM_THRESHOLD``, ``M_MMAP_THRESHOLD`` and ``M_ARENA_MAX``.
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
#: Bytes of free memory that are kept while pictures are made. More than that goes back at once.
KEPT = 256 << 20
#: What is larger is mapped by itself and goes back when it is freed. Where glibc arrives by itself: its largest.
MAPPED = 32 << 20
#: What glibc keeps once it has arrived there: twice as much.
USUAL = 2 * MAPPED
#: Seconds for which it is kept for whoever makes pictures next: batch after batch, task after task.
IDLE = 1.0


@cache
def share_heap() -> bool:
    """
    Have glibc make no more arenas for threads that begin from now on; whether it was told so.

    By default each gets one of its own, which keeps tens of megabytes that no other thread can use: 16 threads over
    camera photographs held 921 MiB, and 479 from one arena, in the same time (``docs/performance.md``). For the whole
    process, once. What its operator has decided stays (``MALLOC_ARENA_MAX``, ``GLIBC_TUNABLES``).

    See mallopt(3).
    """
    libc = _glibc("MALLOC_ARENA_MAX")
    shared = libc is not None and bool(libc.mallopt(ARENA_MAX, 1))
    logger.debug("Threads share one arena of malloc: %s", shared)
    return shared


@contextmanager
def kept_heap() -> Iterator[None]:
    """
    Inside, memory that is freed stays with the process, up to :data:`KEPT`; it goes back to the system once nobody has
    been inside for :data:`IDLE` seconds.

    A frame of 24 megapixels is 92 MiB that the system clears whenever it is asked for anew, a twelfth of the time that
    two small renditions take. What the operator has decided stays (``MALLOC_TRIM_THRESHOLD_``,
    ``MALLOC_MMAP_THRESHOLD_``, ``GLIBC_TUNABLES``).
    """
    libc = _glibc("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")
    if libc is None:
        yield
        return
    _inside.enter(libc)
    try:
        yield
    finally:
        _inside.leave(libc)


class _Inside:
    """How many threads of the process are inside of :func:`kept_heap`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._later: threading.Timer | None = None

    def enter(self, libc: Any) -> None:
        with self._lock:
            self._count += 1
            if self._later is not None:
                self._later.cancel()
                self._later = None
            if self._count == 1:
                libc.mallopt(MMAP_THRESHOLD, MAPPED)
                libc.mallopt(TRIM_THRESHOLD, KEPT)

    def leave(self, libc: Any) -> None:
        with self._lock:
            self._count -= 1
            if self._count:
                return
            self._later = threading.Timer(IDLE, self._give_back, [libc])
            self._later.daemon = True
            try:
                self._later.start()
                return
            except RuntimeError:
                # No thread can be started.
                self._later = None
        self._give_back(libc)

    def _give_back(self, libc: Any) -> None:
        with self._lock:
            if not self._count:
                libc.mallopt(TRIM_THRESHOLD, USUAL)
                libc.malloc_trim(0)


_inside = _Inside()


def _glibc(*variables: str) -> Any:
    """The C library, if it is glibc, and its operator has set none of these variables; else ``None``."""
    if not sys.platform.startswith("linux") or {"GLIBC_TUNABLES", *variables} & os.environ.keys():
        return None
    try:
        import ctypes

        libc = ctypes.CDLL(None)
        # Another C library has no arenas, and no such functions.
        return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
    except (ImportError, OSError):
        return None
