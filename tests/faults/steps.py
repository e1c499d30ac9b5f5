"""
Steps of a process: each time it touches storage, changes a row or commits. At each something can be made to happen.

What is computed between two steps leaves nothing behind, so whatever can go wrong goes wrong at one of them.
"""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from django.core.files.storage import FileSystemStorage
from django.db import connection

#: Told of a step before it is taken, by its name and how often it has come so far, this time included.
Listener = Callable[[str, int], None]

_CHANGE = re.compile(r"^(INSERT|UPDATE|DELETE)(?: OR IGNORE)?(?: INTO| FROM)? \"(\w+)\"(.*)", re.DOTALL)
#: What one UPDATE of a table means and another does not, by the first column found in it.
_MEANINGS = {
    "runbatch": {"in_hand": "cursor", "attempts": "lease", "handed_out_at": "hand out"},
    "generationrun": {
        "finished_at": "finish",
        "current": "heartbeat",
        "cut": "cut",
        "started_at": "begin",
        "sources": "count",
        "specs": "specs",
        "parts": "parts",
    },
}


@contextmanager
def told(listener: Listener) -> Iterator[None]:
    """Within, whatever this process does to storage, and this thread to the database, is told."""
    count: Counter[str] = Counter()
    lock = threading.Lock()

    def step(name: str) -> None:
        with lock:
            count[name] += 1
            number = count[name]
        listener(name, number)

    def before_query(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        name = change(sql, params)
        if name is not None:
            step(name)
        return execute(sql, params, many, context)

    commit = connection.commit

    def committing() -> None:
        step("commit")
        commit()
        step("after commit")

    with ExitStack() as stack:
        stack.enter_context(connection.execute_wrapper(before_query))
        stack.enter_context(mock.patch.object(connection, "commit", committing))
        for method, name in (("_open", "read"), ("_save", "save"), ("delete", "delete file")):
            stack.enter_context(mock.patch.object(FileSystemStorage, method, _telling(method, name, step)))
        yield


def _telling(method: str, name: str, step: Callable[[str], None]) -> Any:
    original = getattr(FileSystemStorage, method)

    def told_of(self: FileSystemStorage, *args: Any, **kwargs: Any) -> Any:
        step(name)
        done = original(self, *args, **kwargs)
        if name != "read":
            step(f"after {name}")
        return done

    return told_of


def change(sql: str, params: Any = ()) -> str | None:
    """The name of the step that a statement is; ``None`` for one that changes nothing."""
    match = _CHANGE.match(sql)
    if match is None:
        return None
    verb, table, rest = match.groups()
    table = table.rsplit("_", 1)[-1]
    values = rest.partition(" WHERE ")[0]
    meaning = next((m for column, m in _MEANINGS.get(table, {}).items() if f'"{column}" =' in values), None)
    if verb == "UPDATE" and table == "runbatch" and "done" in (params or ()):
        meaning = "done"
    return f"{verb.lower()} {table}" + (f": {meaning}" if meaning else "")


# What may be made to happen -----------------------------------------------------------------------


def die(name: str, number: int = 1) -> Listener:
    """SIGKILL at that step."""
    return at(name, lambda: os.kill(os.getpid(), signal.SIGKILL), number)


def at(name: str, deed: Callable[[], Any], number: int = 1) -> Listener:
    """Do something at that step, once."""

    def listen(step: str, count: int) -> None:
        if (step, count) == (name, number):
            deed()

    return listen


class Gate:
    """A step at which a process stands still until another one, having seen it there, lets it go on."""

    def __init__(self, directory: Path) -> None:
        self._arrived, self._open = directory / "arrived", directory / "open"

    def stand(self) -> None:
        """In the process that is to stand still."""
        self._arrived.touch()
        stand_by(self._open)

    def wait(self, pid: int) -> None:
        """In the other one: until that process stands there."""
        stand_by(self._arrived, of=pid)

    @property
    def is_reached(self) -> bool:
        return self._arrived.exists()

    def let_go(self) -> None:
        self._open.touch()


def stand_by(path: Path, seconds: float = 60, *, of: int | None = None) -> None:
    """Until there is a file at ``path``; an error where the process ``of`` this id ends without one."""
    until = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < until, f"nobody came to {path.name} in {seconds} seconds"
        # Looked at, and left to whoever waits for its end.
        ended = of and os.waitid(os.P_PID, of, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        assert not ended or path.exists(), f"the process ended, and did not come to {path.name}"
        time.sleep(0.005)
