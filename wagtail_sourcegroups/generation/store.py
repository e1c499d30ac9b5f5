"""
Keeping what was made: file first, then row, then cache entry; the old file goes last of all.

For the thread that called the loop; no pixel is touched here.
"""

from __future__ import annotations

import logging
from operator import attrgetter
from typing import Any

from django.db import IntegrityError, models, router, transaction
from django.db.models.signals import post_save, pre_save
from wagtail.images.models import AbstractImage

from ..exceptions import SourceGone
from ..models import RenditionRecord, SourceState
from .departures import Departures, delete_rows, remember_leftovers
from .making import Made, Outcome
from .plan import Work
from .state import content_type_of, forget_renditions
from .upsert import upsert
from .wanted import OutputKey

logger = logging.getLogger("wagtail_sourcegroups")

Row = models.Model


def keep(work: Work, outcome: Outcome, departures: Departures) -> None:
    """
    Give rows to the files of an outcome, and their cache entries. Files that may go are left to ``departures``.

    What somebody else has made meanwhile moves from ``made`` to ``found``. Raises :exc:`.SourceGone` if the
    image was deleted or got another file meanwhile: then nothing is kept.
    """
    image = work.source.image
    assert image is not None
    model = type(image).get_rendition_model()
    using = router.db_for_write(model)
    rows: dict[OutputKey, Row] = {}
    found: list[Made] = []
    retired: list[str] = []
    errors: dict[OutputKey, Exception] = {}
    for made in outcome.made:
        try:
            # A transaction for each row: who holds one lock, and waits for none, is part of no deadlock.
            row, old_name = (made.row, None) if made.row else _keep_row(work, made, image, model, using)
        except Exception as error:  # noqa: BLE001 - one output failing costs no other
            errors[made.key] = error
            continue
        if row is None:
            found.append(made)
            continue
        rows[made.key] = row
        if old_name and old_name != made.name:
            retired.append(old_name)
    departures.discard(model, [made.name for made in outcome.made if made.key not in rows])
    try:
        # Only now: whoever gives the image another file from here on finds our rows, and knows them for stale.
        check_source(work)
    except SourceGone:
        _take_back(model, using, rows)
        # What the rows named before is of the former original, and has nobody to name it now.
        departures.discard(model, [*retired, *(_name_of(row) for row in rows.values())])
        raise
    outcome.failed.update(errors)
    outcome.found += [made.key for made in found]
    outcome.made = [made for made in outcome.made if made.key in rows]
    with transaction.atomic(using=using):
        # What writes comes before what reads, for SQLite's sake, as above.
        _record(work, outcome, rows, model)
        if not outcome.failed:
            drop = work.decision.drop
            delete_rows(model, [old.pk for old in drop], [old.file for old in drop])
    if _cache(image, rows):
        departures.retire(model, retired)
    else:
        # The cache still has the old entries, for as long as it keeps them.
        remember_leftovers(model, retired)


def check_source(work: Work) -> None:
    """Raises :exc:`.SourceGone` unless the image is still there, with the original that was read."""
    image = work.source.image
    assert image is not None
    current = current_file(image)
    if current is None:
        raise SourceGone(f"{work.source.name} was deleted while its renditions were being made.")
    if current != image.file.name:
        raise SourceGone(f"{work.source.name} got another file while its renditions were being made.")


def current_file(image: AbstractImage) -> str | None:
    """The name of an image's file as the database has it, or ``None`` if the image has no row."""
    rows = type(image)._base_manager.using(router.db_for_write(type(image))).filter(pk=image.pk)
    name: str | None = rows.values_list("file", flat=True).first()
    return name


def _keep_row(
    work: Work, made: Made, image: AbstractImage, model: Any, using: str
) -> tuple[Row | None, str | None]:
    """
    The row that names a made file, and the file it named before; no row if somebody else was faster.

    A row that is there is switched only if it still names the file that was to be replaced; one that has gone
    is written anew.
    """
    old = work.decision.replace.get(made.key) or work.decision.lost.get(made.key)
    if old is not None:
        row = _switch(made, image, model, using, old.pk, old.file)
        if row is not None:
            return row, old.file
    return _insert(made, image, model, using), None


