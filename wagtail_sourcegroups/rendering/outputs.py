"""What rendering yields: an output, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.files import File
from wagtail.images.models import Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One encoded picture. Whoever takes it closes ``file``."""

    filter: Filter
    file: File
    """Named as Wagtail names it, at position 0."""
    width: int
    height: int
    format_name: str
    """Willow's name of the format: ``jpeg``, ``webp``, ..."""
    size: int
    """In bytes."""
    orientation: int | None
    """The EXIF orientation of the source, 1 if it has none; ``None`` if Wagtail's own path did not tell."""
    fast: bool = False
    """Whether it was made from less than the whole source, and may differ a little from stock's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderFailure:
    """A filter that gave no output, and what Wagtail, Willow or Pillow raised, or ``OutputTooLarge``.

    The error has no traceback; that is in the log, at the level DEBUG.
    """

    filter: Filter
    error: Exception


def without_traceback(error: Exception) -> Exception:
    """The same error, and what caused it, holding on to no frame of the code that failed.

    A failure may be kept until the end of a run; the pixels that the failing code was working on may not.
    """
    chain: list[BaseException | None] = [error]
    seen: set[int] = set()
    while chain:
        link = chain.pop()
        if link is not None and id(link) not in seen:
            seen.add(id(link))
            link.__traceback__ = None
            chain += [link.__cause__, link.__context__]
    return error
