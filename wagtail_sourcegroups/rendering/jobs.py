"""The order of the work: which filters share a crop or a size, and when the last of them is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wagtail.images.models import Filter

from wagtail_sourcegroups.rendering.fast import Geometry
from wagtail_sourcegroups.rendering.limits import Size
from wagtail_sourcegroups.rendering.shelf import Trace


@dataclass(frozen=True, slots=True)
class Job:
    """A filter that was asked for, and the filter that is run for it."""

    filter: Filter
    run: Filter
    geometry: Geometry | None = None
    """None if it shares nothing."""
    size: Size | None = None
    """Of the output; None if it cannot be said beforehand."""
    loose: bool = False
    """Whether its pixels may differ a little from stock's."""

    @property
    def steps(self) -> Trace:
        """Its crop and its resize; none if it shares nothing."""
        return self.geometry.trace if self.geometry else ()


def together(jobs: Sequence[Job]) -> list[Job]:
    """Those with one crop together, and within these those with one size; else in the order given."""
    order: dict[Trace, int] = {}
    for job in jobs:
        for start in (job.steps[:1], job.steps):
            order.setdefault(start, len(order))
    return sorted(jobs, key=lambda job: (order[job.steps[:1]], order[job.steps]))


def is_shared(job: Job, later: Sequence[Job]) -> bool:
    """Whether a later job has the same geometry, and so may have the same output."""
    return any(other.steps == job.steps for other in later)


def no_longer_needed(job: Job, later: Sequence[Job]) -> list[Trace]:
    """The crop and the geometry of a job that was done, as far as no later job starts with them."""
    return [
        start
        for start in (job.steps[:1], job.steps)
        if start and not any(other.steps[: len(start)] == start for other in later)
    ]
