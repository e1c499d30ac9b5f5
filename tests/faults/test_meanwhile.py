"""What people do to a site while a run is at work on it: images deleted, replaced and moved, specs taken away."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import PIL.Image
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from wagtail.images import get_image_model
from wagtail.models import Collection

from tests.command.conftest import call, new_collection
from tests.command.processes import fork
from tests.faults.aftermath import Before, Site, assert_whole, outputs
from tests.faults.conftest import SPEC
from tests.faults.steps import Gate, at, told
from tests.images import picture
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.models import GenerationRun
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, ImageModelSourceGroup

#: Where the run stands still: the source is read and nothing of it stored; some is; all is, and rows are to be written;
#: and when the next batch is begun.
STEPS = [("save", 1), ("after save", 1), ("insert customrendition", 1), ("insert sourcestate", 2)]


@pytest.fixture
def meanwhile(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """``meanwhile(step, deed)``: a process makes what is missing, and at that step this one does something."""

    def do(step: tuple[str, int], deed: Callable[[], Any], *options: str) -> dict[str, Any]:
        gate, report = Gate(tmp_path), tmp_path / "report"
        name, number = step

        def work() -> str:
            with told(at(name, gate.stand, number)):
                return call("--json", "--workers", "1", "--batch-size", "2", *options).out

        pid = fork(work, report)
        gate.wait(pid)
        with waiting_for_locks():
            deed()
        gate.let_go()
        os.waitpid(pid, 0)
        said: dict[str, Any] = json.loads(report.read_text())
        return said

    return do


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[0])
def test_an_image_is_deleted(
    site: Site, settings: Any, meanwhile: Any, step: tuple[str, int], media_root: Path
) -> None:
    """The one in hand: nothing of it is left, and it is no failure."""
    before = Before.at(site)
    image = first_image()

    said = meanwhile(step, image.delete)

    assert said["failed"] == 0
    assert not any(source == f"image {image.pk}" for source, _, _ in outputs())
    assert_whole(site, before.without(image), settings, gone=1)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[0])
@pytest.mark.parametrize("how", ["in the admin", "by an import"])
def test_a_source_is_replaced(
    site: Site, settings: Any, meanwhile: Any, step: tuple[str, int], how: str
) -> None:
    """While it is being read, or stored, or when it was: what is there in the end is of the new one."""
    before = Before.at(site)
    image = first_image()
    before = before.without(image)

    said = meanwhile(step, lambda: put_another_file(image, signals=how == "in the admin"))

    assert said["failed"] == 0
    assert_whole(site, before.with_original_of(image, site), settings)
    with PIL.Image.open(site.media_root / outputs()[(f"image {image.pk}", "width-20", "")]) as made:
        red, green, blue = made.convert("RGB").getpixel((5, 5))
        # A portrait now, and crimson instead of teal.
        assert made.size == (20, 40)
        assert red > 150 > 100 > max(green, blue)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[0])
def test_the_collection_is_moved(
    registry: Registry, site: Site, settings: Any, meanwhile: Any, step: tuple[str, int]
) -> None:
    """Out of the one whose images are meant, and back: what was made by then is left as it is."""
    attic = new_collection("Attic")
    year = new_collection("2026", parent=new_collection("Press"))
    get_image_model().objects.update(collection=year)
    registry.remove_group(SPEC.id, ImageModelSourceGroup())
    registry.add_group(SPEC.id, CollectionSourceGroup("Press"))
    before = Before.at(site)

    said = meanwhile(step, lambda: move(year, attic))

    assert said["failed"] == 0
    made = outputs()
    assert call("--json").json["generated"] == 0
    move(year, Collection.objects.get(name="Press"))
    GenerationRun.objects.all().delete()
    assert_whole(site, Before(before.outputs | set(made), before.files), settings)


def test_a_spec_is_taken_away_and_the_run_goes_on_with_the_other(
    registry: Registry, site: Site, settings: Any, queue: Callable[..., None]
) -> None:
    """By a deployment: workers that come later do not know it any more."""
    other = RenditionSpec("other", ["width-30"])
    registry.add_spec(other)
    registry.add_group(other.id, ImageModelSourceGroup())
    before = Before.at(site)
    call("--enqueue", "--batch-size", "1")
    in_a_process(lambda: queue(tasks=1))

    registry.remove_spec(other.id)
    in_a_process(queue)

    run = GenerationRun.objects.get()
    assert (run.state, run.counts["specs"]["other"]["generated"]) == ("finished", 1)
    assert len([output for output in outputs() if output[1] == "width-30"]) == 1
    registry.add_spec(other)
    registry.add_group(other.id, ImageModelSourceGroup())
    assert call().status == 0
    GenerationRun.objects.all().delete()
    get_image_model().get_rendition_model().objects.filter(filter_spec="width-30").delete()
    registry.remove_spec(other.id)
    assert_whole(site, before, settings)


def test_all_specs_are_taken_away_and_come_back(
    registry: Registry, site: Site, settings: Any, queue: Callable[..., None]
) -> None:
    before = Before.at(site)
    call("--enqueue", "--batch-size", "1")
    in_a_process(lambda: queue(tasks=1))

    registry.remove_spec(SPEC.id)
    in_a_process(queue)

    run = GenerationRun.objects.get()
    assert (run.state, run.message) == (
        "failed",
        "None of the specs of the run is registered any more: faults.",
    )
    registry.add_spec(SPEC)
    for group in site.groups:
        registry.add_group(SPEC.id, group)
    run.resume()
    in_a_process(queue)
    assert_whole(site, before, settings)


# What people do -----------------------------------------------------------------------------------


def first_image() -> Any:
    return get_image_model().objects.order_by("pk").first()


def put_another_file(image: Any, *, signals: bool) -> None:
    """As Wagtail's view does that edits an image, or as a script that writes to the table."""
    old, content = image.file.name, ContentFile(picture((60, 120), "crimson").read(), name="crimson.jpg")
    if signals:
        image.file = content
        image._set_image_file_metadata()
        image.save()
        default_storage.delete(old)
        image.renditions.all().delete()
        return
    name = default_storage.save("original_images/crimson.jpg", content)
    get_image_model().objects.filter(pk=image.pk).update(
        file=name, width=60, height=120, file_size=None, file_hash=""
    )
    default_storage.delete(old)
    image.refresh_from_db()


def move(collection: Collection, target: Collection) -> None:
    collection.refresh_from_db()
    target.refresh_from_db()
    collection.move(target, "sorted-child")


@contextmanager
def waiting_for_locks() -> Iterator[None]:
    """SQLite turns away who reads in a transaction and then wants to write; here one waits before the first read."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.close()
    with mock.patch.dict(connection.settings_dict["OPTIONS"], transaction_mode="IMMEDIATE"):
        yield
        connection.close()


def in_a_process(work: Callable[[], Any]) -> None:
    os.waitpid(fork(work), 0)
