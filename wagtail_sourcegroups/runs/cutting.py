"""
Cutting a run into batches, no more at a time than may be open: ranges of keys, found when their turn comes.

Every cut is one guarded UPDATE of the run and one new row, so that two who cut at once cut two batches.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import router, transaction
from django.db.models import F

from .. import conf
from ..models import GenerationRun, RunBatch
from ..models.runbatches import BatchQuerySet
from ..models.runstates import ACTIVE
from ..walk import Walk


def prepare(run: GenerationRun, walk: Walk) -> None:
    """Look, once, at what the run will go through: its parts, and how many sources there are."""
    if run.parts is not None:
        return
    walk.begin()
    parts = list(walk.parts)
    GenerationRun.objects.filter(pk=run.pk, parts__isnull=True).update(
        parts=parts, part=parts[0] if parts else "", sources_in_all=walk.count_images()
    )
    run.refresh_from_db(fields=["parts", "part", "sources_in_all"])


def cut(run: GenerationRun, walk: Walk) -> RunBatch | None:
    """The next batch of a run; ``None`` while enough are open, and when nothing is left to cut. Five queries."""
    while True:
        now = (
            GenerationRun.objects.filter(pk=run.pk, state__in=ACTIVE)
            .values("cut", "part", "after", "parts")
            .first()
        )
        # Counted after the number of cuts is read: what is cut meanwhile is noticed by that number.
        if now is None or not now["part"] or open_batches(run).count() >= conf.get("RUN_BATCHES"):
            return None
        part, after = now["part"], now["after"]
        upto = walk.range_end(part, walk.key(part, after), range_size(run))
        text = "" if upto is None else str(upto)
        following = (part, text) if text else (next_part(now["parts"] or (), part), "")
        with transaction.atomic(using=router.db_for_write(RunBatch)):
            cut_here = GenerationRun.objects.filter(
                pk=run.pk, state__in=ACTIVE, cut=now["cut"], part=part, after=after
            ).update(cut=F("cut") + 1, part=following[0], after=following[1])
            if cut_here:
                return RunBatch.objects.create(
                    run_id=run.pk, number=now["cut"] + 1, part=part, after=after, cursor=after, upto=text
                )


def shorten(run: GenerationRun, walk: Walk) -> None:
    """
    Cut what a command held as a whole, and has put down, to a range as any other; the rest is cut from there on.

    What the command has counted stays with the batch, which therefore goes as far as the command has looked.
    """
    for batch in RunBatch.objects.filter(run=run, whole=True).free():
        size = max(range_size(run), int(batch.in_hand.get("all", {}).get("sources", 0)))
        upto = walk.range_end(batch.part, walk.key(batch.part, batch.cursor), size)
        text = "" if upto is None else str(upto)
        following = (batch.part, text) if text else (next_part(run.parts or (), batch.part), "")
        with transaction.atomic(using=router.db_for_write(RunBatch)):
            mine = RunBatch.objects.filter(pk=batch.pk, whole=True, cursor=batch.cursor).free()
            if mine.update(whole=False, upto=text, state=RunBatch.State.WAITING, token="", leased_until=None):
                GenerationRun.objects.filter(pk=run.pk).update(part=following[0], after=following[1])


def range_size(run: GenerationRun) -> int:
    """How many images a batch of a run has."""
    return int(run.options.get("batch_size") or conf.get("BATCH_SIZE"))


def open_batches(run: GenerationRun) -> BatchQuerySet:
    return RunBatch.objects.filter(run=run).open()


def next_part(parts: Sequence[str], part: str) -> str:
    """The part that follows; none after the last."""
    following = parts[parts.index(part) + 1 :] if part in parts else ()
    return following[0] if following else ""
