"""What the filters of one source are run on, one at a time: in the caller's thread, or a group of them in another."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import willow
from django.core.files import File
from wagtail.images.models import AbstractImage

from wagtail_sourcegroups.rendering.filters import SharedFilter
from wagtail_sourcegroups.rendering.jobs import Job, no_longer_needed
from wagtail_sourcegroups.rendering.ladder import Ladder
from wagtail_sourcegroups.rendering.limits import check_output_size
from wagtail_sourcegroups.rendering.outputs import Output, RenderFailure, without_traceback
from wagtail_sourcegroups.rendering.source import SharedSource

logger = logging.getLogger(__name__)

Result = Output | RenderFailure

SAME_SIZE_WHEN_SAVED = frozenset({"jpeg", "png", "gif", "webp", "avif"})
"""Formats whose files are as large as the image saved; an icon, for one, holds several sizes of it."""


@dataclass(frozen=True, slots=True)
class Workbench:
    """A source, as it is shared, and the image it belongs to. Used by one thread."""

    image: Any
    original: File
    shared: SharedSource | None
    ladder: Ladder | None = None
    max_output_pixels: int | None = None

    def prepare(self, group: Sequence[Job]) -> bool:
        """Come to the frame of a group as its plan says; whether that frame may differ from stock's."""
        geometry = group[0].geometry
        return self.ladder is not None and geometry is not None and self.ladder.prepare(geometry)

    def work_through(
        self, group: Sequence[Job], later: Sequence[Sequence[Job]], *, fast: bool
    ) -> Iterator[Result]:
        """Run the filters of a prepared group, then let go of what no later one needs."""
        for done, job in enumerate(group, start=1):
            last = done == len(group)
            result = self.perform(job, more=not last, fast=fast)
            if last:
                self.conclude(group, later)
                if self.shared is not None and not later:
                    # The pixels need not stay while the caller stores the last output.
                    self.shared.release()
            yield result

    def conclude(self, group: Sequence[Job], later: Sequence[Sequence[Job]]) -> None:
        """Let go of the frames of a group that is done, or done elsewhere, as far as no later one needs them."""
        geometry = group[0].geometry
        if self.shared is not None:
            for start in no_longer_needed(group[0], [other[0] for other in later]):
                self.shared.shelf.forget(start)
        if self.ladder is not None and geometry is not None:
            self.ladder.done(geometry)

    def perform(self, job: Job, *, more: bool, fast: bool) -> Result:
        """Run one filter; ``more`` says whether another one of its geometry is to come."""
        file: File | None = None
        try:
            if job.size is not None:
                check_output_size(job.filter.spec, self.image.file.name, job.size, self.max_output_pixels)
            if self.shared is not None:
                self.shared.shelf.keep_encodings = more
                self.shared.shelf.saved = None
            if self.shared is None or not self.shared.apart:
                self.original.seek(0)
            file = self.image.generate_rendition_file(job.run, source=self.original)
            return replace(self._finished(job, file), fast=fast)
        except Exception as error:
            if file is not None:
                file.close()
            logger.debug("Failed to render %r of %r", job.filter.spec, self.image.file.name, exc_info=True)
            return RenderFailure(filter=job.filter, error=without_traceback(error))

    def apart(self, group: Sequence[Job], *, fast: bool) -> Callable[[], list[Result]] | None:
        """The work of a prepared group, for another thread, on a source of its own that has its frames from this one.

        None if it has to be done here: where the original may be read, where code of the site's own is run, or
        where Pillow changes an image that it only reads.
        """
        if self.shared is None or group[0].geometry is None or not self._is_untouched():
            return None
        source = self.shared.lent_apart(group[0].geometry.trace)
        if source is None:
            return None
        jobs = []
        for job in group:
            if not isinstance(job.run, SharedFilter) or job.run.may_change_image:
                return None
            jobs.append(replace(job, run=job.run.on(source)))
        bench = replace(self, shared=source, ladder=None)
        return lambda: list(bench.work_through(jobs, (), fast=fast))

    def _finished(self, job: Job, file: File) -> Output:
        saved = self.shared.shelf.saved if self.shared is not None else None
        if saved is not None and self._is_untouched() and saved.format_name in SAME_SIZE_WHEN_SAVED:
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
            orientation=None if self.shared is None else self.shared.orientation,
        )

    def _is_untouched(self) -> bool:
        """Whether the image makes files of its renditions in Wagtail's way."""
        method = getattr(self.image.generate_rendition_file, "__func__", None)
        return method is AbstractImage.generate_rendition_file
