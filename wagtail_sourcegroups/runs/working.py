"""Working on a run: one batch at a time, in the calling process."""

from __future__ import annotations

import logging
import threading
import time
from enum import Enum
from typing import Any

from django.db import router
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from .. import counting
from ..exceptions import RunRefused
from ..generation import database
from ..generation.batches import make_batches
from ..generation.failures import attributed, sentence
from ..generation.progress import Progress
from ..models import GenerationRun, RunBatch, RunState
from ..models.runstates import ACTIVE, Action
from ..walk import Walk
from . import cutting, leases
from .holding import Holder, Through, forgiving
from .question import CannotBeAnswered, options_of, walk_of

logger = logging.getLogger("wagtail_sourcegroups")

#: A batch that was taken so often without getting on is what its workers die of.
ATTEMPTS = 5
#: Images planned at once where all are made again: what was made beyond the cursor is made once more by who takes over.
ANEW = 20
#: Seconds between two looks at those who hold the last batches of a run.
LOOK = 2.0


def drive(
    run_id: int,
    *,
    seconds: float | None = None,
    face: Progress | None = None,
    stop: threading.Event | None = None,
) -> bool:
    """
    Work on one batch of a run, for no longer than ``seconds`` and the images in hand; whether it is to go on.

    For who watches a run where no worker is there, and for the command line beside workers.
    """
    return _drive(run_id, seconds, face, stop) is not Step.OVER


def drive_on(run_id: int, *, face: Progress | None = None, stop: threading.Event) -> None:
    """Work on a run, batch after batch, until it is over or at rest or ``stop`` is set; beside others, if any."""
    while not stop.is_set():
        step = _drive(run_id, None, face, stop)
        if step is Step.OVER:
            return
        if step is Step.NOTHING_FREE:
            stop.wait(LOOK)


class Step(Enum):
    """What has come of trying to work on a run."""

    WORKED = "worked"
    NOTHING_FREE = "nothing free"
    OVER = "over"


def _drive(run_id: int, seconds: float | None, face: Progress | None, stop: threading.Event | None) -> Step:
    run = GenerationRun.objects.filter(pk=run_id, state__in=ACTIVE).first()
    walk = walk_for(run) if run is not None else None
    if run is None or walk is None:
        return Step.OVER
    batch = next_batch(run, walk)
    if batch is not None:
        work(batch, walk, seconds=seconds, face=face, stop=stop)
    if finish(run, walk) or not GenerationRun.objects.filter(pk=run_id, state__in=ACTIVE).exists():
        return Step.OVER
    return Step.NOTHING_FREE if batch is None else Step.WORKED


def walk_for(run: GenerationRun) -> Walk | None:
    """The walk of an active run, prepared; ``None`` if it cannot go on, which ends it as failed."""
    try:
        with attributed(lambda: run.pk):
            walk = walk_of(run)
    except CannotBeAnswered as error:
        give_up(run, str(error))
        return None
    cutting.prepare(run, walk)
    return walk


def next_batch(run: GenerationRun, walk: Walk) -> RunBatch | None:
    """The first batch that nobody holds, or a new one; held by the caller."""
    cutting.shorten(run, walk)
    while True:
        free = list(RunBatch.objects.filter(run=run).free().order_by("number").values_list("pk", flat=True))
        for pk in free:
            batch = leases.take(pk)
            if batch is not None:
                return batch
        fresh = cutting.cut(run, walk)
        if fresh is None:
            return None
        batch = leases.take(fresh.pk)
        if batch is not None:
            return batch


def work(
    batch: RunBatch,
    walk: Walk,
    *,
    seconds: float | None = None,
    face: Progress | None = None,
    stop: threading.Event | None = None,
) -> bool:
    """Make what is missing in a batch that the caller holds; whether it is done."""
    run = batch.run
    if batch.attempts > ATTEMPTS:
        leases.let_go(batch)
        give_up(
            run,
            f"Batch {batch.number} was begun {ATTEMPTS} times and got no further: whoever works on it dies of it, "
            "or is killed. See what its sources are, and resume the run.",
        )
        return False
    leases.begin(run.pk)
    # Whoever waits for the caller's own event is told by that one only.
    ours = _Either(stop)
    options = options_of(run, ours)
    until = None if seconds is None else time.monotonic() + seconds
    holder = Holder(batch, ours, face, until=until, anew=options.force)
    if options.force:
        walk.batch_size = min(walk.size, ANEW)
    batches = Through(
        walk.part(batch.part, walk.key(batch.part, batch.cursor), walk.key(batch.part, batch.upto))
    )
    holder.beat()
    try:
        with attributed(lambda: run.pk):
            totals = make_batches(batches, options=options, progress=holder)
    except Exception as error:
        logger.exception("Batch %s of run %s could not be worked through.", batch.number, run.pk)
        database.close_if_broken(router.db_for_write(RunBatch))
        # What is counted so far is kept.
        if holder.put_down(in_good_order=False):
            GenerationRun.objects.filter(pk=run.pk).update(message=sentence(error))
        return False
    except BaseException:
        # Told to end at once. That is what has happened, whatever the database says.
        with forgiving():
            holder.put_down()
        raise
    if totals.interrupted or not batches.whole:
        holder.put_down()
        return False
    return holder.finish()


def finish(run: GenerationRun, walk: Walk) -> bool:
    """End a run of which nothing is left to do; whether it was this call that did."""
    left = RunBatch.objects.filter(run=OuterRef("pk")).open()
    done = (
        GenerationRun.objects.filter(pk=run.pk, state__in=ACTIVE, part="", parts__isnull=False)
        .filter(~Exists(left))
        .update(state=RunState.FINISHED, finished_at=Now(), heartbeat_at=Now(), current="")
    )
    if done:
        walk.conclude()
        if walk.is_full:
            counting.ask()
    return bool(done)


def give_up(run: GenerationRun, message: str) -> None:
    """End a run that cannot go on."""
    logger.error("Run %s cannot go on: %s", run.pk, message)
    try:
        run.move(Action.FAIL, message=message, finished_at=Now(), current="")
    except RunRefused:
        # Somebody else has ended it.
        logger.debug("Run %s has ended already.", run.pk)


class _Either(threading.Event):
    """Set when it is set itself, or another event is."""

    def __init__(self, other: threading.Event | None) -> None:
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        return super().is_set() or (self._other is not None and self._other.is_set())

    def wait(self, timeout: Any = None) -> bool:
        raise NotImplementedError("Nobody waits for it: it is asked now and then.")
