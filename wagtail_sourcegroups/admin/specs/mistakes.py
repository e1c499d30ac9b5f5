"""
What is wrong with filters as somebody has written them: one sentence that names the wrong part, and the nearest right
one.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.images import image_operations
from wagtail.images.exceptions import InvalidFilterSpecError
from wagtail.images.image_operations import FormatOperation
from wagtail.images.models import Filter

from ...exceptions import InvalidFilters
from ...rendering.encoders import can_write
from ...specs import MAX_FILTER_SPEC_LENGTH, expand_filters

#: Renditions of each image that a spec of the admin may ask for: braces multiply quickly.
MOST = 200
#: A number that nobody reads, and that Python may refuse to write.
BEYOND_WORDS = 1_000_000

#: How Wagtail's own operations are written.
EXAMPLES = {
    "fill": "fill-800x450",
    "max": "max-800x600",
    "min": "min-800x600",
    "width": "width-800",
    "height": "height-600",
    "scale": "scale-50",
    "jpegquality": "jpegquality-80",
    "webpquality": "webpquality-80",
    "avifquality": "avifquality-60",
    "format": "format-webp",
    "bgcolor": "bgcolor-ffffff",
}
#: What an operation of Wagtail's is made with that no size can be without.
_SIZES = ("width", "height", "size", "percent")
PRESERVE_SVG = "preserve-svg"


def mistake(patterns: Sequence[str]) -> str | None:
    """The first thing that is wrong with filters, one pattern each; ``None`` if all is well."""
    if not patterns:
        return _("Write at least one filter, such as %(example)s.") % {"example": EXAMPLES["width"]}
    pieces = [(pattern, piece) for pattern in patterns for piece in pieces_of(pattern)]
    for pattern, piece in pieces:
        if said := _unreadable(pattern, piece):
            return said
    if (count := _combinations(patterns)) > MOST:
        return _too_many(count)
    names = [name for name, _operation in _registered()]
    for _pattern, piece in pieces:
        for operation in expand_filters(piece):
            if operation != PRESERVE_SVG and (said := _wrong_operation(piece, operation, names)):
                return said
    return next(filter(None, map(_unusable, patterns)), None)


def pieces_of(pattern: str) -> list[str]:
    """The operations of a pattern, braces and all."""
    return [piece.strip() for piece in pattern.split("|")] if "|" in pattern else pattern.split()


def _unreadable(pattern: str, piece: str) -> str | None:
    """What is wrong with the way in which a part of a pattern is written."""
    if not piece:
        return _("“%(pattern)s” has a “|” too many.") % {"pattern": pattern}
    try:
        expand_filters(piece)
    except InvalidFilters:
        return _(
            "“%(part)s” cannot be read. Letters, digits, “-”, “_” and “.” make up an operation, with one pair of "
            "braces at most, and in these words joined by commas alone, such as width-{400,800}."
        ) % {"part": piece}
    return None


def _combinations(patterns: Iterable[str]) -> int:
    """How many filter specs patterns stand for at most, without making them."""
    return sum(math.prod(len(expand_filters(piece)) for piece in pieces_of(pattern)) for pattern in patterns)


def _too_many(count: int) -> str:
    if count >= BEYOND_WORDS:
        return _(
            "These make more than a million renditions of each image; there may be %(most)s at most."
        ) % {"most": MOST}
    return _("These make %(count)s renditions of each image; there may be %(most)s at most.") % {
        "count": count,
        "most": MOST,
    }


def _wrong_operation(piece: str, operation: str, names: Sequence[str]) -> str | None:
    """What is wrong with one operation, which stands in a part of a pattern."""
    name, dash, value = operation.partition("-")
    if name not in names:
        return _("There is no filter called “%(name)s”.") % {"name": name} + _did_you_mean(
            _nearest(piece, operation, names)
        )
    found, error = _read(operation)
    if found is None:
        return _wrong_value(piece, operation, error)
    if type(found).__module__ == image_operations.__name__ and any(
        getattr(found, size, 1) <= 0 for size in _SIZES
    ):
        return _("“%(operation)s” makes no picture: sizes begin at 1.") % {"operation": operation}
    if isinstance(found, FormatOperation) and not can_write(found.format):
        return _("This server cannot write %(format)s: its Pillow was installed without it.") % {
            "format": found.format.upper()
        }
    return None


def _wrong_value(piece: str, operation: str, error: str) -> str:
    """What is wrong with an operation that there is."""
    name, _dash, value = operation.partition("-")
    if name == "format" and value:
        known = FormatOperation.supported_formats
        wrong = value.partition("-")[0]
        if wrong not in known:
            near = difflib.get_close_matches(wrong, known, n=1)
            return _("There is no format called “%(name)s”.") % {"name": wrong} + (
                _did_you_mean(f"format-{near[0]}")
                if near
                else " " + _("Wagtail writes %(formats)s.") % {"formats": get_text_list(known, _("and"))}
            )
    if name in EXAMPLES:
        return _("“%(operation)s” cannot be read. Write it like “%(example)s”.") % {
            "operation": operation,
            "example": EXAMPLES[name],
        }
    # An operation of the site's own: it says itself what it takes.
    return _("“%(operation)s” cannot be read: %(error)s.") % {"operation": piece, "error": error.rstrip(".")}


def _nearest(piece: str, operation: str, names: Sequence[str]) -> str:
    """What somebody may have meant by a part of a pattern, of which the name is wrong; "" if nothing is near."""
    name, dash, value = operation.partition("-")
    if not value and name in FormatOperation.supported_formats:
        return f"format-{name}"
    for near in difflib.get_close_matches(name, names, n=3):
        if _read(f"{near}{dash}{value}")[0] is None:
            meant = EXAMPLES.get(near, near)
        else:
            # In their own words: with the braces, where these are not about the name.
            meant = near + (piece.removeprefix(name) if piece.startswith(name) else f"{dash}{value}")
        return meant
    return ""


def _did_you_mean(meant: str) -> str:
    return " " + _("Did you mean “%(meant)s”?") % {"meant": meant} if meant else ""


def _unusable(pattern: str) -> str | None:
    """What is wrong with a pattern of which each operation is right."""
    if PRESERVE_SVG in pieces_of(pattern) and len(pieces_of(pattern)) == 1:
        return _("“%(name)s” has to stand beside another operation, such as %(example)s.") % {
            "name": PRESERVE_SVG,
            "example": EXAMPLES["width"],
        }
    try:
        expand_filters(pattern)
    except InvalidFilters:
        # Nothing else is left that it could be.
        return _(
            "“%(pattern)s” makes filter specs of more than %(most)s characters, which Wagtail cannot store."
        ) % {
            "pattern": pattern,
            "most": MAX_FILTER_SPEC_LENGTH,
        }
    return None


def _registered() -> list[tuple[str, Any]]:
    """Wagtail's image operations and the site's, by name."""
    return [pair for function in hooks.get_hooks("register_image_operations") for pair in function()]


def _read(operation: str) -> tuple[Any, str]:
    """The operation as Wagtail reads it, or ``None`` and what it says."""
    try:
        return Filter(spec=operation).operations[0], ""
    except (InvalidFilterSpecError, TypeError, ValueError) as error:
        return None, str(error)
