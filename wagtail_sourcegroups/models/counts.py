"""
Counts as rows keep them: plain dictionaries, ``{"all": {"sources": 3, ...}, "specs": {"blog:hero": {...}}}``.

Pure: nothing given is changed. A key that is missing counts as nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

#: Of all sources together; a run has a column for each.
NAMES = ("sources", "expected", "existing", "generated", "skipped", "failed", "bytes", "seconds")

Tally = Mapping[str, float]
Counts = Mapping[str, Any]

NOTHING: Counts = {"all": {}, "specs": {}}


def added(*several: Counts) -> dict[str, Any]:
    """All of these together."""
    found: dict[str, Any] = {"all": {}, "specs": {}}
    for counts in several:
        found = combined(found, counts, lambda mine, other: mine + other)
    return found


def subtracted(counts: Counts, other: Counts) -> dict[str, Any]:
    """The first without the second."""
    return combined(counts, other, lambda mine, less: mine - less)


def combined(one: Counts, other: Counts, how: Callable[[Any, Any], Any]) -> dict[str, Any]:
    """Two counts, number by number."""

    def tally(mine: Tally, its: Tally) -> dict[str, Any]:
        return {name: how(mine.get(name, 0), its.get(name, 0)) for name in NAMES}

    specs = dict.fromkeys([*one.get("specs", {}), *other.get("specs", {})])
    return {
        "all": tally(one.get("all", {}), other.get("all", {})),
        "specs": {
            spec_id: tally(one.get("specs", {}).get(spec_id, {}), other.get("specs", {}).get(spec_id, {}))
            for spec_id in specs
        },
    }


def rate(sources: float, seconds: float) -> float | None:
    """Sources a second; ``None`` before anything can be told."""
    return sources / seconds if sources > 0 and seconds > 0 else None


def seconds_left(done: float, in_all: float | None, a_second: float | None) -> float | None:
    """How long the rest takes at this rate; ``None`` where it cannot be told."""
    if in_all is None or not a_second:
        return None
    return max(in_all - done, 0) / a_second
