"""A site whose router reads from a replica: what decides is read where it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connections
from django.db.backends.sqlite3.base import DatabaseWrapper
from wagtail.images import get_image_model

from tests.command.conftest import call
from tests.runs.conftest import Queue, begin, numbers, state
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation import store
from wagtail_sourcegroups.generation.departures import named_anywhere
from wagtail_sourcegroups.generation.sources import source_of
from wagtail_sourcegroups.models import GenerationRun, RunBatch

pytestmark = pytest.mark.django_db(transaction=True)

Images = Callable[[int], list[Any]]
ReadElsewhere = Callable[..., None]


@pytest.fixture
def read_elsewhere(settings: Any) -> Iterator[ReadElsewhere]:
    """Have a model read, as its router has it, from a replica that lags so far behind that it has no table yet."""
    # Of SQLite, whatever the other one is.
    values = {**connections["default"].settings_dict, "NAME": ":memory:", "OPTIONS": {}}
    connections["replica"] = DatabaseWrapper(values, "replica")

    def arrange(*models: Any) -> None:
        class Router:
            def db_for_read(self, model: Any, **hints: Any) -> str | None:
                return "replica" if model in models else None

            def db_for_write(self, model: Any, **hints: Any) -> str | None:
                return "default" if model in models else None

        settings.DATABASE_ROUTERS = [Router()]

    yield arrange
    connections["replica"].close()
    del connections["replica"]


def test_runs(spec: RenditionSpec, images: Images, queue: Queue, read_elsewhere: ReadElsewhere) -> None:
    read_elsewhere(GenerationRun, RunBatch)
    get_image_model().objects.filter(pk=images(25)[3].pk).update(file="original_images/lost.jpg")
    run = begin()
    queue.deliver()
    run.pause()
    assert [batch.run.state for batch in run.batches.open()] == ["paused"] * 2
    run.resume()
    queue.drain()
    assert (state(run), numbers(run)["generated"], run.retry_failed().state) == ("finished", 48, "queued")
    assert [each.shown_state for each in GenerationRun.objects.with_standing()] == ["queued", "finished"]


def test_the_command(spec: RenditionSpec, images: Images, read_elsewhere: ReadElsewhere) -> None:
    read_elsewhere(GenerationRun, RunBatch)
    images(5)
    assert call("--json").json["generated"] == 10
    assert call("--status", "--json").json["runs"][0]["state"] == "finished"


def test_an_image_that_is_begun_anew(images: Images, read_elsewhere: ReadElsewhere) -> None:
    (image,) = images(1)
    read_elsewhere(type(image))
    assert store.current_image(source_of(image.file)) == image
    type(image).objects.using("default").filter(pk=image.pk)._raw_delete("default")
    assert store.current_image(source_of(image.file)) is None


def test_whether_a_file_has_a_row(images: Images, read_elsewhere: ReadElsewhere) -> None:
    (image,) = images(1)
    read_elsewhere(type(image))
    assert named_anywhere([image.file.name], default_storage) == {image.file.name}
