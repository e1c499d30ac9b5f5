"""Threads that compute: few, since they keep the processors busy. Those that are idle help the others."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")


class Computing:
    """
    ``workers`` threads, or as many as the system gives. What is submitted comes first; a :class:`.Side` is lent what no
    processor is needed for then.
    """

    def __init__(self, workers: int, cores: int | None = None) -> None:
        self._pool, workers = _started(workers)
        self._slots = min(workers, cores or os.cpu_count() or 1)
        self._lock = threading.Lock()
        self._queued = 0
        self._running = 0
        self._offers: dict[Future[Any], Callable[[], Any]] = {}
        self._abandoned = False

    def submit(self, job: Callable[[], None]) -> None:
        """Have a job done, after those that were submitted before. It must not raise: nobody would hear."""

        def do() -> None:
            with self._lock:
                self._queued -= 1
                self._running += 1
            try:
                job()
            finally:
                self._is_done()

        with self._lock:
            self._queued += 1
        self._pool.submit(do)

    def abandon(self) -> None:
        """Help nobody any more."""
        self._abandoned = True

    def close(self) -> None:
        """End the threads; nothing may be submitted that is not done."""
        self._pool.shutdown()

    # As a Side:

    def try_submit(self, work: Callable[[], Result]) -> Future[Result] | None:
        """Have ``work`` done, if a processor has nothing else to do now."""
        with self._lock:
            if self._queued + self._running >= self._slots or self._abandoned:
                return None
            future: Future[Result] = Future()
            self._help(future, work)
        return future

    def offer(self, work: Callable[[], Result]) -> Future[Result] | None:
        """Have ``work`` done once a processor has nothing else to do, unless too much waits for that."""
        with self._lock:
            if self._queued or self._slots == 1 or self._abandoned:
                return None
            future: Future[Result] = Future()
            self._offers[future] = work
            self._take_offers()
        # One that is cancelled, because whoever offered it came to it first, lets go of what it holds.
        future.add_done_callback(self._withdraw)
        return future

    def _withdraw(self, future: Future[Any]) -> None:
        with self._lock:
            self._offers.pop(future, None)

    def _take_offers(self) -> None:
        """With the lock held."""
        while self._offers and self._queued + self._running < self._slots and not self._abandoned:
            future = next(iter(self._offers))
            self._help(future, self._offers.pop(future))

    def _help(self, future: Future[Result], work: Callable[[], Result]) -> None:
        """With the lock held."""
        if not future.set_running_or_notify_cancel():
            return

        def do() -> None:
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits for it
                future.set_exception(error)
            else:
                future.set_result(result)
            finally:
                self._is_done()

        self._running += 1
        self._pool.submit(do)

    def _is_done(self) -> None:
        with self._lock:
            self._running -= 1
            self._take_offers()


def _started(workers: int) -> tuple[ThreadPoolExecutor, int]:
    """
    So many threads, or as many as the system gives, and their number: none is to be started when others wait for it.

    Raises ``RuntimeError`` if it gives none at all.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="renditions")
    all_there = threading.Event()
    for started in range(workers):
        try:
            # Each keeps a thread until all are there.
            pool.submit(all_there.wait)
        except RuntimeError:
            all_there.set()
            pool.shutdown()
            if not started:
                raise
            return _started(started)
    all_there.set()
    return pool, workers
