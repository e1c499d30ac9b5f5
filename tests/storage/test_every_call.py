"""
Storage fails on its k-th call, for every k: what is there then, and what the next run makes of it.

Each case is run once to count its calls, then once for each of them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import models
from wagtail.images import get_image_model

from tests.command.conftest import call
from tests.images import picture, stored
from tests.storage.conftest import SPEC
from tests.storage.faulty import FaultyStorage, Plan, lasting, passing
from wagtail_sourcegroups.models import (
    FileRendition,
    FileSource,
    GenerationFailure,
    LeftoverFile,
    RenditionRecord,
    SourceState,
)
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import DirectorySourceGroup, ImageModelSourceGroup

pytestmark = pytest.mark.django_db(transaction=True)

#: An image and a plain file, of each of which two renditions are wanted.
WANTED = 4


@pytest.fixture(autouse=True)
def one_thread_each(settings: Any) -> None:
    """So that the k-th call is the same one each time."""
    settings.WAGTAIL_SOURCEGROUPS = {"STORAGE_CONNECTIONS": 1, "WORKERS": 1, "ORPHAN_GRACE": 0}


@pytest.fixture(autouse=True)
def groups(registry: Registry, shared_cache: None, tmp_path: Path) -> None:
    directory = tmp_path / "press"
    directory.mkdir()
    (directory / "plain.jpg").write_bytes(picture(colour="orange").getvalue())
    registry.add_group(SPEC.id, ImageModelSourceGroup())
    registry.add_group(SPEC.id, DirectorySourceGroup(directory, ["*.jpg"]))


class Site:
    """What there is, rows and files, which can be kept and put back as it was."""

    def __init__(self, storage: FaultyStorage, media_root: Path) -> None:
        self.storage = storage
        self.media_root = media_root
        model = get_image_model()
        self.renditions = model.get_rendition_model()
        # In an order in which they can be written: who names another comes later.
        self.tables: list[type[models.Model]] = [
            self.renditions, FileSource, FileRendition, SourceState, RenditionRecord, GenerationFailure,
            LeftoverFile,
        ]  # fmt: skip
        file = storage.save("original_images/one.jpg", ContentFile(picture().getvalue()))
        # Without a signal, which would have its renditions made.
        model.objects.bulk_create([model(title="one", file=file, width=60, height=40)])

    def keep(self) -> None:
        self.rows = {table: list(table._base_manager.values()) for table in self.tables}
        self.contents = {name: (self.media_root / name).read_bytes() for name in self.files()}

    def put_back(self, plan: Plan) -> None:
        for table in reversed(self.tables):
            table._base_manager.all()._raw_delete("default")
        for table, rows in self.rows.items():
            table._base_manager.bulk_create(table(**row) for row in rows)
        for name in self.files():
            (self.media_root / name).unlink()
        for name, content in self.contents.items():
            (self.media_root / name).write_bytes(content)
        self.age()
        self.storage.plan = plan

    def named(self) -> dict[str, str]:
        """The files that rows name, by output."""
        of_images = self.renditions.objects.values_list("image_id", "filter_spec", "file")
        plain = FileRendition.objects.values_list("filter_spec", "file")
        return {
            **{f"{image} {filter_spec}": file for image, filter_spec, file in of_images},
            **{f"plain {filter_spec}": file for filter_spec, file in plain},
        }

    def files(self) -> set[str]:
        return stored(self.media_root)

    def age(self) -> None:
        """No grace is no time at all, but a file is not older than itself."""
        moment = time.time() - 10
        for name in self.files():
            os.utime(self.media_root / name, (moment, moment))


@pytest.fixture(params=[False, True], ids=["not overwriting", "overwriting"])
def site(request: Any, media_root: Path, put_in: Callable[..., None]) -> Site:
    storage = FaultyStorage(media_root, overwriting=request.param)
    put_in(originals=storage, renditions=storage)
    return Site(storage, media_root)


def nothing_made(site: Site) -> None:
    assert site.files() == set()


def everything_made(site: Site) -> None:
    assert call().status == 0
    assert len(site.named()) == WANTED


def some_lost(site: Site) -> None:
    everything_made(site)
    for name in sorted(site.files())[::2]:
        (site.media_root / name).unlink()


def some_stray(site: Site) -> None:
    everything_made(site)
    for name in ("images/gone.width-20.jpg", "images/away.width-20.jpg"):
        site.storage.save(name, ContentFile(b"Whatever"))


CASES: dict[str, tuple[Callable[[Site], None], tuple[str, ...]]] = {
    "missing": (nothing_made, ()),
    "force": (everything_made, ("--force",)),
    "verify": (some_lost, ("--verify",)),
    "prune": (some_stray, ("--verify", "--prune")),
}


@pytest.mark.parametrize("after", [False, True], ids=["not done", "done all the same"])
@pytest.mark.parametrize("error", [lasting, passing])
@pytest.mark.parametrize("case", CASES)
def test_every_call(site: Site, case: str, error: Callable[[], Exception], after: bool) -> None:
    prepare, arguments = CASES[case]
    prepare(site)
    site.keep()
    before, there = site.named(), site.files()
    site.put_back(plan := Plan())
    assert call(*arguments).status == 0
    calls = plan.calls
    assert calls >= 2 * WANTED

    for number in range(1, calls + 1):
        site.put_back(plan := Plan(lambda each, number=number: each == number, error, after))  # type: ignore[misc]

        result = call(*arguments)

        told = f"call {number} of {calls}: {result.out} {result.err}"
        assert plan.calls >= number, told
        named = site.named()
        # No row without its file, but for those that were without one before.
        assert set(named.values()) - site.files() <= set(before.values()) - there, told
        assert set(before) <= set(named), told
        if error is passing:
            assert (result.status, len(named)) == (0, WANTED), told
        elif case == "missing":
            # It costs the outputs of one source at most, and each is on record.
            failed = WANTED - len(named)
            assert failed <= 2, told
            assert GenerationFailure.objects.count() == failed, told
            assert result.status == bool(failed), told

        # The next run makes the rest, and no file is left without a row.
        site.storage.plan = Plan()
        site.age()
        result = call("--verify", "--prune", "--json")
        assert result.status == 0, told + result.out
        assert result.json["expected"] == WANTED, told
        assert len(site.named()) == WANTED, told
        assert set(site.named().values()) == site.files(), told
        assert not GenerationFailure.objects.exists(), told


def test_all_calls_of_a_run(site: Site) -> None:
    """A storage that is down throughout: nothing is made, nothing is lost, everything is told."""
    everything_made(site)
    before, there = site.named(), site.files()
    site.storage.plan = Plan(lambda number: True, passing)
    assert call("--force").status == 1
    assert (site.named(), site.files()) == (before, there)
    assert GenerationFailure.objects.count() == WANTED
    site.storage.plan = Plan()
    assert call("--retry-failed").status == 0
    assert not GenerationFailure.objects.exists()
