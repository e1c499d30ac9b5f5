"""
Recording what a command does by itself as a run, from the moment on that there is something to record.

It holds each part of its walk as a whole, with a cursor, so that others can go on where it was killed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db import router, transaction
from django.db.models.functions import Now

from ..exceptions import RunRefused
from ..generation.membership import Batch
from ..generation.progress import Failed, Progress, Totals
from ..models import GenerationRun, RunBatch, counts
from ..models.runstates import Action
from . import leases
from .holding import Holder, Relay, conclude, forgiving
from .ledger import Ledger
from .question import Question


class Recorder(Relay):
    """
    A face that records. :meth:`watched` passes on the batches of the walk, and :meth:`close` ends it; ``run`` is the
    record, if there was anything to record.

    ``parts`` are those of the walk; ``stop`` is set when somebody else pauses or cancels the run.
    """

    is_watched = True

    def __init__(
        self,
        question: Question,
        options: Mapping[str, Any],
        stop: threading.Event,
        face: Progress | None = None,
        *,
        parts: Iterable[str] = (),
    ) -> None:
        super().__init__(face)
        self.run: GenerationRun | None = None
        self._question = question
        self._options = {name: value for name, value in options.items() if value}
        self._stop = stop
        self._parts = list(parts)
        self._sources_in_all: int | None = None
        self._part_of: dict[int, str] = {}
        self._past = counts.added()
        """What the parts came to that were over before there was a record."""
        self._part = self._parts[0] if self._parts else ""
        self._ledger = Ledger()
        self._cursor = ""
        self._holder: Holder | None = None

    @property
    def run_id(self) -> int | None:
        return None if self.run is None else self.run.pk

    def watched(self, batches: Iterable[tuple[str, Batch]]) -> Iterator[Batch]:
        """Batches without their parts, which are remembered: several may be in hand at once."""
        for part, batch in batches:
            self._part_of[id(batch)] = part
            yield batch

    # What the loop says -------------------------------------------------------------------------------

    def begin(self, sources: int | None) -> None:
        self._sources_in_all = sources
        super().begin(sources)

    def working_on(self, name: str) -> None:
        self._record()
        super().working_on(name)
        if self._holder is not None:
            self._holder.working_on(name)

    def advance(self, sources: int, totals: Totals) -> None:
        super().advance(sources, totals)
        self._ledger.look_at(totals)
        if self._holder is not None:
            self._holder.advance(sources, totals)

    def failure(self, failed: Failed) -> None:
        self._record()
        super().failure(failed)

    def concluded(self, batch: Batch, totals: Totals) -> None:
        super().concluded(batch, totals)
        if totals.all.generated or totals.all.failed:
            self._record()
        part = self._part_of.pop(id(batch), self._part)
        if part != self._part:
            self._turn_to(part)
        if self._holder is not None:
            self._holder.concluded(batch, totals)
        else:
            self._cursor = conclude(self._ledger, batch, totals) or self._cursor

    def tick(self) -> None:
        super().tick()
        if self._holder is not None:
            self._holder.tick()

    # The record ---------------------------------------------------------------------------------------

    def _record(self) -> None:
        """There is something to make, or something has failed: from now on there is a run, and it is held."""
        if self.run is not None:
            return
        try:
            with transaction.atomic(using=router.db_for_write(GenerationRun)):
                self.run = GenerationRun.objects.create(
                    started_from=GenerationRun.Origin.COMMAND,
                    by_workers=False,
                    question=self._question.as_json(),
                    options=self._options,
                    parts=self._parts,
                    sources_in_all=self._sources_in_all,
                    specs=self._past["specs"],
                    **self._past["all"],
                )
                leases.begin(self.run.pk)
                self._hold()
        except BaseException:
            # There is no such row, or the answer got lost that there is: nobody holds it, and it counts nothing.
            self.run = self._holder = None
            raise

    def _hold(self) -> None:
        """Lease the whole of the present part, from where it has come to."""
        assert self.run is not None
        self.run.cut += 1
        GenerationRun.objects.filter(pk=self.run.pk).update(cut=self.run.cut)
        fresh = RunBatch.objects.create(
            run=self.run,
            number=self.run.cut,
            part=self._part,
            whole=True,
            cursor=self._cursor,
            totals=self._ledger.settled,
        )
        batch = leases.take(fresh.pk)
        assert batch is not None
        self._holder = Holder(batch, self._stop, ledger=self._ledger)

    def _turn_to(self, part: str) -> None:
        """
        The walk has come to its next part: the one before is done.

        In one transaction: a run of which nothing is open counts as done, for whoever finds it.
        """
        with transaction.atomic(using=router.db_for_write(GenerationRun)):
            self._ledger.settle()
            held = self._holder is None or self._holder.finish()
            self._past = counts.added(self._past, self._ledger.settled)
            self._part, self._cursor, self._ledger = part, "", self._ledger.successor()
            if held and self.run is not None:
                self._hold()
        if not held:
            # Somebody has gone on with the run in another place.
            self._stop.set()

    def close(self, *, interrupted: bool, message: str = "") -> None:
        """
        The command is through, or was told to stop: then the run is paused, for somebody to go on with. Unless somebody
        does already, who has taken it over: then it is his.
        """
        if self.run is None or self._holder is None:
            return
        with forgiving():
            if interrupted:
                if self._holder.put_down():
                    self._move(Action.PAUSE, message=message, current="")
            elif self._holder.finish():
                self._move(Action.FINISH, finished_at=Now(), current="")

    def _move(self, action: Action, **values: Any) -> None:
        assert self.run is not None
        try:
            self.run.move(action, **values)
        except RunRefused:
            # Somebody else has paused or cancelled it, which is why it stops.
            self.run.refresh_from_db()
