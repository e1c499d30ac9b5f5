"""What is remembered beside renditions, written for many images at once: nobody waits for it, and commits are dear."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import router, transaction

from ..models import RenditionRecord, SourceState
from .making import Outcome
from .plan import Work
from .state import content_type_of
from .upsert import upsert

#: Renditions after which what is known of them is written, at the latest.
ENOUGH = 500


class Records:
    """Weight and time of renditions that were made, and how their originals are turned: gathered, then written."""

    def __init__(self) -> None:
        self._renditions: dict[tuple[Any, str], RenditionRecord] = {}
        self._orientations: dict[tuple[type, int], dict[str, str]] = defaultdict(dict)
        """Of a model and an orientation, the names of the files by the keys of their images."""

    def add(self, work: Work, outcome: Outcome) -> None:
        for record in outcome.records:
            self._renditions[(record.content_type_id, record.object_id)] = record
        if outcome.orientation is not None:
            turned = self._orientations[(work.source.model, outcome.orientation)]
            turned[str(work.source.image.pk)] = work.snapshot.file_name  # type: ignore[union-attr]

    @property
    def are_enough(self) -> bool:
        return len(self._renditions) >= ENOUGH

    def write(self) -> None:
        """
        In one transaction, and no query if there is nothing to write. Killed before, they are not known.

        May be done twice: what was gathered stays.
        """
        renditions, orientations = self._renditions, self._orientations
        if not renditions and not orientations:
            return
        with transaction.atomic(using=router.db_for_write(RenditionRecord)):
            # Two processes writing the same rows lock them in the same order.
            upsert(
                [renditions[key] for key in sorted(renditions)],
                unique=["content_type", "object_id"],
                update=["source_fingerprint", "bytes", "seconds", "made_at"],
            )
            for (model, orientation), files in sorted(orientations.items(), key=lambda each: each[0][1]):
                states = SourceState.objects.filter(content_type=content_type_of(model))
                # Of an image that has got another file meanwhile nothing is known.
                states = states.filter(object_id__in=sorted(files), file_name__in=sorted({*files.values()}))
                states.update(orientation=orientation)
