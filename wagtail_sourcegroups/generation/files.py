"""Files in the rendition storage: how they are named and saved. A file is saved before the row that names it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files import File
from django.core.files.storage import Storage
from django.db import models
from django.utils.functional import LazyObject, empty

_names_in_hand: set[tuple[int, str]] = set()
_names_lock = threading.Lock()


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


def save(storage: Storage, name: str, content: File, *, max_length: int | None) -> str:
    """
    Save a new file, under ``name`` or one like it that nothing has, and return its name.

    An overwriting storage would let two images whose truncated names are equal write one file.
    """
    content.seek(0)
    if not overwrites(storage):
        return storage.save(name, content, max_length=max_length)
    with _free_name(storage, name, max_length) as free:
        return storage.save(free, content, max_length=max_length)


def save_again(storage: Storage, name: str, content: File) -> str:
    """
    Save a file that was lost, under the very name its row has; the name it got, should somebody have been faster.
    """
    content.seek(0)
    return storage.save(name, content, max_length=None)


def generated_name(instance: models.Model, content: File) -> str:
    """The name Wagtail gives a rendition file, from the field's own ``upload_to``."""
    return instance._meta.get_field("file").generate_filename(instance, content.name)  # type: ignore[union-attr]


def storage_of(model: type[models.Model]) -> Storage:
    storage: Storage = model._meta.get_field("file").storage  # type: ignore[union-attr]
    return storage


@contextmanager
def _free_name(storage: Storage, name: str, max_length: int | None) -> Iterator[str]:
    """A name that neither the storage nor another thread of this process has; ours until saved."""
    root, extension = os.path.splitext(name)
    free = name
    while True:
        if max_length and len(free) > max_length:
            excess = len(free) - max_length
            root = root[: -excess or None]
            free = _alternative(storage, root, extension)
            continue
        mine = (id(storage), free)
        with _names_lock:
            taken = mine in _names_in_hand
            if not taken:
                _names_in_hand.add(mine)
        if not taken:
            if not storage.exists(free):
                break
            with _names_lock:
                _names_in_hand.discard(mine)
        free = _alternative(storage, root, extension)
    try:
        yield free
    finally:
        with _names_lock:
            _names_in_hand.discard(mine)


def _alternative(storage: Storage, root: str, extension: str) -> str:
    """Another name, as Django's storages make one: an overwriting storage would offer the same again."""
    return Storage.get_alternative_name(storage, root, extension)


def unwrapped(storage: Any) -> Any:
    """The storage behind one that is made when first used, as Django's default storage is."""
    if isinstance(storage, LazyObject):
        if storage._wrapped is empty:
            storage._setup()
        return storage._wrapped
    return storage


def field_length(model: type[models.Model]) -> Any:
    return model._meta.get_field("file").max_length  # type: ignore[union-attr]
