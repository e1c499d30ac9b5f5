"""
Files in the rendition storage that no row names: found by listing it, a page of names at a time.

Only those that bear a name the engine gives, for a filter spec that is or once was bound, and that have lain
there long enough, are ever removed. Whatever else lies there is somebody else's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from django.core.files.storage import Storage
from django.db import models
from django.utils import timezone
from wagtail.images.models import IMAGE_FORMAT_EXTENSIONS, AbstractRendition

from .. import conf
from ..models import FileRendition
from . import files
from .departures import named_anywhere, place_of
from .listing import Entry, pages
from .plan import is_svg
from .prune import as_stored
from .retrying import persist

#: Names compared with rows at a time.
PAGE = 500

#: Where Wagtail puts renditions, and we those of plain files.
DIRECTORY = "images"

_EXTENSIONS = frozenset(IMAGE_FORMAT_EXTENSIONS.values())
#: What Django's ``get_alternative_name`` adds to a name that is taken, and :mod:`.naming` to one that may be.
_SUFFIX = re.compile(r"(_[A-Za-z0-9]{7}){1,2}$")


class Orphan(NamedTuple):
    """A file without a row. ``ours``: its name is one the engine gives; ``old``: it has lain there long enough."""

    name: str
    ours: bool
    old: bool

    @property
    def removable(self) -> bool:
        return self.ours and self.old


class Place(NamedTuple):
    """A storage that holds renditions, and the directories in it that are theirs."""

    storage: Storage
    directories: tuple[str, ...]


def places(rendition_models: Iterable[type[models.Model]]) -> list[Place]:
    """Where the renditions of these models, and those of plain files, are stored."""
    found: list[tuple[Storage, set[str]]] = []
    every: list[type[models.Model]] = [*rendition_models, FileRendition]
    for model in dict.fromkeys(every):
        storage = files.storage_of(model)
        for known, directories in found:
            if known is storage or place_of(known) == place_of(storage) != (None, None):
                directories.add(_directory(model))
                break
        else:
            found.append((storage, {_directory(model)}))
    return [Place(storage, tuple(sorted(directories))) for storage, directories in found]


def find(place: Place, bound: frozenset[str]) -> Iterator[Orphan]:
    """
    The files in one place that no row of any ``FileField`` names.

    ``bound`` are the filter specs that a binding asks for or once did. Raises ``NotImplementedError`` where the
    storage cannot list its files.
    """
    page: list[Entry] = []
    for directory in place.directories:
        for entry in chain.from_iterable(pages(place.storage, directory)):
            page.append(entry)
            if len(page) == PAGE:
                yield from _orphans(page, place.storage, bound)
                page = []
    yield from _orphans(page, place.storage, bound)


def remove(place: Place, orphans: Iterable[Orphan]) -> list[str]:
    """
    Delete those of some orphans that may go, unless a row has come to name them; the names of the deleted ones.

    Raises what the storage raises.
    """
    names = [orphan.name for orphan in orphans if orphan.removable]
    gone = []
    for start in range(0, len(names), PAGE):
        page = names[start : start + PAGE]
        named = named_anywhere(page, place.storage)
        for name in page:
            if name not in named:
                persist(partial(place.storage.delete, name))
                gone.append(name)
    return gone


def is_ours(name: str, bound: frozenset[str]) -> bool:
    """
    Whether a name is one the engine gives a rendition for one of these filter specs.

    ``stem.[focal-point key.]filter.spec.ext``, perhaps with what a storage adds where that is taken.
    """
    stem, extension = os.path.splitext(os.path.basename(name))
    if extension not in _EXTENSIONS:
        return False
    dotted = _dotted(as_stored(bound, is_svg(name)))
    for candidate in {stem, _SUFFIX.sub("", stem)}:
        dots = [index for index, character in enumerate(candidate) if character == "."]
        if any(candidate[dot + 1 :] in dotted for dot in dots):
            return True
    return False


def _orphans(entries: list[Entry], storage: Storage, bound: frozenset[str]) -> Iterator[Orphan]:
    named = named_anywhere([entry.name for entry in entries], storage)
    since = timezone.now() - timedelta(seconds=conf.get("ORPHAN_GRACE"))
    for entry in entries:
        if entry.name not in named:
            ours = is_ours(entry.name, bound)
            yield Orphan(entry.name, ours, ours and _is_old(storage, entry, since))


def _is_old(storage: Storage, entry: Entry, since: datetime) -> bool:
    """Where nobody can tell, it is not."""
    modified = entry.modified
    try:
        if modified is None:
            modified = persist(lambda: storage.get_modified_time(entry.name))
    except Exception:  # noqa: BLE001 - not there any more, not to be told, or not now: then it stays
        return False
    return (modified if timezone.is_aware(modified) else timezone.make_aware(modified)) <= since


def _dotted(filter_specs: frozenset[str]) -> frozenset[str]:
    return frozenset(filter_spec.replace("|", ".") for filter_spec in filter_specs)


def _directory(model: type[models.Model]) -> str:
    """The topmost directory that a model's rendition files go to."""
    meta: Any = model._meta
    field: Any = meta.get_field("file")
    try:
        unsaved = (
            model(image=field.model.image.field.related_model())
            if issubclass(model, AbstractRendition)
            else model()
        )
        top = field.generate_filename(unsaved, "name.jpg").replace("\\", "/").partition("/")
    except Exception:  # noqa: BLE001 - a site's own upload path may need more of an image than an unsaved one has
        return DIRECTORY
    # At the top of the storage there is too much that is not ours.
    return top[0] if top[1] else DIRECTORY
