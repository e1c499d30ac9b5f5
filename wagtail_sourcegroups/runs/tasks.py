"""
What the task backend runs of a run: one batch, given by two numbers.

May be delivered twice, late, out of order or never: a batch that is done, or in somebody's hands, ends it quietly, and
whoever looks at the run next hands out again what was lost.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime

from django.db import router

from ..generation import database
from ..models import GenerationRun, RunBatch
from ..models.leasing import LEASE
from ..models.runstates import ACTIVE
from ..queueing import task
from ..walk import Walk
from . import handing, leases, working

logger = logging.getLogger("wagtail_sourcegroups")


@task
def run_batch_task(run: int, number: int) -> None:
    """Work on one batch of a run, and see to it that the others have somebody."""
    try:
        deliver(run, number)
    except Exception:
        # Its lease lapses, and somebody goes on with it.
        logger.exception("Batch %s of run %s was left.", number, run)
        # The worker's next query, which says what became of the task, is to find a connection.
        database.close_if_broken(router.db_for_write(RunBatch))


def deliver(run_id: int, number: int) -> None:
    run = GenerationRun.objects.filter(pk=run_id, state__in=ACTIVE).first()
    walk = working.walk_for(run) if run is not None else None
    if run is None or walk is None:
        return
    pk = RunBatch.objects.filter(run=run, number=number).values_list("pk", flat=True).first()
    batch = leases.take(pk) if pk is not None else None
    if batch is not None:
        working.work(batch, walk)
    handing.refill(run, walk)
    if not working.finish(run, walk) and batch is not None:
        see_out(run, walk)


def see_out(run: GenerationRun, walk: Walk) -> None:
    """
    Where nothing is left but what others hold: watch until they have moved, which shows that they live.

    If one does not, its batch is taken over here: a worker that is killed at the very end has nobody else to notice.
    """
    until = time.monotonic() + 2 * LEASE.total_seconds()
    before: dict[int, datetime | None] = {}
    while time.monotonic() < until:
        held = dict(RunBatch.objects.filter(run=run).open().values_list("pk", "leased_until"))
        if not held or None in held.values():
            # Something waits, and has its task.
            return
        if before and all(pk not in held or _later(held[pk], than) for pk, than in before.items()):
            return
        lapsed = RunBatch.objects.filter(run=run).lapsed().order_by("number").values_list("pk", flat=True)
        for pk in list(lapsed):
            batch = leases.take(pk)
            if batch is not None:
                working.work(batch, walk)
                if working.finish(run, walk):
                    return
        if not GenerationRun.objects.filter(pk=run.pk, state__in=ACTIVE).exists():
            return
        before = before or held
        time.sleep(working.LOOK)


def _later(moment: datetime | None, than: datetime | None) -> bool:
    return moment is not None and than is not None and moment > than
