"""The kept figures, as far as somebody may see them: those of the collections he or she sees."""

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
    return CoverageFigure.objects.filter(collection__in=access.visible_collections(user).values("pk"))
