"""What a storage holds, a page at a time: a storage far away tells of a thousand files as fast as of one."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from django.core.files.storage import Storage
from django.utils import timezone

from .files import unwrapped
from .retrying import persist

#: Deeper than any upload directory; a link to a directory above would be followed for ever.
MAX_DEPTH = 16

_BUCKETS = 1024


class Entry(NamedTuple):
    """A file in a storage; when it was written, if that came with the list."""

    name: str
    modified: datetime | None = None


def pages(storage: Storage, directory: str) -> Iterator[list[Entry]]:
    """
    The files in a directory of a storage and below it. No more than a page is held, of S3; of other storages no more
    than the names in one directory.

    Raises ``NotImplementedError`` where the storage cannot list its files, else what the storage raises, which passes
    no more.
    """
    ask = _s3_list(unwrapped(storage))
    if ask is not None:
        return _s3_pages(unwrapped(storage), ask, directory)
    return _listdir_pages(storage, directory)


def in_pages(storage: Any) -> bool:
    """Whether a page costs a request, so that it is known what to list further costs."""
    return _s3_list(unwrapped(storage)) is not None


def _s3_list(storage: Any) -> Callable[..., Any] | None:
    """The operation of boto3 that gives a page, if the storage is that of django-storages."""
    if not (hasattr(storage, "bucket_name") and hasattr(storage, "connection")):
        return None
    client = getattr(getattr(storage.connection, "meta", None), "client", None)
    ask: Callable[..., Any] | None = getattr(client, "list_objects_v2", None)
    return ask


def _s3_pages(storage: Any, ask: Callable[..., Any], directory: str) -> Iterator[list[Entry]]:
    location = str(getattr(storage, "location", "") or "").strip("/")
    root = f"{location}/" if location else ""
    question = {"Bucket": storage.bucket_name, "Prefix": f"{root}{directory.strip('/')}/"}
    while True:
        page = persist(lambda: ask(**question))
        yield [
            Entry(each["Key"].removeprefix(root), _local(each.get("LastModified")))
            for each in page.get("Contents", ())
            # What consoles make to show an empty directory.
            if not each["Key"].endswith("/")
        ]
        if not page.get("IsTruncated"):
            return
        question["ContinuationToken"] = page["NextContinuationToken"]


def _local(moment: datetime | None) -> datetime | None:
    """As ``Storage.get_modified_time()`` gives it: aware, whatever the site's settings."""
    return moment if moment is None or timezone.is_aware(moment) else timezone.make_aware(moment)


def _listdir_pages(storage: Storage, directory: str) -> Iterator[list[Entry]]:
    waiting = [(directory, 0)]
    while waiting:
        path, depth = waiting.pop()
        try:
            directories, names = persist(lambda path=path: storage.listdir(path))  # type: ignore[misc]
        except (FileNotFoundError, NotADirectoryError):
            continue
        yield [Entry(f"{path}/{name}") for name in sorted(names) if name]
        if depth < MAX_DEPTH:
            waiting += [(f"{path}/{name}", depth + 1) for name in sorted(directories, reverse=True) if name]


class Names:
    """
    A great many names, of which only eight bytes each are kept. One that was not added passes for one that was, once
    in a million million times where ten million are kept.
    """

    def __init__(self) -> None:
        self._buckets = [array("Q") for _ in range(_BUCKETS)]
        self._unsorted: set[int] = set()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, name: str) -> None:
        number = self._number(name)
        self._buckets[number % _BUCKETS].append(number)
        self._unsorted.add(number % _BUCKETS)
        self._count += 1

    def __contains__(self, name: str) -> bool:
        number = self._number(name)
        which = number % _BUCKETS
        if which in self._unsorted:
            self._buckets[which] = array("Q", sorted(self._buckets[which]))
            self._unsorted.discard(which)
        bucket = self._buckets[which]
        place = bisect_left(bucket, number)
        return place < len(bucket) and bucket[place] == number

    @staticmethod
    def _number(name: str) -> int:
        return int.from_bytes(blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest())
