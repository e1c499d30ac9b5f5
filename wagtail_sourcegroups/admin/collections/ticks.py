"""
What the boxes of a page say.

A page sends the boxes that are ticked, and which were when it was shown. Only the difference is what somebody wants:
boxes that were not there, or disabled, say nothing, and neither does what somebody else has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.http import QueryDict

#: The boxes, each with a name of what it is about as its value.
BOX = "sourcegroups-box"
#: One field with the names of those that were ticked; names have no spaces.
TICKED_BEFORE = "sourcegroups-ticked-before"


class Ticks(NamedTuple):
    """Names of boxes that somebody has ticked, and of those that he or she has unticked."""

    added: frozenset[str]
    removed: frozenset[str]


NOTHING = Ticks(frozenset(), frozenset())


def ticks_in(data: QueryDict) -> Ticks:
    now, before = frozenset(data.getlist(BOX)), frozenset(data.get(TICKED_BEFORE, "").split())
    return Ticks(now - before, before - now)


def ticked_before(names: Iterable[str]) -> str:
    """What the field of this name holds."""
    return " ".join(names)
