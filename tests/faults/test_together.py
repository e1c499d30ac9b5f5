"""Several processes at the same images at the same time, ours and Wagtail's, and tasks that come late or twice."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from django_tasks_db.models import DBTaskResult
from wagtail.images import get_image_model
from wagtail.tasks import delete_file_from_storage_task

from tests.command.conftest import call
from tests.command.processes import add_images, fork
from tests.faults.aftermath import Before, Site, assert_nothing_is_lost, assert_whole, files, outputs
from tests.taskclasses import skip_unless_a_worker_takes
from wagtail_sourcegroups.models import GenerationRun, RenditionRecord

BATCHES = ("--enqueue", "--batch-size", "2")


def all_together(*works: Callable[[], Any], directory: Path) -> list[str]:
    """Each in a process of its own, begun at the same time; what each of them ended with."""
    start = time.monotonic() + 0.3

    def begun(work: Callable[[], Any]) -> Callable[[], Any]:
        def wait_and_work() -> Any:
            time.sleep(max(start - time.monotonic(), 0))
            return work()

        return wait_and_work

    reports = [directory / f"report{number}" for number in range(len(works))]
    pids = [fork(begun(work), report) for work, report in zip(works, reports, strict=True)]
    for pid in pids:
        os.waitpid(pid, 0)
    return [report.read_text() for report in reports]


def forget_what_nobody_reads() -> None:
    """What is remembered of a rendition is written some moments after it, when somebody else may have deleted it."""
    rows = get_image_model().get_rendition_model().objects.values_list("pk", flat=True)
    RenditionRecord.objects.exclude(object_id__in=[str(pk) for pk in rows]).delete()


def waiting() -> Any:
    return DBTaskResult.objects.filter(status="READY")


def deliver_twice() -> None:
    """A broker that forgets that it has delivered: each task that waits."""
    for task in waiting():
        task.pk = uuid.uuid4()
        task.save(force_insert=True)


@pytest.mark.requires_postgres
def test_everything_at_once(site: Site, settings: Any, queue: Callable[..., None], tmp_path: Path) -> None:
    """Two runs over the same images, of which each task comes twice; uploads; and the command beside them."""
    settings.WAGTAIL_SOURCEGROUPS = {**settings.WAGTAIL_SOURCEGROUPS, "RUN_BATCHES": 3}
    add_images(f"upload {number}" for number in range(5))
    before = Before.at(site)
    for _ in range(2):
        assert call(*BATCHES).status == 0
    deliver_twice()

    said = all_together(queue, queue, queue, lambda: call("--batch-size", "3").status, directory=tmp_path)

    assert said == ["None", "None", "None", "0"]
    queue()
    assert [run.state for run in GenerationRun.objects.filter(by_workers=True)] == ["finished"] * 2
    assert_whole(site, before, settings)


def test_a_task_that_comes_twice_counts_once(site: Site, settings: Any, queue: Callable[..., None]) -> None:
    before = Before.at(site)
    call(*BATCHES)
    while waiting():
        deliver_twice()
        queue(tasks=2)

    run = GenerationRun.objects.get()
    assert (run.state, run.generated, run.existing) == ("finished", site.wanted, 0)
    assert_whole(site, before, settings)


class TestWagtailsOwnCommand:
    """``wagtail_update_image_renditions``, whose deletions of files come late (wagtail #11645)."""

    @pytest.fixture
    def late(self, settings: Any) -> Callable[[], None]:
        """Wagtail's tasks wait. Called, they are done."""
        settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
        settings.WAGTAIL_SOURCEGROUPS = {"WORKERS": 1}
        skip_unless_a_worker_takes(delete_file_from_storage_task)

        def work() -> None:
            call_command("db_worker", "--queue-name", "*", "--batch", "--no-startup-delay", "--no-reload")

        return work

    @pytest.mark.requires_postgres
    @pytest.mark.parametrize("option", ["--force", "--verify"])
    def test_at_the_same_time(
        self, site: Site, settings: Any, late: Callable[[], None], tmp_path: Path, option: str
    ) -> None:
        add_images(f"more {number}" for number in range(5))
        assert call().status == 0
        before = Before.at(site)

        said = all_together(
            lambda: call_command("wagtail_update_image_renditions"),
            lambda: call("--batch-size", "2", option).status,
            directory=tmp_path,
        )

        assert said == ["None", "0"]
        late()
        assert_nothing_is_lost(site, Before(frozenset(), before.files))
        GenerationRun.objects.all().delete()
        forget_what_nobody_reads()
        assert_whole(site, Before(frozenset(), before.files), settings)

    @pytest.mark.parametrize("overwrites", [False, True])
    def test_what_it_deleted_is_made_before_the_files_go(
        self,
        site: Site,
        settings: Any,
        late: Callable[[], None],
        overwrites: bool,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """On S3, say, a new file would get the name of the old one, and go with it."""
        monkeypatch.setattr(FileSystemStorage, "_allow_overwrite", overwrites, raising=False)
        assert call().status == 0
        before = Before.at(site)
        old = {name for output, name in outputs().items() if output[0].startswith("image")}
        call_command("wagtail_update_image_renditions", purge_only=True)
        tasks = DBTaskResult.objects.filter(task_path=delete_file_from_storage_task.module_path)
        assert tasks.count() == len(old)

        assert call().status == 0
        late()

        assert not old & set(files(site))
        GenerationRun.objects.all().delete()
        assert_whole(site, before, settings)
        assert get_image_model().get_rendition_model().objects.count() == len(old)
