"""
How large a rendition will be that has not been made. Pure: worked out from the image's columns and from whether its
file lies on its side (:mod:`.orientation` tells), by Wagtail's own arithmetic.
"""

from __future__ import annotations

from typing import Any

from wagtail.images import image_operations as stock
from wagtail.images.models import AbstractImage, Filter

from ..generation.wanted import parsed

#: Operations whose effect on the size is known: those that Wagtail brings.
OWN_OPERATIONS = frozenset(
    {
        stock.AvifQualityOperation,
        stock.BackgroundColorOperation,
        stock.DoNothingOperation,
        stock.FillOperation,
        stock.FormatOperation,
        stock.JPEGQualityOperation,
        stock.MinMaxOperation,
        stock.ScaleOperation,
        stock.WebPQualityOperation,
        stock.WidthHeightOperation,
    }
)

#: Endings of files that say nothing of how their picture is to be turned.
UPRIGHT = (".bmp", ".gif", ".ico", ".svg")

#: A format that is saved in sizes of its own.
ICON = "ico"


def may_be_turned(image: AbstractImage) -> bool:
    """Whether the file of an image is of a kind that may say that its picture lies on its side."""
    return not (image.file.name or "").lower().endswith(UPRIGHT)


def size_of(image: AbstractImage, filter_spec: str, is_turned: bool | None) -> tuple[int, int] | None:
    """
    Width and height, in pixels, of the rendition that ``filter_spec`` (cleaned for SVG) makes of an image.

    ``is_turned``: whether width and height of the picture are those of the columns the other way round, since its
    file says that it lies on its side; ``None`` if nobody has looked.

    ``None`` where it cannot be known: the columns are empty, nobody has looked, or there is an operation of
    the site's own, or one that nobody knows. Icons are saved in sizes of their own. An SVG may measure fractions
    of a pixel, of which no column knows: of such a one it may be a pixel more or less.
    """
    filter_ = parsed(filter_spec)
    if not may_be_turned(image):
        is_turned = False
    try:
        if is_turned is None or not all(map(_is_known, filter_.operations)) or _becomes_icon(image, filter_):
            return None
        size: Any = (image.height, image.width) if is_turned else (image.width, image.height)
        width, height = filter_.get_transform(image, size).size
    except Exception:  # noqa: BLE001 - a filter that cannot be run has no size, and columns may hold anything
        return None
    return int(width), int(height)


def _is_known(operation: Any) -> bool:
    return type(operation) in OWN_OPERATIONS


def _becomes_icon(image: AbstractImage, filter_: Filter) -> bool:
    formats = [each.format for each in filter_.operations if isinstance(each, stock.FormatOperation)]
    return formats[-1] == ICON if formats else image.file.name.lower().endswith(".ico")
