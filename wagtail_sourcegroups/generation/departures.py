"""
Taking leave: files that lost their row, or never had one, and rows of renditions that are to go.

A file is deleted after its row's transaction has committed, and only if no row of any model names it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

import django.db
from django.apps import apps
from django.core.cache.backends.locmem import LocMemCache
from django.core.files.storage import Storage
from django.db import connections, models, router, transaction
from django.db.models import Q
from django.utils import timezone
from wagtail.images import get_image_model

from .. import conf
from ..models import FileRendition, LeftoverFile
from . import database
from .files import storage_of, unwrapped
from .retrying import BRIEFLY, ONCE, is_transient, persist
from .state import forget_renditions
from .upsert import upsert

logger = logging.getLogger("wagtail_sourcegroups")


class Departures:
    """
    Names of files that may go once a batch is done: gathered, since asking whether a row names one is a scan.

    ``discarded`` never got a row. ``retired`` are those a row has moved on from: where each process has a
    rendition cache of its own, others may name them for a while yet.
    """

    def __init__(self) -> None:
        self._discarded: dict[type[models.Model], list[str]] = {}
        self._retired: dict[type[models.Model], list[str]] = {}

    def discard(self, model: type[models.Model], names: Iterable[str]) -> None:
        self._discarded.setdefault(model, []).extend(filter(None, names))

    def retire(self, model: type[models.Model], names: Iterable[str]) -> None:
        later = self._retired if cache_is_per_process(model) else self._discarded
        later.setdefault(model, []).extend(filter(None, names))

    def take_leave(self) -> None:
        """Let go of all of them, once the open transaction, if there is one, has committed."""
        for model, names in self._discarded.items():
            if names:
                let_go = partial(discard, model, tuple(names))
                transaction.on_commit(named(let_go), using=router.db_for_write(model))
        for model, names in self._retired.items():
            remember_leftovers(model, names)
        self._discarded, self._retired = {}, {}


def discard(model: type[models.Model], names: Iterable[str]) -> None:
    """
    Delete files of a model's storage, unless some row names them after all.

    Never raises: a file that cannot be deleted is left over. If only for now, a later run deletes it; otherwise
    ``--verify`` finds it.
    """
    later = _delete(model, names)
    if later:
        try:
            remember_leftovers(model, later)
        except django.db.Error as error:
            logger.warning("%d files were left over: the database cannot be asked (%s)", len(later), error)


def _delete(model: type[models.Model], names: Iterable[str]) -> list[str]:
    """Those that are not deleted now, and may be later: storage does not, or nobody can tell if a row names them."""
    names = sorted(set(filter(None, names)))
    if not names:
        return []
    storage = storage_of(model)
    try:
        taken = named_anywhere(names, storage)
    except django.db.Error as error:
        logger.warning("%d files are left for later: the database cannot be asked (%s)", len(names), error)
        # It may be back for whoever remembers them.
        database.close_if_broken(router.db_for_write(LeftoverFile))
        return names
    later: list[str] = []
    for name in names:
        if name in taken:
            continue
        try:
            # A storage that is down is not waited for once more for each file.
            persist(partial(storage.delete, name), ONCE if later else BRIEFLY)
        except Exception as error:  # noqa: BLE001 - the work that led here is done and must not fail for this
            logger.warning("The file %s was left over: %s", name, error)
            if is_transient(error):
                later.append(name)
    return later


def remember_leftovers(model: type[models.Model], names: Iterable[str]) -> None:
    """Keep files for ``ORPHAN_GRACE`` seconds; they go with a later run."""
    now = timezone.now()
    label = model._meta.label_lower
    upsert(
        [LeftoverFile(model=label, name=name, left_at=now) for name in sorted(set(filter(None, names)))],
        unique=["model", "name"],
        update=["left_at"],
    )


def discard_leftovers(known_models: Iterable[type[models.Model]]) -> int:
    """Delete kept files whose time has come; how many. One query where there are none."""
    now, grace = timezone.now(), timedelta(seconds=conf.get("ORPHAN_GRACE"))
    # Left in the future: by a clock that has been set right since.
    time_has_come = Q(left_at__lte=now - grace) | Q(left_at__gt=now + grace)
    by_label: dict[str, type[models.Model]] = {FileRendition._meta.label_lower: FileRendition}
    by_label.update((model._meta.label_lower, model) for model in known_models)
    count = 0
    later: dict[str, list[str]] = {}
    while True:
        due = list(LeftoverFile.objects.filter(time_has_come, model__in=by_label).order_by("pk")[:500])
        LeftoverFile.objects.filter(pk__in=[leftover.pk for leftover in due]).delete()
        for label in sorted({leftover.model for leftover in due}):
            names = [leftover.name for leftover in due if leftover.model == label]
            later.setdefault(label, []).extend(_delete(by_label[label], names))
        # What is to be remembered is not on record any more.
        database.wait_for(router.db_for_write(LeftoverFile))
        count += len(due)
        if len(due) < 500:
            break
    # Not before: with no grace at all they would be due again at once.
    for label, names in later.items():
        remember_leftovers(by_label[label], names)
    return count - sum(map(len, later.values()))


def delete_rows(model: Any, pks: Collection[Any], names: Collection[str]) -> None:
    """
    Delete rendition rows, and their files with them.

    By instances, for the receivers that purge caches. Those of the site's own model delete the files as well, in
    their own time: doing it here too could free a name that is taken again before they come to it.
    """
    if not pks:
        return
    using = router.db_for_write(model)
    rows = model._base_manager.using(using)
    pks, names = list(pks), set(filter(None, names))
    # Two rows may name one file where a storage overwrites. Wagtail's receiver would delete it without asking.
    shared = set(rows.filter(file__in=names).exclude(pk__in=pks).values_list("file", flat=True))
    shared |= set(FileRendition._base_manager.filter(file__in=names).values_list("file", flat=True))
    with transaction.atomic(using=using):
        if shared:
            for row in rows.filter(pk__in=pks, file__in=shared):
                row.purge_from_cache()
                rows.filter(pk=row.pk)._raw_delete(using)
        rows.filter(pk__in=pks).delete()
        forget_renditions(model, pks)
    if model is not get_image_model().get_rendition_model():
        transaction.on_commit(named(partial(discard, model, tuple(names - shared))), using=using)


def cache_is_per_process(model: type[models.Model]) -> bool:
    """Whether the cache that Wagtail keeps renditions in is seen by one process only."""
    return isinstance(getattr(model, "cache_backend", None), LocMemCache)


def named(function: partial[None]) -> Any:
    """A commit callback with a name, which Django asks for when one raises."""

    def let_go() -> None:
        function()

    return let_go


def named_anywhere(names: Collection[str], storage: Storage) -> set[str]:
    """Which of these names a row names in any ``FileField`` on this storage, or on one that may be the same."""
    if not names:
        return set()
    leftovers = LeftoverFile.objects.using(router.db_for_write(LeftoverFile))
    found = set(leftovers.filter(name__in=names).values_list("name", flat=True))
    for model, field, using in _file_fields(storage):
        rows = model._base_manager.using(using).filter(**{f"{field}__in": names})
        found.update(rows.values_list(field, flat=True))
    return found


def _file_fields(storage: Storage) -> list[tuple[type[models.Model], str, str]]:
    """
    Every file field of every model, where its table is there, unless its storage is certainly another one. Where rows
    are written and where they are read: a replica may lag behind, and some models are only read.
    """
    tables: dict[str, set[str]] = {}
    found = []
    for model in apps.get_models(include_auto_created=True):
        fields = [field for field in model._meta.local_fields if isinstance(field, models.FileField)]
        if not fields or model._meta.proxy:
            continue
        for using in sorted({router.db_for_write(model), router.db_for_read(model)}):
            if using not in tables:
                with connections[using].cursor() as cursor:
                    listed = connections[using].introspection.table_names(cursor, include_views=True)
                    tables[using] = set(listed)
            if model._meta.db_table in tables[using]:
                found += [
                    (model, field.name, using) for field in fields if _may_be_same(field.storage, storage)
                ]
    return found


def _may_be_same(one: Storage, other: Storage) -> bool:
    here, there = place_of(one), place_of(other)
    return (None, None) in (here, there) or here == there


def place_of(storage: Any) -> tuple[Any, Any]:
    """Bucket and directory of a storage, as far as it says."""
    storage = unwrapped(storage)
    location = getattr(storage, "location", None)
    return getattr(storage, "bucket_name", None), None if location is None else str(location)
