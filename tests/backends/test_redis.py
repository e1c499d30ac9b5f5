"""Redis that goes away: while work is waiting in it, and when an upload wants to hand work to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wagtail.images import get_image_model

from tests.backends.conftest import assert_whole, failures, files, made
from tests.backends.services import RedisServer
from tests.backends.site.library import WANTED
from tests.backends.workers import RQBackend
from tests.command.conftest import call


def test_what_was_in_a_redis_that_is_restarted_is_made_by_the_next_run(
    upload: Any, workers: Any, photos: Any, registry: Any, redis_server: RedisServer, media_root: Path
) -> None:
    backend = RQBackend(redis_server)
    upload(backend, photos(12))
    with workers(backend, 1) as pool:
        pool.wait_for(lambda: len(made()) >= 2 * WANTED)
        redis_server.kill()
        redis_server.start()
        # What it had in hand, the worker may still end.
        pool.wait()
    lost = 12 * WANTED - len(made())
    assert lost > 0, "Redis was killed after everything was done"
    assert {row[-1] for row in made()} <= set(files(media_root))

    assert call("--json").json["generated"] == lost

    assert_whole(media_root, 12, WANTED)
    assert failures() == []


def test_an_upload_while_redis_is_down_is_recorded_and_made_by_the_next_run(
    upload: Any, photos: Any, registry: Any, redis_server: RedisServer, media_root: Path
) -> None:
    backend = RQBackend(redis_server)
    redis_server.kill()
    upload(backend, photos(2), together=2)
    assert get_image_model().objects.count() == 2
    assert made() == []
    assert [error.split(":")[:2] for _, error in failures()] == [["Not enqueued", " ConnectionError"]] * 2

    assert call("--json").json["generated"] == 2 * WANTED

    assert failures() == []
    assert_whole(media_root, 2, WANTED)
