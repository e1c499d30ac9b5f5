"""
The same as ``{% load sourcegroups_tags %}`` for Jinja: globals ``generateimage``, ``thumbnail`` and
``prefetch_generateimages``.

Put ``"wagtail_sourcegroups.jinja2tags.sourcegroups"`` into the ``extensions`` of the environment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jinja2 import Environment, Undefined
from jinja2.ext import Extension

from .showing.prefetching import prefetch
from .showing.shownset import ShownSet
from .showing.tags import rendition_set_for, thumbnail_for

NOT_GIVEN = object()


def generateimage(spec: str, source: Any, **attributes: Any) -> ShownSet | str:
    """
    A picture of a registered spec: written out, its HTML with these attributes; assigned, its rendition set. Empty
    where there is no picture.

    Raises as :func:`.rendition_set_for`.
    """
    return rendition_set_for(spec, _defined(source), attributes) or ""


def thumbnail(
    *args: Any,
    source: Any = NOT_GIVEN,
    crop: bool = True,
    anchor: Any = None,
    format: Any = None,  # noqa: A002 - the word that ImageKit has
    srcset: Any = None,
    **attributes: Any,
) -> ShownSet | str:
    """
    A picture of a size: ``thumbnail("100x100", image)``, or by the strategy and in the formats of a spec:
    ``thumbnail("blog:hero", "100x100", image)``. As :func:`generateimage` otherwise.

    Raises as :func:`.thumbnail_for`, and ``TypeError`` for other arguments than these.
    """
    given = list(args) if source is NOT_GIVEN else [*args, source]
    if not 2 <= len(given) <= 3:
        raise TypeError(
            "thumbnail() takes a size and a source, and before them the id of a spec, if any; "
            f"{len(given)} were given."
        )
    *spec, size, picture = given
    options = {"crop": crop, "anchor": anchor, "format": format, "srcset": srcset}
    return thumbnail_for(spec[0] if spec else None, size, _defined(picture), options, attributes) or ""


def prefetch_generateimages(*args: Any, source: str | None = None) -> str:
    """
    Look up at once what is going to be shown of a list: ``prefetch_generateimages("blog:card", pages)``.

    Raises as :func:`.prefetch`, and ``TypeError`` without a spec or a list.
    """
    if len(args) < 2:
        raise TypeError("prefetch_generateimages() takes ids of specs, and a list after them.")
    *spec_ids, objects = args
    listed: Iterable[Any] = _defined(objects) or ()
    prefetch(spec_ids, listed, source)
    return ""


def _defined(value: Any) -> Any:
    """A name that nothing stands behind is as an empty field."""
    return None if isinstance(value, Undefined) else value


class SourceGroupsExtension(Extension):
    """Adds the globals to an environment."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals.update(
            generateimage=generateimage, thumbnail=thumbnail, prefetch_generateimages=prefetch_generateimages
        )


# As Wagtail's own extensions are called.
sourcegroups = SourceGroupsExtension
