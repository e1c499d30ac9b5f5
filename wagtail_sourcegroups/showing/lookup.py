"""
Renditions that exist, for one source or for many: prefetched, in Wagtail's own cache, else in one query. Nothing is
made, and storage is not asked.

Stock Wagtail takes what was prefetched for all there is, and makes the rest again at each render; here the rest is
looked up. For the same reason, what :func:`find_many` finds is kept apart from Wagtail's prefetched renditions, unless
there are some already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.db.models import Q
from wagtail.images.models import AbstractImage, Filter

from ..generation.prune import as_stored
from ..generation.sources import FileSourceBase
from ..generation.wanted import OutputKey, parsed
from ..models import FileRendition
from . import memory
from .memory import Memory, key_of
from .readonly import is_read_only

Renditions = dict[str, Any]
"""By filter spec, as stored."""


def find(image: AbstractImage, filters: Iterable[Filter], *, again: bool = False) -> Renditions:
    """
    The renditions of an image that exist for some filters (cleaned for SVG), by filter spec. One query at most.

    ``again`` looks also for what a prefetch did not find: somebody may have made it since.
    """
    keys = {filter_.spec: focal_point_key(filter_, image) for filter_ in filters}
    found = _prefetched(image, keys)
    kept = memory.of(image)
    if kept is not None:
        there = ((spec, kept.renditions.get(OutputKey(spec, key))) for spec, key in keys.items())
        found |= {spec: rendition for spec, rendition in there if rendition is not None}
    left = {spec: key for spec, key in keys.items() if spec not in found}
    if kept is not None and not again:
        left = {} if kept.everything else {spec: key for spec, key in left.items() if spec not in kept.asked}
    if left and image.pk is not None:
        since = _from_cache_or_database(image, left)
        remember(image, since.values())
        found |= since
    return found


def remember(image: AbstractImage, renditions: Iterable[Any]) -> None:
    """Renditions that were made since, for whoever asks the same object again."""
    kept = memory.of(image)
    for rendition in renditions if kept is not None else ():
        kept.keep(rendition)  # type: ignore[union-attr]


def find_many(images: Iterable[AbstractImage], filter_specs: Iterable[str]) -> None:
    """
    Look up the renditions of many images of any models for some filter specs (as written), for :func:`find` to find.

    One query for each image model, and a second one if something is missing: for all that those images have, of which
    the nearest is shown. None for what is known already.
    """
    specs = frozenset(filter_specs)
    stored = as_stored(specs, False) | as_stored(specs, True)
    for model, by_pk in _by_model(images).items():
        unknown = {pk: each for pk, each in by_pk.items() if not all(_knows(image, stored) for image in each)}
        _fill(model, unknown, stored)
        incomplete = {pk: each for pk, each in unknown.items() if any(_lacks(image, specs) for image in each)}
        _fill(model, incomplete, None)


def all_of(image: AbstractImage) -> list[Any]:
    """Every rendition of an image. One query, none if they are known."""
    kept = memory.of(image)
    if kept is not None and kept.everything:
        return list(kept.renditions.values())
    return list(image.renditions.all()) if image.pk is not None else []


def find_of_file(source: FileSourceBase, *, again: bool = False) -> Renditions:
    """All renditions of a plain file as it is now, by filter spec. One query, none if it was prefetched."""
    kept = memory.of(source.file)
    if kept is not None and kept.everything and not again:
        return {rendition.filter_spec: rendition for rendition in kept.renditions.values()}
    rows = FileRendition.objects.filter(source__digest=source.digest, version=source.version)
    return {rendition.filter_spec: rendition for rendition in rows}


def find_of_files(sources: Iterable[FileSourceBase]) -> None:
    """Look up the renditions of many plain files, for :func:`find_of_file` to find. One query; none for none."""
    by_digest: dict[str, list[FileSourceBase]] = {}
    for source in sources:
        by_digest.setdefault(source.digest, []).append(source)
    if not by_digest:
        return
    found: dict[tuple[str, str], list[Any]] = {}
    rows = FileRendition.objects.filter(source__digest__in=list(by_digest)).select_related("source")
    for rendition in rows:
        found.setdefault((rendition.source.digest, rendition.version), []).append(rendition)
    for digest, each in by_digest.items():
        for source in each:
            kept = memory.begin(source.file)
            kept.renditions = {key_of(r): r for r in found.get((digest, source.version), ())}
            kept.everything = True


def focal_point_key(filter_: Filter, image: AbstractImage) -> str:
    """What tells the renditions of one filter apart; empty for a filter that cannot be run, which has none."""
    try:
        return str(filter_.get_cache_key(image))
    except Exception:  # noqa: BLE001 - operations that nobody has registered
        return ""


# Where it is found -------------------------------------------------------------------------------------------


def _prefetched(image: AbstractImage, keys: Mapping[str, str]) -> Renditions:
    rows: Iterable[Any] = image._get_prefetched_renditions() or ()
    return {row.filter_spec: row for row in rows if keys.get(row.filter_spec) == row.focal_point_key}


def _from_cache_or_database(image: AbstractImage, keys: Mapping[str, str]) -> Renditions:
    model = image.get_rendition_model()
    cache = cache_of(model)
    names = {spec: model.construct_cache_key(image, key, spec) for spec, key in keys.items()}
    found: Renditions = {}
    for rendition in cache.get_many(names.values()).values() if cache is not None else ():
        # One of its own: what a page has set on its image, such as an alt text, counts.
        rendition.image = image
        found[rendition.filter_spec] = rendition
    left = [spec for spec in keys if spec not in found]
    if left:
        condition = Q()
        for spec in left:
            condition |= Q(filter_spec=spec, focal_point_key=keys[spec])
        rows = {row.filter_spec: row for row in image.renditions.filter(condition)}
        if rows and cache is not None:
            cache.set_many({names[spec]: row for spec, row in rows.items()})
        found |= rows
    return found


def cache_of(model: Any) -> Any:
    """Wagtail's cache of renditions; ``None`` where a read-only head has it in the database, which reading writes."""
    cache = model.cache_backend
    return None if isinstance(cache, DatabaseCache) and is_read_only() else cache


