"""
Keeping what was made: file first, then row, then cache entry; the old file goes last of all.

For the thread that called the loop; no pixel is touched here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from django.db import IntegrityError, connections, models, router, transaction
from django.db.models.signals import post_save, pre_save
from wagtail.images.models import AbstractImage

from ..exceptions import SourceGone
from ..models import RenditionRecord, SourceState
from . import database
from .departures import Departures, delete_rows, remember_leftovers
from .making import Made, Outcome
from .plan import Work
from .sources import ImageSource
from .state import content_type_of, forget_renditions
from .wanted import OutputKey

logger = logging.getLogger("wagtail_sourcegroups")

Row = models.Model


@dataclass(slots=True)
class _Kept:
    """Which rows name the files of one image now, whose files somebody else's rows name, and what they named before."""

    rows: dict[OutputKey, Row] = field(default_factory=dict)
    found: list[Made] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    errors: dict[OutputKey, Exception] = field(default_factory=dict)


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
    kept = _keep_rows(work, outcome.made, image, model, using)
    rows, retired = kept.rows, kept.retired
    departures.discard(model, [made.name for made in outcome.made if made.key not in rows])
    try:
        # Only now: whoever gives the image another file from here on finds our rows, and knows them for stale.
        check_source(work)
    except SourceGone:
        _take_back(model, using, rows)
        # What the rows named before is of the former original, and has nobody to name it now.
        departures.discard(model, [*retired, *(_name_of(row) for row in rows.values())])
        raise
    outcome.failed.update(kept.errors)
    outcome.found += [made.key for made in kept.found]
    outcome.made = [made for made in outcome.made if made.key in rows]
    _record(work, outcome, rows, model, using)
    if _cache(image, rows):
        departures.retire(model, retired)
    else:
        # The cache still has the old entries, for as long as it keeps them.
        remember_leftovers(model, retired)


def _keep_rows(work: Work, made: list[Made], image: AbstractImage, model: Any, using: str) -> _Kept:
    """
    The rows of all outputs: in one transaction where that can be, since a commit waits for the disk.

    Otherwise in one each: who holds one lock, and waits for none, is part of no deadlock.
    """
    if _may_be_together(work, made, using):
        link = database.Link(using)
        try:
            with transaction.atomic(using=using):
                _wait_briefly(using)
                return _rows_of(work, sorted(made, key=attrgetter("key")), image, model, using, strict=True)
        except Exception as error:
            if link.is_broken:
                raise
            # Whose it is shows one by one.
            logger.debug("The rows of %s are written one by one: %s", work.source.name, error)
    return _rows_of(work, made, image, model, using, strict=False)


def _may_be_together(work: Work, made: list[Made], using: str) -> bool:
    connection = connections[using]
    old = work.decision.replace.keys() | work.decision.lost.keys()
    return (
        len(made) > 1
        # Inside of a transaction nothing is committed.
        and not connection.in_atomic_block
        and connection.vendor in ("sqlite", "postgresql")
        # To switch a row begins with reading it, after which SQLite may not let this transaction write.
        and not any(each.row or each.key in old for each in made)
    )


def _wait_briefly(using: str) -> None:
    """
    Until the end of the transaction, give up where somebody else's row is in the way. Who waits for one of these
    rows meanwhile, a visitor's request for one, is then let through before the database takes it for a deadlock.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")


def _rows_of(
    work: Work, made: list[Made], image: AbstractImage, model: Any, using: str, *, strict: bool
) -> _Kept:
    """The rows, one after the other. Why one cannot be written is kept, or raised if ``strict``."""
    kept, link = _Kept(), database.Link(using)
    for each in made:
        try:
            row, old_name = (each.row, None) if each.row else _keep_row(work, each, image, model, using)
        except Exception as error:
            if strict or link.is_broken:
                raise
            kept.errors[each.key] = error
            continue
        if row is None:
            kept.found.append(each)
            continue
        kept.rows[each.key] = row
        if old_name and old_name != each.name:
            kept.retired.append(old_name)
    return kept


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


def current_image(source: ImageSource) -> AbstractImage | None:
    """An image as it is now, or ``None`` if it has no row."""
    assert source.image is not None
    found: AbstractImage | None = source.model._base_manager.filter(pk=source.image.pk).first()  # type: ignore[attr-defined]
    return found


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
    row = rows.filter(file__in=[file, made.name]).first()
    if row is None:
        return None
    row.image = image
    if row.file.name == made.name != file:
        # Switched already, and the database went away before it said so.
        return row
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
            there = model._base_manager.using(using).filter(**identity).first()
            if there is not None:
                # Ours is one that was written before the database went away.
                there.image = image
                return there if there.file.name == made.name else None
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


def _record(work: Work, outcome: Outcome, rows: dict[OutputKey, Row], model: Any, using: str) -> None:
    """What is stale no more; rows that are to go; and, for :class:`.Records`, what is remembered of each rendition."""
    by_key = {made.key: made for made in outcome.made}
    outcome.records = [
        RenditionRecord(
            content_type=content_type_of(model),
            object_id=str(row.pk),
            source_fingerprint=work.snapshot.fingerprint,
            bytes=by_key[key].size,
            seconds=by_key[key].seconds,
        )
        for key, row in rows.items()
    ]
    drop = [] if outcome.failed else work.decision.drop
    if not work.snapshot.stale and not drop:
        return
    with transaction.atomic(using=using):
        # What writes comes before what reads, for SQLite's sake, as above.
        gone = {str(row.pk) for row in rows.values()} | {str(old.pk) for old in drop}
        gone |= {str(old.pk) for old in work.decision.replace.values() if old.key in rows}
        states = SourceState.objects.filter(content_type=content_type_of(work.source.model))
        states.filter(object_id=str(work.source.image.pk)).update(  # type: ignore[union-attr]
            stale=[pk for pk in work.snapshot.stale if pk not in gone]
        )
        delete_rows(model, [old.pk for old in drop], [old.file for old in drop])


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
