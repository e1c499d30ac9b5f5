"""Other threads that may help with the outputs of one source, while they have nothing else to do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent import futures
from concurrent.futures import Future
from typing import Protocol, TypeVar

from wagtail_sourcegroups.rendering.jobs import Job
from wagtail_sourcegroups.rendering.outputs import Output
from wagtail_sourcegroups.rendering.workbench import Result, Workbench

T = TypeVar("T")

HELPERS = 3
"""Threads beside the one that renders a source that may help with one frame."""


class Side(Protocol):
    """Where work for one source can be put aside, so that another thread does it meanwhile."""

    def try_submit(self, fn: Callable[[], T], /) -> Future[T] | None:
        """Begin ``fn`` in another thread; None if none is idle now. Never waits."""

    def offer(self, fn: Callable[[], T], /) -> Future[T] | None:
        """Begin ``fn`` in another thread once one is idle, unless it is cancelled before; None if none will be soon."""


class Aside:
    """The groups of one source that other threads have taken over, or may.

    Used by the thread that renders the source.
    """

    def __init__(self, bench: Workbench, side: Side) -> None:
        self._bench = bench
        self._side = side
        self._given: deque[tuple[Future[list[Result]], Callable[[], list[Result]]]] = deque()

    def give(self, group: Sequence[Job], later: Sequence[Sequence[Job]], *, fast: bool) -> bool:
        """Give a prepared group away, if somebody is idle now and it can be given."""
        return self._put(group, later, self._bench.apart(group, fast=fast), self._side.try_submit)

    def offer(self, group: Sequence[Job], later: Sequence[Sequence[Job]]) -> bool:
        """Leave a group to whoever is idle first, which may be this thread in the end; whether it can be left."""
        return self._put(group, later, self._bench.apart(group, fast=False), self._side.offer)

    def _put(
        self,
        group: Sequence[Job],
        later: Sequence[Sequence[Job]],
        work: Callable[[], list[Result]] | None,
        submit: Callable[[Callable[[], list[Result]]], Future[list[Result]] | None],
    ) -> bool:
        future = None if work is None else submit(work)
        if work is None or future is None:
            return False
        self._bench.conclude(group, later)
        self._given.append((future, work))
        return True

    def join(self, work: Callable[[], None]) -> bool:
        """Have ``work``, which takes one piece after the other, done by this thread and those that become idle.

        False if others have enough to do, or groups of this source that they may begin; then nothing is done.
        """
        if any(not future.running() and not future.done() for future, _ in self._given):
            return False
        helpers = [future for _ in range(HELPERS) if (future := self._side.offer(work)) is not None]
        if not helpers:
            return False
        try:
            work()
        finally:
            for helper in helpers:
                helper.cancel()
            futures.wait(helper for helper in helpers if not helper.cancelled())
        for helper in helpers:
            if not helper.cancelled():
                helper.result()
        return True

    def results(self, *, wait: bool) -> Iterator[Result]:
        """Of what was given away, as far as it is done; or all, and what nobody has begun is done here."""
        while self._given and (wait or self._given[0][0].done()):
            # Others begin at the front.
            unbegun = next((each for each in reversed(self._given) if wait and each[0].cancel()), None)
            if unbegun is not None:
                self._given.remove(unbegun)
                yield from handed_over(unbegun[1]())
                continue
            found = self._given[0][0].result()
            # Not before: interrupted while it waits, this thread still has to abandon it.
            self._given.popleft()
            yield from handed_over(found)

    def abandon(self) -> None:
        """Nobody wants the results any more. Comes back when nobody works for them any more."""
        for future, _ in self._given:
            future.cancel()
        for future, _ in self._given:
            if not future.cancelled() and future.exception() is None:
                close_files(future.result())
        self._given.clear()


def handed_over(results: Iterable[Result]) -> Iterator[Result]:
    """One after the other; the files of those that nobody takes are closed."""
    left = deque(results)
    try:
        while left:
            yield left.popleft()
    finally:
        close_files(left)


def close_files(results: Iterable[Result]) -> None:
    for result in results:
        if isinstance(result, Output):
            result.file.close()
