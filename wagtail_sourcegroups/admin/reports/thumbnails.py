"""A picture of an image to know it by: of the renditions that exist, never a new one."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

from django.db.models import Model

#: What Wagtail's own listing of images shows.
LISTED = "max-165x165"
#: Pixels across that look sharp as a thumbnail, and those that are too much for one.
SHARP, MOST = 88, 800
#: Files that every browser shows.
SHOWN = frozenset({".avif", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"})


def thumbnails_of(model: type[Model], pks: Collection[Any]) -> dict[Any, Any]:
    """A rendition for each of these images that has one fit for it. One query, none for none."""
    if not pks:
        return {}
    rendition_model: Any = model.get_rendition_model()  # type: ignore[attr-defined]
    best: dict[Any, Any] = {}
    for rendition in rendition_model._base_manager.filter(
        image_id__in=pks, width__lte=MOST, height__lte=MOST
    ):
        known = best.get(rendition.image_id)
        if _is_shown(rendition) and (known is None or _fitness(rendition) < _fitness(known)):
            best[rendition.image_id] = rendition
    return best


def _is_shown(rendition: Any) -> bool:
    return os.path.splitext(rendition.file.name)[1].lower() in SHOWN


def _fitness(rendition: Any) -> tuple[bool, bool, int]:
    """The least is the best: Wagtail's own, else the smallest that is still sharp, else the largest."""
    across = max(rendition.width, rendition.height)
    blurred = across < SHARP
    return rendition.filter_spec != LISTED, blurred, -across if blurred else across