def _by_model(images: Iterable[AbstractImage]) -> dict[Any, dict[Any, list[AbstractImage]]]:
    """Images of each model by key: a page may have several objects of one."""
    found: dict[Any, dict[Any, list[AbstractImage]]] = {}
    for image in images:
        if image.pk is not None:
            found.setdefault(type(image), {}).setdefault(image.pk, []).append(image)
    return found


def _knows(image: AbstractImage, stored: frozenset[str]) -> bool:
    kept: Memory | None = memory.of(image)
    if kept is None and "renditions" in getattr(image, "_prefetched_objects_cache", {}):
        # Django's own prefetch, which has them all.
        kept = memory.begin(image)
        for row in image.renditions.all():
            kept.keep(row)
        kept.everything = True
    return kept is not None and (kept.everything or stored <= kept.asked)


def _lacks(image: AbstractImage, specs: frozenset[str]) -> bool:
    """Whether any of these filter specs, as written, has no rendition of the image as it is."""
    kept = memory.begin(image)
    filters = map(parsed, as_stored(specs, image.is_svg()))
    return any(OutputKey(each.spec, focal_point_key(each, image)) not in kept.renditions for each in filters)


def _fill(model: Any, images: Mapping[Any, list[AbstractImage]], stored: frozenset[str] | None) -> None:
    """Read the renditions of these images, of some filter specs or all; each object gets rows of its own."""
    if not images:
        return
    rows = model.get_rendition_model()._default_manager.filter(image__in=list(images))
    if stored is not None:
        rows = rows.filter(filter_spec__in=sorted(stored))
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(row.image_id, []).append(row)
    for pk, each in images.items():
        for number, image in enumerate(each):
            kept = memory.begin(image)
            prefetched = {row.pk for row in getattr(image, "prefetched_renditions", ())}
            for row in found.get(pk, ()):
                own = copy(row) if number else row
                own.image = image
                kept.keep(own)
                if prefetched and own.pk not in prefetched:
                    # Wagtail takes these for all there are, and would make this one again.
                    image._add_to_prefetched_renditions(own)
            kept.asked |= stored or set()
            kept.everything = kept.everything or stored is None
