"""One source, many filters: opens it, runs them, and says what became of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import suppress
from typing import IO, Any

import willow
from django.core.files import File
from wagtail.images.models import AbstractImage, Filter

from wagtail_sourcegroups.rendering.fast import Geometry, plan
from wagtail_sourcegroups.rendering.filters import SharedFilter, TidyFilter
from wagtail_sourcegroups.rendering.jobs import Job, groups, together
from wagtail_sourcegroups.rendering.ladder import Ladder
from wagtail_sourcegroups.rendering.limits import Size, is_too_large
from wagtail_sourcegroups.rendering.outputs import Output, RenderFailure
from wagtail_sourcegroups.rendering.plain import PlainImage
from wagtail_sourcegroups.rendering.shared import clamped
from wagtail_sourcegroups.rendering.side import Aside, Side
from wagtail_sourcegroups.rendering.source import SharedSource, pillow_route
from wagtail_sourcegroups.rendering.workbench import Workbench

FAST_MODES = frozenset({"RGB", "L"})
"""Those of which a resized frame is all there is to see: without palette, transparency or ink."""


class LentFile(File):
    """The caller's open source: nobody it is passed to can close it."""

    def __repr__(self) -> str:
        # Pillow's messages hold it.
        return f"<File: {self}>"

    def close(self) -> None:
        pass


def render(
    image: AbstractImage | PlainImage,
    source: IO[bytes] | File,
    filters: Sequence[Filter],
    *,
    max_output_pixels: int | None = None,
    inexact: Collection[str] = frozenset(),
    side: Side | None = None,
) -> Generator[Output | RenderFailure, None, None]:
    """Make the outputs of ``filters`` from one source, byte for byte as ``Filter.run`` makes them.

    ``source`` is the original: open, readable, seekable; it is left open. ``filters`` are cleaned for SVG and
    have no duplicates. Yields one result for each, in an order that lets go of intermediate frames early.

    The outputs of those whose spec is in ``inexact`` may differ a little, where that is faster and cannot be
    seen; each output says whether it may.

    ``side`` lends other threads that are idle now: some of the outputs may be made there, the same bytes.

    Whatever goes wrong is the failure of one filter and costs no other. Only what is no ``Exception`` (an
    interrupt) is raised. A call belongs to one thread; calls for different sources may run side by side.
    """
    if not filters:
        return
    original = LentFile(source, name=image.file.name)
    shared = open_shared(original)
    jobs = planned(filters, image, original, shared, inexact)
    ladder = None if shared is None else fast_ways(jobs, shared, max_output_pixels)
    if ladder is not None:
        ranks = {job.geometry: ladder.rank(job.geometry) for job in jobs}
        jobs.sort(key=lambda job: ranks[job.geometry])
    bench = Workbench(image, original, shared, ladder, max_output_pixels)
    waiting = deque(groups(jobs))
    if side is None:
        yield from alone(bench, waiting)
    else:
        yield from with_others(bench, waiting, Aside(bench, side))


def alone(bench: Workbench, waiting: deque[list[Job]]) -> Iterator[Output | RenderFailure]:
    """All groups in turn, in this thread."""
    while waiting:
        group = waiting.popleft()
        yield from bench.work_through(group, waiting, fast=bench.prepare(group))


def with_others(
    bench: Workbench, waiting: deque[list[Job]], aside: Aside
) -> Iterator[Output | RenderFailure]:
    """All groups, those at the front in this thread, others in threads that are idle.

    Frames that are made from each other are all made here; only encoding them is for others.
    """
    if bench.ladder is None and bench.shared is not None:
        # What is not decoded yet cannot be given away. An error is kept, and raised again to each filter.
        with suppress(Exception):
            bench.shared.oriented()
        bench.shared.shelf.crew = aside.join
    try:
        while waiting:
            group = waiting.popleft()
            fast = bench.prepare(group)
            if bench.ladder is None:
                leave_to_others(waiting, aside, group)
            elif waiting and aside.give(group, waiting, fast=fast):
                continue
            for result in bench.work_through(group, waiting, fast=fast):
                yield result
                yield from aside.results(wait=False)
        yield from aside.results(wait=True)
    finally:
        aside.abandon()
        if bench.shared is not None:
            bench.shared.shelf.crew = None
            bench.shared.release()


