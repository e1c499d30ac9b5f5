"""
Keeping what was made: file first, then row, then cache entry, then the old file goes.

:func:`make_files` runs in a worker thread and never touches the database; :func:`keep` runs in the thread that
called the loop, and never touches a pixel.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from django.db import IntegrityError, models, router, transaction
from django.db.models.signals import post_save, pre_save
from wagtail.images.models import AbstractImage, Filter

from ..exceptions import SourceGone
from ..models import RenditionRecord, SourceState
from ..rendering import Output, RenderFailure, render
from . import files
from .plan import Work
from .state import content_type_of
from .upsert import upsert
from .wanted import OutputKey


@dataclass(frozen=True, slots=True)
class Made:
    """One output whose file is in storage, and has no row yet."""

    key: OutputKey
    name: str
    width: int
    height: int
    size: int
    seconds: float
    row: Any = None
    """The rendition, where a site's own image model has saved it already."""


@dataclass(slots=True)
class Outcome:
    """What became of one source: what was made, and what failed with which error."""

    made: list[Made] = field(default_factory=list)
    failed: dict[OutputKey, Exception] = field(default_factory=dict)
    found: list[OutputKey] = field(default_factory=list)
    """Made by somebody else meanwhile."""
    orientation: int | None = None


def make_files(work: Work, *, max_output_pixels: int, admit: Callable[[int], Any]) -> Outcome:
    """
    Make and save the files of one image. For a worker thread.

    ``admit(pixels)`` is a context manager that waits until so many pixels may be held.
    """
    image = work.source.image
    assert image is not None
    outcome = Outcome()
    keys = {filter_: key for key, filter_ in work.filters}
    model = type(image).get_rendition_model()
    storage = files.storage_of(model)
    try:
        with admit(work.source.pixels), work.source.open() as source:
            started = time.perf_counter()
            for result in render(image, source, list(keys), max_output_pixels=max_output_pixels):
                key = keys[result.filter]
                if isinstance(result, RenderFailure):
                    outcome.failed[key] = result.error
                else:
                    outcome.orientation = result.orientation
                    made = _save(result, key, work, image, model, storage, started)
                    if isinstance(made, Made):
                        outcome.made.append(made)
                    else:
                        outcome.failed[key] = made
                started = time.perf_counter()
    except Exception as error:  # noqa: BLE001 - the source cannot be read, and that is the failure of every output
        done = {made.key for made in outcome.made} | outcome.failed.keys()
        outcome.failed.update({key: error for key in keys.values() if key not in done})
    return outcome


def _save(
    output: Output, key: OutputKey, work: Work, image: Any, model: Any, storage: Any, started: float
) -> Made | Exception:
    lost = work.decision.lost.get(key)
    with output.file:
        try:
            if lost is not None:
                name = files.save_again(storage, lost.file, output.file)
            else:
                unsaved = model(image=image, filter_spec=key.filter_spec, focal_point_key=key.focal_point_key)
                wished = files.generated_name(unsaved, output.file)
                name = files.save(storage, wished, output.file, max_length=files.field_length(model))
        except Exception as error:  # noqa: BLE001 - a full disk costs this output, and no other
            return error
    return Made(key, name, output.width, output.height, output.size, time.perf_counter() - started)


def has_own_way(image: AbstractImage) -> bool:
    """Whether a site's image model makes renditions in a way of its own, which is then taken."""
    own_instance = type(image).generate_rendition_instance is not AbstractImage.generate_rendition_instance
    return own_instance or _creates_its_own_way(image)


def make_their_way(work: Work) -> Outcome:
    """
    Ask a site's own image model, through the method it has overridden. It touches database and storage both, so
    this is for the calling thread.
    """
    image = work.source.image
    assert image is not None
    outcome = Outcome()
    for key, filter_ in work.filters:
        started = time.perf_counter()
        old = work.decision.replace.get(key) or work.decision.lost.get(key)
        try:
            if old is not None:
                # There is a row, which create_rendition would only find again.
                made = _their_file(work, key, filter_, started)
            else:
                made = _their_row(work, key, filter_, started)
        except Exception as error:  # noqa: BLE001 - one output failing costs no other
            outcome.failed[key] = error
        else:
            outcome.made.append(made)
    return outcome


