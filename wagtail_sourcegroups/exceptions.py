"""What can go wrong, one class for each thing a caller may want to tell apart."""

from __future__ import annotations

__all__ = [
    "CollectionNotFound",
    "InvalidFilters",
    "InvalidSource",
    "InvalidSourceGroup",
    "InvalidSpec",
    "InvalidStrategy",
    "InvalidThumbnail",
    "NoSuchQueue",
    "OutputTooLarge",
    "RunRefused",
    "SourceGone",
    "SourceGroupsError",
    "SourceUnreadable",
    "UnknownSpec",
]


class SourceGroupsError(Exception):
    """Anything this package raises on purpose."""


class InvalidSpec(SourceGroupsError, ValueError):
    """A spec that cannot be: its id, its options, or a second definition of an id."""


class InvalidFilters(InvalidSpec):
    """Filters that cannot be expanded, are too long, or name no operation Wagtail knows."""


class InvalidSource(SourceGroupsError, ValueError):
    """Something given to a template tag that is no image, has none, or has several."""


class InvalidThumbnail(SourceGroupsError, ValueError):
    """A size or an option of a thumbnail that cannot be."""


class InvalidStrategy(SourceGroupsError, ValueError):
    """A strategy with a callback nobody calls, or none at all."""


class InvalidSourceGroup(SourceGroupsError, ValueError):
    """Something registered as a source group that has no ``files()``, or names no such model or field."""


class NoSuchQueue(SourceGroupsError, LookupError):
    """Settings that send tasks to a backend or a queue that ``TASKS`` does not have."""


class UnknownSpec(SourceGroupsError, LookupError):
    """No spec has this id, or matches this pattern."""


class CollectionNotFound(SourceGroupsError, LookupError):
    """A collection that does not exist, or a name that more than one collection has."""


class RunRefused(SourceGroupsError):
    """A run that is not in a state for what was asked of it; the message is a sentence for people."""


class SourceUnreadable(SourceGroupsError, OSError):
    """The original is not in storage, or storage does not give it."""


class SourceGone(SourceGroupsError):
    """The image was deleted while its renditions were being made: nothing is left to do, nothing failed."""


class OutputTooLarge(SourceGroupsError, ValueError):
    """A filter spec asks for more pixels than ``MAX_OUTPUT_PIXELS`` allows."""
