"""Children that try cases, and a watchdog: one that dies or hangs costs its case, which is then known."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds for one case, of which most take a fiftieth of one."""
TO_START = 120.0


@dataclass(slots=True)
class Tried:
    """A case and what became of it."""

    number: int
    outcome: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    seconds: float = 0.0
    megabytes: int = 0


class Child:
    """A process that tries one case after the other."""

    def __init__(self, directory: Path, command: Sequence[str], patience: float) -> None:
        # What it prints, its own last words among it.
        self.log: IO[bytes] = (directory / "children.log").open("ab")
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self.process.stdin and self.process.stdout
        self.questions, self.answers = self.process.stdin, self.process.stdout
        os.set_blocking(self.answers.fileno(), False)
        self.patience = patience
        self.number: int | None = None
        self.stage = "starting"
        self.deadline = time.monotonic() + TO_START
        self._rest = b""

    def ask(self, number: int) -> None:
        self.number, self.stage, self.deadline = number, "reading", time.monotonic() + self.patience
        self.questions.write(f"{number}\n".encode())
        self.questions.flush()

    def heard(self) -> list[dict[str, Any]] | None:
        """What it has said since; None if it has ended."""
        got = self.answers.read()
        if got == b"":
            return None
        *lines, self._rest = (self._rest + (got or b"")).split(b"\n")
        return [json.loads(line) for line in lines]

    def end(self) -> str:
        """Kill it, if it has not ended. Returns how it has."""
        if self.process.poll() is None and self.answers.closed is False:
            try:
                # Its end of the pipe is closed a moment before it has ended.
                self.process.wait(0.5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        status = self.process.wait()
        for each in (self.questions, self.answers, self.log):
            try:
                each.close()
            except BrokenPipeError:
                continue
        return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"


def watch(
    numbers: Iterable[int],
    directory: Path,
    *,
    start: int = 1,
    processes: int = 1,
    pause: Callable[[], None] = lambda: None,
    command: Sequence[str] = (sys.executable, "-m", "tests.fuzz.child"),
    patience: float = PATIENCE,
) -> Iterator[Tried]:
    """Try these cases; yields each when it was. ``pause`` is called between two, and may take its time.

    ``command`` starts a child; it is given the directory and ``start``, which starts chance."""
    waiting = deque(numbers)
    command = (*command, str(directory), str(start))
    children = [Child(directory, command, patience) for _ in range(min(processes, len(waiting)))]
    try:
        while children:
            for child, tried in round_of(children):
                if tried is not None:
                    yield tried
                if child.process.returncode is not None:
                    children.remove(child)
                    if waiting:
                        children.append(Child(directory, command, patience))
                elif child.number is None and child.stage == "ready":
                    began = time.monotonic()
                    pause()
                    for each in children:
                        each.deadline += time.monotonic() - began
                    if waiting:
                        child.ask(waiting.popleft())
                    else:
                        child.questions.close()
                        child.end()
                        children.remove(child)
    finally:
        for child in children:
            child.process.kill()
            child.end()


def round_of(children: list[Child]) -> list[tuple[Child, Tried | None]]:
    """Wait until one says something, ends or is out of time; what became of its case, if that is known."""
    with selectors.DefaultSelector() as selector:
        for child in children:
            selector.register(child.answers, selectors.EVENT_READ, child)
        soonest = min(child.deadline for child in children)
        ready = [key.data for key, _ in selector.select(max(0.0, soonest - time.monotonic()))]
    found = [(child, child_said(child)) for child in ready]
    for child in children:
        if child not in ready and child.deadline < time.monotonic():
            child.process.kill()
            ended = child.end()
            if child.number is None:
                raise RuntimeError(f"A child does not start ({ended}); see children.log.")
            found.append((child, lost(child, f"hangs in {child.stage}, after {child.patience:.0f} s")))
    return found


def child_said(child: Child) -> Tried | None:
    said = child.heard()
    if said is None:
        ended = child.end()
        if child.number is None:
            raise RuntimeError(f"A child ended before its first case ({ended}); see children.log.")
        return lost(child, f"died in {child.stage}: {ended}")
    tried = None
    for each in said:
        if "number" in each:
            tried = Tried(**each)
            child.number, child.stage = None, "ready"
        elif "ready" in each:
            child.stage = "ready"
        else:
            child.stage = each["stage"]
    return tried


def lost(child: Child, why: str) -> Tried:
    assert child.number is not None
    return Tried(child.number, {}, [why])