def leave_to_others(waiting: deque[list[Job]], aside: Aside, in_hand: list[Job]) -> None:
    """Those next in turn, to threads that are idle or will be; what only this thread can do stays."""
    for group in list(waiting):
        others = [in_hand, *(other for other in waiting if other is not group)]
        if aside.offer(group, others):
            waiting.remove(group)


def open_shared(original: LentFile) -> SharedSource | None:
    """The source as its filters share it; None if they go Wagtail's own way, where errors come up again."""
    try:
        original.seek(0)
        willow_file = willow.Image.open(original)
        route = pillow_route(willow_file)
    except Exception:  # noqa: BLE001 - stock raises it again, for each filter
        return None
    return None if route is None else SharedSource(willow_file, route)


def planned(
    filters: Sequence[Filter],
    image: Any,
    original: LentFile,
    shared: SharedSource | None,
    inexact: Collection[str],
) -> list[Job]:
    """A job for each filter, in the order of work. Decodes the source, or its head, if its filters share it."""
    size: Size | None = None
    if shared is not None:
        try:
            size = shared.look(decode=not any(filter.spec in inexact for filter in filters))  # noqa: A001
        except Exception:  # noqa: BLE001 - it is kept, and raised again to each filter
            size = None
        stored_size = shared.stored_size
    else:
        stored_size = measured(original) if isinstance(image, PlainImage) else (image.width, image.height)
        # What Wagtail makes of an SVG has no pixels.
        size = None if image.is_svg() else stored_size
    if isinstance(image, PlainImage):
        image.width, image.height = stored_size or (0, 0)
    return together(
        [planned_job(filter, image, original, shared, size, inexact) for filter in filters]  # noqa: A001
    )


def planned_job(
    filter: Filter,  # noqa: A002
    image: Any,
    original: LentFile,
    shared: SharedSource | None,
    size: Size | None,
    inexact: Collection[str],
) -> Job:
    # A subclass of Wagtail's filter may run in a way of its own, of which nothing is known here.
    stock = type(filter) is Filter
    sharing = shared is not None and stock
    run = filter
    if stock:
        run = TidyFilter(filter.spec) if shared is None else SharedFilter(filter.spec, shared, original)
        if "operations" in vars(filter):
            # Read already; reading them asks every hook.
            run.operations = filter.operations
    if size is None:
        return Job(filter, run)
    try:
        transform = run.get_transform(image, size)
        output_size = tuple(transform.size)
        box = clamped(tuple(transform.get_rect().round()), size)
        loose = filter.spec in inexact and isinstance(run, SharedFilter) and run.tolerates_noise
    except Exception:  # noqa: BLE001 - running the filter raises it again, in its place
        return Job(filter, run)
    if not sharing or box is None:
        return Job(filter, run, size=output_size)
    return Job(filter, run, Geometry(box, output_size), output_size, loose)


def fast_ways(jobs: Sequence[Job], shared: SharedSource, max_output_pixels: int | None) -> Ladder | None:
    """How to come to those outputs that may differ a little; None if there is no way faster than stock's."""
    # What is refused is not made for the sake of others either.
    allowed = [job for job in jobs if job.geometry and not is_too_large(job.geometry.size, max_output_pixels)]
    exact = {job.geometry for job in jobs if job.geometry and not (job.loose and job.geometry.may_differ)}
    loose = {job.geometry for job in allowed if job.geometry and job.geometry not in exact}
    if not loose or shared.size is None or shared.mode not in FAST_MODES:
        return None
    wanted = [job.geometry for job in allowed if job.geometry]
    found = plan(shared.size, loose, exact.intersection(wanted), may_draft=shared.may_draft)
    return Ladder(shared, found, wanted, loose) if found.saves else None


def measured(original: LentFile) -> Size | None:
    """The size of a source, as Willow reads it; None if it cannot."""
    try:
        original.seek(0)
        width, height = willow.Image.open(original).get_size()
        # An SVG may be endless, or of no size that is a number.
        return int(width), int(height)
    except Exception:  # noqa: BLE001 - the filters meet it again
        return None
