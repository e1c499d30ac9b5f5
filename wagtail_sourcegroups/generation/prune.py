"""
What may go: have minus wanted, among filter specs that a binding asks for now or once did.

A filter spec that was never bound is a template's own affair, or Wagtail's, and is never touched.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db import models, router, transaction
from wagtail.images.models import AbstractImage
from wagtail.images.utils import to_svg_safe_spec

from ..models import BoundFilterSpec, FileRendition, FileSource, GenerationFailure, RenditionRecord
from ..specs import RenditionSpec, ThumbnailSpec
from .decision import Old
from .departures import Departures, delete_rows
from .membership import ImageBatch, ImageRow
from .plan import is_svg, renditions_of, vary_values
from .sources import image_key
from .state import content_type_of
from .wanted import OutputKey, WantedFilters

Specs = tuple[RenditionSpec, ...]

PRESERVE_SVG = "preserve-svg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """
    Who asks for what, and what may go at all.

    ``bound`` are the filter specs that any binding asks for or once did; ``chosen`` the ids of the specs that
    this run is about (``None``: all of them), which narrow what goes from sources of none of them. ``given`` are
    the specs of sources that plain groups have, by image key or digest. A group that could not say who is in it
    counts as asking for all of its specs, ``held``, of every source; ``held_groups`` are the keys of such groups.
    """

    bound: frozenset[str]
    specs: Specs
    given: Mapping[str, Specs] = field(default_factory=dict)
    chosen: frozenset[str] | None = None
    held: Specs = ()
    held_groups: frozenset[str] = frozenset()

    def prunable(self, asked_by: Iterable[RenditionSpec], *, svg: bool) -> frozenset[str]:
        """The filter specs that may go from a source that these specs ask for something, if they ask for others."""
        if self.chosen is None or any(spec.id in self.chosen for spec in asked_by):
            return as_stored(self.bound, svg)
        mine = (spec.filters for spec in self.specs if spec.id in self.chosen)
        return as_stored(frozenset(filter_spec for filters in mine for filter_spec in filters), svg)


def once_bound(specs: Iterable[RenditionSpec]) -> frozenset[str]:
    """Every filter spec that a binding ever asked for, these specs' among them. One query."""
    known = BoundFilterSpec.objects.values_list("filter_spec", flat=True)
    return frozenset([*known, *(filter_spec for spec in specs for filter_spec in spec.filters)])


@lru_cache(maxsize=64)
def as_stored(filter_specs: frozenset[str], svg: bool) -> frozenset[str]:
    """Filter specs as rendition rows hold them: Wagtail takes ``preserve-svg`` out, and of an SVG more than that."""
    found = set()
    for filter_spec in filter_specs:
        pieces = filter_spec.split("|")
        if PRESERVE_SVG in pieces:
            pieces = [piece for piece in pieces if piece != PRESERVE_SVG]
            found.add(to_svg_safe_spec(pieces) if svg else "|".join(pieces))
        else:
            found.add(filter_spec)
    return frozenset(found - {""})


def obsolete(
    renditions: Iterable[Old],
    asked: Collection[OutputKey],
    *,
    prunable: Collection[str],
    held: Collection[str] = (),
    all_made: bool = False,
) -> list[Old]:
    """
    Which renditions of one source may go. Pure.

    One for a former focal point stays until there is one for the present; ``all_made`` says that there will be.
    """
    renditions = list(renditions)
    have = {old.key for old in renditions}
    current: dict[str, set[OutputKey]] = {}
    for key in asked:
        current.setdefault(key.filter_spec, set()).add(key)
    found = []
    for old in renditions:
        if old.filter_spec not in prunable or old.filter_spec in held:
            continue
        wanted = current.get(old.filter_spec, set())
        if old.key not in wanted and (not wanted or all_made or wanted & have):
            found.append(old)
    return found


def prune_images(
    batches: Iterable[ImageBatch], claims: Claims, *, dry_run: bool, stop: threading.Event | None = None
) -> Counter[str]:
    """
    Delete the renditions of images that nobody asks for any more; how many, by filter spec.

    The batches hold every image that is meant, in a group or not, each with the specs of all groups it is in.
    """
    pruned: Counter[str] = Counter()
    for batch in batches:
        if stop is not None and stop.is_set():
            break
        going = _obsolete_of(batch, claims, all_made=dry_run)
        if going and not dry_run:
            model = batch.model.get_rendition_model()  # type: ignore[attr-defined]
            delete_rows(model, [old.pk for old in going], [old.file for old in going])
        pruned.update(old.filter_spec for old in going)
    return pruned


def prune_files(claims: Claims, *, dry_run: bool, page_size: int = 500) -> Counter[str]:
    """
    Delete the renditions of plain files that are in no group any more, or that nobody asks for; how many, by
    filter spec. What was never seen in a group was made on request, and stays.
    """
    pruned: Counter[str] = Counter()
    after = 0
    while True:
        page = list(FileSource.objects.filter(pk__gt=after).order_by("pk")[:page_size])
        if not page:
            return pruned
        after = page[-1].pk
        renditions: dict[int, list[FileRendition]] = {}
        for rendition in FileRendition.objects.filter(source__in=[source.pk for source in page]):
            renditions.setdefault(rendition.source_id, []).append(rendition)
        going: list[FileRendition] = []
        gone: list[FileSource] = []
        for source in page:
            mine = _obsolete_files(source, renditions.get(source.pk, []), claims)
            going += mine
            if _is_gone(source, claims) and len(mine) == len(renditions.get(source.pk, [])):
                gone.append(source)
        pruned.update(rendition.filter_spec for rendition in going)
        if not dry_run:
            _delete_file_renditions(going, gone)


