"""
Are the files behind rows in storage? Asked only by ``--verify``.

A disk is asked file by file. A storage far away is listed as well, for a page of a thousand names costs what asking for
one file does. How many files it holds beside those that are asked for nobody knows beforehand: so no more pages are
read than a tenth of the names there are to ask for. A run over all images has soon listed everything, a run over
one image lists nothing, and neither makes many more requests than it has names.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import Storage

from .files import is_near
from .listing import Entry, Names, in_pages, pages
from .retrying import persist

logger = logging.getLogger("wagtail_sourcegroups")

#: Names to ask for that are worth reading one page.
NAMES_A_PAGE = 10

#: Files that are remembered from a list, at eight bytes each. Those beyond are asked for one by one.
MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Names of files that are ``lost``, and can come back under their name; names that ``no_file`` can have; and
    those of which storage could not tell, with the error.
    """

    lost: frozenset[str] = frozenset()
    no_file: frozenset[str] = frozenset()
    unsure: dict[str, Exception] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.lost or self.no_file or self.unsure)


class Listings:
    """What the storages of one round are known to hold: as far as they have been listed."""

    def __init__(self) -> None:
        self._of: dict[tuple[int, str], _Listing] = {}

    def known(self, storage: Storage, names: Iterable[str]) -> set[str]:
        """Those of some names that a list has, after reading on a little for their sake."""
        if is_near(storage):
            return set()
        by_directory: dict[str, list[str]] = {}
        for name in names:
            directory, slash, _ = name.partition("/")
            # At the top of a storage there is too much else.
            if slash and directory:
                by_directory.setdefault(directory, []).append(name)
        known: set[str] = set()
        for directory, here in by_directory.items():
            key = (id(storage), directory)
            if key not in self._of:
                self._of[key] = _Listing(storage, directory)
            known |= self._of[key].known(here)
        return known


class _Listing:
    """The list of one directory, and of those below it, as far as it was read."""

    def __init__(self, storage: Storage, directory: str) -> None:
        self._storage = storage
        self._directory = directory
        self._names = Names()
        self._pages: Iterator[list[Entry]] | None = None
        self._done = False
        self._credit = 0.0

    def known(self, names: list[str]) -> set[str]:
        here = {name for name in names if name in self._names}
        self._read(len(names) - len(here))
        return here | {name for name in names if name in self._names}

    def _read(self, names: int) -> None:
        """Read on as far as so many more names to ask for are worth."""
        self._credit += names / NAMES_A_PAGE
        while self._credit >= 1 and not self._done:
            self._credit -= 1
            try:
                if self._pages is None:
                    if not in_pages(self._storage) and self._credit < NAMES_A_PAGE:
                        # Of the rest only whole directories are to be had. Saved up for.
                        self._credit += 1
                        return
                    self._pages = pages(self._storage, self._directory)
                page = next(self._pages, None)
            except Exception as error:  # noqa: BLE001 - many may read each file and no list; then each is asked for
                if not isinstance(error, NotImplementedError):
                    logger.warning("The storage of renditions cannot be listed: %s", error)
                page = None
            if page is None or len(self._names) + len(page) > MOST:
                self._done = True
                return
            for entry in page:
                self._names.add(entry.name)


def verify(
    storage: Storage, names: Iterable[str], *, threads: int, listings: Listings | None = None
) -> Verdict:
    """
    Ask a storage for files: those that its list does not have one by one, several at a time. A list may be older than
    a file.
    """
    names = list(dict.fromkeys(names))
    known = listings.known(storage, names) if listings is not None else set()
    names = [name for name in names if name not in known]
    lost: set[str] = set()
    no_file: set[str] = set()
    unsure: dict[str, Exception] = {}
    if not names:
        return Verdict()
    with ThreadPoolExecutor(threads) as pool:
        for name, there in zip(names, pool.map(lambda name: _is_there(storage, name), names), strict=True):
            if isinstance(there, SuspiciousOperation):
                no_file.add(name)
            elif isinstance(there, Exception):
                unsure[name] = there
            elif not there:
                (lost if name else no_file).add(name)
    return Verdict(frozenset(lost), frozenset(no_file), unsure)


def _is_there(storage: Storage, name: str) -> bool | Exception:
    if not name:
        # The directory itself, which is there.
        return False
    try:
        return persist(lambda: storage.exists(name))
    except Exception as error:  # noqa: BLE001 - told by the caller, for the rendition it concerns
        return error
