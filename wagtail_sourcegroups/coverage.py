"""
How much of what is wanted is there: by spec, and by spec and group.

Counted by the database as far as it can tell, and read where it cannot: images that have a focal point, were never
looked at, have changed since, or have a failure on record. Groups of plain files are left out: only walking them tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Model, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Cast

from .generation.membership import ImageBatch
from .generation.settled import Evidence
from .generation.standing import Standing, standing_as_told, standings
from .generation.wanted import WantedFilters
from .models import RenditionRecord
from .pages import PAGE, Memberships, every_page, told_pages
from .registry import Binding
from .selection import Selection
from .specs import RenditionSpec
from .walk import Walk


@dataclass(slots=True)
class Figures:
    """Always ``expected == ready + missing + stale + failed``; ``bytes`` are of renditions that this package made."""

    images: int = 0
    expected: int = 0
    ready: int = 0
    missing: int = 0
    stale: int = 0
    failed: int = 0
    bytes: int = 0


@dataclass
class Coverage:
    """
    Figures by spec id, in which an image counts once, and by spec id and group key, in which it counts for each of
    its groups. ``unknown`` are keys of groups that could not say who is in them.
    """

    specs: dict[str, Figures] = field(default_factory=dict)
    groups: dict[tuple[str, str], Figures] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def figures(self, bound: dict[RenditionSpec, list[str]]) -> Iterator[tuple[RenditionSpec, list[Figures]]]:
        """What an image counts for, given its specs and, for each, its groups."""
        for spec, keys in bound.items():
            yield spec, [self.specs[spec.id], *(self.groups[spec.id, key] for key in keys)]


def coverage(
    bindings: Sequence[Binding], registered: Sequence[Binding], selection: Selection | None = None
) -> Coverage:
    """
    Of the selected images of some bindings; ``registered`` are all there are. Writes nothing.

    For each image model two queries for thousands of images, three more for each thousand that have to be read, and one
    for what they weigh. The bytes are of all renditions of a filter spec, whatever their focal point.
    """
    walk = Walk(bindings, registered, selection or Selection(), write=False)
    walk.prepare()
    counted = Coverage(unknown=tuple(group.key for group in walk.broken))
    for model in walk.models:
        table, images = walk.images_of(model)
        for spec, group in bindings:
            if group in table.groups.values():
                counted.specs.setdefault(spec.id, Figures())
                counted.groups.setdefault((spec.id, group.key), Figures())
        for there, standing, times in _standings(table, images):
            _count(counted, table, there, standing, times)
        _weigh(counted, table, images)
    return counted


def _count(
    counted: Coverage, table: Memberships, there: Sequence[Any], standing: Standing, times: int
) -> None:
    for spec, several in counted.figures(table.bound_in(there)):
        mine = {key for key in standing.wanted.keys if spec.id in standing.wanted.spec_ids[key]}
        for figures in several:
            figures.images += times
            figures.expected += len(mine) * times
            figures.ready += len(mine & standing.ready) * times
            figures.missing += len(mine & standing.missing) * times
            figures.stale += len(mine & standing.stale) * times
            figures.failed += len(mine & standing.failed) * times


def _standings(table: Memberships, images: QuerySet[Any]) -> Iterator[tuple[Sequence[Any], Standing, int]]:
    """The columns of groups of images, how their outputs stand, and how many are alike in this."""
    evidence = Evidence(table.model, table.specs)
    groups = len(table.groups)
    if not evidence.available:
        for batch in every_page(table, images, PAGE):
            yield from _read(table, images, [row.pk for row in batch.rows])
        return
    for rows, failed, _ in told_pages(table, evidence, table.annotated(images).order_by("pk"), PAGE):
        kinds = Counter(row[1:] for row in rows if row[0] not in failed)
        uncertain = set()
        for kind, times in kinds.items():
            told = evidence.told(table.membership(kind[:groups]), kind[groups:])
            if told is None:
                uncertain.add(kind)
            else:
                yield kind[:groups], standing_as_told(told), times
        yield from _read(table, images, [row[0] for row in rows if row[0] in failed or row[1:] in uncertain])


def _read(
    table: Memberships, images: QuerySet[Any], pks: Sequence[Any]
) -> Iterator[tuple[Sequence[Any], Standing, int]]:
    """Image by image. Four queries, none for none."""
    if not pks:
        return
    rows = list(table.annotated(images.filter(pk__in=pks)).values_list(*table.columns))
    batch = ImageBatch(table.model, [table.row(row) for row in rows], table.fields)
    for row, standing in zip(rows, standings(batch), strict=True):
        yield row[len(table.fields) :], standing, 1


def _weigh(counted: Coverage, table: Memberships, images: QuerySet[Any]) -> None:
    """One query, which goes through all records of the renditions concerned."""
    rendition_model: type[Model] = table.model.get_rendition_model()  # type: ignore[attr-defined]
    foreign_key: Any = rendition_model._meta.get_field("image")
    link = foreign_key.related_query_name()
    filter_specs = {spec: _stored(spec, table.model) for spec in table.specs}
    record = RenditionRecord.objects.filter(
        content_type=ContentType.objects.get_for_model(rendition_model),
        object_id=Cast(OuterRef(f"{link}__pk"), CharField()),
    )
    together = (
        table.annotated(images)
        .filter(**{f"{link}__filter_spec__in": frozenset().union(*filter_specs.values())})
        .order_by()
        .values_list(*table.groups, f"{link}__filter_spec")
        .annotate(weight=Sum(Subquery(record.values("bytes")[:1])))
    )
    for *there, filter_spec, weight in together:
        for spec, several in counted.figures(table.bound_in(there)):
            for figures in several if filter_spec in filter_specs[spec] else ():
                figures.bytes += weight or 0


def _stored(spec: RenditionSpec, model: type[Model]) -> frozenset[str]:
    """The filter specs of a spec as rows of renditions have them."""
    filters = WantedFilters([spec], model)
    nothing = (None,) * len(filters.vary_fields)
    kinds: Iterable[Any] = (filters.of(nothing, is_svg=svg) for svg in (False, True))
    return frozenset(key.filter_spec for wanted in kinds for key in wanted.filters)
