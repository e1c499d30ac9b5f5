"""Doors that a thread waits at until a test opens them, and a storage that has some."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage, Storage

#: Seconds after which a test that hangs fails.
PATIENCE = 30.0


class NeverHappened(AssertionError):
    """What a thread waited for did not come."""


class Gate:
    """Shut until opened. ``reached`` is set once somebody stands before it."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self.reached = threading.Event()

    def open(self) -> None:
        self._open.set()

    def pass_through(self) -> None:
        self.reached.set()
        if not self._open.wait(PATIENCE):
            raise NeverHappened("Nobody opened the gate.")


def wait_for(happened: threading.Event) -> None:
    if not happened.wait(PATIENCE):
        raise NeverHappened("It did not happen.")


def until(condition: Callable[[], Any]) -> None:
    """Wait for something that nobody announces."""
    step = threading.Event()
    for _ in range(int(PATIENCE * 1000)):
        if condition():
            return
        step.wait(0.001)
    raise NeverHappened("It did not become so.")


class Most:
    """How many were inside at once, at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self.most = 0

    def __enter__(self) -> None:
        self.add(1)

    def __exit__(self, *error: object) -> None:
        self.add(-1)

    def add(self, number: int) -> None:
        with self._lock:
            self._inside += number
            self.most = max(self.most, self._inside)


class FarStorage(Storage):
    """
    Files of a directory, as far away as S3: without paths. A name that contains a key of ``reading`` or ``saving``
    is kept waiting, or whatever its function does; ``calls`` counts.
    """

    def __init__(self, location: Path) -> None:
        self._files = FileSystemStorage(location, "/media/")
        self.reading: dict[str, Callable[[], Any]] = {}
        self.saving: dict[str, Callable[[], Any]] = {}
        self.calls: Counter[str] = Counter()
        self.at_once = Most()

    def _open(self, name: str, mode: str = "rb") -> Any:
        self._called("open")
        with self.at_once:
            self._hold(self.reading, name)
            return self._files.open(name, mode)

    def _save(self, name: str, content: Any) -> str:
        self._called("save")
        with self.at_once:
            self._hold(self.saving, name)
            return self._files._save(name, content)

    def _called(self, what: str) -> None:
        self.calls[what] += 1
        self.calls[threading.current_thread().name.partition("_")[0]] += 1

    @staticmethod
    def _hold(holds: dict[str, Callable[[], Any]], name: str) -> None:
        for part, hold in holds.items():
            if part in name:
                hold()

    def exists(self, name: str) -> bool:
        return self._files.exists(name)

    def delete(self, name: str) -> None:
        self._files.delete(name)

    def size(self, name: str) -> int:
        return self._files.size(name)

    def url(self, name: str | None) -> str:
        return self._files.url(name)
