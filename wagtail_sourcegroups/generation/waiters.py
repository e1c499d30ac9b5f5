"""
Threads that wait for a storage far away, for the whole process.

They outlive a round: the client of a storage is often made once a thread, and dear (boto3's takes a tenth of a second
of computing and 14 MB). They do not outlive their use for long, for the same reason.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable

#: Seconds that a thread waits for something to do before it ends.
IDLE_SECONDS = 30.0

Job = Callable[[], None]


class Waiters:
    """
    At most ``limit`` threads, started when needed, that do jobs in the order of their coming.

    A process that ends does not wait for them: whoever needs the result of a job waits for that.
    """

    def __init__(self, limit: int, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._limit = limit
        self._idle_seconds = idle_seconds
        self._changed = threading.Condition()
        self._jobs: deque[Job] = deque()
        self._threads = 0
        self._idle = 0

    def submit(self, job: Job) -> None:
        """
        Have a job done soon. It must not raise: nobody would hear.

        Raises ``RuntimeError`` if no thread can be started to do it.
        """
        with self._changed:
            self._jobs.append(job)
            if self._idle >= len(self._jobs):
                self._changed.notify()
            elif self._threads < self._limit:
                self._start_thread()

    def _start_thread(self) -> None:
        """With the lock held. Raises ``RuntimeError`` if the system gives none, unless there is one that will do."""
        try:
            threading.Thread(target=self._work, name="rendition-storage", daemon=True).start()
        except RuntimeError:
            if not self._threads:
                self._jobs.pop()
                raise
        else:
            self._threads += 1

    def _work(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                there = self._changed.wait_for(lambda: self._jobs, self._idle_seconds)
                self._idle -= 1
                if not there:
                    self._threads -= 1
                    return
                job = self._jobs.popleft()
            try:
                job()
            except BaseException:
                with self._changed:
                    self._threads -= 1
                raise
            # What a job held on to goes with it, not with the next one.
            del job


_waiters: dict[int, Waiters] = {}
_lock = threading.Lock()


def waiters(limit: int) -> Waiters:
    """Those of this process; all who ask for the same ``limit`` share them."""
    with _lock:
        return _waiters.setdefault(limit, Waiters(limit))


def _forget() -> None:
    """A forked process has none of its parent's threads, and maybe a lock that one of them held."""
    global _waiters, _lock
    _waiters, _lock = {}, threading.Lock()


os.register_at_fork(after_in_child=_forget)
