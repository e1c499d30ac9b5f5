"""Frames and encoded files that several filters of a source have in common, and the traces that name them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from willow.image import ImageFile

from wagtail_sourcegroups.rendering.strips import Crew

Made = TypeVar("Made")
Trace = tuple[Any, ...]
"""The steps from the oriented source to an image or a file: what two filters have to agree on to share it."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoded file's contents."""

    content: bytes
    file_class: type[ImageFile]


class Saved(NamedTuple):
    """What is known of a file at the moment the stand-in saves it."""

    size: tuple[int, int]
    format_name: str


@dataclass(slots=True)
class Shelf:
    """Frames and encoded files that a later filter may ask for, by trace. Used by one thread."""

    made: dict[Trace, Any] = field(default_factory=dict)
    keep_encodings: bool = True
    """Whether another filter of the same geometry is still to come."""
    crew: Crew | None = None
    """Threads that may help with a large frame."""
    saved: Saved | None = None
    """The last file saved by a stand-in."""

    def once(self, trace: Trace, make: Callable[[], Made]) -> Made:
        if trace not in self.made:
            self.made[trace] = make()
        found: Made = self.made[trace]
        return found

    def forget(self, start: Trace) -> None:
        """Let go of all that was made from ``start`` on."""
        for trace in [trace for trace in self.made if trace[: len(start)] == start]:
            del self.made[trace]


def step(name: str, *values: Any) -> Trace:
    """A step of a trace. Values of different types differ, as they do to an encoder: 85 is not 85.0."""
    return (name, *(exactly(value) for value in values))


def exactly(value: Any) -> Trace:
    if isinstance(value, (tuple, list)):
        return (type(value), *(exactly(item) for item in value))
    return (type(value), value)
