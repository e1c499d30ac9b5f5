"""
Whom a run is shown to, and who steers it.

Whoever sees every image sees every run. Others see in full what they have started, and runs over collections of which
they see every image; of a run that concerns other people's images too, or nobody knows which, only how far it is; and
nothing of one that concerns none of their collections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from ...models import GenerationRun
from ...policies import changeable_images
from ...runs.question import selection_from_json
from .. import access
from ..starting import images_of


class Sight(Enum):
    """How much of a run somebody sees."""

    NOTHING = "nothing"
    PROGRESS = "progress"
    """Its state and percentage, and pictures and failures of images that he or she sees anyway."""
    EVERYTHING = "everything"


@dataclass(frozen=True)
class Viewer:
    """
    Somebody who looks at runs, with the ids of the collections of which he or she sees images, and whether all of them
    (:func:`.access.sight_by_collection`); ``None`` for whoever sees everything.
    """

    user: Any
    collections: Mapping[Any, bool] | None

    @classmethod
    def of(cls, user: Any) -> Viewer:
        if access.sees_everything(user):
            return cls(user, None)
        return cls(user, access.sight_by_collection(user))

    def sight(self, run: GenerationRun) -> Sight:
        return self.sight_of(run.started_by_id, run.concerned)

    def sight_of(self, started_by: Any, concerned: Iterable[Any] | None) -> Sight:
        """Of a run that somebody started, about these collections; ``None`` where it may be any."""
        if self.collections is None or (started_by is not None and started_by == self.user.pk):
            return Sight.EVERYTHING
        if concerned is None:
            return Sight.PROGRESS
        seen = [self.collections.get(collection) for collection in concerned]
        if all(whole is None for whole in seen):
            return Sight.NOTHING
        return Sight.EVERYTHING if all(seen) else Sight.PROGRESS

    def runs(self) -> QuerySet[GenerationRun]:
        """Those that there are, to this viewer."""
        return self._seen(Sight.PROGRESS, Sight.EVERYTHING)

    def told_runs(self) -> QuerySet[GenerationRun]:
        """Those that this viewer sees in full: what they were asked and by whom is told of these only."""
        return self._seen(Sight.EVERYTHING)

    def _seen(self, *sights: Sight) -> QuerySet[GenerationRun]:
        runs: QuerySet[GenerationRun] = GenerationRun.objects.all()
        if self.collections is None:
            return runs
        return runs.filter(pk__in=[pk for pk, sight in self._sights.items() if sight in sights])

    @cached_property
    def _sights(self) -> Mapping[int, Sight]:
        """By the id of the run. One query, for a few columns of every run there is."""
        rows = GenerationRun.objects.order_by().values_list(
            "pk", "started_by", "collections", "question__selection__collections"
        )
        return {
            pk: self.sight_of(started_by, asked if noted is None else noted)
            for pk, started_by, noted, asked in rows
        }


def may_steer(user: Any, run: GenerationRun) -> bool:
    """
    Whether this user may pause a run, go on with it, cancel it and try again what failed: who started it and may still
    change its images, and whoever changes everything.
    """
    if access.changes_everything(user):
        return True
    if run.started_by_id is None or run.started_by_id != user.pk or not access.may_generate(user):
        return False
    selection = selection_from_json(run.question.get("selection", {}))
    if selection.by == str(user.pk):
        # It looks by itself, each time, what he or she may change.
        return True
    others = images_of(selection).exclude(pk__in=changeable_images(user).order_by().values("pk"))
    return selection.images_only and not others.exists()
