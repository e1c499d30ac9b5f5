"""Storages: what they are like, and what they are asked for in the name of a model."""

from __future__ import annotations

from typing import Any

from django.core.files import File
from django.core.files.storage import Storage
from django.db import models
from django.utils.functional import LazyObject, empty


def overwrites(storage: Storage) -> bool:
    """
    Whether saving under a name that is taken replaces the file, as S3 does unless told otherwise.

    Asked of the storage itself: such a one has no other name to offer for the name it is given.
    """
    for option in ("file_overwrite", "overwrite_files"):
        value = getattr(storage, option, None)
        if value is not None:
            return bool(value)
    # A storage with a way of its own to choose names may well choose one that is taken.
    own_way = type(unwrapped(storage)).get_available_name is not Storage.get_available_name
    return own_way or bool(getattr(storage, "_allow_overwrite", False))


def is_near(storage: Storage) -> bool:
    """Whether its files are on this machine, so that reading and writing them is no waiting. Asked as Wagtail asks."""
    try:
        storage.path("here")
    except NotImplementedError:
        return False
    except Exception:  # noqa: BLE001 - a storage that knows paths, and not of this file
        return True
    return True


def generated_name(instance: models.Model, content: File) -> str:
    """The name Wagtail gives a rendition file, from the field's own ``upload_to``."""
    return instance._meta.get_field("file").generate_filename(instance, content.name)  # type: ignore[union-attr]


def storage_of(model: type[models.Model]) -> Storage:
    storage: Storage = model._meta.get_field("file").storage  # type: ignore[union-attr]
    return storage


def unwrapped(storage: Any) -> Any:
    """The storage behind one that is made when first used, as Django's default storage is."""
    if isinstance(storage, LazyObject):
        if storage._wrapped is empty:
            storage._setup()
        return storage._wrapped
    return storage


def field_length(model: type[models.Model]) -> Any:
    return model._meta.get_field("file").max_length  # type: ignore[union-attr]
