"""What rendering yields: an output, or why there is none."""

from __future__ import annotations

import traceback
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
    orientation: int
    """The EXIF orientation of the source; 1 if it has none, or none is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderFailure:
    """A filter that gave no output, and what Wagtail, Willow or Pillow raised, or ``OutputTooLarge``."""

    filter: Filter
    error: Exception


def without_locals(error: Exception) -> Exception:
    """The same error, its traceback still telling the lines but no longer holding their variables.

    A failure may be kept until the end of a run; the pixels that the failing frames were working on may not.
    """
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        traceback.clear_frames(link.__traceback__)
        link = link.__cause__ or link.__context__
    return error