def _obsolete_of(batch: ImageBatch, claims: Claims, *, all_made: bool) -> list[Old]:
    found: list[Old] = []
    renditions = renditions_of(batch.model, [row.pk for row in batch.rows])
    filters: dict[Specs, WantedFilters] = {}

    def obsolete_of(row: ImageRow, thumbnails: Collection[str] = ()) -> list[Old]:
        svg = is_svg(str(row.snapshot_values[0] or ""))
        given = claims.given.get(image_key(batch.model, row.pk), ())
        asking = tuple(dict.fromkeys((*row.membership.specs, *given)))
        asked = _keys(asking, filters, row, batch, svg)
        if thumbnails:
            templates = (ThumbnailSpec("thumbnails", sorted(thumbnails)),)
            asked = {*asked, *_keys(templates, filters, row, batch, svg)}
        return obsolete(
            renditions[row.pk],
            asked,
            prunable=claims.prunable(asking, svg=svg),
            held={key.filter_spec for key in _keys(claims.held, filters, row, batch, svg)},
            all_made=all_made,
        )

    rows = [row for row in batch.rows if renditions.get(row.pk)]
    going = {row.pk: obsolete_of(row) for row in rows}
    thumbnails = thumbnails_among(batch.model, [old for each in going.values() for old in each])
    for row in rows:
        mine = {old.filter_spec for old in going[row.pk] if str(old.pk) in thumbnails}
        # Again with what templates ask for: as of any other, of two for two focal points the former one goes.
        found += obsolete_of(row, mine) if mine else going[row.pk]
    return found


def thumbnails_among(model: type, renditions: Collection[Old]) -> frozenset[str]:
    """Keys, as text, of those renditions of a model's images that thumbnails asked for. One query, none for none."""
    if not renditions:
        return frozenset()
    records = RenditionRecord.objects.filter(
        content_type=content_type_of(model.get_rendition_model()),  # type: ignore[attr-defined]
        object_id__in=[str(old.pk) for old in renditions],
        thumbnail=True,
    )
    return frozenset(records.values_list("object_id", flat=True))


def _keys(
    specs: Specs, filters: dict[Specs, WantedFilters], row: ImageRow, batch: ImageBatch, svg: bool
) -> Collection[OutputKey]:
    if specs not in filters:
        filters[specs] = WantedFilters(specs, batch.model)
    # With what is skipped: it is asked for, however little comes of it.
    return filters[specs].of(vary_values(filters[specs], row, batch), is_svg=svg).spec_ids


def _is_gone(source: FileSource, claims: Claims) -> bool:
    """Whether a source was in a group once and is in none now."""
    return bool(source.groups) and source.digest not in claims.given and not _is_held(source, claims)


def _is_held(source: FileSource, claims: Claims) -> bool:
    return bool(claims.held_groups.intersection(source.groups))


def _obsolete_files(
    source: FileSource, renditions: list[FileRendition], claims: Claims
) -> list[FileRendition]:
    if not source.groups or _is_held(source, claims):
        return []
    asking = claims.given.get(source.digest, ())
    svg = is_svg(source.identity)
    gone = _is_gone(source, claims)
    old = {Old(r.pk, r.filter_spec, "", r.file.name): r for r in renditions if gone or not r.thumbnail}
    going = obsolete(
        old,
        _plain_keys(asking, svg),
        prunable=claims.prunable(asking, svg=svg),
        held={key.filter_spec for key in _plain_keys(claims.held, svg)},
    )
    return [old[each] for each in going]


def _plain_keys(specs: Specs, svg: bool) -> set[OutputKey]:
    """Outputs of a plain file, told apart by filter spec alone: it has no focal point."""
    filters = WantedFilters(specs, AbstractImage)
    wanted = filters.of(tuple("" for _ in filters.vary_fields), is_svg=svg)
    return {OutputKey(key.filter_spec, "") for key in wanted.spec_ids}


def _delete_file_renditions(going: list[FileRendition], gone: list[FileSource]) -> None:
    if not going and not gone:
        return
    with transaction.atomic(using=router.db_for_write(FileRendition)):
        _manager(FileRendition).filter(pk__in=[rendition.pk for rendition in going]).delete()
        _manager(FileSource).filter(pk__in=[source.pk for source in gone]).delete()
        keys = [f"file:{source.digest}" for source in gone]
        GenerationFailure.objects.filter(source_key__in=keys).delete()
    departures = Departures()
    departures.discard(FileRendition, [rendition.file.name for rendition in going])
    departures.take_leave()


def _manager(model: type[models.Model]) -> Any:
    return model._default_manager.using(router.db_for_write(model))
