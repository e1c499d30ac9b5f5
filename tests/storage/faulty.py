"""A storage of which the k-th call fails: every kind of call counts, whatever thread it comes from."""

from __future__ import annotations

import errno
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage

Result = TypeVar("Result")


def lasting() -> Exception:
    return PermissionError(errno.EACCES, "Access denied")


def passing() -> Exception:
    return ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")


@dataclass
class Plan:
    """
    Which calls fail, counted from 1, and how: with ``error``, and ``after`` having done what was asked or before it.
    """

    fails: Callable[[int], bool] = lambda number: False
    error: Callable[[], Exception] = lasting
    after: bool = False
    calls: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


class FaultyStorage(Storage):
    """Files of a directory, without paths, as S3 is. ``overwriting``, it writes over what is there, as S3 does."""

    def __init__(self, location: Path, *, overwriting: bool = False) -> None:
        self.files = FileSystemStorage(location, "/media/", allow_overwrite=overwriting)
        self.file_overwrite = overwriting
        self.plan = Plan()
        self._lock = threading.Lock()

    def _call(self, kind: str, do: Callable[[], Result]) -> Result:
        with self._lock:
            self.plan.calls += 1
            self.plan.kinds[kind] += 1
            fails = self.plan.fails(self.plan.calls)
        if fails and not self.plan.after:
            raise self.plan.error()
        result = do()
        if fails:
            raise self.plan.error()
        return result

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name if self.file_overwrite else super().get_available_name(name, max_length)

    def _open(self, name: str, mode: str = "rb") -> Any:
        def read() -> bytes:
            with self.files.open(name, mode) as file:
                return bytes(file.read())

        return ContentFile(self._call("open", read), name=name)

    def _save(self, name: str, content: Any) -> str:
        def save() -> str:
            if not self.file_overwrite and self.files.exists(name):
                # As S3 does, whoever was told that the name is free.
                self.files.delete(name)
            return self.files._save(name, content)

        return self._call("save", save)

    def exists(self, name: str) -> bool:
        return self._call("exists", lambda: self.files.exists(name))

    def delete(self, name: str) -> None:
        self._call("delete", lambda: self.files.delete(name))

    def size(self, name: str) -> int:
        return self._call("size", lambda: self.files.size(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        return self._call("listdir", lambda: self.files.listdir(path))

    def get_modified_time(self, name: str) -> datetime:
        return self._call("get_modified_time", lambda: self.files.get_modified_time(name))

    def url(self, name: str | None) -> str:
        return self.files.url(name)
