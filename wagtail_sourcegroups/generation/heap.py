"""Memory that one thread frees is used by the next."""

from __future__ import annotations

import logging
import os
import sys
from functools import cache

logger = logging.getLogger("wagtail_sourcegroups")

#: What glibc's ``malloc.h`` calls ``M_ARENA_MAX``.
ARENA_MAX = -8


@cache
def share_heap() -> bool:
    """
    Have glibc make no more arenas for threads that begin from now on; whether it was told so.

    By default each gets one of its own, which keeps tens of megabytes that no other thread can use: 16 threads over
    camera photographs held 921 MiB, and 479 from one arena, in the same time (``docs/performance.md``). For the whole
    process, once. What its operator has decided stays (``MALLOC_ARENA_MAX``, ``GLIBC_TUNABLES``).

    See mallopt(3).
    """
    if not sys.platform.startswith("linux") or {"MALLOC_ARENA_MAX", "GLIBC_TUNABLES"} & os.environ.keys():
        return False
    try:
        import ctypes

        shared = bool(ctypes.CDLL(None).mallopt(ARENA_MAX, 1))
    except (AttributeError, ImportError, OSError):
        # Another C library, which has no arenas, or no way to it.
        return False
    logger.debug("Threads share one arena of malloc: %s", shared)
    return shared
