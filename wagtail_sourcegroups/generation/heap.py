"""Memory that one thread frees is used by the next."""

from __future__ import annotations

import ctypes
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
    Have threads that begin from now on allocate from one arena; whether they do.

    By default glibc gives each an arena of its own, which keeps tens of megabytes that no other thread can use: 16
    threads over camera photographs held 920 MiB, and 390 from one arena, in the same time (``docs/performance.md``).
    For the whole process, once. What its operator has decided stays (``MALLOC_ARENA_MAX``, ``GLIBC_TUNABLES``).

    See mallopt(3).
    """
    if not sys.platform.startswith("linux") or {"MALLOC_ARENA_MAX", "GLIBC_TUNABLES"} & os.environ.keys():
        return False
    try:
        shared = bool(ctypes.CDLL(None).mallopt(ARENA_MAX, 1))
    except (AttributeError, OSError):
        # Another C library, which has no arenas.
        return False
    logger.debug("Threads share one arena of malloc: %s", shared)
    return shared
