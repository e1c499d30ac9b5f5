"""
Keeping what was made: file first, then row, then cache entry; the old file goes last of all.

For the thread that called the loop; no pixel is touched here.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import router, transaction
from wagtail.images.models import AbstractImage

from ..exceptions import SourceGone
from ..models import RenditionRecord, SourceState
from .departures import Departures, delete_rows, remember_leftovers
from .making import Outcome
from .plan import Work
from .rows import Row, keep_rows
from .sources import ImageSource
from .state import content_type_of, forget_renditions
from .wanted import OutputKey

logger = logging.getLogger("wagtail_sourcegroups")


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
    kept = keep_rows(work, outcome.made, image, model, using)
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
    name: str | None = _row_of(type(image), image.pk).values_list("file", flat=True).first()
    return name


def current_image(source: ImageSource) -> AbstractImage | None:
    """An image as it is now, or ``None`` if it has no row."""
    assert source.image is not None
    found: AbstractImage | None = _row_of(source.model, source.image.pk).first()
    return found


def _row_of(model: Any, pk: Any) -> Any:
    """Where it is written: a replica that lags behind knows neither that an image has gone nor its other file."""
    return model._base_manager.using(router.db_for_write(model)).filter(pk=pk)


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
            thumbnail=work.membership.is_thumbnail(key, work.wanted),
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
