"""The interpreter's lock: for how long somebody else held it."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path


class LockWatch:
    """
    A thread that does nothing but want the interpreter's lock: while it neither runs nor waits for a core, somebody
    else holds the lock. Linux says how long it waited for a core; elsewhere it needs one to itself.
    """

    def __init__(self) -> None:
        self._stop = False
        self._cpu = 0.0
        self._waited = 0.0
        self._thread = threading.Thread(target=self._spin)

    def __enter__(self) -> LockWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop = True
        self._thread.join()

    def _spin(self) -> None:
        began, delayed = time.perf_counter(), _delayed()
        while not self._stop:
            pass
        self._cpu = time.thread_time()
        self._waited = time.perf_counter() - began - self._cpu - (_delayed() - delayed)

    def share(self, cpu: float) -> float:
        """Of the ``cpu`` seconds that the whole process took: how much of the others' was spent holding the lock."""
        return max(self._waited, 0.0) / max(cpu - self._cpu, 1e-9)


def _delayed() -> float:
    """Seconds that this thread could have run and had no core."""
    with suppress(OSError):
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    return 0.0
