"""Keeping how much of what is wanted is there: counted as a whole now and then, and shown from rows ever after."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

from django.db import router, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from wagtail.models import Collection

from .coverage import Coverage, coverage
from .models import CoverageCount, CoverageFigure
from .queueing import routed, task
from .registry import get_registry

logger = logging.getLogger("wagtail_sourcegroups")

#: Whoever has counted for so long is not counting any more.
LONGEST = timedelta(minutes=15)
#: Figures written by one statement.
AT_ONCE = 500


def is_counting() -> Q:
    """That somebody is, as a condition on the row of :class:`.CoverageCount`."""
    # One who died, or was asked by a clock that has been set back since, counts for nothing.
    return Q(asked_at__gte=Now() - LONGEST, asked_at__lte=Now() + LONGEST)


def count() -> bool:
    """
    Count now, and keep the figures in the place of those that are there, unless these are from later.

    Two queries for thousands of images; see :func:`.coverage.coverage`. Whether the figures were kept.
    """
    registry = get_registry().refresh()
    began = timezone.now()
    counted = coverage(registry.bindings, registry.bindings)
    using = router.db_for_write(CoverageFigure)
    CoverageCount.objects.get_or_create(pk=1)
    with transaction.atomic(using=using):
        # A write comes first, so that who counts at the same time waits for the other's end.
        kept = (
            CoverageCount.objects.filter(pk=1)
            .exclude(counted_at__gt=began)
            .update(
                counted_at=began,
                counted=[list(pair) for pair in counted.asked],
                unknown=list(counted.unknown),
            )
        )
        if kept:
            CoverageFigure.objects.using(using).all().delete()
            CoverageFigure.objects.using(using).bulk_create(_rows(counted), batch_size=AT_ONCE)
    return bool(kept)


def _rows(counted: Coverage) -> Iterator[CoverageFigure]:
    """Of collections that are still there. One query."""
    known = set(Collection.objects.values_list("pk", flat=True))
    for place, figures in counted.places.items():
        if place.collection in known:
            yield CoverageFigure(
                image_model=place.image_model,
                collection_id=place.collection,
                spec_id=place.spec,
                group_key=place.group,
                **asdict(figures),
            )


def ask() -> bool:
    """
    Have the figures counted anew once the open transaction has committed: by a worker, or here where there is none.

    Whether it was this call that had it done: while somebody is counting, another count follows that one. Never raises.
    """
    try:
        with transaction.atomic(using=router.db_for_write(CoverageCount)):
            CoverageCount.objects.get_or_create(pk=1)
            row = CoverageCount.objects.filter(pk=1)
            # First of all a write, so that who has just counted is either done or will see it.
            row.update(again=True)
            first = bool(row.exclude(is_counting()).update(asked_at=Now(), again=False))
    except Exception:
        logger.exception("The coverage could not be asked to be counted; the next full run does.")
        return False
    if first:
        transaction.on_commit(_enqueue, using=router.db_for_write(CoverageCount), robust=True)
    return first


def _enqueue() -> None:
    try:
        routed(count_task).enqueue()
    except Exception:
        logger.exception("The task backend refused to count the coverage; the next full run does.")
        CoverageCount.objects.filter(pk=1).update(asked_at=None, again=False)


@task
def count_task() -> None:
    """Count the coverage. Never raises."""
    try:
        count()
    except Exception:
        logger.exception("The coverage cannot be counted.")
    try:
        row = CoverageCount.objects.filter(pk=1)
        if not row.filter(again=False).update(asked_at=None) and row.filter(again=True).update(
            asked_at=Now(), again=False
        ):
            _enqueue()
    except Exception:
        logger.exception("That the coverage is not being counted any more cannot be noted.")