def _their_file(work: Work, key: OutputKey, filter_: Filter, started: float) -> Made:
    image = work.source.image
    assert image is not None
    model = type(image).get_rendition_model()
    with work.source.open(), image.generate_rendition_file(filter_) as file:
        width, height = _size_of(model, file)
        name = files.save(
            files.storage_of(model),
            files.generated_name(model(image=image, filter_spec=key.filter_spec), file),
            file,
            max_length=files.field_length(model),
        )
        return Made(key, name, width, height, file.size, time.perf_counter() - started)


def _size_of(model: Any, file: Any) -> tuple[int, int]:
    import willow

    file.seek(0)
    width, height = willow.Image.open(file).get_size()
    return int(width), int(height)


def _their_row(work: Work, key: OutputKey, filter_: Filter, started: float) -> Made:
    image = work.source.image
    assert image is not None
    overridden = type(image).generate_rendition_instance is not AbstractImage.generate_rendition_instance
    with transaction.atomic(using=router.db_for_write(type(image))):
        if overridden and not _creates_its_own_way(image):
            with work.source.open() as source:
                rendition = image.generate_rendition_instance(filter_, BytesIO(source.read()))
            rendition.save()
        else:
            rendition = next(iter(image.create_renditions(filter_).values()))
    try:
        size = rendition.file.size
    except (OSError, NotImplementedError):
        size = 0
    took = time.perf_counter() - started
    return Made(key, rendition.file.name, rendition.width, rendition.height, size, took, rendition)


def _creates_its_own_way(image: AbstractImage) -> bool:
    return any(
        getattr(type(image), name) is not getattr(AbstractImage, name)
        for name in ("create_rendition", "create_renditions")
    )


def keep(work: Work, outcome: Outcome) -> None:
    """
    Give rows to the files of an outcome, and their cache entries; then let go of the files they replace.

    What somebody else has made meanwhile moves from ``made`` to ``found``. Raises :exc:`.SourceGone` if the
    image was deleted or got another file meanwhile: then nothing is kept, and no file is left.
    """
    image = work.source.image
    assert image is not None
    model = type(image).get_rendition_model()
    using = router.db_for_write(model)
    names = [made.name for made in outcome.made if made.row is None]
    rows: dict[OutputKey, models.Model] = {}
    retired: list[str] = []
    lost_races: list[Made] = []
    try:
        with transaction.atomic(using=using):
            # Writing comes first: SQLite cannot make a writer of a reader when somebody else has written since.
            for made in sorted(outcome.made, key=lambda made: made.key):
                row, old_name = (made.row, None) if made.row else _keep_row(work, made, image, model, using)
                if row is None:
                    lost_races.append(made)
                    continue
                rows[made.key] = row
                if old_name and old_name != made.name:
                    retired.append(old_name)
            dropped = [] if outcome.failed else _drop_obsolete(work, model, using)
            _record(work, outcome, rows, model)
            _check_source(work, image, using)
    except BaseException as error:
        files.discard(model, names)
        if isinstance(error, IntegrityError):
            # Was it the image's row that went while ours were being written? Else it is a failure.
            _check_source(work, image, using)
        raise
    outcome.found += [made.key for made in lost_races]
    outcome.made = [made for made in outcome.made if made not in lost_races]
    _cache(image, rows)
    files.discard(model, [made.name for made in lost_races] + dropped)
    files.retire(model, retired)


