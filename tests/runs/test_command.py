"""``generateimages`` and runs: handed out, resumed, looked at, and what it does by itself on record."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model

from tests.command.conftest import call
from tests.command.processes import add_images, killed
from tests.images import picture
from tests.runs.conftest import Queue, begin, numbers, state
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation import store
from wagtail_sourcegroups.models import GenerationRun, RunBatch
from wagtail_sourcegroups.models.leasing import LEASE
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.runs import leases
from wagtail_sourcegroups.signals import renditions_generated
from wagtail_sourcegroups.sourcegroups import DirectorySourceGroup, ImageModelSourceGroup

Images = Callable[[int], list[Any]]


def refuse(*args: Any) -> None:
    raise ConnectionError("The broker is down.")


@pytest.fixture(params=[3, 14])
def interrupt(request: pytest.FixtureRequest) -> Iterator[None]:
    """Ctrl-C when renditions of three images are kept, or of more than a range has."""
    seen: list[None] = []

    def receive(**kwargs: Any) -> None:
        seen.append(None)
        if len(seen) == request.param:
            os.kill(os.getpid(), signal.SIGINT)

    renditions_generated.connect(receive)
    yield
    renditions_generated.disconnect(receive)


@pytest.mark.django_db(transaction=True)
class TestEnqueueing:
    def test_prints_the_id_alone_for_scripts(self, spec: RenditionSpec, images: Images, queue: Queue) -> None:
        images(25)
        result = call("--enqueue", "--batch-size", "10")
        run = GenerationRun.objects.get()
        assert (result.status, result.out) == (0, f"{run.pk}\n")
        assert "is handed to the task backend" in result.err
        assert len(queue) == 3
        queue.drain()
        assert (state(run), numbers(run)["generated"], run.started_from) == ("finished", 50, "command")

    def test_as_json(self, spec: RenditionSpec, images: Images, queue: Queue) -> None:
        images(5)
        data = call("--enqueue", "--json").json
        assert (data["run"], data["state"], data["sources_in_all"]) == (
            GenerationRun.objects.get().pk,
            "queued",
            5,
        )

    def test_without_a_worker_it_waits_for_whoever_drives_it(
        self, spec: RenditionSpec, images: Images
    ) -> None:
        images(25)
        result = call("--enqueue", "--batch-size", "10")
        assert result.err.endswith(
            f"there is no worker, so go on with --resume {GenerationRun.objects.get().pk}.\n"
        )
        run = GenerationRun.objects.get()
        assert (state(run), RunBatch.objects.count()) == ("queued", 0)
        resumed = call("--resume", str(run.pk), "--json")
        assert (resumed.status, resumed.json["generated"], state(run)) == (0, 50, "finished")

    def test_a_broker_that_refuses_every_batch_is_a_failure(
        self, spec: RenditionSpec, images: Images, queue: Queue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queue, "enqueue", refuse)
        images(25)
        result = call("--enqueue", "--batch-size", "10")
        run = GenerationRun.objects.get()
        assert (result.status, result.out, state(run)) == (1, f"{run.pk}\n", "queued")
        assert result.err == (
            "The task backend refused a batch: ConnectionError: The broker is down. "
            f"Run {run.pk} waits: the next generateimages, from cron or by hand, tries again.\n"
        )
        result = call("--enqueue", "--json", "--batch-size", "10")
        assert (result.status, result.json["state"]) == (1, "queued")

    def test_a_broker_that_refuses_some_batches_is_none(
        self, spec: RenditionSpec, images: Images, queue: Queue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        enqueue = queue.enqueue
        monkeypatch.setattr(
            queue, "enqueue", lambda run, number: refuse() if number == 1 else enqueue(run, number)
        )
        images(25)
        result = call("--enqueue", "--batch-size", "10")
        assert (result.status, len(queue)) == (0, 2)
        assert "is handed to the task backend" in result.err

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (
                ["--enqueue", "--prune"],
                "--enqueue and --prune do not go together: run generateimages --prune once the run is over",
            ),
            (
                ["--enqueue", "--dry-run"],
                "--enqueue and --dry-run do not go together: --dry-run writes nothing, and a run is a record",
            ),
            (["--enqueue", "--list"], "--enqueue and --list do not go together: --list makes nothing"),
            (
                ["--enqueue", "--fail-fast"],
                "--enqueue and --fail-fast do not go together: workers do not stop each other",
            ),
            (
                ["--enqueue", "--resume", "1"],
                "--enqueue and --resume do not go together: --enqueue starts a run",
            ),
            (["--enqueue", "--status"], "--enqueue and --status do not go together: --enqueue starts a run"),
            (["--resume", "1", "--status"], "--resume and --status do not go together: --status only looks"),
            (
                ["--resume", "1", "--force"],
                "--resume and --force do not go together: a run goes on with what",
            ),
            (["test:spec", "--resume", "1"], "--resume and a SPEC_PATTERN"),
            (["--status", "1", "--prune"], "--status and --prune do not go together: it only looks"),
            (["--resume", "1"], "There is no run 1"),
            (["--status", "one"], "'one' is no id of a run"),
        ],
    )
    def test_what_does_not_go_together(
        self, spec: RenditionSpec, queue: Queue, db: None, arguments: list[str], named: str
    ) -> None:
        result = call(*arguments)
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith(named)
        assert result.err.count(".") <= 1
        assert not GenerationRun.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestStatus:
    def test_of_none(self, spec: RenditionSpec, db: None) -> None:
        assert call("--status").lines == ["There are no runs."]
        assert call("--status", "--json").json == {"runs": []}

    def test_of_all(self, spec: RenditionSpec, images: Images, queue: Queue) -> None:
        images(25)
        first = begin()
        queue.drain()
        second = begin()
        queue.deliver()
        result = call("--status")
        assert [line.split()[:2] for line in result.lines] == [
            ["Run", "State"],
            [str(second.pk), "running"],
            [str(first.pk), "finished"],
        ]
        assert [(run["run"], run["sources"]) for run in call("--status", "--json").json["runs"]] == [
            (second.pk, 10),
            (first.pk, 25),
        ]

    def test_of_one_over_plain_files(self, registry: Registry, tmp_path: Path, db: None) -> None:
        """Which nobody has counted: what is done is not said to be of none."""
        (tmp_path / "one.jpg").write_bytes(picture().getvalue())
        registry.add_spec(RenditionSpec("test:spec", "width-20"))
        registry.add_group("test:spec", DirectorySourceGroup(tmp_path, ["*.jpg"]))
        call()
        assert "1 source done" in call("--status", str(GenerationRun.objects.get().pk)).out

    def test_of_one(self, spec: RenditionSpec, images: Images, queue: Queue) -> None:
        broken = images(16)[15]
        get_image_model().objects.filter(pk=broken.pk).update(title="broken", file="original_images/lost.jpg")
        run = begin()
        queue.deliver(-1)
        lines = call("--status", str(run.pk)).out
        assert f"Run {run.pk} is running." in lines
        assert "6 sources of 16 done" in lines
        assert "1 batch open, of 2 cut so far:" in lines
        assert "broken" in lines and "is not in storage" in lines
        data = call("--status", str(run.pk), "--json").json
        assert (data["failed"], len(data["failures"]), data["batches"]["cut"]) == (2, 2, 2)
        assert [batch["number"] for batch in data["batches"]["open"]] == [1]
        assert data["specs"]["test:spec"]["generated"] == 10


@pytest.mark.django_db(transaction=True)
class TestRecord:
    def test_what_is_made_is_on_record(self, spec: RenditionSpec, images: Images) -> None:
        images(25)
        result = call("--json", "--batch-size", "10")
        run = GenerationRun.objects.get()
        assert (run.state, run.started_from, run.by_workers) == ("finished", "command", False)
        shown = numbers(run)
        assert shown == {name: result.json[name] for name in shown}
        assert run.question == {"specs": ["test:spec"], "selection": {}}
        assert {batch.state for batch in run.batches.all()} == {"done"}

    def test_nothing_to_do_leaves_no_row_and_asks_once(self, spec: RenditionSpec, images: Images) -> None:
        images(25)
        call()
        GenerationRun.objects.all().delete()
        with CaptureQueriesContext(connection) as captured:
            assert call("--json").json["existing"] == 50
        assert not GenerationRun.objects.exists()
        assert sum("generationrun" in query["sql"] for query in captured) == 1

    def test_a_run_that_was_left_is_named(self, spec: RenditionSpec, images: Images, queue: Queue) -> None:
        images(5)
        assert "stalled" not in call().out
        ours, theirs = (
            GenerationRun.objects.create(by_workers=each, state="running") for each in (False, True)
        )
        said = f"Run {ours.pk} is stalled; --resume {ours.pk} goes on with it."
        assert state(ours) == state(theirs) == "stalled"
        assert call().lines[-1] == said
        assert not any("stalled" in call(*quiet).out for quiet in (["--dry-run"], ["--json"], ["-v", "0"]))

    def test_a_run_that_was_left_and_has_no_workers_is_named(
        self, spec: RenditionSpec, images: Images
    ) -> None:
        run = GenerationRun.objects.create(state="running")
        images(1)
        assert call().lines[-1] == f"Run {run.pk} is stalled; --resume {run.pk} goes on with it."

    def test_a_dry_run_leaves_no_row(self, spec: RenditionSpec, images: Images) -> None:
        images(5)
        assert call("--dry-run").status == 1
        assert not GenerationRun.objects.exists()

    def test_a_failure_is_on_record(self, spec: RenditionSpec, images: Images) -> None:
        images(1)
        get_image_model().objects.update(file="original_images/lost.jpg")
        assert call().status == 1
        run = GenerationRun.objects.get()
        assert (run.state, numbers(run)["failed"], run.failures.count()) == ("finished", 2, 2)

    def test_interrupted_and_gone_on_with(
        self, spec: RenditionSpec, images: Images, interrupt: None, request: Any
    ) -> None:
        images(80)
        result = call("--workers", "1", "--batch-size", "10")
        run = GenerationRun.objects.get()
        assert (result.status, state(run)) == (130, "paused")
        assert f"generateimages --resume {run.pk}" in result.err
        made = get_image_model().get_rendition_model().objects.count()
        assert numbers(run)["generated"] == made

        resumed = call("--resume", str(run.pk), "--json")

        assert (resumed.status, state(run)) == (0, "finished")
        assert (resumed.json["generated"], resumed.json["existing"]) == (160, 0)
        assert numbers(run)["sources"] == 80
        assert call("--resume", str(run.pk)).status == 2

    def test_resuming_interrupted(self, spec: RenditionSpec, images: Images, interrupt: None) -> None:
        images(80)
        run = begin(batch_size=80, workers=1)
        result = call("--resume", str(run.pk))
        assert (result.status, state(run)) == (130, "paused")
        assert f"  generateimages --resume {run.pk}" in result.err.splitlines()

    def test_paused_by_somebody_else_it_stops(
        self, spec: RenditionSpec, images: Images, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(leases, "BEAT", timedelta(0))
        images(30)
        seen: list[None] = []

        def pause(**kwargs: Any) -> None:
            seen.append(None)
            if len(seen) == 3:
                GenerationRun.objects.get().pause()

        renditions_generated.connect(pause)
        try:
            result = call("--workers", "1")
        finally:
            renditions_generated.disconnect(pause)
        run = GenerationRun.objects.get()
        assert (result.status, run.state) == (130, "paused")
        assert numbers(run)["generated"] < 60

    @pytest.mark.parametrize("beat", [timedelta(0), timedelta(hours=1)], ids=["at a beat", "at a part's end"])
    def test_what_somebody_else_has_taken_over_is_not_paused(
        self,
        registry: Registry,
        spec: RenditionSpec,
        images: Images,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        beat: timedelta,
    ) -> None:
        """The command sleeps through its lease, and wakes: it stops, and leaves the run to the other."""
        monkeypatch.setattr(leases, "BEAT", beat)
        images(60)
        press = tmp_path / "press"
        press.mkdir()
        for index in range(25):
            (press / f"{index}.jpg").write_bytes(picture().getvalue())
        registry.add_group(spec.id, DirectorySourceGroup(press, ["*.jpg"]))
        seen: list[None] = []
        others: list[RunBatch | None] = []

        def sleep(**kwargs: Any) -> None:
            seen.append(None)
            if len(seen) == 3:
                RunBatch.objects.update(leased_until=F("leased_until") - 2 * LEASE)
                others.append(leases.take(RunBatch.objects.get().pk))

        renditions_generated.connect(sleep)
        try:
            result = call("--workers", "1", "--batch-size", "10")
        finally:
            renditions_generated.disconnect(sleep)
        run, batch = GenerationRun.objects.get(), RunBatch.objects.get()
        assert (result.status, run.state, batch.state) == (130, "running", "leased")
        assert others[0] is not None and batch.token == others[0].token

    def test_handed_to_workers_after_all(
        self, spec: RenditionSpec, images: Images, interrupt: None, queue: Queue
    ) -> None:
        """In the admin: what the command held as a whole is cut, and handed out."""
        images(60)
        call("--workers", "1", "--batch-size", "10")
        run = GenerationRun.objects.get()
        made = numbers(run)["generated"]
        run.resume()
        assert len(queue) >= 2
        assert numbers(run)["generated"] == made
        queue.drain()
        assert (state(run), numbers(run)["generated"], numbers(run)["sources"]) == ("finished", 120, 60)


def test_killed_and_gone_on_with(
    process_site: Any, registry: Registry, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real process and a real ``kill -9``; the lease lapses, and the run goes on where it stood."""
    add_images(f"{index}" for index in range(12))
    registry.add_spec(RenditionSpec("test:spec", ["width-20", "fill-10x10"]))
    registry.add_group("test:spec", ImageModelSourceGroup())
    monkeypatch.setattr(leases, "BEAT", timedelta(0))
    keep = store.keep
    kept: list[None] = []

    def keep_some(*args: Any) -> Any:
        if len(kept) == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        kept.append(None)
        return keep(*args)

    with monkeypatch.context() as patch:
        patch.setattr(store, "keep", keep_some)
        assert killed(lambda: call("--workers", "1"), after=60)
    run = GenerationRun.objects.get()
    assert (run.state, numbers(run)["generated"]) == ("running", 10)
    RunBatch.objects.update(leased_until=F("leased_until") - 2 * LEASE)
    GenerationRun.objects.update(heartbeat_at=F("heartbeat_at") - 2 * LEASE)
    assert state(run) == "stalled"

    result = call("--resume", str(run.pk), "--json")

    assert (result.status, json.loads(result.out)["generated"], state(run)) == (0, 24, "finished")
    assert get_image_model().get_rendition_model().objects.count() == 24
