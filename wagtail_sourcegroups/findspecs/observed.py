"""What the database shows was asked for: the filter specs of the renditions that there are, of every image model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Count
from wagtail.images.models import AbstractImage
from wagtail.images.utils import to_svg_safe_spec

from ..specs import RenditionSpec
from .matching import PRESERVE_SVG, Matcher, stored_as
from .report import Report


@dataclass(frozen=True)
class Observed:
    """A filter spec that nothing above explains: how many renditions there are, and the ids of specs near it."""

    filter_spec: str
    renditions: int
    near: tuple[str, ...]


def counted() -> Counter[str]:
    """How many renditions there are of each filter spec. One query for each image model, through all its renditions."""
    found: Counter[str] = Counter()
    models: list[Any] = [model for model in apps.get_models() if issubclass(model, AbstractImage)]
    # A proxy, or a child, has those of its parent.
    for rendition_model in dict.fromkeys(model.get_rendition_model() for model in models):
        rows = rendition_model._base_manager.order_by().values_list("filter_spec")
        found.update(dict(rows.annotate(Count("pk"))))
    return found


def unexplained(
    renditions: Counter[str], report: Report, specs: Iterable[RenditionSpec]
) -> tuple[Observed, ...]:
    """Those that no spec covers, no place of a report asks for, and Wagtail's admin does not: most first. Pure."""
    matcher = Matcher(specs)
    asked = {each.filter_spec for each in (*report.asked, *report.admin)}
    explained = matcher.stored | {stored_as(each) for each in asked}
    explained |= {to_svg_safe_spec(stored_as(each)) for each in asked if PRESERVE_SVG in each.split("|")}
    return tuple(
        Observed(filter_spec, count, matcher.near(filter_spec))
        for filter_spec, count in sorted(renditions.items(), key=lambda each: (-each[1], each[0]))
        if filter_spec not in explained
    )
