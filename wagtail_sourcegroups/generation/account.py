"""What came of a round: counted, told to whoever listens, and put on record."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

import django.db
from django.db import router

from ..models import GenerationFailure
from ..signals import generation_failed, renditions_generated
from . import database
from .departures import Departures
from .failures import clear_made, record, sentence
from .filestore import FileWork
from .making import Outcome
from .options import Options
from .plan import Unsure, Work, count_source, counts_in_all
from .progress import Failed, Progress, Totals
from .records import Records
from .wanted import OutputKey

logger = logging.getLogger("wagtail_sourcegroups")

#: Seconds after which who watches sees what was made and what has failed.
OFTEN = 2.0

AnyWork = Work | FileWork

GONE_REASON = "the source was deleted meanwhile"
NOT_CONCLUDED = "A batch cannot be concluded; the next run of generateimages sees to it."


class Account:
    """
    Of one round: its ``totals`` and ``progress``, the files that are to go, and what is still to be put on record.

    Everything is counted twice: for the round, and for the batch whose totals are given as ``in_batch``.
    """

    def __init__(self, options: Options, progress: Progress) -> None:
        self.options = options
        self.progress = progress
        self.totals = Totals()
        self.departures = Departures()
        self.records = Records()
        self._made: dict[str, list[str]] = {}
        self._failures: list[Failed] = []
        self._models: dict[str, tuple[type, Any]] = {}
        self._due = time.monotonic() + OFTEN

    def conclude(self, *, patience: float | None = None) -> None:
        """
        Put on record what has come up since the last time: once for a batch. One thing failing costs no other, and
        none hides why the batch ended. A database that is away is waited for, once, as :func:`.database.wait_for` does.
        """
        if not _is_back(patience):
            # Kept: it may be back the next time.
            return
        made, failures, models = self._made, self._failures, self._models
        self._made, self._failures, self._models = {}, [], {}
        for step in (
            lambda: clear_made(made),
            lambda: record(failures, models=models),
            self._take_records().write,
            self.departures.take_leave,
        ):
            _attempt(step)

    def _show(self) -> None:
        """Put on record what there is to be seen of a batch that goes on, now and then, if anybody watches."""
        if not self.progress.is_watched or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + OFTEN
        if _is_back():
            failures, self._failures = self._failures, []
            _attempt(lambda: record(failures, models=self._models))
            _attempt(self._take_records().write)

    def _take_records(self) -> Records:
        records, self.records = self.records, Records()
        return records

    def unsure(self, unsure: Unsure, counted_in: Iterable[Totals]) -> None:
        """Storage would not tell about a rendition."""
        for totals in counted_in:
            totals.fail(unsure.failed, unsure.spec_ids, in_all=unsure.in_all)
        self._failures.append(unsure.failed)
        self.progress.failure(unsure.failed)

    def count(self, work: AnyWork, outcome: Outcome, in_batch: Totals) -> None:
        """What came of one source."""
        if isinstance(work, Work):
            self.records.add(work, outcome)
            if self.records.are_enough and _is_back():
                _attempt(self._take_records().write)
        filter_specs = []
        for made in outcome.made:
            for totals in (self.totals, in_batch):
                totals.count(
                    "generated",
                    work.wanted.spec_ids[made.key],
                    in_all=counts_in_all(made.key, work.membership),
                    size=made.size,
                    seconds=made.seconds,
                )
            filter_specs.append(made.key.filter_spec)
        for key in outcome.found:
            for totals in (self.totals, in_batch):
                totals.count(
                    "existing", work.wanted.spec_ids[key], in_all=counts_in_all(key, work.membership)
                )
            filter_specs.append(key.filter_spec)
        if filter_specs:
            self._made.setdefault(work.source.key, []).extend(filter_specs)
        if outcome.made:
            renditions_generated.send_robust(
                sender=work.source.model,
                source=work.source.file,
                filter_specs=[made.key.filter_spec for made in outcome.made],
            )
        for key, error in outcome.failed.items():
            self.fail(work, key, error, in_batch)
        size, seconds = sum(made.size for made in outcome.made), sum(made.seconds for made in outcome.made)
        self.progress.worked_on(work.source.name, len(outcome.made), size, seconds)
        self._is_done(work, self.totals, in_batch)

    def fail(self, work: AnyWork, key: OutputKey, error: Exception, in_batch: Totals) -> None:
        spec_ids = work.wanted.spec_ids[key]
        failed = Failed(work.source.name, spec_ids[0], key.filter_spec, sentence(error), work.source.key)
        for totals in (self.totals, in_batch):
            totals.fail(failed, spec_ids, in_all=counts_in_all(key, work.membership))
        self._failures.append(failed)
        if isinstance(work, Work):
            self._models[work.source.key] = (work.source.model, work.source.image.pk)  # type: ignore[union-attr]
        level = logging.WARNING if self.options.patient else logging.DEBUG
        logger.log(level, "%s: %s could not be made: %s", failed.source, failed.filter_spec, failed.error)
        self.progress.failure(failed)
        generation_failed.send_robust(
            sender=work.source.model, source=work.source.file, filter_spec=key.filter_spec, error=error
        )
        if self.options.fail_fast:
            self.options.stop.set()

    def fail_all(self, work: AnyWork, error: Exception, in_batch: Totals) -> None:
        for key, _ in work.filters:
            self.fail(work, key, error, in_batch)
        self._is_done(work, self.totals, in_batch)

    def skip_all(self, work: AnyWork, in_batch: Totals) -> None:
        """The source has gone."""
        for key, _ in work.filters:
            for totals in (self.totals, in_batch):
                totals.count("skipped", work.wanted.spec_ids[key], in_all=counts_in_all(key, work.membership))
                totals.skipped[GONE_REASON] += 1
        self._is_done(work, self.totals, in_batch)

    def exists(self, work: AnyWork, in_batch: Totals) -> None:
        """Somebody else has made it all."""
        for key, _ in work.filters:
            for totals in (self.totals, in_batch):
                totals.count(
                    "existing", work.wanted.spec_ids[key], in_all=counts_in_all(key, work.membership)
                )
        self._is_done(work, self.totals, in_batch)

    def count_dry(self, work: AnyWork) -> None:
        for key, _ in work.filters:
            self.totals.count(
                "generated", work.wanted.spec_ids[key], in_all=counts_in_all(key, work.membership)
            )
        self.progress.worked_on(work.source.name, len(work.filters), 0, 0.0)
        self._is_done(work, self.totals)

    def _is_done(self, work: AnyWork, *counted_in: Totals) -> None:
        for totals in counted_in:
            count_source(work.membership, totals)
        self._show()
        self.progress.advance(1, self.totals)


def _is_back(patience: float | None = None) -> bool:
    """Whether there is a connection, now or once it has been waited for: who noticed that it broke has closed it."""
    try:
        database.wait_for(router.db_for_write(GenerationFailure), patience)
    except django.db.Error:
        logger.exception(NOT_CONCLUDED)
        return False
    return True


def _attempt(step: Callable[[], None]) -> None:
    """Do it, and once more over a new connection if the database goes away meanwhile."""
    using = router.db_for_write(GenerationFailure)
    try:
        link = database.Link(using)
        try:
            step()
        except django.db.Error:
            if not link.is_broken:
                raise
            database.wait_for(using)
            step()
    except django.db.Error:
        logger.exception(NOT_CONCLUDED)
