"""The kept figures, as far as somebody may see them: those of the collections of which he or she sees every image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Case, Sum, Value, When

from ...counting import is_counting
from ...coverage import TOGETHER, Figures
from ...models import CoverageCount, CoverageFigure
from .. import access

_NAMES = tuple(Figures.__slots__)


@dataclass(frozen=True)
class Kept:
    """
    Figures by spec id and group key, either of which may be :data:`.TOGETHER`; when they were counted, and whether
    somebody counts just now. ``counted`` are the specs and groups that were, ``unknown`` the keys of groups that could
    not say who is in them.
    """

    figures: Mapping[tuple[str, str], Figures] = field(default_factory=dict)
    counted_at: datetime | None = None
    counting: bool = False
    counted: frozenset[tuple[str, str]] = frozenset()
    unknown: frozenset[str] = frozenset()

    def of(self, spec: str = TOGETHER, group: str = TOGETHER) -> Figures:
        """None of what was not counted, or is empty."""
        return self.figures.get((spec, group), Figures())


def kept_for(user: Any, collection: Any = None) -> Kept:
    """What this user may see, of a collection and those below it if one is given. Two queries besides permissions."""
    figures = visible_figures(user)
    if collection is not None:
        figures = figures.filter(collection__in=collection.get_descendants(inclusive=True).values("pk"))
    rows = figures.order_by().values_list("spec_id", "group_key").annotate(*map(Sum, _NAMES))
    counting = Case(When(is_counting(), then=Value(True)), default=Value(False), output_field=BooleanField())
    row = CoverageCount.objects.annotate(counting=counting).filter(pk=1).first()
    found = {(spec, group): Figures(*numbers) for spec, group, *numbers in rows}
    if row is None:
        return Kept(found)
    counted = frozenset((spec, group) for spec, group in row.counted)
    return Kept(found, row.counted_at, row.counting, counted, frozenset(row.unknown))


def visible_figures(user: Any) -> Any:
    """Figures count all images of a collection: they are for whoever sees all of them."""
    return CoverageFigure.objects.filter(collection__in=access.collections_seen_whole(user).values("pk"))


def images_besides(user: Any, collection: Any = None) -> int:
    """
    How many images this user sees that no figure he or she sees counts: his or her own, where those of others are not
    seen. One query besides permissions, none where there is no such collection.
    """
    if access.sees_everything(user):
        return 0
    apart = [pk for pk, whole in access.sight_by_collection(user).items() if not whole]
    if not apart:
        return 0
    own = access.visible_images(user).filter(collection__in=apart)
    if collection is not None:
        own = own.filter(collection__in=collection.get_descendants(inclusive=True).values("pk"))
    return int(own.count())