def _values(made: Made) -> dict[str, Any]:
    return {"file": made.name, "width": made.width, "height": made.height}


def _switch(made: Made, image: AbstractImage, model: Any, using: str, pk: Any, file: str) -> Row | None:
    values = _values(made)
    rows = model._base_manager.using(using).filter(pk=pk)
    signal = {"sender": model, "raw": False, "using": using, "update_fields": frozenset(values)}
    row = rows.filter(file=file).first()
    if row is None:
        return None
    with transaction.atomic(using=using):
        # Begins with writing: SQLite cannot make a writer of a reader when somebody else has written since.
        pre_save.send(instance=row, **signal)
        if not rows.filter(file=file).update(**values):
            return None
        # Read again: to set the file on an object would be to open and measure it.
        row = rows.get()
        row.image = image
        # What Django sends when a row is saved; a save could not compare and switch in one statement.
        post_save.send(instance=row, created=False, **signal)
    return row


def _insert(made: Made, image: AbstractImage, model: Any, using: str) -> Row | None:
    identity = {
        "image_id": image.pk,
        "filter_spec": made.key.filter_spec,
        "focal_point_key": made.key.focal_point_key,
    }
    for attempt in (1, 2):
        row = model(**identity, **_values(made))
        row.image = image
        try:
            with transaction.atomic(using=using):
                row.save(using=using, force_insert=True)
        except IntegrityError:
            if model._base_manager.using(using).filter(**identity).exists():
                return None
            # The row that was in the way may have gone since.
            if attempt == 2:
                raise
        else:
            return row
    raise AssertionError("unreachable")


def _take_back(model: Any, using: str, rows: dict[OutputKey, Row]) -> None:
    """
    Delete the rows that were just written, unless somebody has given them another file since.

    Without the signals whose receivers would delete the files too, in their own time.
    """
    taken = []
    for row in rows.values():
        if model._base_manager.using(using).filter(pk=row.pk, file=_name_of(row))._raw_delete(using):
            taken.append(row.pk)
    forget_renditions(model, taken)


def _name_of(row: Any) -> str:
    return str(row.file.name)


def _record(work: Work, outcome: Outcome, rows: dict[OutputKey, Row], model: Any) -> None:
    """The record beside each rendition, and what is stale no more."""
    by_key = {made.key: made for made in outcome.made}
    content_type = content_type_of(model)
    fingerprint = work.snapshot.fingerprint
    records = [
        RenditionRecord(
            content_type=content_type,
            object_id=str(row.pk),
            source_fingerprint=fingerprint,
            bytes=by_key[key].size,
            seconds=by_key[key].seconds,
        )
        for key, row in rows.items()
    ]
    # Two processes writing the same rows lock them in the same order.
    upsert(
        sorted(records, key=attrgetter("object_id")),
        unique=["content_type", "object_id"],
        update=["source_fingerprint", "bytes", "seconds", "made_at"],
    )
    changes: dict[str, Any] = {}
    if work.snapshot.stale:
        gone = {str(row.pk) for row in rows.values()}
        gone |= {str(old.pk) for old in work.decision.replace.values() if old.key in rows}
        if not outcome.failed:
            gone |= {str(old.pk) for old in work.decision.drop}
        changes["stale"] = [pk for pk in work.snapshot.stale if pk not in gone]
    if outcome.orientation is not None:
        changes["orientation"] = outcome.orientation
    if changes:
        states = SourceState.objects.filter(content_type=content_type_of(work.source.model))
        states.filter(object_id=str(work.source.image.pk)).update(**changes)  # type: ignore[union-attr]


def _cache(image: AbstractImage, rows: dict[OutputKey, Any]) -> bool:
    """What Wagtail's own lookup finds first, replaced before the old file goes; whether that was done."""
    entries = {
        row.construct_cache_key(image, row.focal_point_key, row.filter_spec): row for row in rows.values()
    }
    if not entries:
        return True
    try:
        next(iter(rows.values())).cache_backend.set_many(entries)
    except Exception as error:  # noqa: BLE001 - a cache that is down costs no rendition
        logger.warning("The rendition cache cannot be written: %s", error)
        return False
    return True
