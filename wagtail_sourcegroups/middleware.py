"""Visitors' requests, in which nothing is made or written for the sake of what is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import NoReverseMatch, reverse

from .readonly import read_only


class ReadOnlyMiddleware:
    """
    Every request is answered as on a read-only head, those to Wagtail's admin excepted: its listings make their
    thumbnails as ever. With the ``READ_ONLY`` setting these are no exception either.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._answer_later(request)
        if is_for_admin(request):
            response: HttpResponseBase = self.get_response(request)
            return response
        with read_only():
            return shown_read_only(self.get_response(request))

    async def _answer_later(self, request: HttpRequest) -> HttpResponseBase:
        if is_for_admin(request):
            response: HttpResponseBase = await self.get_response(request)
            return response
        with read_only():
            return shown_read_only(await self.get_response(request))


def is_for_admin(request: HttpRequest) -> bool:
    """Whether a request is for Wagtail's admin, wherever the site has put it."""
    try:
        return request.path.startswith(
            reverse("wagtailadmin_home", urlconf=getattr(request, "urlconf", None))
        )
    except NoReverseMatch:
        return False


def shown_read_only(response: HttpResponseBase) -> HttpResponseBase:
    """The response; if it is yet to be worked out, bit by bit, each bit is."""
    if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
        if response.is_async:
            response.streaming_content = _each_read_only_later(response.streaming_content)
        else:
            response.streaming_content = _each_read_only(response.streaming_content)
    return response


def _each_read_only(content: Any) -> Iterator[bytes]:
    # Around each step and not around all: between two of them other code of this thread is run.
    steps = iter(content)
    while True:
        with read_only():
            try:
                chunk = next(steps)
            except StopIteration:
                return
        yield chunk


async def _each_read_only_later(content: Any) -> AsyncIterator[bytes]:
    steps = aiter(content)
    while True:
        with read_only():
            try:
                chunk = await anext(steps)
            except StopAsyncIteration:
                return
        yield chunk
