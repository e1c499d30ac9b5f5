"""Real processes that run the command: forks of this one, which need no second start of Django."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.core.files.images import ImageFile
from django.db import connections
from wagtail.images import get_image_model

from tests.command.conftest import Result, call
from tests.images import picture


def fork(work: Callable[[], Any], report: Path | None = None) -> int:
    """The id of a new process that does ``work`` and writes what comes of it to ``report``."""
    connections.close_all()
    pid = os.fork()
    if pid:
        return pid
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            outcome = work()
    except BaseException:  # noqa: BLE001 - the report says what went wrong
        outcome = traceback.format_exc()
    if report is not None:
        report.write_text(str(outcome))
    os._exit(0)


def killed(work: Callable[[], Any], after: float) -> bool:
    """Do ``work`` in a process that is killed after so many seconds; whether it was still at it."""
    pid = fork(work)
    until = time.monotonic() + after
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            # By itself, or by its own hand.
            return os.WIFSIGNALED(status)
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def together(*works: Callable[[], Result], directory: Path) -> list[str]:
    """Do several works at the same time, each in a process of its own: the outputs of the command in each."""
    start = time.monotonic() + 0.3

    def begin(work: Callable[[], Result]) -> Callable[[], str]:
        def wait_and_work() -> str:
            time.sleep(max(start - time.monotonic(), 0))
            result = work()
            return result.out or result.err

        return wait_and_work

    reports = [directory / f"report{index}" for index in range(len(works))]
    pids = [fork(begin(work), report) for work, report in zip(works, reports, strict=True)]
    for pid in pids:
        os.waitpid(pid, 0)
    return [report.read_text() for report in reports]


def add_images(names: Iterable[str], size: tuple[int, int] = (120, 90)) -> list[Any]:
    model = get_image_model()
    return [
        model.objects.create(title=name, file=ImageFile(picture(size), name=f"{name}.jpg")) for name in names
    ]


__all__ = ["add_images", "call", "fork", "killed", "together"]
