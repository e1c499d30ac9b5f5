"""
SIGKILL at every step of a batch, for the command and for a worker of a queue. Each time somebody else goes on.

Which steps there are is a table, and a test that nothing has come up since that the table lacks.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.command.conftest import call
from tests.command.processes import fork, killed
from tests.faults.aftermath import Before, Site, assert_nothing_is_lost, assert_whole
from tests.faults.conftest import a_minute_later, resume_stalled
from tests.faults.steps import die, told
from wagtail_sourcegroups.models import GenerationRun
from wagtail_sourcegroups.runs.starting import tend

BATCHES = ("--batch-size", "2")

#: Of making what is missing, whoever does it: which time the process is killed there.
MAKING = {
    "read": 2,
    "save": 4,
    "after save": 3,
    "insert sourcestate": 2,
    "insert customrendition": 3,
    "insert filesource": 1,
    "insert filerendition": 2,
    "insert renditionrecord": 2,
    "update sourcestate": 1,
    "commit": 9,
    "after commit": 8,
    "insert runbatch": 2,
    "update runbatch: lease": 2,
    "update runbatch: cursor": 7,
    "update runbatch: done": 1,
    "update generationrun: begin": 1,
    "update generationrun: cut": 2,
    "update generationrun: heartbeat": 5,
    "update generationrun: count": 2,
    "update generationrun: specs": 1,
    "update generationrun: finish": 1,
    # The figures of coverage are taken anew after a full run.
    "insert coveragecount": 1,
    "update coveragecount": 3,
    "insert coveragefigure": 1,
}
COMMAND = {**MAKING, "insert boundfilterspec": 1, "insert generationrun": 1, "insert modellogentry": 1}
WORKER = {
    **MAKING,
    "insert dbtaskresult": 2,
    "update dbtaskresult": 3,
    "update runbatch: hand out": 2,
}
#: Of making again what exists, what making it does not have.
REPLACING = {
    "update customrendition": 2,
    "update filerendition": 2,
    "insert leftoverfile": 1,
    "delete file": 1,
    "after delete file": 1,
    "delete coveragefigure": 1,
}


def by_command() -> Any:
    return call("--workers", "1", *BATCHES)


def by_force() -> Any:
    return call("--workers", "1", *BATCHES, "--force")


def steps_of(work: Callable[[], Any], report: Path) -> Counter[str]:
    """Those that a process takes which nobody kills."""

    def count() -> str:
        counted: Counter[str] = Counter()
        with told(lambda name, number: counted.update([name])):
            work()
        return json.dumps(counted)

    os.waitpid(fork(count, report), 0)
    return Counter(json.loads(report.read_text()))


def kill(work: Callable[[], Any], step: str, number: int) -> None:
    def work_and_die() -> None:
        with told(die(step, number)):
            work()

    assert killed(work_and_die, after=60), f"{step} did not come {number} times"


class TestTheTable:
    """Of the steps at which processes are killed below: it has all of them, and they come often enough."""

    def test_of_the_command(self, site: Site, tmp_path: Path) -> None:
        counted = steps_of(by_command, tmp_path / "steps")
        assert set(counted) == set(COMMAND)
        assert all(counted[step] >= number for step, number in COMMAND.items())

    def test_of_making_again(self, site: Site, tmp_path: Path) -> None:
        call()
        counted = steps_of(by_force, tmp_path / "steps")
        assert set(REPLACING) == set(counted) - set(COMMAND)
        assert all(counted[step] >= number for step, number in REPLACING.items())

    def test_of_a_worker(self, site: Site, tmp_path: Path, queue: Callable[[], None]) -> None:
        call("--enqueue", *BATCHES)
        counted = steps_of(queue, tmp_path / "steps")
        assert set(counted) == set(WORKER)
        assert all(counted[step] >= number for step, number in WORKER.items())


@pytest.mark.parametrize("step", COMMAND)
def test_the_command_and_resumed(site: Site, settings: Any, step: str) -> None:
    before = Before.at(site)
    kill(by_command, step, COMMAND[step])
    assert_nothing_is_lost(site, before)

    a_minute_later()
    resume_stalled()

    assert_whole(site, before, settings)


@pytest.mark.parametrize("step", REPLACING)
def test_the_command_that_makes_all_again(site: Site, settings: Any, step: str) -> None:
    assert call().status == 0
    before = Before.at(site)
    kill(by_force, step, REPLACING[step])
    assert_nothing_is_lost(site, before)

    a_minute_later()
    resume_stalled()

    assert_whole(site, before, settings)


@pytest.mark.parametrize("step", WORKER)
def test_a_worker_and_another_one_goes_on(
    site: Site, settings: Any, queue: Callable[[], None], step: str
) -> None:
    before = Before.at(site)
    call("--enqueue", *BATCHES)
    kill(queue, step, WORKER[step])
    assert_nothing_is_lost(site, before)

    a_minute_later()
    # As the command that cron calls does, before it ends.
    tend()
    os.waitpid(fork(queue), 0)

    assert GenerationRun.objects.get().state == "finished"
    assert_whole(site, before, settings)
