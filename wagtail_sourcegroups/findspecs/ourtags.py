"""
This package's own tags, ``generateimage`` and ``thumbnail``, as far as what they ask for can be read in a template.

The floor of the tags is above this one: their nodes are known by name, and by the attributes that are read of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..exceptions import InvalidThumbnail
from ..showing.thumbnails import thumbnail_spec
from ..specs import RenditionSpec
from .uses import Thumbnail, Use

_TAGS = "wagtail_sourcegroups.templatetags.sourcegroups_tags"
#: Options of ``thumbnail`` that say what is asked for; of the others none does.
OPTIONS = ("crop", "anchor", "format", "srcset")

_FALSE = ("False", "false", "0", "")


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


def thumbnail_filters(asked: Thumbnail, spec: RenditionSpec | None = None) -> tuple[str, ...]:
    """
    The filter specs that a thumbnail asks for: those of a spec at its dimensions, if there is one. None where they
    cannot be told, since the tag would refuse what it says.
    """
    options: dict[str, Any] = dict(asked.options)
    options["crop"] = options.get("crop", "True") not in _FALSE
    try:
        return thumbnail_spec(asked.size, spec, **options).filters
    except InvalidThumbnail:
        return ()
