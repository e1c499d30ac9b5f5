"""
The one loop: plan a batch, have its files made in threads, keep them in this one, count.

The command, the bulk action, the task and the signal path all come here. Only the calling thread touches the
database.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import router

from .. import conf
from ..exceptions import SourceGone
from ..models import FileRendition
from . import bound, database, filestore, ownways, plan, store
from .account import Account, AnyWork
from .budget import PixelBudget
from .failures import clear
from .heap import kept_heap, share_heap
from .making import Making, Outcome, image_order
from .membership import ROW_FIELDS, Batch, FileBatch, ImageBatch, ImageRow, batches_of
from .options import Options
from .pieces import OpenBatch, Piece
from .pipeline import Pipeline
from .plan import Work
from .progress import Progress, Totals
from .requests import Request, merge
from .sources import image_key
from .state import write_states

#: Seconds after which whoever listens is told that time goes by.
TICK = 1.0

#: How often an image that gets another file while it is being worked on is begun anew.
ROUNDS = 3


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
    Work through batches in their order. While the last images of one are in hand the next is begun: nothing holds
    more than two.

    Never stops at a bad image. ``options.stop`` ends it after the images in hand, with ``interrupted`` set.
    """
    round_ = _Round(options, progress or Progress())
    with kept_heap():
        try:
            for batch in batches:
                if options.stop.is_set():
                    round_.totals.interrupted = True
                    break
                round_.work_on(batch)
            round_.finish()
        except BaseException:
            round_.abandon()
            raise
        finally:
            round_.close()
    round_.account.progress.end(round_.totals)
    return round_.totals


