"""Clocks that jump: the database's, by which leases go, and that of a machine which writes down when something was."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.db.models import F
from django.utils import timezone

from tests.command.conftest import call
from tests.command.processes import fork
from tests.faults.aftermath import Before, Site, assert_whole
from tests.faults.steps import Gate, at, told
from wagtail_sourcegroups.models import GenerationRun, LeftoverFile, RunBatch
from wagtail_sourcegroups.runs.starting import tend

JUMPS = [timedelta(days=400), timedelta(minutes=-5), timedelta(days=-400)]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_the_databases_clock_jumps_while_a_worker_holds_a_batch(
    site: Site, settings: Any, queue: Callable[..., None], tmp_path: Path, jump: timedelta
) -> None:
    """
    However far and whichever way, nobody waits for longer than a lease: another one goes on, and the one that held
    the batch writes nothing more when it wakes.
    """
    before = Before.at(site)
    call("--enqueue", "--batch-size", "2")
    gate = Gate(tmp_path)

    def work() -> None:
        with told(at("insert renditionrecord", gate.stand)):
            queue()

    pid = fork(work)
    gate.wait(pid)
    # To set the clock forth is to have everything longer ago.
    RunBatch.objects.update(leased_until=F("leased_until") - jump, handed_out_at=F("handed_out_at") - jump)
    GenerationRun.objects.update(heartbeat_at=F("heartbeat_at") - jump)
    assert GenerationRun.objects.get().shown_state == "stalled"
    tend()
    other = fork(queue)
    gate.let_go()
    for each in (pid, other):
        os.waitpid(each, 0)

    assert GenerationRun.objects.get().state == "finished"
    assert_whole(site, before, settings)


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_machine_whose_clock_is_wrong(site: Site, settings: Any, jump: timedelta) -> None:
    """What it leaves for later goes in time all the same, by the clocks of others."""
    assert call().status == 0
    before = Before.at(site)
    now = timezone.now

    def work() -> None:
        with mock.patch("django.utils.timezone.now", lambda: now() + jump):
            call("--force")

    os.waitpid(fork(work), 0)

    assert LeftoverFile.objects.exists()
    assert_whole(site, before, settings)
    assert not LeftoverFile.objects.exists()
