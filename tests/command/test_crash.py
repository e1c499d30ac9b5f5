"""``kill -9`` at any moment: the next run makes what is missing, and no row lacks its file."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from wagtail.images import get_image_model

from tests.command.processes import add_images, call, killed
from tests.images import stored
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation import account, batches, departures, filestore, rows, store
from wagtail_sourcegroups.models import FileRendition, LeftoverFile
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import DirectorySourceGroup, ImageModelSourceGroup

FILTERS = ["width-20", "fill-10x10", "width-30|format-webp"]
KILLS = 20


@pytest.fixture
def site(process_site: Any, registry: Registry, tmp_path: Path) -> Path:
    """Three renditions for every image, and for every file of a directory, which is returned."""
    directory = tmp_path / "press"
    directory.mkdir()
    registry.add_spec(RenditionSpec("crash", FILTERS))
    return directory


def bind(registry: Registry, directory: Path) -> None:
    """Only now: what is added before is left to the command."""
    registry.add_group("crash", ImageModelSourceGroup())
    registry.add_group("crash", DirectorySourceGroup(directory, ["*.jpg"]))


def names_in_rows() -> set[str]:
    model = get_image_model().get_rendition_model()
    return {row.file.name for each in (model, FileRendition) for row in each.objects.all()}


def assert_completes(site: Path, media_root: Path, settings: Any) -> None:
    """One run completes it; what a killed one left behind is reported, then removed, and nothing else is."""
    assert names_in_rows() <= stored(media_root), "a row lacks its file"
    assert call("--json").status == 0
    sources = get_image_model().objects.count() + len(list(site.iterdir()))
    named = names_in_rows()
    assert len(named) == len(FILTERS) * sources
    assert named <= stored(media_root)
    foreign = default_storage.save("images/poster.pdf", ContentFile(b"A foreign file."))
    # What --force replaced stays a while for other processes, and is known.
    waiting = set(LeftoverFile.objects.values_list("name", flat=True))
    orphans = stored(media_root) - named - waiting - {foreign}

    reported = call("--verify", "-v", "2")

    assert {line.strip() for line in reported.lines if line.startswith("  images/")} == orphans | {foreign}
    call("--verify", "--prune")
    assert stored(media_root) == named | orphans | waiting | {foreign}, "they are too young to go"
    settings.WAGTAIL_SOURCEGROUPS = {"ORPHAN_GRACE": 0}
    assert call("--verify", "--prune", "--json").json["pruned"] == len(orphans)
    assert stored(media_root) == named | {foreign}
    assert names_in_rows() == named


def test_at_random_moments(site: Path, registry: Registry, media_root: Path, settings: Any) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    groups = ImageModelSourceGroup(), DirectorySourceGroup(site, ["*.jpg"])

    def add(round_: int) -> None:
        # Nothing is bound while they are added: all is left to the command.
        for group in groups if registry.bindings else ():
            registry.remove_group("crash", group)
        added = add_images(f"{round_}-{index}" for index in range(6))
        for image in added[:2]:
            (site / f"{image.title}.jpg").write_bytes(image.file.open("rb").read())
        bind(registry, site)

    add(0)
    began = time.monotonic()
    killed(call, after=10)
    took = time.monotonic() - began
    hit = 0
    for round_ in range(1, KILLS + 1):
        add(round_)
        hit += killed(call, after=chance.uniform(0, took))
    assert hit, f"no run was killed in the middle (seed {seed})"

    assert_completes(site, media_root, settings)


@pytest.mark.parametrize(
    ("module", "function"),
    [
        # Between a file and its row, for images and plain files.
        (rows, "_insert_together"),
        (rows, "_keep_row"),
        (filestore, "_keep_row"),
        # Some rows written, and their records not.
        (store, "check_source"),
        (store, "_record"),
        # Committed, and the cache not told.
        (store, "_cache"),
        # Before the file that was replaced goes.
        (departures.Departures, "take_leave"),
        # Before the states of a batch are written, and before failures are.
        (batches, "write_states"),
        (account, "record"),
    ],
)
@pytest.mark.parametrize("option", ["", "--force"])
def test_at_a_given_moment(
    site: Path,
    registry: Registry,
    media_root: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    function: str,
    option: str,
) -> None:
    (image, _) = add_images(["one", "two"])
    (site / "plain.jpg").write_bytes(image.file.open("rb").read())
    bind(registry, site)
    if option:
        assert call().status == 0

    def die(*args: Any, **kwargs: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patch:
        patch.setattr(module, function, die)
        # Not every moment comes in every run.
        killed(lambda: call(*filter(None, [option])), after=20)

    assert_completes(site, media_root, settings)
