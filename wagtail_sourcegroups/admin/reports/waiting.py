"""Which failures are about to be tried again: a run that is asked to has not come to them yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...exceptions import SourceGroupsError
from ...models import GenerationFailure, GenerationRun
from ...models.runstates import State
from ...runs.question import Question
from .failing import spec_ids_in


@dataclass(frozen=True)
class Promise:
    """What an active run is going to look at."""

    asked_at: datetime
    question: Question
    images: frozenset[str] | None = None
    """Of the selection, as failures have them."""

    def covers(self, failure: GenerationFailure, collection: Any) -> bool:
        """Whether it will come to a failure of an image of this collection, none for other sources. Pure."""
        selection = self.question.selection
        # Failed since: it has been there.
        if failure.last_failed_at > self.asked_at:
            return False
        # What a listing shows, and what was new on a day, nobody looks up for that.
        if selection.listing is not None or selection.since is not None:
            return False
        if failure.spec_id and not set(spec_ids_in(failure.spec_id)) & set(self.question.specs):
            return False
        if collection is None and selection.images_only:
            return False
        return (
            selection.failed_in in (None, failure.run_id)
            and (selection.collections is None or collection in selection.collections)
            and (self.images is None or failure.object_id in self.images)
        )


def promises() -> list[Promise]:
    """Of the runs that are queued or running. One query."""
    found = []
    for run in GenerationRun.objects.in_state(State.QUEUED, State.RUNNING).order_by("pk"):
        try:
            question = Question.from_json(run.question)
        except (SourceGroupsError, TypeError, ValueError, AttributeError):
            # It will end as failed when somebody works on it.
            continue
        images = question.selection.images
        found.append(
            Promise(run.created_at, question, None if images is None else frozenset(map(str, images)))
        )
    return found


def is_waiting(failure: GenerationFailure, collection: Any, known: Iterable[Promise]) -> bool:
    return any(promise.covers(failure, collection) for promise in known)
