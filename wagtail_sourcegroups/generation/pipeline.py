"""
The threads between planning and keeping: sources are read and outputs stored while others are computed.

Two kinds of thread. Computing ones keep the processors busy, so they are few. Those that talk to a storage far away do
nothing but wait, so they are many, and cost nothing.

Bounded at every stage, whatever is slow: sources in hand; sources read ahead of computing; outputs that wait to be
stored, or are being stored. Reading ahead never takes more than half of the connections, so that sources that never
come leave the rest to others.

Nothing here knows of storages, pixels or rows: what the steps do is the :class:`Task`'s.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from typing import Any, Generic, Protocol, TypeVar

from ..rendering import Side
from .waiters import waiters

Result = TypeVar("Result")

#: Takes the storing of one output, which a thread that may wait then does; False if nobody wants it any more.
HandOver = Callable[[Callable[[], None]], bool]


class Task(Protocol):
    """
    One source on its way. Every step is called once at most, in a thread. What goes wrong with a source is the task's
    to note: an exception that leaves a step ends the whole round.
    """

    @property
    def is_far(self) -> bool:
        """Whether reading the source means waiting for it."""

    def fetch(self) -> None:
        """Read the source, if it is far."""

    def make(self, side: Side, hand_over: HandOver) -> None:
        """Compute all outputs. What takes waiting goes to ``hand_over``; ``side`` lends idle processors."""

    def drop(self) -> None:
        """Let go of what was fetched: nothing will be made of it."""


TaskT = TypeVar("TaskT", bound=Task)


@dataclass(order=True, slots=True)
class _Passage(Generic[TaskT]):
    """A task on its way, in the order in which they began."""

    number: int
    task: TaskT = field(compare=False)
    begun: bool = field(default=False, compare=False)
    """Whether computing has begun: from then on it is finished, unless all is abandoned."""
    dropped: bool = field(default=False, compare=False)
    unfinished: int = field(default=1, compare=False)
    """Outputs that are still to be stored, and one for the computing itself."""
    error: BaseException | None = field(default=None, compare=False)


class Pipeline(Generic[TaskT]):
    """
    Takes tasks from one thread and gives them back to it, done.

    ``workers`` compute, ``connections`` wait for a storage. Tasks are read, and computed when read, in the order in
    which they began; one whose source is slow is overtaken.
    """

    def __init__(self, *, workers: int, connections: int, cores: int | None = None) -> None:
        self._computing = ThreadPoolExecutor(workers, thread_name_prefix="renditions")
        self._storage = waiters(connections)
        self._capacity = 2 * workers + connections
        self._most_ahead = max(connections // 2, 1)
        self._slots = min(workers, cores or os.cpu_count() or 1)
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._numbers = 0
        self._in_hand: dict[int, _Passage[TaskT]] = {}
        self._unread: deque[_Passage[TaskT]] = deque()
        self._ahead = 0
        self._ready: list[_Passage[TaskT]] = []
        self._busy = 0
        self._offers: dict[Future[Any], Callable[[], Any]] = {}
        self._abandoned = False
        self._room_for_outputs = threading.Semaphore(2 * connections)
        self._done: deque[_Passage[TaskT]] = deque()

    # For the thread that owns it:

    @property
    def in_hand(self) -> list[TaskT]:
        """Tasks that have begun and were not given back, in that order."""
        return [passage.task for passage in self._in_hand.values()]

    @property
    def has_room(self) -> bool:
        return len(self._in_hand) < self._capacity

    def begin(self, task: TaskT) -> None:
        """Set a task on its way. Never waits; ask ``has_room`` first."""
        passage = _Passage(self._numbers, task)
        self._numbers += 1
        self._in_hand[passage.number] = passage
        with self._lock:
            if task.is_far:
                self._unread.append(passage)
                self._read_more()
            else:
                self._is_ready(passage)

    def next_done(self, timeout: float | None = None) -> TaskT | None:
        """
        Wait for a task that is done; there must be one in hand. Raises what was raised in a thread.

        ``None`` if none is after ``timeout`` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._done, timeout):
                return None
            passage = self._done.popleft()
        if passage.error is not None:
            # Still in hand: some of its outputs may have been stored.
            raise passage.error
        del self._in_hand[passage.number]
        return passage.task

    def drop_unbegun(self) -> list[TaskT]:
        """Give up the tasks of which nothing has been computed, and return them. The others are not touched."""
        with self._lock:
            dropped = [passage for passage in self._in_hand.values() if not passage.begun]
            for passage in dropped:
                passage.dropped = True
                del self._in_hand[passage.number]
            self._unread.clear()
            self._busy -= len(self._ready)
            ready, self._ready = self._ready, []
            self._ahead -= sum(passage.task.is_far for passage in ready)
        for passage in ready:
            passage.task.drop()
        return [passage.task for passage in dropped]

    def abandon(self) -> list[TaskT]:
        """
        Stop after the output each thread is at, and store nothing more. Returns the tasks of which outputs may have
        been stored. A source that is being read is not waited for.
        """
        self._abandoned = True
        self.drop_unbegun()
        passages, self._in_hand = list(self._in_hand.values()), {}
        with self._changed:
            self._changed.wait_for(lambda: not any(passage.unfinished for passage in passages))
        return [passage.task for passage in passages]

    def close(self) -> None:
        """End the computing threads; nothing may be in hand."""
        self._computing.shutdown()

    # In threads:

    def try_submit(self, work: Callable[[], Result]) -> Future[Result] | None:
        """As a :class:`.Side`: have ``work`` done by a computing thread, if a processor has nothing else to do."""
        with self._lock:
            if self._busy >= self._slots or self._abandoned:
                return None
            future: Future[Result] = Future()
            self._help(future, work)
        return future

    def offer(self, work: Callable[[], Result]) -> Future[Result] | None:
        """As a :class:`.Side`: have ``work`` done once a processor has nothing else to do."""
        with self._lock:
            if self._ready or self._slots == 1 or self._abandoned:
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
        while self._offers and self._busy < self._slots and not self._abandoned:
            future = next(iter(self._offers))
            self._help(future, self._offers.pop(future))

    def _help(self, future: Future[Result], work: Callable[[], Result]) -> None:
        """With the lock held."""
        if not future.set_running_or_notify_cancel():
            return
        self._busy += 1

        def do() -> None:
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits for it
                self._no_longer_busy()
                future.set_exception(error)
            else:
                self._no_longer_busy()
                future.set_result(result)

        self._computing.submit(do)

    def _read_more(self) -> None:
        """With the lock held."""
        while self._unread and self._ahead < self._most_ahead:
            self._ahead += 1
            self._storage.submit(partial(self._read, self._unread.popleft()))

    def _read(self, passage: _Passage[TaskT]) -> None:
        try:
            if not passage.dropped:
                passage.task.fetch()
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits for it
            passage.error = error
        with self._lock:
            if not passage.dropped:
                self._is_ready(passage)
                return
            self._ahead -= 1
            self._read_more()
        passage.task.drop()

    def _is_ready(self, passage: _Passage[TaskT]) -> None:
        """With the lock held."""
        heappush(self._ready, passage)
        self._busy += 1
        # Whoever comes to it takes the first of those that are ready by then.
        self._computing.submit(self._compute)

    def _compute(self) -> None:
        with self._lock:
            if not self._ready:
                return
            passage = heappop(self._ready)
            passage.begun = True
            self._ahead -= passage.task.is_far
            self._read_more()
        try:
            if passage.error is None and not self._abandoned:
                passage.task.make(self, partial(self._hand_over, passage))
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits for it
            passage.error = error
        finally:
            self._no_longer_busy()
            self._finished_one(passage)

    def _hand_over(self, passage: _Passage[TaskT], store: Callable[[], None]) -> bool:
        # Here computing waits for a storage that does not keep up.
        self._room_for_outputs.acquire()
        if self._abandoned:
            self._room_for_outputs.release()
            return False
        with self._lock:
            passage.unfinished += 1
        self._storage.submit(partial(self._store, passage, store))
        return True

    def _store(self, passage: _Passage[TaskT], store: Callable[[], None]) -> None:
        try:
            if not self._abandoned:
                store()
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits for it
            passage.error = error
        finally:
            self._room_for_outputs.release()
            self._finished_one(passage)

    def _finished_one(self, passage: _Passage[TaskT]) -> None:
        with self._lock:
            passage.unfinished -= 1
            if not passage.unfinished:
                self._done.append(passage)
                self._changed.notify_all()

    def _no_longer_busy(self) -> None:
        with self._lock:
            self._busy -= 1
            self._take_offers()
