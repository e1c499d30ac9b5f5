"""
What a template shows of a spec: for every output that is wanted the rendition, or what stands in its place, with the
size that the rendition has or will have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from wagtail.images.models import Filter, Picture

from .. import strategies
from ..generation.decision import PATIENCE
from ..generation.renditionset import RenditionSet
from ..generation.sources import FileSourceBase, ImageSource, Source
from ..generation.wanted import OutputKey
from ..signals import existence_required
from ..specs import Fallback
from . import anchoring, dimensions, lookup, orientation
from .candidates import of_rendition, original_of, renditions_of
from .readonly import is_read_only
from .scheduling import failures_of, schedule
from .substitutes import Candidate, Want, choose, format_of_filter

#: From the most modern format to the one that every browser knows, as Wagtail's picture tag has them.
SOURCE_FORMATS = tuple(each.name for each in Picture.source_format_order)


@dataclass(frozen=True)
class Shown:
    """
    One thing to be shown for a filter spec: the rendition itself if it ``is_ready``, else what stands in its place.

    ``width`` and ``height`` are those of the rendition that is wanted, in pixels; ``None`` where nobody knows them.
    ``format`` is the one that the filter spec names, or ``""``.
    """

    filter_spec: str
    format: str
    width: int | None
    height: int | None
    alt: str
    candidate: Candidate
    is_ready: bool = False

    @property
    def rendition(self) -> Any:
        """The row of what is shown; ``None`` for the original."""
        return self.candidate.rendition

    @cached_property
    def url(self) -> str:
        return self.candidate.url_of()

    @property
    def own_width(self) -> int | None:
        """Of the file that is shown, which a ``srcset`` has to tell truly."""
        return self.candidate.width


def show(rendition_set: RenditionSet) -> list[Shown]:
    """
    What to show of a rendition set, in the order of its spec. What the spec's fallback leaves out is not in it.

    One query at most where all is there. Where something is missing the spec's strategy is asked, which may make it;
    what is missing then is scheduled, and a substitute is shown.
    """
    source = rendition_set.source
    if not source:
        return []
    wanted = rendition_set.wanted.filters
    found = _found(source, wanted)
    missing = [key for key in wanted if key not in found]
    if missing and is_made_now(rendition_set, missing):
        found |= _found(source, {key: wanted[key] for key in missing}, again=True)
        missing = [key for key in wanted if key not in found]
    if missing:
        schedule(rendition_set)
    if missing or not wanted:
        return _with_substitutes(rendition_set, wanted, found)
    alt = _alt_of(source, found)
    return [_ready(key, found[key], alt) for key in wanted]


def least_modern(formats: Iterable[str]) -> str:
    """
    Of the formats that filter specs name, the one of the ``<img>``: that of no name at all, which is the original's;
    else the one that every browser knows.
    """
    known = list(dict.fromkeys(formats))
    if "" in known:
        return ""
    ordered = [name for name in reversed(SOURCE_FORMATS) if name in known]
    return ordered[0] if ordered else known[0]


def size_of(source: Source, filter_spec: str) -> tuple[int, int] | None:
    """Width and height of a rendition that has not been made yet; ``None`` if that cannot be known."""
    if not isinstance(source, ImageSource):
        return None
    image: Any = source.image
    return dimensions.size_of(image, anchoring.as_fill(filter_spec), orientation.is_turned(image))


def _found(
    source: Source, wanted: Mapping[OutputKey, Filter], *, again: bool = False
) -> dict[OutputKey, Any]:
    if isinstance(source, ImageSource):
        assert source.image is not None
        by_spec = lookup.find(source.image, wanted.values(), again=again)
    else:
        assert isinstance(source, FileSourceBase)
        by_spec = lookup.find_of_file(source, again=again)
    return {key: by_spec[key.filter_spec] for key in wanted if key.filter_spec in by_spec}


def is_made_now(rendition_set: RenditionSet, missing: Iterable[OutputKey]) -> bool:
    """
    Ask for what is missing; whether it may be there now. A strategy is left alone with what has failed so often that
    the next visitor need not wait for it.
    """
    if is_read_only():
        return False
    makes = strategies.callback(rendition_set.spec.strategy, "on_existence_required") is not None
    if makes:
        failed = failures_of([rendition_set.source])[rendition_set.source.key]
        if all(failed.get(key.filter_spec, 0) >= PATIENCE for key in missing):
            return False
    existence_required.send_robust(sender=RenditionSet, rendition_set=rendition_set)
    # Our own receiver asks the strategy; a site's may do as it likes.
    return makes or len(existence_required.receivers) > 1


def _with_substitutes(
    rendition_set: RenditionSet, wanted: Mapping[OutputKey, Filter], found: Mapping[OutputKey, Any]
) -> list[Shown]:
    source, fallback = rendition_set.source, rendition_set.spec.fallback
    alt = _alt_of(source, found)
    original = original_of(source) if fallback != "none" else None
    if not wanted:
        # An SVG that no filter applies to is shown as it is.
        nothing = Want("", None, None, "", in_source=False)
        chosen = choose(nothing, (), original, fallback)
        return [Shown("", "", chosen.width, chosen.height, alt, chosen)] if chosen else []
    candidates = renditions_of(source) if fallback == "nearest" else []
    in_img = least_modern(format_of_filter(key.filter_spec) for key in wanted)
    shown = []
    for key in wanted:
        if key in found:
            shown.append(_ready(key, found[key], alt))
            continue
        instead = _instead(source, key.filter_spec, in_img, candidates, original, fallback, alt)
        if instead is not None:
            shown.append(instead)
    return shown


def _instead(
    source: Source,
    filter_spec: str,
    in_img: str,
    candidates: list[Candidate],
    original: Candidate | None,
    fallback: Fallback,
    alt: str,
) -> Shown | None:
    size = size_of(source, filter_spec)
    width, height = size or (None, None)
    format_ = format_of_filter(filter_spec)
    want = Want(filter_spec, width, height, format_, in_source=format_ != in_img)
    chosen = choose(want, candidates, original, fallback)
    if chosen is None:
        return None
    if size is None:
        width, height = chosen.width, chosen.height
    return Shown(filter_spec, format_, width, height, alt, chosen)


def _ready(key: OutputKey, rendition: Any, alt: str) -> Shown:
    candidate = of_rendition(rendition)
    format_ = format_of_filter(key.filter_spec)
    return Shown(key.filter_spec, format_, rendition.width, rendition.height, alt, candidate, is_ready=True)


def _alt_of(source: Source, found: Mapping[OutputKey, Any]) -> str:
    """As Wagtail's renditions have it; a plain file has no words of its own."""
    for rendition in found.values():
        return str(rendition.alt)
    if not isinstance(source, ImageSource):
        return ""
    image: Any = source.image
    model: Any = image.get_rendition_model()
    return str(model(image=image).alt)
