"""What has been found out about a source, kept on the object that a template has of it, and no longer than that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..generation.sources import ImageSource, Source
from ..generation.wanted import OutputKey

_NAME = "_sourcegroups_memory"


@dataclass(slots=True)
class Memory:
    """
    ``renditions`` by what tells them apart; ``asked`` are filter specs of which all that exist are among them;
    ``everything`` says that every rendition there is is. ``failed`` are failures on record, how often by filter spec;
    ``None`` if nobody has looked.
    """

    renditions: dict[OutputKey, Any] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    everything: bool = False
    failed: dict[str, int] | None = None

    def keep(self, rendition: Any) -> None:
        """Remember a rendition that exists."""
        self.renditions[key_of(rendition)] = rendition

    def __reduce__(self) -> Any:
        # Whoever caches the object that holds it does not cache what was true when a page was shown.
        return Memory, ()


def key_of(rendition: Any) -> OutputKey:
    """What tells a rendition apart, of an image or of a plain file, which has no focal point."""
    return OutputKey(rendition.filter_spec, getattr(rendition, "focal_point_key", ""))


def of(holder: Any) -> Memory | None:
    """What is known of the source that this object is; ``None`` if nothing was prefetched."""
    return getattr(holder, _NAME, None)


def begin(holder: Any) -> Memory:
    """As :func:`of`, and begun if there is none. What cannot hold it gets one that is forgotten."""
    memory = of(holder)
    if memory is None:
        memory = Memory()
        try:
            setattr(holder, _NAME, memory)
        except AttributeError:
            # Some file of Python's own: it has no room for attributes.
            return memory
    return memory


def holder_of(source: Source) -> Any:
    """The object that keeps the memory of a source: its image, or its file."""
    return source.image if isinstance(source, ImageSource) else source.file
