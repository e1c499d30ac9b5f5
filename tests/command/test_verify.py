"""``--verify``: rows without a file, and files without a row."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from wagtail.documents import get_document_model

from sandbox.people.models import Profile
from tests.images import picture, rows, stored
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation import departures, listing, orphans
from wagtail_sourcegroups.models import FileRendition
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import DirectorySourceGroup

BOUND = frozenset(["width-20", "fill-10x10|format-webp", "format-webp|width-30|preserve-svg"])


def put(name: str, *, age: float = 7200) -> str:
    """A file in the rendition storage that no row names, so many seconds old."""
    saved = default_storage.save(name, ContentFile(b"Whatever"))
    moment = time.time() - age
    os.utime(default_storage.path(saved), (moment, moment))
    return saved


class TestLostFiles:
    def test_are_made_again_under_their_names(
        self, make_image: Any, two_sizes: RenditionSpec, run: Any, media_root: Path
    ) -> None:
        images = [make_image(f"{index}.jpg") for index in range(3)]
        run()
        before = {(row.pk, row.file.name) for image in images for row in rows(image).values()}
        for _, name in before:
            (media_root / name).unlink()
        # Without being asked, the command believes the rows.
        assert run("--json").json["generated"] == 0
        assert run("--verify", "--dry-run", "--json").json["generated"] == 6

        result = run("--verify", "--json")

        assert (result.status, result.json["generated"], result.json["existing"]) == (0, 6, 0)
        assert {(row.pk, row.file.name) for image in images for row in rows(image).values()} == before
        assert stored(media_root) == {name for _, name in before}
        assert run("--verify", "--json").json["existing"] == 6

    def test_of_plain_files(
        self, db: None, registry: Registry, run: Any, tmp_path: Path, media_root: Path
    ) -> None:
        directory = tmp_path / "press"
        directory.mkdir()
        (directory / "one.jpg").write_bytes(picture().getvalue())
        registry.add_spec(RenditionSpec("a", "width-20"))
        registry.add_group("a", DirectorySourceGroup(directory, ["*.jpg"]))
        run()
        rendition = FileRendition.objects.get()
        (media_root / rendition.file.name).unlink()

        assert run("--verify", "--json").json["generated"] == 1

        assert FileRendition.objects.get().file.name == rendition.file.name
        assert (media_root / rendition.file.name).exists()

    def test_that_cannot_be_made_are_failures(
        self, make_image: Any, two_sizes: RenditionSpec, run: Any, media_root: Path
    ) -> None:
        # An export seeded without its media.
        image = make_image("one.jpg")
        run()
        for name in [*stored(media_root), "original_images/one.jpg"]:
            (media_root / name).unlink()
        result = run("--verify", "--json")
        assert (result.status, result.json["failed"]) == (1, 2)
        assert image.renditions.count() == 2


class TestOrphans:
    def test_are_reported_and_removed_when_old_enough(
        self, make_image: Any, two_sizes: RenditionSpec, run: Any, media_root: Path
    ) -> None:
        make_image("one.jpg")
        run()
        kept = stored(media_root)
        old = [put("images/gone.width-20.jpg"), put("images/gone.2e16d0ba.fill-10x10_AbCdEf1.png")]
        young = put("images/coming.width-20.jpg", age=10)
        foreign = [put("images/poster.pdf"), put("images/gone.width-99.jpg"), put("images/sub/logo.jpg")]

        result = run("--verify")

        assert result.status == 0
        assert result.lines[:11] == [
            "6 files in the rendition storage are named by no row.",
            "--verify --prune removes 2 files of renditions:",
            *(f"  {name}" for name in sorted(old)),
            "1 file of renditions is younger than ORPHAN_GRACE (3,600 s) and may be in the making:",
            f"  {young}",
            "3 files are not known to be of a rendition made here and stay:",
            *(f"  {name}" for name in sorted(foreign)),
            "",
        ]
        assert stored(media_root) == {*kept, *old, young, *foreign}
        assert "2 files of renditions would be removed:" in run("--verify", "--prune", "--dry-run").lines
        assert stored(media_root) == {*kept, *old, young, *foreign}

        result = run("--verify", "--prune")

        assert "2 files of renditions were removed:" in result.lines
        assert stored(media_root) == {*kept, young, *foreign}

    def test_count_as_pruned(self, db: None, two_sizes: RenditionSpec, run: Any) -> None:
        put("images/gone.width-20.jpg")
        result = run("--verify", "--prune", "--json")
        assert result.json["pruned"] == 1
        assert result.err.splitlines() == [
            "1 file in the rendition storage is named by no row.",
            "1 file of renditions was removed:",
            "  images/gone.width-20.jpg",
        ]

    def test_of_a_filter_spec_that_once_was_bound(
        self, make_image: Any, two_sizes: RenditionSpec, registry: Registry, run: Any, media_root: Path
    ) -> None:
        make_image()
        run()
        registry.remove_spec("test:spec")
        put("images/gone.width-20.jpg")
        run("--verify", "--prune")
        assert "images/gone.width-20.jpg" not in stored(media_root)

    def test_without_prune_stay(self, db: None, two_sizes: RenditionSpec, run: Any, media_root: Path) -> None:
        put("images/gone.width-20.jpg")
        run("--verify")
        run("--prune")
        assert stored(media_root) == {"images/gone.width-20.jpg"}

    def test_grace_is_a_setting(
        self, db: None, two_sizes: RenditionSpec, run: Any, media_root: Path, settings: Any
    ) -> None:
        settings.WAGTAIL_SOURCEGROUPS = {"ORPHAN_GRACE": 0}
        put("images/gone.width-20.jpg", age=0)
        run("--verify", "--prune")
        assert stored(media_root) == set()

    def test_files_of_any_field_are_none(
        self, db: None, two_sizes: RenditionSpec, run: Any, media_root: Path
    ) -> None:
        Profile.objects.create(name="Ines", avatar=put("images/ines.width-20.jpg"))
        get_document_model().objects.create(title="Terms", file=put("images/terms.width-20.jpg"))
        result = run("--verify", "--prune")
        assert result.lines[0] == "No rendition rows to prune."
        assert result.lines[1] == "Every file in the rendition storage is named by a row."
        assert len(stored(media_root)) == 2

    def test_files_left_for_other_processes_are_none(
        self, make_image: Any, two_sizes: RenditionSpec, run: Any
    ) -> None:
        make_image()
        run()
        run("--force")
        assert run("--verify").lines[0] == "Every file in the rendition storage is named by a row."

    def test_names_are_compared_by_the_page(
        self, db: None, two_sizes: RenditionSpec, run: Any, monkeypatch: pytest.MonkeyPatch, media_root: Path
    ) -> None:
        monkeypatch.setattr(orphans, "PAGE", 7)
        for index in range(30):
            put(f"images/gone{index}.width-20.jpg")
        result = run("--verify", "--prune")
        assert result.lines[:3] == [
            "No rendition rows to prune.",
            "30 files in the rendition storage are named by no row.",
            "30 files of renditions were removed:",
        ]
        assert result.lines[23] == "  ... and 10 more; --verbosity 2 lists all."
        assert stored(media_root) == set()

    def test_others_leave_room_for_those_that_go(
        self, db: None, two_sizes: RenditionSpec, run: Any, media_root: Path
    ) -> None:
        for index in range(25):
            put(f"images/a{index}.pdf")
        gone = put("images/z.width-20.jpg")
        result = run("--verify")
        assert result.lines[1:4] == [
            "--verify --prune removes 1 file of renditions:",
            f"  {gone}",
            "25 files are not known to be of a rendition made here and stay:",
        ]
        assert "  ... and 5 more; --verbosity 2 lists all." in result.lines

    def test_all_are_named_at_verbosity_2(self, db: None, two_sizes: RenditionSpec, run: Any) -> None:
        for index in range(30):
            put(f"images/gone{index}.width-20.jpg")
        assert sum(line.startswith("  images/") for line in run("--verify", "-v", "2").lines) == 30

    def test_a_storage_that_cannot_list(
        self, db: None, two_sizes: RenditionSpec, run: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def listdir(self: Any, path: str) -> Any:
            raise NotImplementedError

        monkeypatch.setattr(FileSystemStorage, "listdir", listdir)
        result = run("--verify")
        assert (result.status, result.err) == (
            0,
            "The rendition storage (FileSystemStorage) cannot list its files, so those that no row names "
            "cannot be found.\n",
        )

    def test_a_row_that_comes_in_between_keeps_its_file(
        self, make_image: Any, two_sizes: RenditionSpec, media_root: Path
    ) -> None:
        make_image()
        name = put("images/one.width-20.jpg")
        (place,) = orphans.places([])
        found = list(orphans.find(place, BOUND))
        assert [orphan.name for orphan in found] == [name]
        Profile.objects.create(name="Ines", avatar=name)
        assert orphans.remove(place, found) == []
        assert name in stored(media_root)


@pytest.mark.once
class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "images/one.width-20.jpg",
            "images/files/one.width-20.png",
            "images/one.two.width-20.jpg",
            "images/one.2e16d0ba.fill-10x10.format-webp.webp",
            "images/one.2e16d0ba.fill-10x10.format-webp_a1B2c3D.webp",
            "images/.width-20.jpg",
            "images/one.format-webp.width-30.webp",
            "images/drawing.width-30.svg",
        ],
    )
    def test_that_the_engine_gives(self, name: str) -> None:
        assert orphans.is_ours(name, BOUND)

    @pytest.mark.parametrize(
        "name",
        [
            "images/one.jpg",
            "images/one.width-21.jpg",
            "images/one.width-200.jpg",
            "images/width-20.jpg",
            "images/one.width-20.pdf",
            "images/one.width-20",
            "images/one-width-20.jpg",
            "images/one.width-20_short.jpg",
            # Only an SVG loses its format with preserve-svg.
            "images/one.width-30.jpg",
            "images/one.format-webp.width-30.preserve-svg.webp",
        ],
    )
    def test_that_it_does_not_give(self, name: str) -> None:
        assert not orphans.is_ours(name, BOUND)


class TestPlaces:
    def test_are_told_apart_by_bucket_and_directory(self, tmp_path: Path) -> None:
        class Bucket:
            def __init__(self, bucket_name: str, location: str = "") -> None:
                self.bucket_name, self.location = bucket_name, location

        def same(one: Any, other: Any) -> bool:
            return departures._may_be_same(one, other)

        assert same(FileSystemStorage(tmp_path), FileSystemStorage(tmp_path))
        assert not same(FileSystemStorage(tmp_path), FileSystemStorage(tmp_path / "other"))
        assert same(Bucket("site"), Bucket("site"))
        assert not same(Bucket("site"), Bucket("other"))
        assert not same(Bucket("site", "a"), Bucket("site", "b"))
        # What does not say where it is may be anywhere.
        assert same(object(), FileSystemStorage(tmp_path))

    def test_one_place_for_all_models_of_one_storage(self) -> None:
        from tests.testapp.models import UUIDRendition

        (place,) = orphans.places([UUIDRendition])
        assert place.directories == ("images",)

    def test_a_link_to_a_directory_above_ends_somewhere(self, db: None, media_root: Path) -> None:
        put("images/one.jpg")
        (media_root / "images" / "loop").symlink_to(media_root / "images")
        names = [entry.name for page in listing.pages(default_storage, "images") for entry in page]
        assert names[0] == "images/one.jpg"
        assert len(names) <= listing.MAX_DEPTH + 1
