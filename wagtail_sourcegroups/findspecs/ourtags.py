"""
This package's own tags, ``generateimage`` and ``thumbnail``, as far as what they ask for can be read in a template.

The floor of the tags is above this one: their nodes are known by name, and by the attributes that are read of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..specs import RenditionSpec
from .uses import Thumbnail, Use

_TAGS = "wagtail_sourcegroups.templatetags.sourcegroups_tags"
#: Options of ``thumbnail`` that say what is asked for; of the others none does.
OPTIONS = ("crop", "anchor", "format", "srcset")

_SIZE = re.compile(r"(?P<width>[1-9]\d*)?x(?P<height>[1-9]\d*)?")
_DENSITY = re.compile(r"[1-9]\d*(\.\d+)?x?")
_FALSE = ("False", "false", "0", "")
#: Operations that make a size: of a spec's, a thumbnail has its own in their place.
_GEOMETRY = ("fill", "max", "min", "width", "height", "scale", "original")


def is_generateimage(node: Any) -> bool:
    """A node with ``spec``, an expression."""
    return _is(node, "GenerateImageNode")


def is_thumbnail(node: Any) -> bool:
    """A node with ``spec``, an expression or ``None``; ``size``, an expression; ``options``, expressions by name."""
    return _is(node, "ThumbnailNode")


def _is(node: Any, name: str) -> bool:
    return any((cls.__module__, cls.__name__) == (_TAGS, name) for cls in type(node).__mro__)


def generateimage(path: str, line: int, tag: str, spec_id: str | None) -> Use:
    """The use of a spec, ``None`` for one that only rendering knows."""
    return Use(path, line, tag, spec_id=spec_id or "")


def thumbnail(
    path: str, line: int, tag: str, spec_id: str, size: str, options: Mapping[str, str | None]
) -> Use:
    """The use of a size; ``options`` has ``None`` for a value that only rendering knows."""
    said = {name: value for name, value in options.items() if name in OPTIONS}
    if None in said.values():
        return Use(path, line, tag)
    asked = Thumbnail(size, tuple((name, value) for name, value in said.items() if value is not None))
    filter_specs = thumbnail_filters(asked)
    if not filter_specs:
        return Use(path, line, tag)
    if spec_id:
        return Use(path, line, tag, spec_id=spec_id, thumbnail=asked)
    return Use(path, line, tag, filter_specs, "|".join(filter_specs[:1]), thumbnail=asked)


def is_size(text: str) -> bool:
    """Whether a text gives dimensions, such as ``100x100``, and not the id of a spec."""
    return text != "x" and _SIZE.fullmatch(text) is not None


def thumbnail_filters(asked: Thumbnail, spec: RenditionSpec | None = None) -> tuple[str, ...]:
    """
    The filter specs that a thumbnail asks for: those of a spec at its dimensions, if there is one. None where they
    cannot be told: dimensions that are none, a density that is none, and an anchor, which no filter of Wagtail's has.
    """
    options = dict(asked.options)
    densities = options.get("srcset", "").replace(",", " ").split()
    if not is_size(asked.size) or options.get("anchor") or not all(map(_DENSITY.fullmatch, densities)):
        return ()
    crops = options.get("crop", "True") not in _FALSE
    factors = [Fraction(1), *(Fraction(density.removesuffix("x")) for density in densities)]
    sizes = dict.fromkeys(_size(asked.size, factor, crops=crops) for factor in factors)
    formats = [f"format-{name}" for name in options.get("format", "").replace(",", " ").split()]
    encodings = dict.fromkeys(
        encoding for each in (spec.filters if spec else ("",)) for encoding in _encodings(each, formats)
    )
    return tuple("|".join((*before, size, *after)) for before, after in encodings for size in sizes)


def _size(size: str, factor: Fraction, *, crops: bool) -> str:
    width, height = (max(1, round(int(side) * factor)) if side else None for side in size.split("x"))
    if height is None:
        return f"width-{width}"
    if width is None:
        return f"height-{height}"
    return f"{'fill' if crops else 'max'}-{width}x{height}"


def _encodings(filter_spec: str, formats: Sequence[str]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """What stands before and after the size of a filter spec, for each of some formats or with its own."""
    before: list[str] = []
    after: list[str] = []
    part = before
    for operation in filter(None, filter_spec.split("|")):
        name = operation.partition("-")[0]
        if name in _GEOMETRY:
            part = after
        elif name != "format" or not formats:
            part.append(operation)
    return [(tuple(before), (*after, each)) for each in formats] or [(tuple(before), tuple(after))]
