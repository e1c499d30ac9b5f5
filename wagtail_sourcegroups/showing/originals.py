"""What a template means by its source: an image, an object that has one, the file of a field, or a plain file."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import Any

from django.core.files import File
from django.db.models import ForeignKey, ImageField, Model
from django.db.models.fields.files import FieldFile
from wagtail.blocks import BoundBlock
from wagtail.images.models import AbstractImage

from ..exceptions import InvalidSource, SourceUnreadable
from ..generation.sources import Source, source_of
from ..registry import get_registry
from ..sourcegroups.base import SourceGroup
from ..sourcegroups.directories import DirectorySourceGroup
from ..sourcegroups.fields import ImageFieldSourceGroup

logger = logging.getLogger("wagtail_sourcegroups")

ACCEPTED = (
    "an image, an object with one image field, the file of an ImageField, or a file that is open for reading"
)


def original_source(given: Any, spec_id: str = "") -> Source | None:
    """
    The source that ``given`` means to a tag that shows the spec of this id; ``None`` where there is no picture, as in
    an empty field, or where a plain file cannot be read.

    Raises :exc:`.InvalidSource` for what is no picture and has none, and for an object with several.
    """
    if isinstance(given, BoundBlock):
        given = given.value
    if given is None or given == "":
        return None
    if isinstance(given, Source):
        return given or None
    if isinstance(given, Model) and not isinstance(given, AbstractImage):
        given = getattr(given, image_field(type(given), spec_id))
        if given is None:
            return None
    if isinstance(given, AbstractImage):
        given = given.file
    if isinstance(given, FieldFile):
        return source_of(given) if given else None
    return _plain(given, spec_id)


def image_field(model: type[Model], spec_id: str = "") -> str:
    """
    The name of the field that holds the picture of a model's objects: its only one, or, of several, the only one that a
    group of this spec is about. Raises :exc:`.InvalidSource`.
    """
    fields = image_fields(model)
    if len(fields) > 1:
        fields = [field for field in fields if field in _bound_fields(model, spec_id)] or fields
    if len(fields) == 1:
        return fields[0]
    label = model._meta.label
    if not fields:
        raise InvalidSource(f"{label} has no image field; give {ACCEPTED}.")
    raise InvalidSource(f"{label} has several image fields, {', '.join(fields)}; give one of these.")


def image_fields(model: type[Model]) -> list[str]:
    """The names of a model's fields that hold pictures: ForeignKeys to image models, and ``ImageField``."""
    return [field.name for field in model._meta.fields if _holds_image(field)]


def _holds_image(field: Any) -> bool:
    if isinstance(field, ForeignKey):
        return isinstance(field.related_model, type) and issubclass(field.related_model, AbstractImage)
    return isinstance(field, ImageField)


def _bound_fields(model: type[Model], spec_id: str) -> set[str]:
    groups = (binding.group for binding in get_registry().bindings if binding.spec.id == spec_id)
    return {
        group.field
        for group in groups
        if isinstance(group, ImageFieldSourceGroup) and issubclass(model, group.holder)
    }


def _plain(given: Any, spec_id: str) -> Source | None:
    # One of Django's that is closed has no read(), and may well be opened again.
    if not isinstance(given, File) and not callable(getattr(given, "read", None)):
        raise InvalidSource(f"{given!r} is no source of renditions; give {ACCEPTED}.")
    try:
        return source_of(given, _identity(given, spec_id))
    except SourceUnreadable as error:
        # As an image whose original is not there.
        logger.warning("%s", error)
        return None


def _identity(file: Any, spec_id: str) -> str | None:
    """How the group that a plain file is of names it: one of the spec's groups, else any that has such a file."""
    for group in _plain_groups(spec_id):
        identity = group.identity(file)
        if identity is not None and _may_hold(group, file):
            return identity
    return None


def _plain_groups(spec_id: str) -> Iterable[SourceGroup]:
    bindings = get_registry().bindings
    mine = [binding.group for binding in bindings if binding.spec.id == spec_id]
    others = [binding.group for binding in bindings if isinstance(binding.group, DirectorySourceGroup)]
    return [group for group in dict.fromkeys((*mine, *others)) if not group.of_images]


def _may_hold(group: SourceGroup, file: Any) -> bool:
    if not isinstance(group, DirectorySourceGroup):
        return True
    inside = os.path.relpath(file.name, group.path)
    return inside != os.pardir and not inside.startswith(os.pardir + os.sep)
