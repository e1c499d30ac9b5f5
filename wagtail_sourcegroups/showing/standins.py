"""
Renditions that are not there, as objects that Wagtail's own tags can show: never saved, and in no cache.

Each says what was asked for (filter spec, focal point, width and height) and names a file that is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.safestring import SafeString
from wagtail.images.models import AbstractImage, Filter, WagtailImageFieldFile

from .substitutes import Candidate, format_of_filter

#: What tells a rendition that stands in from one that has been made and not been saved.
_MARK = "_sourcegroups_stands_in"


class NoFile(WagtailImageFieldFile):
    """The file of a rendition that shows nothing. It has no address, and says so by an empty one."""

    @property
    def url(self) -> str:
        return ""


class Renditions(dict[str, Any]):
    """
    By filter spec, what Wagtail's tags list; whatever else was asked for is found by its filter spec, and not listed: a
    file that stands in twice, and what shows nothing.
    """

    def __init__(self, listed: Mapping[str, Any], unlisted: Mapping[str, Any]) -> None:
        super().__init__(listed)
        self._unlisted = unlisted

    def __missing__(self, filter_spec: str) -> Any:
        return self._unlisted[filter_spec]


def stand_in(
    image: AbstractImage, filter_: Filter, candidate: Candidate, size: tuple[int, int] | None
) -> Any:
    """
    A rendition of ``filter_`` that shows a candidate, the image's original if that has no row; of the ``size`` of what
    was asked for, or if nobody knows that, of its own.
    """
    width, height = size or (candidate.width, candidate.height)
    rendition = _unsaved(image, filter_, width, height)
    shown = image.file if candidate.rendition is None else candidate.rendition.file
    # Set like this, the file is not opened to be measured. Originals may be kept elsewhere than renditions are.
    rendition.file.name = shown.name
    rendition.file.storage = shown.storage
    return rendition


def nothing(image: AbstractImage, filter_: Filter) -> Any:
    """A rendition of which tags write nothing."""
    rendition = _unsaved(image, filter_, 0, 0)
    rendition.__dict__["file"] = NoFile(rendition, rendition._meta.get_field("file"), "")
    rendition.img_tag = _no_tag
    return rendition


def listed(renditions: Mapping[str, Any]) -> dict[str, Any]:
    """
    What was asked for in one go, as tags are to list it: renditions; and of what stands in, each file once in a format,
    unless a rendition is listed that has it. But the first of a format is, for an ``<img>`` has its size.
    """
    made = {_file(each, rendition) for each, rendition in renditions.items() if not hasattr(rendition, _MARK)}
    if len(made) == len(renditions):
        return dict(renditions)
    shown: dict[str, Any] = {}
    seen = set(made)
    formats: set[str] = set()
    for filter_spec, rendition in renditions.items():
        file, format_ = _file(filter_spec, rendition), format_of_filter(filter_spec)
        if not rendition.file.name or (hasattr(rendition, _MARK) and file in seen and format_ in formats):
            continue
        shown[filter_spec] = rendition
        seen.add(file)
        formats.add(format_)
    # There has to be one for the <img>, whatever it shows.
    return Renditions(shown or dict(list(renditions.items())[:1]), renditions)


def _file(filter_spec: str, rendition: Any) -> tuple[str, int, str]:
    return format_of_filter(filter_spec), id(rendition.file.storage), rendition.file.name or ""


def _unsaved(image: AbstractImage, filter_: Filter, width: int | None, height: int | None) -> Any:
    model: Any = image.get_rendition_model()
    rendition = model(
        image=image,
        filter_spec=filter_.spec,
        focal_point_key=filter_.get_cache_key(image),
        width=width,
        height=height,
    )
    setattr(rendition, _MARK, True)
    return rendition


def _no_tag(extra_attributes: Mapping[str, Any] | None = None) -> SafeString:
    return SafeString("")
