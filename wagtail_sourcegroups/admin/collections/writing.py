"""Saving assignments: differences only, all in one transaction, told to every process once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import router, transaction
from wagtail.models import Collection

from ...models import Assignment, StoredVersion
from . import history
from .places import Change, Place, site_images


@dataclass(frozen=True)
class Written:
    """What was changed indeed: not what somebody else had changed in the same way before."""

    added: tuple[Change, ...] = ()
    removed: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


def write(user: Any, added: Iterable[Change], removed: Iterable[Change]) -> Written:
    """
    Assign specs, and take assignments back. Renditions that exist stay.

    Collections that are not there any more are passed over. Whether the user may is asked before. Five queries, and
    one for each entry in the history.
    """
    added, removed = sorted(set(added), key=str), sorted(set(removed), key=str)
    if not added and not removed:
        return Written()
    using = router.db_for_write(Assignment)
    with transaction.atomic(using=using):
        places = {change.place.collection for change in (*added, *removed)}
        # Nobody deletes them before this is through.
        rows = Collection.objects.using(using).select_for_update().filter(pk__in=places - {None})
        collections: dict[Any, Collection] = {row.pk: row for row in rows}
        there = _assignments({change.spec_id for change in (*added, *removed)})
        written = Written(
            tuple(
                change
                for change in added
                if change not in there and change.place.collection in {None, *collections}
            ),
            tuple(change for change in removed if change in there),
        )
        if written:
            Assignment.objects.bulk_create(
                (
                    Assignment(spec_id=spec_id, collection_id=place.collection, image_model=place.image_model)
                    for spec_id, place in written.added
                ),
                ignore_conflicts=True,
            )
            gone = [pk for change in written.removed for pk in there[change]]
            # Sends no signal for each, as bulk_create does not: the version changes once.
            Assignment.objects.filter(pk__in=gone)._raw_delete(using)
            StoredVersion.change()
            history.note(user, written.added, written.removed, collections)
    return written


def unassign(user: Any, spec_id: str) -> Written:
    """As :func:`write`: take back all there is of one spec."""
    return write(user, (), _assignments({spec_id}))


def _assignments(spec_ids: set[str]) -> dict[Change, list[int]]:
    """The ids of rows, by what they say; all images are said in two ways. One query."""
    found: dict[Change, list[int]] = {}
    columns = ("pk", "spec_id", "collection_id", "image_model", "collection__depth")
    for pk, spec_id, collection, image_model, depth in Assignment.objects.filter(
        spec_id__in=spec_ids
    ).values_list(*columns):
        # The root collection has all images in it.
        place = site_images() if depth == 1 else Place(collection, image_model.lower())
        found.setdefault(Change(spec_id, place), []).append(pk)
    return found
