"""
Renditions for filter specs that are asked for by themselves, as Wagtail's own tags do: those there are, those that are
made now, and what stands in for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args

from wagtail.images.exceptions import InvalidFilterSpecError
from wagtail.images.models import AbstractImage, AbstractRendition, Filter, SourceImageIOError

from ..generation.renditionset import RenditionSet
from ..generation.sources import ImageSource
from ..generation.wanted import OutputKey, parsed
from ..specs import Fallback, RenditionSpec
from . import lookup, standins
from .candidates import original_of, renditions_of
from .covering import specs_covering
from .readonly import is_read_only
from .scheduling import makes_by_itself, schedule_all
from .shown import is_made_now, least_modern, size_of
from .substitutes import Want, choose, format_of_filter

Covering = dict[str, tuple[RenditionSpec, ...]]
Made = tuple[dict[str, Any], dict[str, Exception]]
"""Renditions that could be made, and what went wrong with the others, by filter spec."""

#: Where an image object remembers the filter specs of renditions that were deleted through it.
_DELETED = "sourcegroups_deleted"


def as_stored(image: AbstractImage, given: Filter | str) -> Filter:
    """
    The filter as it stands in a row, cleaned for SVG. Wagtail's own are shared: reading operations asks every hook.

    Raises ``InvalidFilterSpecError`` for what is no filter.
    """
    if not isinstance(given, Filter | str):
        raise InvalidFilterSpecError(
            f"{given!r} is no filter; give a filter spec, such as 'width-400', or a Filter."
        )
    filter_ = parsed(given) if isinstance(given, str) else given
    cleaned: Filter = image.clean_filter_for_svg(filter_)
    return parsed(cleaned.spec) if type(cleaned) is Filter else cleaned


def renditions_for(
    image: AbstractImage, filters: Sequence[Filter], make: Callable[[Sequence[Filter]], Made]
) -> dict[str, Any]:
    """
    What an image gives for some filters (cleaned for SVG), by filter spec, in their order. One query at most where all
    is there.

    Of what is not there: where registered specs cover a filter, their strategies are asked, and what they do not make
    now is scheduled. Any other is made by ``make``. On a read-only head nothing is made. What is not there even then is
    an unsaved rendition that shows something else.

    Raises ``SourceImageIOError`` if nothing at all can be shown because nothing could be made.
    """
    found = lookup.find(image, filters)
    missing = [each for each in filters if each.spec not in found]
    errors: dict[str, Exception] = {}
    if missing:
        svg = image.is_svg()
        covering = {each.spec: specs_covering(each.spec, svg=svg) for each in missing}
        if not is_read_only():
            made, errors = make(
                [each for each in missing if not covering[each.spec] or _was_deleted(image, each)]
            )
            lookup.remember(image, made.values())
            found |= made
            left = [each for each in missing if each.spec not in found and each.spec not in errors]
            found |= _made_by_strategies(image, left, covering)
            left = [each for each in left if each.spec not in found]
            _schedule(image, left, covering)
        missing = [each for each in missing if each.spec not in found]
    if missing:
        formats = least_modern(format_of_filter(each.spec) for each in filters)
        found |= _stand_ins(image, missing, covering, formats, errors)
        if errors and not any(rendition.file.name for rendition in found.values()):
            error = next(iter(errors.values()))
            raise SourceImageIOError(f"{image.file.name}: {error}") from error
    return {each.spec: found[each.spec] for each in filters}


def _made_by_strategies(
    image: AbstractImage, filters: Sequence[Filter], covering: Covering
) -> dict[str, Any]:
    """What is there once each spec that covers something missing has had its strategy asked for it."""
    found: dict[str, Any] = {}
    for spec in _all_of(covering, filters):
        mine = [each for each in filters if spec in covering[each.spec] and each.spec not in found]
        keys = [OutputKey(each.spec, each.get_cache_key(image)) for each in mine]
        if mine and is_made_now(RenditionSet(spec, image.file), keys):
            found |= lookup.find(image, mine, again=True)
    return found


def _schedule(image: AbstractImage, filters: Iterable[Filter], covering: Covering) -> None:
    """Have a worker make what is missing: for each filter the first spec that has its renditions made by itself."""
    first = (next(filter(makes_by_itself, covering[each.spec]), None) for each in filters)
    specs = dict.fromkeys(spec for spec in first if spec is not None)
    if specs:
        schedule_all([RenditionSet(spec, image.file) for spec in specs])


def _all_of(covering: Covering, filters: Iterable[Filter]) -> list[RenditionSpec]:
    return list(dict.fromkeys(spec for each in filters for spec in covering[each.spec]))


# What stands in ---------------------------------------------------------------------------------------------


def _stand_ins(
    image: AbstractImage,
    missing: Sequence[Filter],
    covering: Covering,
    in_img: str,
    errors: Mapping[str, Exception],
) -> dict[str, Any]:
    """``in_img`` is the format of those that are for an ``<img>``; what has ``errors`` has no original to be shown."""
    if not image.file:
        return {each.spec: standins.nothing(image, each) for each in missing}
    source = ImageSource(image)
    candidates, original = renditions_of(source), original_of(source)
    found = {}
    for each in missing:
        format_ = format_of_filter(each.spec)
        size = size_of(source, each.spec)
        width, height = size or (None, None)
        want = Want(each.spec, width, height, format_, in_source=format_ != in_img)
        instead = choose(
            want, candidates, None if each.spec in errors else original, fallback_of(covering[each.spec])
        )
        if instead is None:
            found[each.spec] = standins.nothing(image, each)
        else:
            found[each.spec] = standins.stand_in(image, each, instead, size)
    return found


def fallback_of(specs: Iterable[RenditionSpec]) -> Fallback:
    """Of the specs that cover a filter, the fallback that shows most; for what none covers, the usual one."""
    order = get_args(Fallback)
    fallback: Fallback = min((spec.fallback for spec in specs), key=order.index, default=order[0])
    return fallback


# What was deleted -------------------------------------------------------------------------------------------


def note_deleted(rendition: AbstractRendition) -> None:
    """
    A rendition was deleted. Whoever then asks the same image object for it wants it made, whatever covers it: so does
    Wagtail's ``wagtail_update_image_renditions``, which would otherwise leave nothing behind.
    """
    image = rendition._state.fields_cache.get("image")
    if image is not None:
        image._state.__dict__.setdefault(_DELETED, set()).add(rendition.filter_spec)


def _was_deleted(image: AbstractImage, filter_: Filter) -> bool:
    return filter_.spec in image._state.__dict__.get(_DELETED, ())
