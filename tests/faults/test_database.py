"""The database is restarted, or goes down, while a run is at work: a server of the test's own, told to stop at once."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError, connection
from wagtail.images import get_image_model

from tests.command.conftest import call
from tests.command.processes import fork
from tests.faults.aftermath import Before, Site, assert_nothing_is_lost, assert_whole
from tests.faults.conftest import IMAGES, a_minute_later, resume_stalled
from tests.faults.postgres import PostgresServer
from tests.faults.steps import Gate, Listener, at, stand_by, told
from wagtail_sourcegroups.generation import database
from wagtail_sourcegroups.models import GenerationRun, RenditionRecord
from wagtail_sourcegroups.runs import leases
from wagtail_sourcegroups.runs.recording import Recorder
from wagtail_sourcegroups.runs.starting import tend
from wagtail_sourcegroups.signals import renditions_generated

pytestmark = pytest.mark.requires_postgres

#: As often as in production; ``site`` has another idea.
BEAT = leases.BEAT


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    try:
        server.make()
        yield server
    finally:
        server.close()


@pytest.fixture
def site(
    process_site: Any, server: PostgresServer, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Site]:
    """
    As elsewhere, with its database on that server, here and in the processes that a test forks. Runs are written so
    rarely that whoever works on one hears that the database is gone by what it does, not by that.
    """
    settings = connection.settings_dict
    of_all = {name: settings[name] for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}
    connection.close()
    server.copy(of_all["NAME"], of_all)
    settings.update(server.settings)
    try:
        site: Site = request.getfixturevalue("small_site")
        monkeypatch.setattr(leases, "BEAT", timedelta(hours=1))
        yield site
    finally:
        connection.close()
        settings.update(of_all)


def down_at(
    step: tuple[str, int],
    work: Callable[[], Any],
    server: PostgresServer,
    directory: Path,
    *,
    back: bool = True,
    unanswered: bool = False,
) -> str:
    """
    What a process says of its work which finds the server gone at a step: restarted, and so away for a moment, or down
    until the process has ended, which need not wait for it then. ``unanswered``, what is done at the step is committed
    first, and nobody says so.
    """
    name, number = step
    gate, report = Gate(directory), directory / "report"

    def work_through_it() -> Any:
        with told(
            unanswered_commit(name, number, gate.stand) if unanswered else at(name, gate.stand, number)
        ):
            return work()

    with mock.patch.object(database, "PATIENCE", 60 if back else 0):
        pid = fork(work_through_it, report)
    gate.wait(pid)
    server.stop()
    gate.let_go()
    if not back:
        os.waitpid(pid, 0)
    server.start()
    if back:
        os.waitpid(pid, 0)
    return report.read_text()


def unanswered_commit(name: str, number: int, deed: Callable[[], None]) -> Listener:
    """Do something when the transaction of that step is committed, which its process is not told."""
    come, done = threading.Event(), threading.Event()

    def listen(step: str, count: int) -> None:
        if (step, count) == (name, number):
            come.set()
        if step == "after commit" and come.is_set() and not done.is_set():
            done.set()
            deed()
            raise OperationalError("the connection was lost while an answer was awaited")

    return listen


@pytest.mark.parametrize(
    ("moment", "beat"), [("computing", BEAT), ("counting", timedelta(0))], ids=["computing", "counting"]
)
def test_whoever_listens_notices_first(
    site: Site,
    server: PostgresServer,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    beat: timedelta,
) -> None:
    """
    The heartbeat finds the server gone, and closes the connection: while an image is computed, for longer than from one
    beat to the next, or between its rows and what is remembered of its batch.
    """
    monkeypatch.setattr(leases, "BEAT", beat)
    before = Before.at(site)
    gate, idle, noticed, waits = Gate(tmp_path), tmp_path / "idle", tmp_path / "noticed", tmp_path / "waits"
    close, wait, tick = database.close_if_broken, database.wait_for, Recorder.tick

    def closing(using: str) -> bool:
        closed = close(using)
        if closed:
            noticed.touch()
        return closed

    def waiting(using: str, *args: Any) -> None:
        if connection.connection is None:
            waits.touch()
        wait(using, *args)

    def ticking(self: Recorder) -> None:
        if gate.is_reached:
            # Nothing is done but what stands at the gate.
            idle.touch()
        tick(self)

    def work_through_it() -> Any:
        kept: list[None] = []

        def when_kept(**kwargs: Any) -> None:
            kept.append(None)
            if moment == "counting" and len(kept) == IMAGES:
                idle.touch()
                gate.stand()

        renditions_generated.connect(when_kept)
        with (
            told(at("save" if moment == "computing" else "", gate.stand)),
            mock.patch.object(Recorder, "tick", ticking),
            mock.patch.object(database, "close_if_broken", closing),
            mock.patch.object(database, "wait_for", waiting),
            mock.patch.object(database, "PATIENCE", 60),
        ):
            return by_command()

    report = tmp_path / "report"
    pid = fork(work_through_it, report)
    stand_by(idle, of=pid)
    server.stop()
    try:
        if moment == "counting":
            gate.let_go()
        stand_by(noticed, of=pid)
        gate.let_go()
        stand_by(waits, of=pid)
    finally:
        server.start()
    os.waitpid(pid, 0)

    said = json.loads(report.read_text())
    assert (said["err"], said["status"]) == ("", 0)
    assert json.loads(said["out"])["generated"] == site.wanted
    images = get_image_model().get_rendition_model().objects.values_list("pk", flat=True)
    assert set(RenditionRecord.objects.values_list("object_id", flat=True)) == set(map(str, images))
    assert_whole(site, before, settings)


def by_command() -> str:
    return json.dumps(asdict(call("--json", "--workers", "1", "--batch-size", "2")))


@pytest.mark.parametrize("unanswered", [False, True], ids=["", "committed"])
@pytest.mark.parametrize(
    "step",
    [
        ("insert customrendition", 2),
        ("insert renditionrecord", 1),
        ("insert filerendition", 1),
        # The last one of making again: a row is switched, and its transaction is not over.
        ("update customrendition", 4),
    ],
    ids=lambda step: step[0],
)
def test_the_command_goes_on_over_a_restart(
    site: Site,
    server: PostgresServer,
    settings: Any,
    tmp_path: Path,
    step: tuple[str, int],
    unanswered: bool,
) -> None:
    again = step[0].startswith("update")
    if again:
        assert call().status == 0
        GenerationRun.objects.all().delete()
    before = Before.at(site)

    def work() -> str:
        return by_force() if again else by_command()

    said = json.loads(down_at(step, work, server, tmp_path, unanswered=unanswered))

    assert said["err"] == ""
    assert said["status"] == 0
    assert json.loads(said["out"])["generated"] == site.wanted
    assert GenerationRun.objects.get().counts["all"]["generated"] == site.wanted
    # What is remembered beside renditions is not lost either.
    images = get_image_model().get_rendition_model().objects.values_list("pk", flat=True)
    assert set(RenditionRecord.objects.values_list("object_id", flat=True)) == set(map(str, images))
    assert_whole(site, before, settings)


def by_force() -> str:
    return json.dumps(asdict(call("--json", "--workers", "1", "--force")))


@pytest.mark.parametrize("step", [("insert customrendition", 3), ("save", 3)], ids=lambda step: step[0])
def test_the_command_stops_with_one_sentence_and_is_resumed(
    site: Site, server: PostgresServer, settings: Any, tmp_path: Path, step: tuple[str, int]
) -> None:
    before = Before.at(site)

    said = json.loads(down_at(step, by_command, server, tmp_path, back=False))

    assert (said["status"], said["out"]) == (1, "")
    assert said["err"].startswith("The database refuses: ")
    assert "\n" not in said["err"]
    assert_nothing_is_lost(site, before)
    a_minute_later()
    resume_stalled()
    assert_whole(site, before, settings)


@pytest.mark.parametrize("back", [True, False])
def test_a_worker(
    site: Site, server: PostgresServer, settings: Any, tmp_path: Path, queue: Callable[[], None], back: bool
) -> None:
    before = Before.at(site)
    call("--enqueue", "--batch-size", "2")

    said = down_at(("insert customrendition", 2), queue, server, tmp_path, back=back)

    assert_nothing_is_lost(site, before)
    if back:
        # The same worker has ended the run.
        assert (said, GenerationRun.objects.get().state) == ("None", "finished")
    else:
        a_minute_later()
        tend()
        queue()
    assert_whole(site, before, settings)


def test_a_batch_that_is_done_though_its_worker_never_heard(
    site: Site, server: PostgresServer, settings: Any, tmp_path: Path, queue: Callable[[], None]
) -> None:
    """It counts once: whoever comes next goes on behind it."""
    before = Before.at(site)
    call("--enqueue", "--batch-size", "2")

    down_at(("update runbatch: done", 1), queue, server, tmp_path, unanswered=True)

    done = GenerationRun.objects.get()
    assert (done.state, done.sources, done.generated) == ("running", 2, 4)
    a_minute_later()
    tend()
    queue()
    assert_whole(site, before, settings)
