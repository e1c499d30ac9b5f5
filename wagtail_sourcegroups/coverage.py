"""
How much of what is wanted is there: by collection, spec and group.

Counted by the database as far as it can tell, and read where it cannot: images that have a focal point, were never
looked at, have changed since, or have a failure on record. Groups of plain files are left out: only walking them tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Model, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Cast

from .generation.membership import ImageBatch
from .generation.settled import Evidence
from .generation.standing import Standing, standing_as_told, standings
from .generation.wanted import WantedFilters
from .memberships import Memberships
from .models import RenditionRecord
from .pages import PAGE, every_page, told_pages
from .registry import Binding
from .selection import Selection
from .specs import RenditionSpec
from .walk import Walk

#: In the place of a spec or a group: all together, each image and each output once.
TOGETHER = ""


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

    def add(self, other: Figures, times: int = 1) -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name) * times)


#: Of an image in a group, to a spec that wants nothing of it.
_NOTHING_WANTED = Figures(images=1)


@dataclass(frozen=True, slots=True)
class Place:
    """What figures are about: the images of one collection, a spec or all, and one of its groups or all."""

    image_model: str
    collection: Any
    spec: str = TOGETHER
    group: str = TOGETHER


@dataclass
class Coverage:
    """
    Figures by :class:`Place`. ``asked`` are the specs and groups that were counted, with figures or without;
    ``unknown`` the keys of groups that could not say who is in them.
    """

    places: dict[Place, Figures] = field(default_factory=dict)
    asked: dict[tuple[str, str], None] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def at(self, place: Place) -> Figures:
        return self.places.setdefault(place, Figures())

    @property
    def all(self) -> Figures:
        """Of all images, each output once."""
        return self._summed(lambda place: place.spec == place.group == TOGETHER and "").get("", Figures())

    @property
    def specs(self) -> dict[str, Figures]:
        """By spec id: an image counts once, whatever groups it is in."""
        found = self._summed(lambda place: place.group == TOGETHER and place.spec)
        return {spec: found.get(spec, Figures()) for spec in dict.fromkeys(spec for spec, _ in self.asked)}

    @property
    def groups(self) -> dict[tuple[str, str], Figures]:
        """By spec id and group key: an image counts for each of its groups."""
        found = self._summed(lambda place: place.group != TOGETHER and (place.spec, place.group))
        return {key: found.get(key, Figures()) for key in self.asked}

    def _summed(self, about: Callable[[Place], Any]) -> dict[Any, Figures]:
        """Figures of all collections, by what ``about`` says of their place; without where that is ``False``."""
        found: dict[Any, Figures] = {}
        for place, figures in self.places.items():
            key = about(place)
            if key is not False:
                found.setdefault(key, Figures()).add(figures)
        return found


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
        table, images = walk.asked_of(model)
        groups = set(table.groups)
        counted.asked.update({(b.spec.id, b.group.key): None for b in bindings if b.group in groups})
        for there, by_spec, times in _standings(table, images):
            _count(counted, table, there, by_spec, times)
        _weigh(counted, table, images)
    return counted


def _places(table: Memberships, there: Sequence[Any]) -> list[tuple[frozenset[str], list[Place]]]:
    """What an image that is told so counts for: ids of specs, and the places for what these want."""
    label, collection = table.model._meta.label_lower, there[0]
    bound = table.bound_in(there)
    found = [
        (frozenset([spec.id]), [Place(label, collection, spec.id, key) for key in (TOGETHER, *keys)])
        for spec, keys in bound.items()
    ]
    if bound:
        found.append((frozenset(spec.id for spec in bound), [Place(label, collection)]))
    return found


def _count(
    counted: Coverage, table: Memberships, there: Sequence[Any], by_spec: Mapping[str, Figures], times: int
) -> None:
    for _, places in _places(table, there):
        for place in places:
            counted.at(place).add(by_spec.get(place.spec, _NOTHING_WANTED), times)


def _by_spec(standing: Standing) -> dict[str, Figures]:
    """Of one image: by the ids of the specs that want something of it, and of all together. Pure."""
    found = {TOGETHER: Figures(images=1)}
    for state in ("ready", "missing", "stale", "failed"):
        for key in getattr(standing, state):
            for spec_id in (TOGETHER, *standing.wanted.spec_ids[key]):
                figures = found.setdefault(spec_id, Figures(images=1))
                figures.expected += 1
                setattr(figures, state, getattr(figures, state) + 1)
    return found


def _standings(
    table: Memberships, images: QuerySet[Any]
) -> Iterator[tuple[Sequence[Any], dict[str, Figures], int]]:
    """
    What :attr:`.Memberships.told` has of images, figures of one of them by spec, and how many are alike in all this.
    """
    evidence = Evidence(table.model, table.specs)
    groups = len(table.told)
    if not evidence.available:
        for batch in every_page(table, images, PAGE):
            yield from _read(table, images, [row.pk for row in batch.rows])
        return
    for rows, failed, _ in told_pages(table, evidence, images, PAGE):
        kinds = Counter(row[1:] for row in rows if row[0] not in failed)
        uncertain = set()
        judged: dict[tuple[Any, ...], dict[str, Figures] | None] = {}
        for kind, times in kinds.items():
            membership = table.membership(kind[:groups])
            # Images of several collections may be alike in all that matters.
            alike = (id(membership), *kind[groups:])
            if alike not in judged:
                told = evidence.told(membership, kind[groups:])
                judged[alike] = None if told is None else _by_spec(standing_as_told(told))
            figures = judged[alike]
            if figures is None:
                uncertain.add(kind)
            else:
                yield kind[:groups], figures, times
        yield from _read(table, images, [row[0] for row in rows if row[0] in failed or row[1:] in uncertain])


def _read(
    table: Memberships, images: QuerySet[Any], pks: Sequence[Any]
) -> Iterator[tuple[Sequence[Any], dict[str, Figures], int]]:
    """Image by image. Four queries, none for none."""
    if not pks:
        return
    rows = table.read(images, table.columns, pks=pks)
    batch = ImageBatch(table.model, [table.row(row) for row in rows], table.fields)
    for row, standing in zip(rows, standings(batch), strict=True):
        yield table.told_by(row), _by_spec(standing), 1


def _weigh(counted: Coverage, table: Memberships, images: QuerySet[Any]) -> None:
    """One query, which goes through all records of the renditions concerned."""
    rendition_model: type[Model] = table.model.get_rendition_model()  # type: ignore[attr-defined]
    foreign_key: Any = rendition_model._meta.get_field("image")
    link = foreign_key.related_query_name()
    wanted_by: dict[str, set[str]] = {}
    for spec in table.specs:
        for filter_spec in _stored(spec, table.model):
            wanted_by.setdefault(filter_spec, set()).add(spec.id)
    record = RenditionRecord.objects.filter(
        content_type=ContentType.objects.get_for_model(rendition_model),
        object_id=Cast(OuterRef(f"{link}__pk"), CharField()),
    )
    together = (
        table.annotated(table.narrowed(images))
        .filter(**{f"{link}__filter_spec__in": list(wanted_by)})
        .order_by()
        .values_list(*table.told, f"{link}__filter_spec")
        .annotate(weight=Sum(Subquery(record.values("bytes")[:1])))
    )
    known: dict[tuple[Any, ...], list[tuple[frozenset[str], list[Place]]]] = {}
    for *told, filter_spec, weight in together:
        there = tuple(told)
        if there not in known:
            known[there] = _places(table, there)
        for ids, places in known[there]:
            if not ids.isdisjoint(wanted_by[filter_spec]):
                for place in places:
                    counted.at(place).bytes += weight or 0


def _stored(spec: RenditionSpec, model: type[Model]) -> frozenset[str]:
    """The filter specs of a spec as rows of renditions have them."""
    filters = WantedFilters([spec], model)
    nothing = (None,) * len(filters.vary_fields)
    kinds: Iterable[Any] = (filters.of(nothing, is_svg=svg) for svg in (False, True))
    return frozenset(key.filter_spec for wanted in kinds for key in wanted.filters)
