"""The order of the work: which filters share a crop or a size, and when the last of them is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wagtail.images.models import Filter

from wagtail_sourcegroups.rendering.fast import Box, Geometry
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
    def box(self) -> Box | None:
        """Its crop; None if it shares nothing."""
        return self.geometry.box if self.geometry else None


def together(jobs: Sequence[Job]) -> list[Job]:
    """Those with one crop together, and within these those with one size; else in the order given."""
    order: dict[object, int] = {}
    for job in jobs:
        for start in (job.box, job.geometry):
            order.setdefault(start, len(order))
    return sorted(jobs, key=lambda job: (order[job.box], order[job.geometry]))


def groups(jobs: Sequence[Job]) -> list[list[Job]]:
    """Neighbours that have one geometry, and so may have the same output; those that share nothing are alone."""
    found: list[list[Job]] = []
    for job in jobs:
        if found and job.geometry is not None and found[-1][0].geometry == job.geometry:
            found[-1].append(job)
        else:
            found.append([job])
    return found


def no_longer_needed(job: Job, later: Iterable[Job]) -> list[Trace]:
    """The crop and the geometry of a job that was done, as far as no later job starts with them."""
    if job.geometry is None:
        return []
    crop, resize = job.geometry.trace
    later = list(later)
    unneeded: list[Trace] = []
    if all(other.box != job.box for other in later):
        unneeded.append((crop,))
    if all(other.geometry != job.geometry for other in later):
        unneeded.append((crop, resize))
    return unneeded