def _keep_row(
    work: Work, made: Made, image: AbstractImage, model: Any, using: str
) -> tuple[models.Model | None, str | None]:
    """
    The row that names a made file, and the file it named before; no row if somebody else was faster.

    A row that is there is switched only if it still names the file that was to be replaced.
    """
    row = model(
        image=image,
        filter_spec=made.key.filter_spec,
        focal_point_key=made.key.focal_point_key,
        file=made.name,
        width=made.width,
        height=made.height,
    )
    old = work.decision.replace.get(made.key) or work.decision.lost.get(made.key)
    if old is None:
        try:
            with transaction.atomic(using=using):
                row.save(using=using, force_insert=True)
        except IntegrityError:
            if (
                model._base_manager.using(using)
                .filter(
                    image_id=image.pk,
                    filter_spec=made.key.filter_spec,
                    focal_point_key=made.key.focal_point_key,
                )
                .exists()
            ):
                return None, None
            raise
        return row, None
    fields = {"file": made.name, "width": made.width, "height": made.height}
    row.pk = old.pk
    row._state.adding = False
    row._state.db = using
    signal = {
        "sender": model,
        "instance": row,
        "raw": False,
        "using": using,
        "update_fields": frozenset(fields),
    }
    pre_save.send(**signal)
    if not model._base_manager.using(using).filter(pk=old.pk, file=old.file).update(**fields):
        return None, None
    # What Django sends when a row is saved; a save could not compare and switch in one statement.
    post_save.send(created=False, **signal)
    return row, old.file


def _drop_obsolete(work: Work, model: Any, using: str) -> list[str]:
    """Delete the rows of renditions of a former original that nobody wants, and return the names of their files."""
    if not work.decision.drop:
        return []
    rows = list(model._base_manager.using(using).filter(pk__in=[old.pk for old in work.decision.drop]))
    for row in rows:
        # Row by row, for Wagtail's own receivers, which purge the cache.
        row.delete(using=using)
    return [row.file.name for row in rows]


def _record(work: Work, outcome: Outcome, rows: dict[OutputKey, models.Model], model: Any) -> None:
    """The record beside each rendition, and what is stale no more."""
    by_key = {made.key: made for made in outcome.made}
    content_type = content_type_of(model)
    fingerprint = work.snapshot.fingerprint
    upsert(
        [
            RenditionRecord(
                content_type=content_type,
                object_id=str(row.pk),
                source_fingerprint=fingerprint,
                bytes=by_key[key].size,
                seconds=by_key[key].seconds,
            )
            for key, row in rows.items()
        ],
        unique=["content_type", "object_id"],
        update=["source_fingerprint", "bytes", "seconds", "made_at"],
    )
    changes: dict[str, Any] = {}
    if work.snapshot.stale:
        gone = {str(row.pk) for row in rows.values()}
        if not outcome.failed:
            gone |= {str(old.pk) for old in work.decision.drop}
        changes["stale"] = [pk for pk in work.snapshot.stale if pk not in gone]
    if outcome.orientation is not None:
        changes["orientation"] = outcome.orientation
    if changes:
        SourceState.objects.filter(
            content_type=content_type_of(work.source.model),
            object_id=str(work.source.image.pk),  # type: ignore[union-attr]
        ).update(**changes)


def _check_source(work: Work, image: AbstractImage, using: str) -> None:
    """The image is still there, and its original is the one that was read."""
    current = (
        type(image)._base_manager.using(using).filter(pk=image.pk).values_list("file", flat=True).first()
    )
    if current is None:
        raise SourceGone(f"{work.source.name} was deleted while its renditions were being made.")
    if current != image.file.name:
        raise SourceGone(f"{work.source.name} got another file while its renditions were being made.")


def _cache(image: AbstractImage, rows: dict[OutputKey, Any]) -> None:
    """What Wagtail's own lookup finds first; replaced before the old file goes."""
    entries = {}
    for row in rows.values():
        row.image = image
        entries[row.construct_cache_key(image, row.focal_point_key, row.filter_spec)] = row
    if entries:
        next(iter(rows.values())).cache_backend.set_many(entries)


def still_there(work: Work) -> bool:
    """Whether the image has a row."""
    image = work.source.image
    assert image is not None
    return type(image)._base_manager.filter(pk=image.pk).exists()
