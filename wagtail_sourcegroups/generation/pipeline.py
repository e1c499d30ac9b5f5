"""
The threads between planning and keeping: sources are read and outputs stored while others are computed.

Two kinds of thread. Computing ones keep the processors busy, so they are few. Those that talk to a storage far away do
nothing but wait, so they are many, and cost nothing.

Bounded at every stage, whatever is slow: sources in hand; sources read ahead of computing; outputs that wait to be
stored, or are being stored. Reading ahead, a round never takes more than half of its connections, so that sources
that never come leave the rest to others.

Nothing here knows of storages, pixels or rows: what the steps do is the :class:`Task`'s.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from typing import Generic, Protocol, TypeVar

from ..rendering import Side
from .computing import Computing
from .waiters import waiters

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
        self._computing = Computing(workers, cores)
        self._storage = waiters(connections)
        self._capacity = 2 * workers + connections
        self._most_ahead = max(connections // 2, 1)
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._numbers = 0
        self._in_hand: dict[int, _Passage[TaskT]] = {}
        self._unread: deque[_Passage[TaskT]] = deque()
        self._ahead = 0
        self._ready: list[_Passage[TaskT]] = []
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
        self._computing.abandon()
        self.drop_unbegun()
        passages, self._in_hand = list(self._in_hand.values()), {}
        with self._changed:
            self._changed.wait_for(lambda: not any(passage.unfinished for passage in passages))
        return [passage.task for passage in passages]

    def close(self) -> None:
        """End the computing threads; nothing may be in hand."""
        self._computing.close()

    # In threads:

    def _read_more(self) -> None:
        """With the lock held."""
        while self._unread and self._ahead < self._most_ahead:
            self._ahead += 1
            passage = self._unread.popleft()
            try:
                self._storage.submit(partial(self._read, passage))
            except RuntimeError as error:
                passage.error = error
                self._is_ready(passage)

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
                passage.task.make(self._computing, partial(self._hand_over, passage))
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits for it
            passage.error = error
        finally:
            self._finished_one(passage)

    def _hand_over(self, passage: _Passage[TaskT], store: Callable[[], None]) -> bool:
        # Here computing waits for a storage that does not keep up.
        self._room_for_outputs.acquire()
        if self._abandoned:
            self._room_for_outputs.release()
            return False
        with self._lock:
            passage.unfinished += 1
        try:
            self._storage.submit(partial(self._store, passage, store))
        except RuntimeError:
            self._room_for_outputs.release()
            self._finished_one(passage)
            raise
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
