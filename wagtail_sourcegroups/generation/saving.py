"""
A file is saved before the row that names it: under a name that is nobody else's, and as often as it takes.

An attempt that is said to have failed may have arrived all the same. So the name is chosen before the first one, and
the next is at that very name: nothing is left beside the file that a row comes to name.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.files import File, locks
from django.core.files.storage import Storage
from django.core.files.utils import validate_file_name

from .files import is_near, overwrites, unwrapped
from .naming import with_suffix
from .retrying import persist

_names_in_hand: set[tuple[int, str]] = set()
_names_lock = threading.Lock()


def save(storage: Storage, name: str, content: File, *, max_length: int | None, suffix: str = "") -> str:
    """
    Save a new file, under ``name`` or one like it that nothing has, and return its name.

    ``suffix`` makes the name its own where the storage does not see to that (see :mod:`.naming`). Raises what the
    storage raises, at the latest attempt.
    """
    if not overwrites(storage):
        wished = name if is_near(storage) else with_suffix(name, suffix)
        return _save(storage, wished, content, max_length)
    # It would let two images whose names are equal write one file.
    with _free_name(storage, name, max_length, suffix) as free:
        return _save(storage, free, content, max_length)


def save_again(storage: Storage, name: str, content: File) -> str:
    """
    Save a file that was lost, under the very name its row has; the name it got, should somebody have been faster.
    """
    return _save(storage, name, content, None)


def _save(storage: Storage, name: str, content: File, max_length: int | None) -> str:
    """As ``storage.save()``, which is taken apart to know the name that is written."""
    if type(unwrapped(storage)).save is not Storage.save:
        # A site's own storage, which is asked in its own way, whatever name comes of it.
        return persist(lambda: storage.save(name, _rewound(content), max_length=max_length))
    validate_file_name(name, allow_relative_path=True)
    free: str = persist(lambda: storage.get_available_name(name, max_length=max_length))
    validate_file_name(free, allow_relative_path=True)
    written: Any = storage

    def write() -> str:
        try:
            return str(written._save(free, _rewound(content)))
        except Exception:
            with suppress(Exception):
                _clear_away(storage, free, content)
            raise

    saved = persist(write)
    validate_file_name(saved, allow_relative_path=True)
    return saved


def _rewound(content: File) -> File:
    content.seek(0)
    return content


def _clear_away(storage: Storage, name: str, content: File) -> None:
    """
    Remove what a full disk has left of a file: it would be in the way for good, and take room that is needed.

    Not if it is something else than a beginning of what was to be written, or if another process is writing it.
    """
    if not is_near(storage):
        # What arrives there arrives whole.
        return
    path = storage.path(name)
    with open(path, "rb") as found:
        size = os.fstat(found.fileno()).st_size
        if size >= content.size or found.read() != _rewound(content).read(size):
            return
        # Django's own storage holds this lock while it writes.
        if locks.lock(found, locks.LOCK_EX | locks.LOCK_NB):
            os.remove(path)


@contextmanager
def _free_name(storage: Storage, name: str, max_length: int | None, suffix: str) -> Iterator[str]:
    """A name that neither the storage nor another thread of this process has; ours until saved."""
    root, extension = os.path.splitext(name)
    free = with_suffix(name, suffix)
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
            there = True
            try:
                there = _exists(storage, free)
            finally:
                if there:
                    with _names_lock:
                        _names_in_hand.discard(mine)
            if not there:
                break
        free = _alternative(storage, root, extension)
    try:
        yield free
    finally:
        with _names_lock:
            _names_in_hand.discard(mine)


def _exists(storage: Storage, name: str) -> bool:
    return persist(lambda: storage.exists(name))


def _alternative(storage: Storage, root: str, extension: str) -> str:
    """Another name, as Django's storages make one: an overwriting storage would offer the same again."""
    return Storage.get_alternative_name(storage, root, extension)
