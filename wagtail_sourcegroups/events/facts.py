"""What was noted while a transaction ran. Values; nothing here asks the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..generation.state import Snapshot

#: What may change who is in a group, apart from a save of the image itself.
About = Literal["image", "tags", "collections", "field", "references"]


@dataclass(frozen=True, slots=True)
class Seen:
    """
    An image as the database has it: the row, how it is now with the keys of the groups it is in, how it was
    when it was last looked at, and the keys of the groups that could not be asked.
    """

    image: Any
    now: Snapshot
    state: Snapshot | None
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ImageFact:
    """
    Something happened that may concern an image.

    ``new``: it was created. ``before``: how it was before, from the database. ``was``: keys of groups
    it certainly was in. ``inside`` and ``outside``: keys of those it is in now, or not, whatever the database
    says (``inside`` counts more). ``deleted``: a copy of the image that is gone.
    ``after``: how the database will have it, if nothing else happens to it. ``saved``: the object that was saved
    outside any transaction. ``emptied``: its renditions were thrown away because its file was replaced.
    ``orientations``: EXIF orientations of files it was given, by name, where they were in memory.
    """

    model: type
    pk: Any
    about: About
    new: bool = False
    before: Snapshot | None = None
    was: frozenset[str] = frozenset()
    inside: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()
    deleted: Any = None
    after: Seen | None = None
    saved: Any = None
    emptied: bool = False
    orientations: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class FileFact:
    """A file field of some model that is no image: the name it had, and the object with the one it has."""

    model: type
    pk: Any
    field: str
    before: str
    now: str
    instance: Any


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceFact:
    """
    An object that may refer to images was saved or published. ``instance`` is ``None`` if what is in memory
    is not all that was stored. ``before``: (model, pk) of the images it referred to, by group key.
    """

    model: type
    pk: Any
    instance: Any
    before: dict[str, frozenset[tuple[type, Any]]]


@dataclass(frozen=True, slots=True)
class Question:
    """
    Images that are too many to look at in one go: those of a model, or of a collection and those below it.

    ``after`` is the primary key, as text, of the last one that was looked at.
    """

    model: str
    collection: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class RenditionGone:
    """A rendition was deleted, and with it whatever is kept beside it."""

    model: type
    pk: Any


Fact = ImageFact | FileFact | ReferenceFact | RenditionGone | Question


@dataclass(slots=True)
class Story:
    """All that happened to one image in a transaction."""

    model: type
    pk: Any
    facts: list[ImageFact] = field(default_factory=list)

    @property
    def new(self) -> bool:
        return any(fact.new for fact in self.facts)

    @property
    def before(self) -> Snapshot | None:
        """How it was before the first thing that happened and lasted."""
        return next((fact.before for fact in self.facts if fact.before is not None), None)

    @property
    def was(self) -> frozenset[str]:
        return frozenset().union(*(fact.was for fact in self.facts))

    @property
    def inside(self) -> frozenset[str]:
        return frozenset().union(*(fact.inside for fact in self.facts))

    @property
    def outside(self) -> frozenset[str]:
        return frozenset().union(*(fact.outside for fact in self.facts))

    @property
    def about(self) -> frozenset[About]:
        return frozenset(fact.about for fact in self.facts)

    @property
    def deleted(self) -> Any:
        return next((fact.deleted for fact in reversed(self.facts) if fact.deleted is not None), None)

    @property
    def after(self) -> Seen | None:
        """Only if one single thing happened is what was foreseen what came."""
        return self.facts[0].after if len(self.facts) == 1 else None

    @property
    def orientations(self) -> dict[str, int]:
        return {name: found for fact in self.facts for name, found in fact.orientations.items()}

    @property
    def emptied(self) -> bool:
        return any(fact.emptied for fact in self.facts)

    @property
    def own(self) -> bool:
        """Whether something happened to the image itself, not to what decides on its groups."""
        return "image" in self.about


def stories_of(facts: Iterable[Fact]) -> dict[tuple[type, Any], Story]:
    """What happened to each image, in the order of happening."""
    stories: dict[tuple[type, Any], Story] = {}
    for fact in facts:
        if isinstance(fact, ImageFact):
            story = stories.setdefault((fact.model, fact.pk), Story(fact.model, fact.pk))
            story.facts.append(fact)
    return stories
