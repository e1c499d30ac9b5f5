"""A check of what an upload costs where no worker takes the tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core import checks
from django.utils.text import get_text_list
from wagtail.images import get_image_model
from wagtail.images.exceptions import InvalidFilterSpecError
from wagtail.images.image_operations import (
    FillOperation,
    MinMaxOperation,
    ScaleOperation,
    WidthHeightOperation,
)

from .. import queueing
from ..exceptions import SourceGroupsError
from ..generation.wanted import WantedFilters, parsed
from ..registry import Registry, get_registry
from ..sourcegroups import ImageFieldSourceGroup, QuerySetSourceGroup, ReferenceSourceGroup
from ..sourcegroups.base import SourceGroup
from ..specs import RenditionSpec
from ..strategies import Optimistic, default_strategy
from .said import identified, settings_are_right

#: What a request may be asked to make: more than this many renditions, or pixels of all of them, are large.
RENDITIONS, PIXELS = 12, 20_000_000
#: A photograph as it comes from a camera, three to two.
PHOTOGRAPH = 12_000_000
RATIO = 3 / 2


def check_uploads(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    if not settings_are_right() or not queueing.is_inline():
        return []
    try:
        specs = specs_of_uploads(get_registry())
    except SourceGroupsError:
        # A contradiction, or a default strategy that is none: E002 and E003 say it.
        return []
    wanted = WantedFilters(specs).of_image(_Photograph())
    renditions = list(dict.fromkeys(key.filter_spec for key in wanted.filters))
    pixels = sum(map(pixels_of, renditions))
    if len(renditions) <= RENDITIONS and pixels <= PIXELS:
        return []
    ids = get_text_list([repr(spec.id) for spec in specs], "and")
    large = f", of about {pixels / 1e6:.0f} megapixels together" if pixels >= 1e6 else ""
    return [
        checks.Warning(
            f"Whoever uploads an image waits until up to {len(renditions)} renditions of it are made{large}: no worker "
            f"takes the tasks of the Optimistic spec{'s' if len(specs) > 1 else ''} {ids}, so they are run in the "
            "request.",
            hint="Point TASKS at a backend that has workers (docs/background.md), or give large specs the strategy "
            "Manual, and leave them to generateimages.",
            id=identified("W009"),
        )
    ]


class _Photograph:
    """What is asked of an image in order to say what is wanted of it: one with no focal point, and no SVG."""

    def __getattr__(self, name: str) -> None:
        return None

    def is_svg(self) -> bool:
        return False


def specs_of_uploads(registry: Registry) -> list[RenditionSpec]:
    """The specs that an upload of an image may have tasks enqueued for, in the order of registration."""
    model = get_image_model()
    found: dict[RenditionSpec, None] = {}
    for spec, group in registry.bindings:
        strategy = default_strategy() if spec.strategy is None else spec.strategy
        if isinstance(strategy, Optimistic) and _may_have_uploads(group, model):
            found[spec] = None
    return list(found)


def _may_have_uploads(group: SourceGroup, model: type) -> bool:
    """Nothing refers to an image that has only just been uploaded."""
    return (
        isinstance(group, QuerySetSourceGroup)
        and not isinstance(group, ImageFieldSourceGroup | ReferenceSourceGroup)
        and group.model is model
    )


def pixels_of(filter_spec: str) -> int:
    """About how many pixels a rendition of a photograph has."""
    try:
        operations: Iterable[Any] = parsed(filter_spec).operations
    except (InvalidFilterSpecError, TypeError, ValueError):
        # E004 says it.
        return 0
    pixels: float = PHOTOGRAPH
    for operation in operations:
        if isinstance(operation, FillOperation | MinMaxOperation):
            pixels = operation.width * operation.height
        elif isinstance(operation, WidthHeightOperation):
            pixels = operation.size**2 * (RATIO if operation.method == "height" else 1 / RATIO)
        elif isinstance(operation, ScaleOperation):
            pixels = PHOTOGRAPH * (operation.percent / 100) ** 2
    return round(min(pixels, PHOTOGRAPH))
