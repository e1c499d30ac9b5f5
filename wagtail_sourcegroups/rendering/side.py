"""Other threads that may help with the outputs of one source, while they have nothing else to do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Protocol, TypeVar

from wagtail_sourcegroups.rendering.jobs import Job
from wagtail_sourcegroups.rendering.outputs import Output
from wagtail_sourcegroups.rendering.workbench import Result, Workbench

T = TypeVar("T")


class Side(Protocol):
    """Where work for one source can be put aside, so that another thread does it meanwhile."""

    def try_submit(self, fn: Callable[[], T], /) -> Future[T] | None:
        """Begin ``fn`` in another thread; None if none is idle now. Never waits."""


class Aside:
    """The groups of one source that other threads have taken over.

    Used by the thread that renders the source; results come back in the order in which groups were given away.
    """

    def __init__(self, bench: Workbench, side: Side) -> None:
        self._bench = bench
        self._side = side
        self._given: deque[tuple[Future[list[Result]], Callable[[], list[Result]]]] = deque()

    def take(self, group: Sequence[Job], later: Sequence[Sequence[Job]], *, fast: bool) -> bool:
        """Give a prepared group away, if somebody is idle and it can be given."""
        work = self._bench.apart(group, fast=fast)
        future = None if work is None else self._side.try_submit(work)
        if work is None or future is None:
            return False
        self._bench.conclude(group, later)
        self._given.append((future, work))
        return True

    def results(self, *, wait: bool) -> Iterator[Result]:
        """Of what was given away, as far as it is done; or all, and what nobody has begun is done here."""
        while self._given and (wait or self._given[0][0].done()):
            future, work = self._given[0]
            found = work() if future.cancel() else future.result()
            # Not before: interrupted while it waits, this thread still has to abandon it.
            self._given.popleft()
            yield from found

    def abandon(self) -> None:
        """Nobody wants the results any more. Comes back when nobody works for them any more."""
        for future, _ in self._given:
            future.cancel()
        for future, _ in self._given:
            if not future.cancelled() and future.exception() is None:
                for result in future.result():
                    if isinstance(result, Output):
                        result.file.close()
        self._given.clear()
