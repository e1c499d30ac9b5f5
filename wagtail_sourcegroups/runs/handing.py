"""Handing batches to the task backend: a task for each open one, and another where the first is lost."""

from __future__ import annotations

import logging

from django.db import router, transaction
from django.db.models import Q
from django.db.models.functions import Now

from ..generation.failures import sentence
from ..models import GenerationRun, RunBatch
from ..models.leasing import WAIT, unheard
from ..queueing import is_inline, routed
from ..walk import Walk
from . import cutting

logger = logging.getLogger("wagtail_sourcegroups")


def refill(run: GenerationRun, walk: Walk) -> int:
    """
    Cut what may be cut, and give the backend a task for every batch that has none; how many.

    Also for those whose holder has lapsed, or that have waited so long that their task may be lost. Nothing where the
    backend would work inside the call, or the run is not for workers.
    """
    run.refresh_from_db(fields=["state", "by_workers"])
    if not run.is_active or not run.by_workers or is_inline():
        return 0
    cutting.shorten(run, walk)
    while cutting.cut(run, walk) is not None:
        pass
    batches = RunBatch.objects.filter(run=run)
    batches.lapsed().update(state=RunBatch.State.WAITING, token="", leased_until=None, handed_out_at=None)
    waiting = batches.filter(unheard("handed_out_at", since=WAIT), state=RunBatch.State.WAITING)
    return sum(hand_out(run, batch) for batch in waiting.order_by("number").only("pk", "number"))


def hand_out(run: GenerationRun, batch: RunBatch) -> bool:
    """Enqueue the task of a waiting batch once the open transaction has committed; whether it was this call's to do."""
    mine = RunBatch.objects.filter(
        Q(handed_out_at=None) | unheard("handed_out_at", since=WAIT),
        pk=batch.pk,
        state=RunBatch.State.WAITING,
    )
    if not mine.update(handed_out_at=Now()):
        return False
    transaction.on_commit(
        lambda: _enqueue(run.pk, batch.pk, batch.number), using=router.db_for_write(RunBatch), robust=True
    )
    return True


def _enqueue(run_id: int, batch_id: int, number: int) -> None:
    # Tasks hand out further ones.
    from .tasks import run_batch_task

    try:
        routed(run_batch_task).enqueue(run_id, number)
    except Exception as error:
        # A broker that is down: the batch waits for the next who looks.
        logger.exception("The task backend refused batch %s of run %s.", number, run_id)
        RunBatch.objects.filter(pk=batch_id).update(handed_out_at=None)
        GenerationRun.objects.filter(pk=run_id).update(
            message=f"The task backend refused a batch: {sentence(error)}"
        )
