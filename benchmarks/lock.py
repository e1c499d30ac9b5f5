"""The interpreter's lock: for how long somebody else held it."""

from __future__ import annotations

import threading
import time


class LockWatch:
    """
    A thread that does nothing but want the interpreter's lock: what CPU time it does not get, somebody else held the
    lock. Needs a core to itself.
    """

    def __init__(self) -> None:
        self._stop = False
        self._had = 0.0
        self._wall = 0.0
        self._thread = threading.Thread(target=self._spin)

    def __enter__(self) -> LockWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop = True
        self._thread.join()

    def _spin(self) -> None:
        began = time.perf_counter()
        while not self._stop:
            pass
        self._had = time.thread_time()
        self._wall = time.perf_counter() - began

    def share(self, cpu: float) -> float:
        """Of the ``cpu`` seconds the process took in all: how much of the others' was spent holding the lock."""
        return (self._wall - self._had) / max(cpu - self._had, 1e-9)
