"""What happened to an image, for each group: worked out from how it was and how it is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ..generation.state import Snapshot, file_changed
from .facts import About, Seen, Story

Event = Literal["created", "changed", "deleted"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    ``events`` by group key, how the image is to be remembered, and how it was if that is known and matters:
    ``replaced`` tells that it has another original now, ``refocused`` that it has another focal point.
    """

    events: dict[str, Event]
    now: Snapshot
    before: Snapshot | None
    replaced: bool
    refocused: bool


def compare(
    story: Story, seen: Seen, keys: Iterable[str], watchers: Mapping[About, frozenset[str]]
) -> Verdict:
    """
    What a story means for the groups with these ``keys``.

    What was kept of the image counts first, then what the database held before the transaction. Of an
    image nobody has looked at yet it is taken that it was where it is, unless what happened may have brought it there.
    """
    now = seen.now
    before = None if story.new else (seen.state or story.before)
    moved = file_changed(before, now) or before.focal_point != now.focal_point if before else False
    brought = frozenset().union(*(watchers.get(about, frozenset()) for about in story.about))
    events: dict[str, Event] = {}
    member = set()
    for key in keys:
        inside = key in story.inside or (key in now.groups and key not in story.outside)
        if before is not None:
            was = key in before.groups
        elif story.new:
            was = False
        else:
            was = key in story.was or (inside and key not in brought)
        if key in seen.unknown:
            inside = was
        if inside:
            member.add(key)
        if inside and not was:
            events[key] = "created"
        elif was and not inside:
            events[key] = "deleted"
        elif inside and moved:
            events[key] = "changed"
    return Verdict(
        events=events,
        now=replace(
            now,
            groups=frozenset(member),
            stale=before.stale if before else (),
            orientation=story.orientations.get(now.file_name),
        ),
        before=before,
        replaced=before is not None and file_changed(before, now),
        refocused=before is not None and before.focal_point != now.focal_point,
    )


def left(story: Story, keys: Iterable[str]) -> dict[str, Event]:
    """What the deletion of an image means: it left every group it was in."""
    before = story.before
    known = before.groups if before is not None else frozenset()
    return {key: "deleted" for key in keys if key in known or key in story.was}
