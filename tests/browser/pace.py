"""How fast runs get on: as fast as the test says, so that it can look at one midway."""

from __future__ import annotations

import threading
from typing import Any

from wagtail_sourcegroups.runs import working

#: Seconds that a batch waits for a test that has forgotten it.
FORGOTTEN = 60


class Gate:
    """Where batches wait until they are let through. It stands in the place of what works on one."""

    def __init__(self) -> None:
        self._work: Any = working.work
        self._changed = threading.Condition()
        self._room = 0
        self._is_open = False
        self.passed = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self._changed:
            self._changed.wait_for(lambda: self._is_open or self._room > 0, timeout=FORGOTTEN)
            self._room -= not self._is_open
            self.passed += 1
        return self._work(*args, **kwargs)

    def let_through(self, batches: int) -> None:
        """So many, now or when they come."""
        with self._changed:
            self._room += batches
            self._changed.notify_all()

    def open(self) -> None:
        """Nobody waits any more."""
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    def close(self) -> None:
        """Whoever comes from now on waits."""
        with self._changed:
            self._is_open, self._room = False, 0
