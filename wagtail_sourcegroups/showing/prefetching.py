"""Lists: what a page is going to show of many objects, looked up at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Model, prefetch_related_objects
from django.db.models.fields.files import FieldFile
from wagtail.images.models import AbstractImage

from ..exceptions import InvalidSource
from ..generation.renditionset import RenditionSet
from ..generation.sources import FileSourceBase, ImageSource, Source, source_of
from ..specs import RenditionSpec
from . import lookup, memory, orientation, scheduling
from .lookup import focal_point_key
from .originals import image_fields
from .readonly import is_read_only
from .registered import spec_for


def prefetch(spec_ids: str | Iterable[str], objects: Iterable[Any], source: str | None = None) -> None:
    """
    Look up the renditions of some specs for a list of images, or of objects with images, so that a tag that shows one
    of them asks the database nothing.

    One query for all images of one model and all specs; where something is missing a constant number more. ``source``
    is the path of the image from each object, ``"author__portrait"``; without it every image field is looked at.
    Images that are not there yet are loaded, with one query for each step of the path.

    A queryset is read, and keeps what it has read for the loop that follows. Raises :exc:`.UnknownSpec`, and
    :exc:`.InvalidSource` for what can be gone through only once, or has no images.
    """
    if isinstance(objects, Iterator):
        raise InvalidSource(
            f"{objects!r} can be gone through only once, which would leave nothing to show; give a list or a queryset."
        )
    specs = [spec_for(each) for each in ([spec_ids] if isinstance(spec_ids, str) else spec_ids)]
    sources = list(_sources([each for each in objects if each is not None], source))
    filter_specs = [filter_spec for spec in specs for filter_spec in spec.filters]
    lookup.find_many([each.image for each in sources if each.image is not None], filter_specs)
    lookup.find_of_files(each for each in sources if isinstance(each, FileSourceBase))
    _prepare_missing(specs, sources)


def _prepare_missing(specs: list[RenditionSpec], sources: list[Source]) -> None:
    """What the tags would ask one by one of pictures of which something is missing."""
    distinct = list({each.key: each for each in sources}.values())
    sets = [RenditionSet(spec, each) for spec in specs for each in distinct]
    missing = [each for each in sets if _lacks_something(each)]
    if not missing:
        return
    incomplete = {each.source.key for each in missing}
    orientation.look(each.image for each in sources if each.image is not None and each.key in incomplete)
    if not is_read_only():
        scheduling.failures_of([each.source for each in missing])
        scheduling.schedule_all(missing)


def _lacks_something(rendition_set: RenditionSet) -> bool:
    kept = memory.begin(memory.holder_of(rendition_set.source))
    filters = rendition_set.wanted.filters
    if isinstance(rendition_set.source, ImageSource):
        image: Any = rendition_set.source.image
        return any(
            (each.spec, focal_point_key(each, image)) not in kept.renditions for each in filters.values()
        )
    have = {key.filter_spec for key in kept.renditions}
    return any(key.filter_spec not in have for key in filters)


def _sources(objects: list[Any], path: str | None) -> Iterator[Source]:
    by_model: dict[type[Model], list[Any]] = {}
    for each in objects:
        if isinstance(each, AbstractImage):
            yield from _source(each.file)
        elif isinstance(each, Model):
            by_model.setdefault(type(each), []).append(each)
        else:
            raise InvalidSource(f"{each!r} in the list is neither an image nor an object with one.")
    for model, rows in by_model.items():
        paths = [path] if path else image_fields(model)
        if not paths:
            raise InvalidSource(
                f"{model._meta.label} has no image field; say where its images are: source='author__portrait'."
            )
        for each_path in paths:
            for value in _values(rows, each_path):
                yield from _source(value.file if isinstance(value, AbstractImage) else value)


def _values(objects: list[Any], path: str) -> list[Any]:
    """What a path leads to from each object, loaded at once where it is not loaded yet."""
    values = objects
    for name in path.split("__"):
        rows = [each for each in values if isinstance(each, Model)]
        _load(rows, name)
        values = [value for each in rows if (value := getattr(each, name)) is not None]
    return values


def _load(rows: list[Any], name: str) -> None:
    by_model: dict[type[Model], list[Any]] = {}
    for each in rows:
        by_model.setdefault(type(each), []).append(each)
    for model, alike in by_model.items():
        if not hasattr(model, name):
            raise InvalidSource(f"{model._meta.label} has no field {name!r}, so no image is found there.")
        if any(field.name == name and field.is_relation for field in model._meta.fields):
            prefetch_related_objects(alike, name)


def _source(file: Any) -> Iterator[Source]:
    if isinstance(file, FieldFile) and file:
        yield source_of(file)
