"""
The one loop: plan a batch, make its files in worker threads, keep them in this one, count.

The command, the bulk action, the task and the signal path all come here. Only the calling thread touches the
database.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import django.db
from django.db import connections

from .. import conf
from ..exceptions import SourceGone
from ..models import FileRendition
from ..signals import generation_failed, renditions_generated
from . import bound, filestore, making, plan, store
from .budget import PixelBudget
from .departures import Departures
from .failures import clear, clear_made, record, sentence
from .filestore import FileWork
from .making import Outcome
from .membership import ROW_FIELDS, Batch, FileBatch, ImageBatch, ImageRow, batches_of
from .options import Options
from .plan import Work, counts_in_all
from .progress import Failed, Progress, Totals
from .requests import Request, merge
from .state import write_states
from .wanted import OutputKey

logger = logging.getLogger("wagtail_sourcegroups")

AnyWork = Work | FileWork

#: How often an image that gets another file while it is being worked on is begun anew.
ROUNDS = 3

GONE_REASON = "the source was deleted meanwhile"


def make(
    requests: Iterable[Request], *, options: Options | None = None, progress: Progress | None = None
) -> Totals:
    """Make what some requests ask for. What exists is left as it is, unless a request or the options force."""
    requests = merge(requests)
    options = options or Options()
    if options.patient:
        # What events ask for is asked by bindings.
        bound.remember(spec for request in requests for spec in request.specs)
    return make_batches(batches_of(requests), options=options, progress=progress)


def make_batches(batches: Iterable[Batch], *, options: Options, progress: Progress | None = None) -> Totals:
    """
    Work through batches, one at a time: nothing holds more than one.

    Never stops at a bad image. ``options.stop`` ends it after the images in hand, with ``interrupted`` set.
    """
    round_ = _Round(options, progress or Progress())
    with ThreadPoolExecutor(max_workers=options.threads, thread_name_prefix="renditions") as pool:
        try:
            for batch in batches:
                if options.stop.is_set():
                    round_.totals.interrupted = True
                    break
                round_.work_through(batch, pool)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    round_.progress.end(round_.totals)
    return round_.totals


class _Round:
    """One call of :func:`make_batches`: its counts, and the pixels its threads hold."""

    def __init__(self, options: Options, progress: Progress) -> None:
        self.options = options
        self.progress = progress
        self.totals = Totals()
        self.departures = Departures()
        self.budget = PixelBudget(conf.get("MAX_PIXELS_IN_FLIGHT"))
        self.made: dict[str, list[str]] = {}
        self.failures: list[Failed] = []
        self.models: dict[str, tuple[type, Any]] = {}

    def work_through(self, batch: Batch, pool: ThreadPoolExecutor) -> None:
        works = self.plan(batch)
        size = len(batch.rows) if isinstance(batch, ImageBatch) else len(batch.requests)
        self.progress.advance(size - len(works), self.totals)
        if self.options.dry_run:
            for work in works:
                self.count_dry(work)
                self.progress.advance(1, self.totals)
            return
        try:
            for _ in range(ROUNDS):
                works = self.renewed(self.make_all(works, pool))
                if not works:
                    break
            for work in works:
                self.fail_all(
                    work, SourceGone(f"{work.source.name} keeps getting other files while it is read.")
                )
        finally:
            # Also when interrupted for good: what failed so far is known.
            self.conclude()

    def conclude(self) -> None:
        """What is done once for a batch. One thing failing costs no other, and none hides why the batch ended."""
        made, failures, models = self.made, self.failures, self.models
        self.made, self.failures, self.models = {}, [], {}
        for step in (
            lambda: clear_made(made),
            lambda: record(failures, models=models),
            self.departures.take_leave,
        ):
            try:
                step()
            except django.db.Error:
                logger.exception("A batch cannot be concluded; the next run of generateimages sees to it.")

    def plan(self, batch: Batch, totals: Totals | None = None) -> list[AnyWork]:
        totals = self.totals if totals is None else totals
        if isinstance(batch, FileBatch):
            planned: Any = filestore.plan_files(batch, self.options, totals)
        else:
            planned = plan.plan_images(batch, self.options, totals)
        if not self.options.dry_run:
            if isinstance(batch, ImageBatch):
                write_states(batch.model, planned.states)
            clear(planned.outdated_failures)
        for unsure in planned.unsure:
            totals.fail(unsure.failed, unsure.spec_ids, in_all=unsure.in_all)
            self.failures.append(unsure.failed)
            self.progress.failure(unsure.failed)
        works: list[AnyWork] = planned.works
        return works

    def make_all(self, works: list[AnyWork], pool: ThreadPoolExecutor) -> list[Work]:
        """Make what every work asks for. Returns those whose image got another file meanwhile."""
        again: list[Work] = []
        running: dict[Future[Outcome], AnyWork] = {}
        try:
            self.run_all(deque(works), running, pool, again)
        except BaseException:
            self.abandon(running)
            raise
        return again

    def run_all(
        self,
        waiting: deque[AnyWork],
        running: dict[Future[Outcome], AnyWork],
        pool: ThreadPoolExecutor,
        again: list[Work],
    ) -> None:
        while waiting or running:
            stopping = self.options.stop.is_set()
            if stopping and waiting:
                self.totals.interrupted = True
                waiting.clear()
            while waiting and len(running) < 2 * self.options.threads:
                work = waiting.popleft()
                if isinstance(work, Work) and making.has_own_way(work.source.image):
                    self.finish(work, making.make_their_way(work), again)
                else:
                    running[pool.submit(self.make_one, work)] = work
            if running:
                self.progress.working_on(next(iter(running.values())).source.name)
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    self.finish(running.pop(future), future.result(), again)

    def abandon(self, running: dict[Future[Outcome], AnyWork]) -> None:
        """Told to stop at once: what the threads have stored by now, or are storing, gets no row and goes."""
        for future in running:
            future.cancel()
        wait(running)
        for future, work in running.items():
            if future.cancelled() or future.exception() is not None:
                continue
            image = work.source.image
            model = FileRendition if image is None else type(image).get_rendition_model()
            self.departures.discard(model, [made.name for made in future.result().made])

    def make_one(self, work: AnyWork) -> Outcome:
        """In a worker thread."""
        maker: Any = making.make_files if isinstance(work, Work) else filestore.make_plain_files
        try:
            outcome: Outcome = maker(
                work, max_output_pixels=conf.get("MAX_OUTPUT_PIXELS"), admit=self.budget.admit
            )
        finally:
            # A site's own upload_to may have asked the database, in a connection of this thread.
            connections.close_all()
        return outcome

    def finish(self, work: AnyWork, outcome: Outcome, again: list[Work]) -> None:
        """Keep and count what came of one source."""
        keeper: Any = store.keep if isinstance(work, Work) else filestore.keep_plain
        try:
            keeper(work, outcome, self.departures)
        except SourceGone:
            if isinstance(work, Work) and store.current_file(work.source.image) is not None:
                again.append(work)
                return
            self.skip_all(work)
            self.progress.advance(1, self.totals)
            return
        except Exception as error:  # noqa: BLE001 - of this image; what the database says of all comes up in the next plan
            outcome.failed.update({made.key: error for made in outcome.made})
            outcome.made = []
        self.count(work, outcome)
        self.progress.advance(1, self.totals)

    def count(self, work: AnyWork, outcome: Outcome) -> None:
        filter_specs = []
        for made in outcome.made:
            self.totals.count(
                "generated",
                work.wanted.spec_ids[made.key],
                in_all=counts_in_all(made.key, work.membership),
                size=made.size,
                seconds=made.seconds,
            )
            filter_specs.append(made.key.filter_spec)
        for key in outcome.found:
            self.totals.count(
                "existing", work.wanted.spec_ids[key], in_all=counts_in_all(key, work.membership)
            )
            filter_specs.append(key.filter_spec)
        if filter_specs:
            self.made.setdefault(work.source.key, []).extend(filter_specs)
        if outcome.made:
            renditions_generated.send_robust(
                sender=work.source.model,
                source=work.source.file,
                filter_specs=[made.key.filter_spec for made in outcome.made],
            )
        for key, error in outcome.failed.items():
            self.fail(work, key, error)
        size, seconds = sum(made.size for made in outcome.made), sum(made.seconds for made in outcome.made)
        self.progress.worked_on(work.source.name, len(outcome.made), size, seconds)

    def fail(self, work: AnyWork, key: OutputKey, error: Exception) -> None:
        spec_ids = work.wanted.spec_ids[key]
        failed = Failed(work.source.name, spec_ids[0], key.filter_spec, sentence(error), work.source.key)
        self.totals.fail(failed, spec_ids, in_all=counts_in_all(key, work.membership))
        self.failures.append(failed)
        if isinstance(work, Work):
            self.models[work.source.key] = (work.source.model, work.source.image.pk)  # type: ignore[union-attr]
        level = logging.WARNING if self.options.patient else logging.DEBUG
        logger.log(level, "%s: %s could not be made: %s", failed.source, failed.filter_spec, failed.error)
        self.progress.failure(failed)
        generation_failed.send_robust(
            sender=work.source.model, source=work.source.file, filter_spec=key.filter_spec, error=error
        )
        if self.options.fail_fast:
            self.options.stop.set()

    def fail_all(self, work: AnyWork, error: Exception) -> None:
        for key, _ in work.filters:
            self.fail(work, key, error)
        self.progress.advance(1, self.totals)

    def skip_all(self, work: AnyWork) -> None:
        for key, _ in work.filters:
            self.totals.count(
                "skipped", work.wanted.spec_ids[key], in_all=counts_in_all(key, work.membership)
            )
            self.totals.skipped[GONE_REASON] += 1

    def count_dry(self, work: AnyWork) -> None:
        for key, _ in work.filters:
            self.totals.count(
                "generated", work.wanted.spec_ids[key], in_all=counts_in_all(key, work.membership)
            )
        self.progress.worked_on(work.source.name, len(work.filters), 0, 0.0)

    def renewed(self, works: list[Work]) -> list[AnyWork]:
        """The works of images that got another file, planned anew from their rows of now."""
        found: list[AnyWork] = []
        for work in works:
            model = work.source.model
            image = model._base_manager.filter(pk=work.source.image.pk).first()  # type: ignore[attr-defined,union-attr]
            if image is None:
                self.skip_all(work)
                self.progress.advance(1, self.totals)
                continue
            row = ImageRow([getattr(image, name) for name in ROW_FIELDS], work.membership)
            batch = ImageBatch(model, [row], images={image.pk: image}, force=self.options.force)
            # What exists was counted the first time.
            planned = self.plan(batch, Totals())
            found += planned
            if not planned:
                # Somebody else has made it all.
                for key, _ in work.filters:
                    self.totals.count(
                        "existing", work.wanted.spec_ids[key], in_all=counts_in_all(key, work.membership)
                    )
                self.progress.advance(1, self.totals)
        return found
