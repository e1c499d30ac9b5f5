"""Are the files behind rows in storage? Asked only by ``--verify``: it costs a request for each."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import Storage


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


def verify(storage: Storage, names: Iterable[str], *, threads: int) -> Verdict:
    """Ask a storage for files, several at a time."""
    names = list(dict.fromkeys(names))
    lost: set[str] = set()
    no_file: set[str] = set()
    unsure: dict[str, Exception] = {}
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
        return storage.exists(name)
    except Exception as error:  # noqa: BLE001 - told by the caller, for the rendition it concerns
        return error
