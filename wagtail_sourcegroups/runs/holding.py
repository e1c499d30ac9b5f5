"""Holding a batch while its renditions are made: a face for the loop that keeps the row up to date."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator

import django.db
from django.db import router

from ..generation import database
from ..generation.membership import Batch, ImageBatch
from ..generation.progress import Failed, Progress, Totals
from ..models import RunBatch
from ..models.runstates import ACTIVE
from . import leases
from .ledger import Ledger

logger = logging.getLogger("wagtail_sourcegroups")


class Relay(Progress):
    """Hands everything on to another face."""

    def __init__(self, face: Progress | None = None) -> None:
        self.face = face or Progress()

    def begin(self, sources: int | None) -> None:
        self.face.begin(sources)

    def working_on(self, name: str) -> None:
        self.face.working_on(name)

    def worked_on(self, name: str, renditions: int, size: int, seconds: float) -> None:
        self.face.worked_on(name, renditions, size, seconds)

    def advance(self, sources: int, totals: Totals) -> None:
        self.face.advance(sources, totals)

    def failure(self, failed: Failed) -> None:
        self.face.failure(failed)

    def concluded(self, batch: Batch, totals: Totals) -> None:
        self.face.concluded(batch, totals)

    def tick(self) -> None:
        self.face.tick()

    def end(self, totals: Totals) -> None:
        self.face.end(totals)


class Holder(Relay):
    """
    Writes, at most once a second, how far a batch has come, and thereby keeps its lease; sets ``stop`` when it is lost,
    when its run is to stop, and when it is ``until`` (by :func:`time.monotonic`) and it has got on, so that whoever
    goes on has less to do. ``anew`` says that what exists is made again: only the cursor shows that, then.
    """

    is_watched = True

    def __init__(
        self,
        batch: RunBatch,
        stop: threading.Event,
        face: Progress | None = None,
        *,
        until: float | None = None,
        ledger: Ledger | None = None,
        anew: bool = False,
    ) -> None:
        super().__init__(face)
        self.batch = batch
        self.ledger = ledger or Ledger(batch.totals, batch.in_hand)
        self.cursor = batch.cursor
        self.lost = False
        """Whether somebody else has taken it over."""
        self._stop = stop
        self._until = until
        self._current = ""
        self._due = 0.0
        self._anew = anew
        self._got_on = False

    # What the loop says -------------------------------------------------------------------------------

    def working_on(self, name: str) -> None:
        self._current = name
        super().working_on(name)
        self.beat()

    def worked_on(self, name: str, renditions: int, size: int, seconds: float) -> None:
        # A failure is no progress: the next holder meets it again.
        self._got_on = self._got_on or (renditions > 0 and not self._anew)
        super().worked_on(name, renditions, size, seconds)

    def advance(self, sources: int, totals: Totals) -> None:
        self.ledger.look_at(totals)
        super().advance(sources, totals)
        self.beat()

    def concluded(self, batch: Batch, totals: Totals) -> None:
        upto = conclude(self.ledger, batch, totals)
        self.cursor, self._got_on = upto or self.cursor, self._got_on or bool(upto)
        super().concluded(batch, totals)
        self.beat()

    def tick(self) -> None:
        super().tick()
        self.beat()

    def end(self, totals: Totals) -> None:
        """The round is over, which a face of several rounds need not know."""

    # What the row is told -----------------------------------------------------------------------------

    def beat(self) -> None:
        """Write, if it is time."""
        now = time.monotonic()
        if self._until is not None and now >= self._until and self._got_on:
            self._stop.set()
        if now < self._due or self.lost:
            return
        self._due = now + leases.BEAT.total_seconds()
        with forgiving():
            self._write()

    def _write(self) -> None:
        self.lost = not leases.write(
            self.batch,
            cursor=self.cursor,
            totals=self.ledger.settled,
            in_hand=self.ledger.in_hand,
            got_on=self._got_on,
        )
        if self.lost or leases.heartbeat(self.batch.run_id, self._current) not in ACTIVE:
            self._stop.set()

    def put_down(self, *, in_good_order: bool = True) -> bool:
        """The batch is not through: somebody goes on with it, some day. Whether it was still the caller's."""
        self.lost = self.lost or not leases.give_back(
            self.batch,
            cursor=self.cursor,
            totals=self.ledger.settled,
            in_hand=self.ledger.in_hand,
            in_good_order=in_good_order,
        )
        return not self.lost

    def finish(self) -> bool:
        """The batch is through; whether that was still the caller's to say."""
        self.ledger.settle()
        self.lost = self.lost or not leases.complete(
            self.batch, cursor=self.cursor, totals=self.ledger.settled
        )
        return not self.lost


def conclude(ledger: Ledger, batch: Batch, totals: Totals) -> str:
    """A batch of the walk has come to this; the key before which all is done now, where there is one."""
    upto = batch.upto if isinstance(batch, ImageBatch) else None
    ledger.conclude(totals, moves=upto is not None)
    return "" if upto is None else str(upto)


class Through:
    """Iterates over batches; afterwards ``whole`` says whether all of them were asked for."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self._batches = batches
        self.whole = False

    def __iter__(self) -> Iterator[Batch]:
        yield from self._batches
        self.whole = True


class forgiving:  # noqa: N801 - reads like contextlib's
    """
    A database that is away for a moment costs a beat, not the batch: what is done is counted at the next one.

    A connection that is broken is closed, so that the next query opens another.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, django.db.Error):
            return False
        logger.warning("How far a run has come could not be written: %s", error)
        database.close_if_broken(router.db_for_write(RunBatch))
        return True
