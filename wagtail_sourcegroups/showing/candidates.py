"""What there is to show of a source: its renditions, and its original."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models.fields.files import ImageFieldFile
from wagtail.images.models import AbstractImage

from ..generation.sources import FieldFileSource, ImageSource, Source
from ..generation.wanted import parsed
from . import lookup, orientation
from .substitutes import Candidate, format_of_file


def renditions_of(source: Source) -> list[Candidate]:
    """
    Every rendition of a source, as something to show. One query, none if they are known.

    Of one filter spec the one for the present focal point; where there is none, a former one shows about the same.
    """
    if not isinstance(source, ImageSource):
        return [of_rendition(each) for each in lookup.find_of_file(source).values()]  # type: ignore[arg-type]
    assert source.image is not None
    return _present(source.image, lookup.all_of(source.image))


def original_of(source: Source) -> Candidate | None:
    """
    The original, as something to show; ``None`` for a file that has no address.

    Its size is what columns say, and where the sides are to be swapped, swapped: storage is not asked.
    """
    file = source.file
    if isinstance(source, ImageSource):
        assert source.image is not None
        width, height = source.image.width, source.image.height
        if orientation.is_turned(source.image):
            width, height = height, width
    elif isinstance(source, FieldFileSource):
        width, height = _columns_of(file)
    else:
        return None
    return Candidate("", width, height, format_of_file(file.name), lambda: str(file.url))


def of_rendition(rendition: Any) -> Candidate:
    """A rendition that exists, as something to show."""
    return Candidate(
        filter_spec=rendition.filter_spec,
        width=rendition.width,
        height=rendition.height,
        format=format_of_file(rendition.file.name),
        url_of=lambda: str(rendition.url),
        rendition=rendition,
    )


def _present(image: AbstractImage, renditions: Iterable[Any]) -> list[Candidate]:
    found: dict[str, Candidate] = {}
    for rendition in renditions:
        known = rendition.filter_spec in found
        current = lookup.focal_point_key(parsed(rendition.filter_spec), image)
        if not known or rendition.focal_point_key == current:
            found[rendition.filter_spec] = of_rendition(rendition)
    return list(found.values())


def _columns_of(file: ImageFieldFile) -> tuple[int | None, int | None]:
    """Of the file of an ``ImageField``, if its model has columns for it; to ask the file would be to open it."""
    field = file.field
    names = getattr(field, "width_field", None), getattr(field, "height_field", None)
    width, height = (getattr(file.instance, name) if name else None for name in names)
    return width, height
