"""
Files in the rendition storage: how they are named, saved and, last of all, deleted.

A file is saved before the row that names it, and deleted only when no row does.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.files import File
from django.core.files.storage import Storage
from django.db import DatabaseError, models
from django.utils import timezone

from .. import conf
from ..models import FileRendition, LeftoverFile
from .upsert import upsert

logger = logging.getLogger("wagtail_sourcegroups")

_names_in_hand: set[tuple[int, str]] = set()
_names_lock = threading.Lock()


def overwrites(storage: Storage) -> bool:
    """
    Whether saving under a name that is taken replaces the file, as S3 does unless told otherwise.

    Asked of the storage itself: such a one has no other name to offer for the name it is given.
    """
    for option in ("file_overwrite", "overwrite_files", "_allow_overwrite"):
        value = getattr(storage, option, None)
        if value is not None:
            return bool(value)
    return False


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


def discard(model: type[models.Model], names: Iterable[str]) -> None:
    """
    Delete files that lost their row, or never had one, unless some row names them after all. One query.

    A file that cannot be deleted is left over; ``--verify`` finds it.
    """
    names = set(names)
    if not names:
        return
    storage = storage_of(model)
    try:
        named = named_files(names, model)
    except DatabaseError as error:
        logger.warning("%d files were left over: the database cannot be asked (%s)", len(names), error)
        return
    for name in names - named:
        try:
            storage.delete(name)
        except Exception as error:  # noqa: BLE001 - the work that led here is done and must not fail for this
            logger.warning("The file %s was left over: %s", name, error)


def retire(model: type[models.Model], names: Iterable[str]) -> None:
    """
    Take leave of files that a row has moved on from.

    Where each process has a rendition cache of its own, others may name them for a while yet: they stay for
    ``ORPHAN_GRACE`` seconds and go with a later run.
    """
    names = [name for name in names if name]
    if not cache_is_per_process(model):
        discard(model, names)
        return
    label = model._meta.label_lower
    now = timezone.now()
    upsert(
        [LeftoverFile(model=label, name=name, left_at=now) for name in sorted(set(names))],
        unique=["model", "name"],
        update=["left_at"],
    )


def discard_leftovers(known_models: Iterable[type[models.Model]]) -> int:
    """Delete retired files whose time has come; how many. One query where there are none."""
    since = timezone.now() - timedelta(seconds=conf.get("ORPHAN_GRACE"))
    by_label: dict[str, type[models.Model]] = {FileRendition._meta.label_lower: FileRendition}
    by_label.update((model._meta.label_lower, model) for model in known_models)
    count = 0
    while True:
        due = list(LeftoverFile.objects.filter(left_at__lte=since, model__in=by_label).order_by("pk")[:500])
        for label in sorted({leftover.model for leftover in due}):
            discard(by_label[label], [leftover.name for leftover in due if leftover.model == label])
        LeftoverFile.objects.filter(pk__in=[leftover.pk for leftover in due]).delete()
        count += len(due)
        if len(due) < 500:
            return count


def named_files(names: Iterable[str], *models_: type[models.Model]) -> set[str]:
    """Which of these file names a row of one of the models, or of ours, names."""
    names = list(names)
    found: set[str] = set()
    naming: dict[type[models.Model], None] = dict.fromkeys((*models_, FileRendition))
    for model in naming:
        found.update(model._default_manager.filter(file__in=names).values_list("file", flat=True))
    return found


def cache_is_per_process(model: type[models.Model]) -> bool:
    """Whether the cache that Wagtail keeps renditions in is seen by one process only."""
    return isinstance(getattr(model, "cache_backend", None), LocMemCache)


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


def field_length(model: type[models.Model]) -> Any:
    return model._meta.get_field("file").max_length  # type: ignore[union-attr]