class _Round:
    """One call of :func:`make_batches`: the sources that wait, the pipeline, and the account of what came of them."""

    def __init__(self, options: Options, progress: Progress) -> None:
        self.options = options
        self.account = Account(options, progress)
        self.totals = self.account.totals
        self.budget = PixelBudget(conf.get("MAX_PIXELS_IN_FLIGHT"))
        if options.threads > 1:
            share_heap()
        self.pipeline: Pipeline[Making[Piece]] = Pipeline(
            workers=options.threads, connections=options.connections
        )
        self.waiting: deque[Piece] = deque()
        self.open: list[OpenBatch] = []
        self.begun: deque[OpenBatch] = deque()
        """Batches of which nobody has been told that they are through, in their order."""
        self.keeping: Making[Piece] | None = None

    def work_on(self, batch: Batch) -> None:
        """
        Begin a batch. Returns when all of its sources have been begun and no other batch is open; a batch of files is
        finished, for whoever gave it closes them then.
        """
        in_hand = {making.work.work.source.key for making in self.pipeline.in_hand}
        if in_hand and not in_hand.isdisjoint(_keys(batch)):
            # An image comes once more, for other specs: what its rows say now is about to change.
            self.finish()
        totals = Totals()
        works = self.plan(batch, totals)
        self.totals.add(totals)
        self.account.progress.advance(batch.size - len(works), self.totals)
        if self.options.dry_run:
            for work in works:
                self.account.count_dry(work)
            return
        opened = OpenBatch(batch, totals, len(works))
        self.begun.append(opened)
        if not works:
            self.conclude()
            return
        self.open.append(opened)
        self.waiting.extend(Piece(work, opened) for work in works)
        if isinstance(batch, FileBatch):
            self.finish()
        else:
            self.go_on(lambda: bool(self.waiting) or len(self.open) > 1)

    def finish(self) -> None:
        """Finish what waits and what is in hand."""
        self.go_on(lambda: bool(self.open))

    def go_on(self, has_more: Callable[[], bool]) -> None:
        """Begin what waits, in its order, and keep what is done, as it comes."""
        while has_more():
            if self.options.stop.is_set():
                self.stop()
            elif self.waiting and self.pipeline.has_room:
                self.begin(self.waiting.popleft())
                continue
            if self.pipeline.in_hand:
                self.account.progress.working_on(self.pipeline.in_hand[0].work.work.source.name)
                making = self.pipeline.next_done(TICK)
                if making is None:
                    self.account.progress.tick()
                else:
                    self.keep(making)

    def begin(self, piece: Piece) -> None:
        work = piece.work
        if isinstance(work, Work) and ownways.has_own_way(work.source.image):
            self.keep_outcome(piece, ownways.make_their_way(work))
            return
        order = image_order(work) if isinstance(work, Work) else filestore.file_order(work)
        self.pipeline.begin(Making(piece, order, self.budget, conf.get("MAX_OUTPUT_PIXELS")))

    def stop(self) -> None:
        """Begin nothing more. What is being computed is finished."""
        dropped = [*self.waiting, *(making.work for making in self.pipeline.drop_unbegun())]
        self.waiting.clear()
        for piece in dropped:
            self.totals.interrupted = True
            piece.batch.broken = True
            self.done(piece)

    def abandon(self) -> None:
        """Told to stop at once: what the threads have stored by now, or are storing, gets no row and goes."""
        makings = [*self.pipeline.abandon(), *([self.keeping] if self.keeping else [])]
        for making in makings:
            making.drop()
            # Of the one that was being kept some rows may be there; what they name is not let go of.
            self.account.departures.discard(_rendition_model(making.work.work), making.stored)
        # What failed so far is known, unless that takes a database that is not there.
        self.account.conclude(patience=0)

    def close(self) -> None:
        self.pipeline.close()

    def plan(self, batch: Batch, totals: Totals, *, unsure_in: Iterable[Totals] = ()) -> list[AnyWork]:
        """What is to be made of a batch; the rest is counted into ``totals``, doubts into ``unsure_in`` if given."""
        if isinstance(batch, FileBatch):
            planned: Any = filestore.plan_files(batch, self.options, totals)
        else:
            planned = plan.plan_images(batch, self.options, totals)
        if not self.options.dry_run:
            if isinstance(batch, ImageBatch):
                write_states(batch.model, planned.states)
            clear(planned.outdated_failures)
        for unsure in planned.unsure:
            self.account.unsure(unsure, unsure_in or (totals,))
        works: list[AnyWork] = planned.works
        return works

    def keep(self, making: Making[Piece]) -> None:
        self.keeping = making
        self.keep_outcome(making.work, making.result())
        self.keeping = None

    def keep_outcome(self, piece: Piece, outcome: Outcome) -> None:
        """Keep and count what came of one source."""
        try:
            self.give_rows(piece.work, outcome)
        except SourceGone:
            self.begin_anew(piece)
            return
        self.account.count(piece.work, outcome, piece.batch.totals)
        self.done(piece)

    def give_rows(self, work: AnyWork, outcome: Outcome) -> None:
        """What cannot be kept has failed; but a database that has gone, and is not back, is nobody's failure."""
        keeper: Any = store.keep if isinstance(work, Work) else filestore.keep_plain
        using = router.db_for_write(_rendition_model(work))
        for attempt in (1, 2):
            # Restarted, it comes back. That it is away may have been noticed by whoever listens, and not here first.
            database.wait_for(using)
            link = database.Link(using)
            try:
                keeper(work, outcome, self.account.departures)
            except SourceGone:
                raise
            except Exception as error:
                if not link.is_broken:
                    # What the database says of all comes up in the next plan.
                    outcome.failed.update({made.key: error for made in outcome.made})
                    outcome.made = []
                elif attempt == 1:
                    # Rows that were written before it went are found to be ours.
                    continue
                else:
                    raise
            return

    def begin_anew(self, piece: Piece) -> None:
        """A source that has gone, or an image that got another file: that is planned anew, from its row of now."""
        works = self.planned_anew(piece)
        if works and piece.round < ROUNDS:
            # Where it was, so ahead of all that come later.
            self.waiting.extendleft(Piece(work, piece.batch, piece.round + 1) for work in works)
            return
        for work in works:
            name = work.source.name
            error = SourceGone(f"{name} keeps getting other files while it is read.")
            self.account.fail_all(work, error, piece.batch.totals)
        self.done(piece)

    def planned_anew(self, piece: Piece) -> list[AnyWork]:
        work = piece.work
        image = store.current_image(work.source) if isinstance(work, Work) else None
        if image is None:
            self.account.skip_all(work, piece.batch.totals)
            return []
        row = ImageRow([getattr(image, name) for name in ROW_FIELDS], work.membership)
        batch = ImageBatch(work.source.model, [row], images={image.pk: image}, force=self.options.force)
        # What exists was counted the first time.
        works = self.plan(batch, Totals(), unsure_in=(self.totals, piece.batch.totals))
        if not works:
            self.account.exists(work, piece.batch.totals)
        return works

    def done(self, piece: Piece) -> None:
        """One more source of a batch, which may have been the last."""
        piece.batch.left -= 1
        if not piece.batch.left:
            self.open.remove(piece.batch)
            self.conclude()

    def conclude(self) -> None:
        """A batch is through. Whoever listens is told in the order of the batches, up to one that was broken off."""
        self.account.conclude()
        while self.begun and not self.begun[0].left and not self.begun[0].broken:
            through = self.begun.popleft()
            self.account.progress.concluded(through.batch, through.totals)


def _rendition_model(work: AnyWork) -> Any:
    image = work.source.image
    return FileRendition if image is None else type(image).get_rendition_model()


def _keys(batch: Batch) -> Iterator[str]:
    """The keys of the sources of a batch."""
    if isinstance(batch, FileBatch):
        yield from (request.source.key for request in batch.requests)
    else:
        yield from (image_key(batch.model, row.pk) for row in batch.rows)
