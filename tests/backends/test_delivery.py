"""Tasks that come twice, late, in another order or at the same time: one row and one file for each rendition."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django_tasks import task_backends
from wagtail.images import get_image_model
from wagtail.images.models import Filter

from tests.backends.conftest import assert_whole, failures, files, made
from tests.backends.site.library import SPECS, WANTED
from tests.command.conftest import Result, call
from tests.command.processes import add_images, together
from tests.images import picture
from wagtail_sourcegroups import tasks
from wagtail_sourcegroups.models import GenerationFailure
from wagtail_sourcegroups.tasks import generate_task

IDS = [spec.id for spec in SPECS]


@pytest.fixture
def waiting(settings: Any) -> Callable[[], list[Any]]:
    """Tasks of ours are kept and not run: ``waiting()`` takes the arguments of those that came since."""
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"},
        "pixels": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"},
    }
    settings.WAGTAIL_SOURCEGROUPS = {"TASK_BACKEND": "pixels", "ORPHAN_GRACE": 0}

    def take() -> list[Any]:
        kept: Any = task_backends["pixels"]
        taken = [result.args for result in kept.results]
        kept.clear()
        return taken

    return take


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_in_any_order_and_twice(
    process_site: Any, registry: Any, waiting: Any, media_root: Path, order: tuple[int, ...]
) -> None:
    """Uploaded, then given another file, then a focal point: what remains is of the last, whoever comes last."""
    (image,) = add_images(["a"])
    deliveries = waiting()
    generate_task.func(*deliveries[0])
    image.file = ContentFile(picture((90, 90), "crimson").read(), name="b.jpg")
    image.save()
    image.focal_point_x = image.focal_point_y = 60
    image.focal_point_width = image.focal_point_height = 8
    image.save()
    deliveries += waiting()
    assert len(deliveries) == 3

    for index in (*order, *order):
        generate_task.func(*deliveries[index])

    assert failures() == []
    key = Filter("fill-40x40").get_cache_key(image)
    assert key
    rows = made()
    assert [row[1:5] for row in rows] == [
        ("fill-40x40", key, 40, 40),
        ("fill-60x30|format-webp", key, 60, 30),
        # Of the file that it has now, which is a square.
        ("width-80", "", 80, 80),
    ]
    # What the first delivery had made for other processes' caches goes with the next run.
    assert call("--json").json["generated"] == 0
    kept = {name for name in files(media_root) if name.startswith("images/")}
    assert kept == {row[-1] for row in rows}


def test_late_after_the_next_run(process_site: Any, registry: Any, waiting: Any, media_root: Path) -> None:
    add_images(["a", "b"])
    deliveries = waiting()
    assert call("--json").json["generated"] == 2 * WANTED
    before = made(), files(media_root)
    for delivery in deliveries:
        generate_task.func(*delivery)
    assert (made(), files(media_root)) == before


@pytest.mark.requires_postgres
def test_at_the_same_time(
    process_site: Any, registry: Any, waiting: Any, media_root: Path, tmp_path: Path
) -> None:
    images = add_images(f"image{index}" for index in range(12))
    waiting()
    pks = [str(image.pk) for image in images]
    arguments = [[["gallery.customimage", IDS, False, pks]], []]

    def deliver() -> Result:
        generate_task.func(*arguments)
        return Result(0, "done", "")

    assert together(*[deliver] * 4, directory=tmp_path) == ["done"] * 4
    assert failures() == []
    assert_whole(media_root, 12, WANTED)


def test_what_a_backend_refused_is_made_by_the_next_run(
    process_site: Any, registry: Any, settings: Any, media_root: Path, monkeypatch: Any
) -> None:
    def refuse(*args: Any) -> None:
        raise ConnectionError("the broker is down")

    monkeypatch.setattr(tasks, "routed", refuse)
    (image,) = add_images(["a"])
    (failure,) = GenerationFailure.objects.all()
    assert (failure.source_name, failure.spec_id) == (f"a (#{image.pk})", ", ".join(IDS))
    assert failure.error == "Not enqueued: ConnectionError: the broker is down"
    assert made() == []

    assert call("--json").json["generated"] == WANTED

    assert failures() == []
    assert_whole(media_root, 1, WANTED)


def test_what_a_wrong_setting_keeps_from_being_enqueued_is_recorded(
    process_site: Any, registry: Any, settings: Any
) -> None:
    settings.WAGTAIL_SOURCEGROUPS = {"TASK_BACKEND": "pixel"}
    add_images(["a"])
    assert get_image_model().objects.count() == 1
    ((_, error),) = failures()
    assert error.startswith(
        "Not enqueued: WAGTAIL_SOURCEGROUPS['TASK_BACKEND'] is 'pixel', which TASKS does not"
    )
