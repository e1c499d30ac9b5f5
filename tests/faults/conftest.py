"""A small site that several processes work for, and ways to have them work: as a command, or as workers of a queue."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db.models import F

from tests.command.conftest import call
from tests.command.processes import add_images
from tests.faults.aftermath import Site
from tests.images import picture
from tests.taskclasses import skip_unless_a_worker_takes
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.models import GenerationRun, RunBatch
from wagtail_sourcegroups.models.leasing import LEASE, WAIT
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.runs import leases
from wagtail_sourcegroups.runs.tasks import run_batch_task
from wagtail_sourcegroups.sourcegroups import DirectorySourceGroup, ImageModelSourceGroup

SPEC = RenditionSpec("faults", ["width-20", "fill-10x10"])
IMAGES = 3

#: A database as the queue, for our tasks alone: Wagtail's own are done at once.
QUEUE = {
    "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"},
    "pixels": {"BACKEND": "django_tasks_db.DatabaseBackend"},
}


@pytest.fixture(autouse=True)
def loggers_as_before() -> Iterator[None]:
    """``db_worker`` has the tasks' loggers tell everything, for as long as the process lives."""
    loggers = [logging.getLogger(name) for name in ("django.tasks", "django_tasks", "django_tasks_db")]
    before = [(logger.level, logger.handlers[:]) for logger in loggers]
    yield
    for logger, (level, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.fixture
def registry() -> Iterator[Registry]:
    with get_registry().override(empty=True) as registry:
        yield registry


@pytest.fixture
def site(small_site: Site) -> Site:
    return small_site


@pytest.fixture
def small_site(
    process_site: Any, registry: Registry, media_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Site:
    """
    Two renditions are wanted of each of a few images and of a file in a directory, and there are none. A file of
    somebody else's lies among those of renditions. Whoever works on a run says at every step how far it has come.
    """
    monkeypatch.setattr(leases, "BEAT", timedelta(0))
    add_images(f"image {index}" for index in range(IMAGES))
    press = tmp_path / "press"
    press.mkdir()
    (press / "plain.jpg").write_bytes(picture((80, 60)).getvalue())
    default_storage.save("images/poster.pdf", ContentFile(b"Somebody else's."))
    # Only now: nothing is made of what is added before.
    registry.add_spec(SPEC)
    groups = ImageModelSourceGroup(), DirectorySourceGroup(press, ["*.jpg"])
    for group in groups:
        registry.add_group(SPEC.id, group)
    return Site(media_root, SPEC.filters, plain_files=1, groups=groups)


@pytest.fixture
def queue(settings: Any) -> Callable[..., None]:
    """
    Tasks wait in a table. Called, it is a worker: ``db_worker`` until nothing waits, or so many ``tasks`` are done. A
    run has one batch open at a time, so that a worker has each following one to hand out.
    """
    settings.TASKS = QUEUE
    settings.WAGTAIL_SOURCEGROUPS = {"TASK_BACKEND": "pixels", "WORKERS": 1, "RUN_BATCHES": 1}

    skip_unless_a_worker_takes(run_batch_task)

    def work(*, tasks: int | None = None) -> None:
        limit = ["--max-tasks", str(tasks)] if tasks else []
        where = ["--backend", "pixels", "--queue-name", "*", "--worker-id", f"worker-{os.getpid()}"]
        call_command("db_worker", *where, "--batch", "--no-startup-delay", "--no-reload", *limit)

    return work


def resume_stalled() -> None:
    """``--resume``, as somebody would who looks at the list of runs and sees one that has stalled."""
    for run in GenerationRun.objects.in_state("stalled"):
        assert call("--resume", str(run.pk)).status == 0


def a_minute_later() -> None:
    """As if the lease of whoever was killed had lapsed, and tasks had waited for long enough to be lost."""
    long = 2 * max(LEASE, WAIT)
    RunBatch.objects.update(leased_until=F("leased_until") - long, handed_out_at=F("handed_out_at") - long)
    GenerationRun.objects.update(heartbeat_at=F("heartbeat_at") - long)
