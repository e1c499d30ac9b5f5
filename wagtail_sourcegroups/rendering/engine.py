"""One source, many filters: opens it, runs them, and says what became of each."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import IO, Any

import willow
from django.core.files import File
from wagtail.images.models import AbstractImage, Filter

from wagtail_sourcegroups.rendering.fast import Geometry, plan
from wagtail_sourcegroups.rendering.filters import SharedFilter, TidyFilter
from wagtail_sourcegroups.rendering.jobs import Job, is_shared, no_longer_needed, together
from wagtail_sourcegroups.rendering.ladder import Ladder
from wagtail_sourcegroups.rendering.limits import Size, check_output_size, is_too_large
from wagtail_sourcegroups.rendering.outputs import Output, RenderFailure, without_traceback
from wagtail_sourcegroups.rendering.plain import PlainImage
from wagtail_sourcegroups.rendering.shared import clamped
from wagtail_sourcegroups.rendering.source import NOT_ROTATED, SharedSource, pillow_route

logger = logging.getLogger(__name__)

FAST_MODES = frozenset({"RGB", "L"})
"""Those of which a resized frame is all there is to see: without palette, transparency or ink."""
SAME_SIZE_WHEN_SAVED = frozenset({"jpeg", "png", "gif", "webp", "avif"})
"""Formats whose files are as large as the image saved; an icon, for one, holds several sizes of it."""


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
) -> Iterator[Output | RenderFailure]:
    """Make the outputs of ``filters`` from one source, byte for byte as ``Filter.run`` makes them.

    ``source`` is the original: open, readable, seekable; it is left open. ``filters`` are cleaned for SVG and
    have no duplicates. Yields one result for each, in an order that lets go of intermediate frames early.

    The outputs of those whose spec is in ``inexact`` may differ a little, where that is faster and cannot be
    seen; each output says whether it may.

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
    for done, job in enumerate(jobs, start=1):
        result = perform(job, jobs[done:], image, original, shared, ladder, max_output_pixels)
        if shared is not None and done == len(jobs):
            # The pixels need not stay while the caller stores the last output.
            shared.release()
        yield result


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
    except Exception:  # noqa: BLE001 - the filters meet it again
        return None
    return int(width), int(height)


def perform(
    job: Job,
    later: Sequence[Job],
    image: Any,
    original: LentFile,
    shared: SharedSource | None,
    ladder: Ladder | None,
    max_output_pixels: int | None,
) -> Output | RenderFailure:
    """Run one filter, then let go of what no later one needs."""
    file: File | None = None
    try:
        if job.size is not None:
            check_output_size(job.filter.spec, image.file.name, job.size, max_output_pixels)
        if shared is not None:
            shared.shelf.keep_encodings = is_shared(job, later)
            shared.shelf.saved = None
        fast = ladder is not None and job.geometry is not None and ladder.prepare(job.geometry)
        original.seek(0)
        file = image.generate_rendition_file(job.run, source=original)
        return replace(finished(job, image, file, shared), fast=fast)
    except Exception as error:
        if file is not None:
            file.close()
        logger.debug("Failed to render %r of %r", job.filter.spec, image.file.name, exc_info=True)
        return RenderFailure(filter=job.filter, error=without_traceback(error))
    finally:
        if shared is not None:
            for start in no_longer_needed(job, later):
                shared.shelf.forget(start)
        if ladder is not None and job.geometry is not None and not is_shared(job, later):
            ladder.done(job.geometry)


def finished(job: Job, image: Any, file: File, shared: SharedSource | None) -> Output:
    saved = shared.shelf.saved if shared is not None else None
    method = getattr(image.generate_rendition_file, "__func__", None)
    untouched = method is AbstractImage.generate_rendition_file
    if saved is not None and untouched and saved.format_name in SAME_SIZE_WHEN_SAVED:
        (width, height), format_name = saved.size, saved.format_name
    else:
        # As Wagtail measures a file that is given to a row.
        file.seek(0)
        willow_file = willow.Image.open(file)
        width, height = willow_file.get_size()
        format_name = willow_file.format_name
    # Not ``file.size``: of a file on disk it reads what the system knows, before Python has flushed the rest.
    file.seek(0, os.SEEK_END)
    size = file.tell()
    file.seek(0)
    return Output(
        filter=job.filter,
        file=file,
        width=int(width),
        height=int(height),
        format_name=format_name,
        size=size,
        orientation=NOT_ROTATED if shared is None else shared.orientation,
    )
