"""
Who holds a batch. Every write is one UPDATE that asks for the holder's token: who has lost a batch writes nothing.
"""

from __future__ import annotations

import os
import socket
import uuid
from datetime import timedelta

from django.db import router, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from ..models import GenerationRun, RunBatch, RunState, counts
from ..models.counts import Counts
from ..models.leasing import lease_end, unheard
from ..models.runbatches import BatchQuerySet

#: How often a holder writes, at most.
BEAT = timedelta(seconds=1)


def take(batch_id: int) -> RunBatch | None:
    """The batch, held by the caller from now on; ``None`` if somebody else holds it, or it is done. Two queries."""
    token = uuid.uuid4().hex
    taken = (
        RunBatch.objects.filter(pk=batch_id)
        .free()
        .update(
            state=RunBatch.State.LEASED,
            token=token,
            leased_until=lease_end(),
            worker=worker_name(),
            attempts=F("attempts") + 1,
        )
    )
    if not taken:
        return None
    return RunBatch.objects.select_related("run").filter(pk=batch_id, token=token).first()


def write(batch: RunBatch, *, cursor: str, totals: Counts, in_hand: Counts, got_on: bool) -> bool:
    """Renew the lease, and say how far it has come; whether the batch is the caller's still. One statement."""
    values = {"attempts": 0} if got_on else {}
    return bool(
        _held(batch).update(cursor=cursor, totals=totals, in_hand=in_hand, leased_until=lease_end(), **values)
    )


def give_back(
    batch: RunBatch, *, cursor: str, totals: Counts, in_hand: Counts, in_good_order: bool = True
) -> bool:
    """Put it down for somebody else. If something went wrong, whoever takes it next has one attempt less."""
    values = {"attempts": 0} if in_good_order else {}
    return bool(
        _held(batch).update(
            state=RunBatch.State.WAITING,
            token="",
            leased_until=None,
            handed_out_at=None,
            cursor=cursor,
            totals=totals,
            in_hand=in_hand,
            **values,
        )
    )


def let_go(batch: RunBatch) -> bool:
    """Put it down without having worked on it; that it was taken counts as an attempt."""
    return bool(
        _held(batch).update(state=RunBatch.State.WAITING, token="", leased_until=None, handed_out_at=None)
    )


def complete(batch: RunBatch, *, cursor: str, totals: Counts) -> bool:
    """It is done: what it came to is the run's, in the same transaction. Whether it was the caller's still."""
    with transaction.atomic(using=router.db_for_write(RunBatch)):
        done = _held(batch).update(
            state=RunBatch.State.DONE, token="", leased_until=None, cursor=cursor, totals=totals, in_hand={}
        )
        if done:
            add_to_run(batch.run_id, totals)
    return bool(done)


def add_to_run(run_id: int, totals: Counts) -> None:
    """Within a transaction. The first statement locks the row, so that the specs are read as they will be written."""
    run = GenerationRun.objects.filter(pk=run_id)
    run.update(**{name: F(name) + totals["all"].get(name, 0) for name in counts.NAMES})
    if totals["specs"]:
        known = run.values_list("specs", flat=True).get()
        together = counts.added({"all": {}, "specs": known}, {"all": {}, "specs": totals["specs"]})
        run.update(specs=together["specs"])


def begin(run_id: int) -> None:
    """Somebody works on the run. A statement, and another one the first time."""
    run = GenerationRun.objects.filter(pk=run_id)
    run.filter(state=RunState.QUEUED).update(
        state=RunState.RUNNING,
        started_at=Coalesce("started_at", Now()),
        heartbeat_at=Now(),
        pace_from=Coalesce("pace_from", Now()),
    )


def heartbeat(run_id: int, current: str) -> str | None:
    """
    Say that somebody works on the run; its state, or ``None`` if it is gone. Two small statements.

    However many work on it, they write its row about once a second together.
    """
    run = GenerationRun.objects.filter(pk=run_id)
    run.filter(unheard(since=BEAT), state=RunState.RUNNING).update(heartbeat_at=Now(), current=current[:255])
    return run.values_list("state", flat=True).first()


def worker_name() -> str:
    """Which process on which machine, for people."""
    return f"{socket.gethostname()}:{os.getpid()}"[:128]


def _held(batch: RunBatch) -> BatchQuerySet:
    return RunBatch.objects.filter(pk=batch.pk, token=batch.token, state=RunBatch.State.LEASED)
