"""Starting runs, and seeing to those that nobody sees to."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from django.db.models.signals import post_save

from .. import conf
from ..models import GenerationRun, RunState
from ..models.runstates import ACTIVE, OVER
from ..queueing import is_inline
from ..signals import run_ready
from . import handing, history, working
from .question import Question

logger = logging.getLogger("wagtail_sourcegroups")


def start(
    question: Question,
    *,
    user: Any = None,
    started_from: str = GenerationRun.Origin.ADMIN,
    by_workers: bool = True,
    collections: Iterable[Any] | None = None,
    **options: Any,
) -> GenerationRun:
    """
    A new run. Its first batches go to the task backend once the open transaction has committed; where that works
    inside the call, nothing is done yet: whoever watches the run has :func:`.working.drive` do the next batch.

    ``collections`` are ids of those that the images are in, where somebody has looked. ``options`` are ``force``,
    ``verify``, ``batch_size`` and ``workers``.
    """
    run = GenerationRun.objects.create(
        started_by=user,
        started_from=started_from,
        by_workers=by_workers,
        collections=None if collections is None else sorted(collections),
        question=question.as_json(),
        options={name: value for name, value in options.items() if value},
    )
    run.announce()
    return run


def connect() -> None:
    """Listen for runs that begin, and for those that have work to hand out."""
    post_save.connect(history.note_new, sender=GenerationRun, dispatch_uid="wagtail_sourcegroups.history")
    run_ready.connect(_hand_out, dispatch_uid="wagtail_sourcegroups.runs")


def _hand_out(sender: Any, run: GenerationRun, **kwargs: Any) -> None:
    nudge(run)


def nudge(run: GenerationRun) -> None:
    """Have every batch of a run that nobody holds and no task is for handed out. Never raises."""
    try:
        walk = working.walk_for(run) if run.is_active else None
        if walk is not None:
            handing.refill(run, walk)
            working.finish(run, walk)
    except Exception:
        logger.exception(
            "The batches of run %s could not be handed out; the next run of generateimages does.", run.pk
        )


def tend() -> None:
    """
    Nudge the runs that workers should be at, and forget those that have been over for ``RUN_RETENTION`` days.

    One query where there is nothing to do. For the command that cron calls.
    """
    long_ago = Now() - timedelta(days=conf.get("RUN_RETENTION"))
    # A command that was killed, and that nobody has gone on with, is over as well.
    over = Q(state__in=OVER, finished_at__lt=long_ago) | Q(state=RunState.RUNNING, heartbeat_at__lt=long_ago)
    waiting = Q(state__in=ACTIVE, by_workers=True)
    forgotten = []
    for run in GenerationRun.objects.filter(over | waiting).order_by("pk"):
        if run.is_active and run.by_workers:
            if not is_inline():
                nudge(run)
        else:
            forgotten.append(run.pk)
    if forgotten:
        GenerationRun.objects.filter(pk__in=forgotten).delete()
