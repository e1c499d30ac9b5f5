"""
Asking: what strategies ask for in one go is gathered, merged per source, and done once.

A strategy calls ``rendition_set.generate()`` or ``enqueue()``. While somebody is :func:`collecting`, both only
note the wish; otherwise the first works at once and the second is handed on at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .requests import Request, merge


class Asked:
    """What was asked for while collecting."""

    def __init__(self) -> None:
        self._now: list[Request] = []
        self._later: list[Request] = []

    def note(self, request: Request, *, now: bool) -> None:
        (self._now if now else self._later).append(request)

    @property
    def now(self) -> list[Request]:
        """
        Each source once, of which something was asked for now.

        What was asked of it for later rides along: it is opened and decoded anyway.
        """
        urgent = {request.source for request in self._now}
        return merge([*self._now, *(request for request in self._later if request.source in urgent)])

    @property
    def later(self) -> list[Request]:
        """Each source once, of which nothing was asked for now."""
        urgent = {request.source for request in self._now}
        return merge(request for request in self._later if request.source not in urgent)


_asked: ContextVar[Asked | None] = ContextVar("asked", default=None)
_enqueue: Callable[[list[Request]], None] | None = None


def enqueue_with(function: Callable[[list[Request]], None]) -> None:
    """Tell where requests for later go. The app config does: making does not know tasks."""
    global _enqueue
    _enqueue = function


@contextmanager
def collecting() -> Iterator[Asked]:
    """Note, in this thread, what is asked for inside, instead of doing it."""
    asked = Asked()
    token = _asked.set(asked)
    try:
        yield asked
    finally:
        _asked.reset(token)


def ask(request: Request, *, now: bool) -> bool:
    """
    Note a request if somebody collects; if not, hand on one for later.

    False: nobody collects, and the caller is to make it now.
    """
    asked = _asked.get()
    if asked is not None:
        asked.note(request, now=now)
        return True
    if now:
        return False
    enqueue([request])
    return True


def enqueue(requests: list[Request]) -> None:
    """Hand requests to the task backend, as one task."""
    if requests:
        if _enqueue is None:
            raise RuntimeError("wagtail_sourcegroups is not in INSTALLED_APPS, so nothing can be enqueued.")
        _enqueue(requests)
