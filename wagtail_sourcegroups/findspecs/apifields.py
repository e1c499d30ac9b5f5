"""What Wagtail's API asks for: renditions among the ``api_fields`` of models, which version 3 of it reads as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from rest_framework.fields import Field
from wagtail.images.api.fields import ImageRenditionField

from . import sourcelines
from .uses import Use


def scan_api_fields() -> Iterator[Use]:
    """One use for each ``ImageRenditionField``, however deep it stands in a field's serializer."""
    found: dict[Use, None] = {}
    for model in apps.get_models():
        owner = next((cls for cls in model.__mro__ if "api_fields" in vars(cls)), model)
        for api_field in getattr(model, "api_fields", ()):
            for field in rendition_fields(getattr(api_field, "serializer", None)):
                path, line = sourcelines.of_classes(
                    [owner], f'"{field.filter_spec}"', f"'{field.filter_spec}'", "api_fields"
                )
                # One that models inherit is one.
                found[Use(path, line, type(field).__name__, (field.filter_spec,), field.filter_spec)] = None
    yield from found


def rendition_fields(serializer: Any) -> Iterator[ImageRenditionField]:
    """The fields of a serializer that are renditions, or the serializer itself."""
    if isinstance(serializer, ImageRenditionField):
        yield serializer
    elif isinstance(serializer, Field):
        yield from rendition_fields(getattr(serializer, "child", None))
        # Those that are written out: working out the others would ask the models.
        for field in getattr(serializer, "_declared_fields", {}).values():
            yield from rendition_fields(field)
