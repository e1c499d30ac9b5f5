"""A storage as far away as S3: every request takes its time, and there are no local paths."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage


class RemoteStorage(Storage):
    """
    Files of a directory, each request for them ``seconds`` away.

    Saving asks first whether the name is taken, which is a request of its own, as with an S3 storage that does not
    overwrite. ``path()`` is not there, so that Wagtail treats it as remote. ``requests`` counts them all.
    """

    requests = 0
    _counting = threading.Lock()

    def __init__(self, location: Path | str, seconds: float) -> None:
        self._files = FileSystemStorage(location)
        self._seconds = seconds

    def _request(self) -> None:
        with self._counting:
            RemoteStorage.requests += 1
        time.sleep(self._seconds)

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        self._request()
        return self._files.open(name, mode)

    def _save(self, name: str, content: File[Any]) -> str:
        self._request()
        return self._files._save(name, content)

    def exists(self, name: str) -> bool:
        self._request()
        return self._files.exists(name)

    def delete(self, name: str) -> None:
        self._request()
        self._files.delete(name)

    def size(self, name: str) -> int:
        self._request()
        return self._files.size(name)

    def get_modified_time(self, name: str) -> datetime:
        self._request()
        return self._files.get_modified_time(name)

    def url(self, name: str | None) -> str:
        return self._files.url(name)
