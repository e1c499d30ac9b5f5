"""Measuring: what a block of code costs its process, and calling a function in a process of its own."""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class MeasuredProcessFailed(Exception):
    """A process that was to be measured did not end well."""


@dataclass
class Usage:
    """CPU seconds of all threads, seconds on the clock; the most memory resident, and that before, in MiB."""

    cpu: float = 0.0
    wall: float = 0.0
    peak: float = 0.0
    before: float = 0.0


@contextmanager
def measured() -> Iterator[Usage]:
    """What the block costs this process, start-up excluded."""
    usage = Usage()
    gc.collect()
    _forget_peak()
    usage.before = _status("VmRSS")
    cpu, wall = _cpu(), time.perf_counter()
    yield usage
    usage.wall = time.perf_counter() - wall
    usage.cpu = _cpu() - cpu
    usage.peak = _status("VmHWM")


def _cpu() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def _forget_peak() -> None:
    # A process inherits the peak of the one that started it, and importing has one of its own.
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _status(name: str) -> float:
    """A line of Linux' ``/proc/self/status``, in MiB; elsewhere what ``getrusage`` knows."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        unit = 1024**2 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def environment(
    *, stack: str, directory: Path, request_seconds: float = 0.0, database: str = "", tasks: bool = False
) -> dict[str, str]:
    """Of a process of a site: :mod:`.settings` says what is made of it."""
    return os.environ | {
        "BENCHMARK_STACK": stack,
        "BENCHMARK_REQUEST_SECONDS": str(request_seconds or ""),
        "BENCHMARK_DATABASE": database,
        "BENCHMARK_TASKS": "1" if tasks else "",
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "SANDBOX_DIR": str(directory),
        "PYTHONHASHSEED": "0",
    }


def call(
    function: str,
    *,
    stack: str,
    directory: Path,
    request_seconds: float = 0.0,
    database: str = "",
    tasks: bool = False,
    **arguments: Any,
) -> Any:
    """
    The result of a function of this package, as ``"cases.make"``, in a process of its own.

    ``directory`` is where its site lives, ``stack`` what is installed there; ``"none"`` is no Django at all.
    ``database`` is the name of its PostgreSQL database, if it has one; with ``tasks`` they wait for workers.
    Raises :exc:`MeasuredProcessFailed` with what the process said last.
    """
    variables = environment(
        stack=stack, directory=directory, request_seconds=request_seconds, database=database, tasks=tasks
    )
    with tempfile.TemporaryDirectory() as answers:
        answer = Path(answers) / "answer.json"
        job = json.dumps({"function": function, "arguments": arguments, "answer": str(answer)})
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.child"],
            cwd=ROOT,
            env=variables,
            input=job,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or not answer.exists():
            raise MeasuredProcessFailed(f"{function} ({stack}) failed: {done.stderr.strip()[-3000:]}")
        return json.loads(answer.read_text())


def interleaved(
    rounds: int, cases: Sequence[str], run: Callable[[str], dict[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """Every case once in each round, each round beginning with another: what disturbs one disturbs all."""
    results: dict[str, list[dict[str, Any]]] = {case: [] for case in cases}
    for number in range(rounds):
        start = number % len(cases)
        for case in (*cases[start:], *cases[:start]):
            results[case].append(run(case))
    return results


def ratio(
    results: dict[str, list[dict[str, Any]]], measure: str, over: str, under: str, floor: float = 1e-9
) -> float:
    """The median over the rounds of one case's measure divided by another's."""
    pairs = zip(results[over], results[under], strict=True)
    return median(above[measure] / max(below[measure], floor) for above, below in pairs)


def middle(results: dict[str, list[dict[str, Any]]], case: str, measure: str) -> float:
    """The median over the rounds."""
    return median(result[measure] for result in results[case])
