"""
Trying filters on a sample, in memory: no rendition is made, no file is stored.

The sample is decoded once for all its filters, and what came of them is remembered for a while, so that the next letter
somebody types costs little.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Any, NamedTuple

from django.core.cache import cache
from django.utils.translation import gettext_noop
from wagtail.images.models import Filter

from ... import conf
from ...exceptions import SourceUnreadable
from ...generation.failures import sentence
from ...generation.sources import source_of
from ...generation.wanted import WantedFilters
from ...rendering import Output, RenderFailure, render
from ...specs import RenditionSpec
from .cards import SHOWN, Made
from .sample import most_pixels

#: Filters that are tried of one spec; the others are only named.
MOST_TRIED = 24
#: Seconds after which no further one is begun.
PATIENCE = 4.0
#: Seconds for which what came of one is remembered, and bytes of a picture that is remembered whole.
REMEMBERED, LARGEST = 600, 2_000_000

#: What a run says of it, in English: remembered so, and translated where it is shown.
_NOT_OF_AN_SVG = gettext_noop("a raster format without preserve-svg does not apply to an SVG")

TYPES = {name: f"image/{name}" for name in SHOWN} | {"svg": "image/svg+xml"}


class Shot(NamedTuple):
    """A picture to show: its bytes, and their type."""

    content: bytes
    content_type: str


def try_out(image: Any, filter_specs: Sequence[str]) -> dict[str, Made]:
    """
    What filters make of an image, as far as there was time for them; none of an image that is too large.

    At most :data:`MOST_TRIED` of them, for about :data:`PATIENCE` seconds.
    """
    if is_too_large(image):
        return {}
    filter_specs = filter_specs[:MOST_TRIED]
    keys = {filter_spec: _key(image, filter_spec) for filter_spec in filter_specs}
    known = cache.get_many(keys.values())
    made = {each: known[key] for each, key in keys.items() if key in known}
    deadline = time.monotonic() + PATIENCE
    for filter_spec, came_of_it, shot in _tried(image, [each for each in filter_specs if each not in made]):
        made[filter_spec] = came_of_it
        cache.set(keys[filter_spec], came_of_it, REMEMBERED)
        if shot is not None and len(shot.content) <= LARGEST:
            cache.set(_picture_key(keys[filter_spec]), shot, REMEMBERED)
        if time.monotonic() > deadline:
            break
    return made


def picture(image: Any, filter_spec: str) -> Shot | None:
    """What one filter makes of an image, to be shown; ``None`` if that is nothing, or no browser would show it."""
    if is_too_large(image):
        return None
    remembered: Shot | None = cache.get(_picture_key(_key(image, filter_spec)))
    if remembered is not None:
        return remembered
    return next((shot for _spec, _made, shot in _tried(image, [filter_spec])), None)


def is_too_large(image: Any) -> bool:
    """Whether decoding it would take longer than somebody waits."""
    return int(image.width * image.height) > most_pixels()


def _tried(image: Any, filter_specs: Sequence[str]) -> Iterator[tuple[str, Made, Shot | None]]:
    """Each filter, what came of it, and what there is to show. Decodes the image once; nothing for no filter."""
    if not filter_specs:
        return
    written = _as_written(image, filter_specs)
    possible = {each for several in written.values() for each in several}
    for filter_spec in filter_specs:
        if filter_spec not in possible:
            yield filter_spec, Made(error=_NOT_OF_AN_SVG), None
    with ExitStack() as stack:
        try:
            original = stack.enter_context(source_of(image.file).open())
        except SourceUnreadable as error:
            for filter_spec in possible:
                yield filter_spec, Made(error=sentence(error)), None
            return
        limit = int(conf.get("MAX_OUTPUT_PIXELS"))
        results = stack.enter_context(
            closing(render(image, original, list(written), max_output_pixels=limit))
        )
        for result in results:
            came_of_it = _came_of(result)
            for filter_spec in written[result.filter]:
                yield filter_spec, *came_of_it


def _as_written(image: Any, filter_specs: Iterable[str]) -> Mapping[Filter, list[str]]:
    """
    Filters as Wagtail runs them on this image, each with how it is written: an SVG may make one of several. Without
    those that it cannot go through.
    """
    found: dict[Filter, list[str]] = {}
    for filter_spec in filter_specs:
        wanted = WantedFilters([RenditionSpec("preview", filter_spec)], type(image)).of_image(image)
        for filter_ in wanted.filters.values():
            found.setdefault(filter_, []).append(filter_spec)
    return found


def _came_of(result: Output | RenderFailure) -> tuple[Made, Shot | None]:
    if isinstance(result, RenderFailure):
        return Made(error=sentence(result.error)), None
    with result.file as file:
        made = Made(result.width, result.height, result.format_name, result.size)
        if made.format not in TYPES:
            return made, None
        return made, Shot(file.read(), TYPES[made.format])


def _key(image: Any, filter_spec: str) -> str:
    """Where what a filter makes of an image is remembered: another file or focal point is another picture."""
    focal = [getattr(image, f"focal_point_{name}") for name in ("x", "y", "width", "height")]
    about = [image._meta.label_lower, image.pk, image.file.name, image.file_size, image.file_hash, *focal]
    digest = hashlib.sha256("\0".join(map(str, [*about, filter_spec])).encode()).hexdigest()
    return f"sourcegroups-preview-{digest}"


def _picture_key(key: str) -> str:
    return f"{key}-picture"
