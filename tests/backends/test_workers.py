"""The backends a site may choose, with real workers: whoever makes the renditions, they are the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django_tasks_db.models import DBTaskResult
from wagtail.images import get_image_model
from wagtail.tasks import delete_file_from_storage_task

from tests.backends.conftest import PHOTOS, add, assert_whole, failures, files, made, start_anew
from tests.backends.services import RedisServer
from tests.backends.site.library import WANTED
from tests.backends.uploads import upload as upload_one
from tests.backends.workers import Backend, DatabaseBackend, Inline, RQBackend, pointed
from tests.command.conftest import call
from tests.taskclasses import skip_unless_a_worker_takes
from wagtail_sourcegroups.models import GenerationRun
from wagtail_sourcegroups.runs.working import drive

BATCHES = ("--batch-size", "4")
JSON = "rq.serializers.JSONSerializer"


@pytest.mark.requires_postgres
def test_the_same_rows_and_files_whoever_makes_them(
    upload: Callable[..., Any],
    workers: Callable[..., Any],
    photos: Callable[[int], Path],
    registry: Any,
    process_site: Any,
    redis_server: RedisServer,
    media_root: Path,
) -> None:
    """Upload by upload, and in one run over all."""
    directory = photos(PHOTOS)
    outcomes: dict[tuple[str, str], Any] = {}

    def done(backend: Backend, way: str) -> None:
        assert failures() == []
        assert_whole(media_root, PHOTOS, WANTED)
        outcomes[backend.name, way] = made(), files(media_root)
        start_anew(media_root)

    def assert_all_generated() -> None:
        run = GenerationRun.objects.get()
        assert (run.state, run.sources, run.generated) == ("finished", PHOTOS, PHOTOS * WANTED)
        assert run.cut > 2

    inline = Inline()
    upload(inline, directory)
    done(inline, "uploads")
    add(directory)
    run = call("--enqueue", "--json", *BATCHES).json["run"]
    assert made() == [], "it was done inside the call"
    while drive(run):
        pass
    assert_all_generated()
    done(inline, "run")
    for backend in (DatabaseBackend(), RQBackend(redis_server)):
        with workers(backend, 2) as pool:
            upload(backend, directory)
            pool.wait(timeout=600)
            done(backend, "uploads")
            add(directory)
            assert (
                pointed(process_site, backend).manage("generateimages", "--enqueue", *BATCHES).returncode == 0
            )
            pool.wait(timeout=600)
            assert_all_generated()
            done(backend, "run")
    assert len(outcomes) == 6
    for what, outcome in outcomes.items():
        assert outcome == outcomes["immediate", "uploads"], what


@pytest.mark.parametrize("name", ["db", "rq"])
def test_wagtails_tasks_may_go_the_same_way(
    name: str, upload: Any, workers: Any, photos: Any, media_root: Path, request: pytest.FixtureRequest
) -> None:
    """One backend for everything: on any database, and with jobs that are not pickled."""
    env = {"SOURCEGROUPS_ALL_TASKS": "yes"}
    if name == "db":
        # The photographs are uploaded by a fork of this process.
        skip_unless_a_worker_takes(delete_file_from_storage_task)
        backend: Any = DatabaseBackend(**env)
    else:
        backend = RQBackend(request.getfixturevalue("redis_server"), SOURCEGROUPS_RQ_SERIALIZER=JSON, **env)
    upload(backend, photos(3))
    assert made() == []
    with workers(backend, 1) as pool:
        pool.wait()
    assert failures() == []
    assert_whole(media_root, 3, WANTED)


def test_one_task_for_a_transaction_of_ten_uploads_and_none_for_a_save_of_nothing(
    photos: Any, registry: Any, tasks_in_the_database: None, workers: Any, media_root: Path
) -> None:
    backend = DatabaseBackend()
    with transaction.atomic():
        for path in sorted(photos(10).iterdir()):
            upload_one(path)
    (task,) = DBTaskResult.objects.all()
    assert (task.task_path, task.backend_name, task.queue_name) == (
        "wagtail_sourcegroups.tasks.generate_task",
        "pixels",
        "images",
    )
    # Ids only: of the images, and of what is wanted.
    images = get_image_model().objects.order_by("pk")
    pks = [str(pk) for pk in images.values_list("pk", flat=True)]
    ids = ["backends:card", "backends:story"]
    assert task.args_kwargs == {"args": [[["gallery.customimage", ids, False, pks]], []], "kwargs": {}}

    with workers(backend, 1) as pool:
        pool.wait()
    assert_whole(media_root, 10, WANTED)
    images.first().save()
    assert DBTaskResult.objects.count() == 1


def test_an_image_that_is_gone_when_its_task_comes(
    photos: Any, registry: Any, tasks_in_the_database: None, workers: Any, media_root: Path
) -> None:
    for path in photos(2).iterdir():
        upload_one(path)
    get_image_model().objects.order_by("pk").first().delete()
    with workers(DatabaseBackend(), 1) as pool:
        pool.wait()
    assert [task.status for task in DBTaskResult.objects.all()] == ["SUCCESSFUL"] * 2
    assert failures() == []
    assert_whole(media_root, 1, WANTED)


@pytest.mark.requires_postgres
@pytest.mark.parametrize(
    ("name", "places"),
    # With files that no row names; for the children of RQ's workers, also before anything, and before the task is done.
    # For the other one tests/faults has every step.
    [
        ("db", ["generation.rows:_insert_together"]),
        (
            "rq",
            [
                "generation.batches:make",
                "generation.rows:_insert_together",
                "generation.records:Records.write",
            ],
        ),
    ],
    ids=["db", "rq"],
)
def test_what_killed_workers_leave_is_made_by_the_next_run(
    name: str,
    places: list[str],
    upload: Any,
    workers: Any,
    photos: Any,
    registry: Any,
    media_root: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    settings: Any,
) -> None:
    backend: Any = DatabaseBackend() if name == "db" else RQBackend(request.getfixturevalue("redis_server"))
    upload(backend, photos(6))
    died = tmp_path / "died"
    died.mkdir()
    with workers(backend, 2, SOURCEGROUPS_DIE_AT=" ".join(places), SOURCEGROUPS_DIED=str(died)) as pool:
        pool.wait()
        assert {path.name for path in died.iterdir()} == set(places)
        # Of RQ's, it is the child that dies.
        assert len(pool.alive) == (1 if name == "db" else 2)
        # What docs/background.md says becomes of the task: nobody tries it again.
        assert backend.given_up() == len(places)
    # The other tasks were done; no row lacks its file.
    before = made()
    assert len(before) >= (6 - len(places)) * WANTED
    assert {row[-1] for row in before} <= set(files(media_root))

    assert call("--json").json["failed"] == 0

    assert len(made()) == 6 * WANTED
    settings.WAGTAIL_SOURCEGROUPS = {"ORPHAN_GRACE": 0}
    assert call("--verify", "--prune", "--json").status == 0
    assert_whole(media_root, 6, WANTED)
    assert call("--json").json["generated"] == 0


def test_what_a_worker_of_rq_leaves_that_is_killed_with_its_child_is_made_by_the_next_run(
    upload: Any, workers: Any, photos: Any, redis_server: RedisServer, media_root: Path
) -> None:
    backend = RQBackend(redis_server)
    upload(backend, photos(12))
    with workers(backend, 1) as pool:
        pool.wait_for(lambda: len(made()) >= 2 * WANTED)
        (worker,) = pool.alive
        pool.kill(worker)
    lost = 12 * WANTED - len(made())
    assert lost > 0, "it was killed after everything was done"
    assert {row[-1] for row in made()} <= set(files(media_root))

    assert call("--json").json["generated"] == lost

    assert len(made()) == 12 * WANTED
    assert failures() == []
