"""
The rows that name the files of one image: written together where that can be, else one after the other.

Nothing that a row of somebody else names is touched.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from django.db import IntegrityError, connections, models, transaction
from django.db.models.signals import post_save, pre_save
from wagtail.images.models import AbstractImage

from . import database
from .making import Made
from .plan import Work
from .wanted import OutputKey

logger = logging.getLogger("wagtail_sourcegroups")

Row = models.Model


@dataclass(slots=True)
class Kept:
    """Which rows name the files of one image now, whose files somebody else's rows name, and what they named before."""

    rows: dict[OutputKey, Row] = field(default_factory=dict)
    found: list[Made] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    errors: dict[OutputKey, Exception] = field(default_factory=dict)


def keep_rows(work: Work, made: list[Made], image: AbstractImage, model: Any, using: str) -> Kept:
    """
    The rows of all outputs: in one transaction where that can be, since a commit waits for the disk.

    Otherwise in one each: who holds one lock, and waits for none, is part of no deadlock.
    """
    if _may_be_together(work, made, using):
        link = database.Link(using)
        try:
            with transaction.atomic(using=using):
                _wait_briefly(using)
                in_order = sorted(made, key=attrgetter("key"))
                if _may_be_inserted_together(model, using):
                    return Kept(_insert_together(in_order, image, model, using))
                return _rows_of(work, in_order, image, model, using, strict=True)
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


def _may_be_inserted_together(model: Any, using: str) -> bool:
    """Whether one statement does what saving does: the site adds nothing to it, and the keys come back."""
    as_django = model.save is models.Model.save and model.save_base is models.Model.save_base
    return (
        as_django and not model._meta.parents and connections[using].features.can_return_rows_from_bulk_insert
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
) -> Kept:
    """The rows, one after the other. Why one cannot be written is kept, or raised if ``strict``."""
    kept, link = Kept(), database.Link(using)
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


def _identity(made: Made, image: AbstractImage) -> dict[str, Any]:
    key = made.key
    return {"image_id": image.pk, "filter_spec": key.filter_spec, "focal_point_key": key.focal_point_key}


def _new(made: Made, image: AbstractImage, model: Any) -> Row:
    row = model(**_identity(made, image), **_values(made))
    row.image = image
    new: Row = row
    return new


def _insert_together(made: list[Made], image: AbstractImage, model: Any, using: str) -> dict[OutputKey, Row]:
    """
    New rows in one statement, with the signals that saving each sends; where that fails they are sent again when the
    rows are saved one by one.
    """
    rows = {each.key: _new(each, image, model) for each in made}
    signal = {"sender": model, "raw": False, "using": using, "update_fields": None}
    for row in rows.values():
        pre_save.send(instance=row, **signal)
    # A site's own manager may add to it.
    new: models.QuerySet[Any] = models.QuerySet(model, using=using)
    new.bulk_create(rows.values())
    for row in rows.values():
        post_save.send(instance=row, created=True, **signal)
    return rows


def _insert(made: Made, image: AbstractImage, model: Any, using: str) -> Row | None:
    identity = _identity(made, image)
    for attempt in (1, 2):
        row = _new(made, image, model)
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
