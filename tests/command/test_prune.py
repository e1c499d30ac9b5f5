"""``--prune``: what goes, and above all what stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from wagtail.images import get_image_model

from sandbox.people.models import Profile
from tests.command.conftest import new_collection
from tests.images import picture, rows, stored
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation.decision import Old
from wagtail_sourcegroups.generation.prune import as_stored, obsolete
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.generation.wanted import OutputKey
from wagtail_sourcegroups.models import FileRendition, FileSource, RenditionRecord
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    DirectorySourceGroup,
    ImageFieldSourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
    SourceGroup,
)
from wagtail_sourcegroups.sourcegroups.base import SourceGroup as Base

#: Sizes that Wagtail's own admin asks for.
ADMIN = ["max-165x165", "max-800x600", "max-400x400", "fill-600x338", "original"]


@pytest.fixture
def on_commit(django_capture_on_commit_callbacks: Any) -> Callable[[], Any]:
    """Files go after the transaction, which in a test never ends."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def register(registry: Registry, spec_id: str, filters: Any, *groups: Base) -> RenditionSpec:
    spec = RenditionSpec(spec_id, filters)
    registry.add_spec(spec)
    for group in groups:
        registry.add_group(spec_id, group)
    return spec


def changed(registry: Registry, spec_id: str, filters: Any, *groups: Base) -> RenditionSpec:
    """A spec whose definition a developer has changed."""
    registry.remove_spec(spec_id)
    return register(registry, spec_id, filters, *groups)


class TestDecision:
    def old(self, pk: int, filter_spec: str, focal_point_key: str = "") -> Old:
        return Old(pk, filter_spec, focal_point_key, f"{pk}.jpg")

    def test_what_is_not_asked_for_goes(self) -> None:
        old, kept = self.old(1, "width-1"), self.old(2, "width-2")
        assert obsolete([old, kept], [OutputKey("width-2", "")], prunable={"width-1", "width-2"}) == [old]

    def test_what_was_never_bound_stays(self) -> None:
        assert obsolete([self.old(1, "width-1")], [], prunable={"width-2"}) == []

    def test_what_is_held_stays(self) -> None:
        assert obsolete([self.old(1, "width-1")], [], prunable={"width-1"}, held={"width-1"}) == []

    def test_a_former_focal_point_goes_when_there_is_one_for_the_present(self) -> None:
        before, now = self.old(1, "fill-1x1", "aaaa"), self.old(2, "fill-1x1", "bbbb")
        asked = [OutputKey("fill-1x1", "bbbb")]
        assert obsolete([before], asked, prunable={"fill-1x1"}) == []
        assert obsolete([before, now], asked, prunable={"fill-1x1"}) == [before]
        assert obsolete([before], asked, prunable={"fill-1x1"}, all_made=True) == [before]

    @pytest.mark.parametrize(
        ("filter_spec", "raster", "svg"),
        [
            ("width-1", {"width-1"}, {"width-1"}),
            ("format-webp|width-1|preserve-svg", {"format-webp|width-1"}, {"width-1"}),
            ("format-webp|preserve-svg", {"format-webp"}, {"original"}),
        ],
    )
    def test_filter_specs_as_wagtail_stores_them(
        self, filter_spec: str, raster: set[str], svg: set[str]
    ) -> None:
        assert as_stored(frozenset([filter_spec]), False) == raster
        assert as_stored(frozenset([filter_spec]), True) == svg


class TestImages:
    def test_only_what_a_binding_asked_for_goes(
        self,
        make_image: Any,
        registry: Registry,
        run: Any,
        media_root: Path,
        monkeypatch: pytest.MonkeyPatch,
        on_commit: Any,
    ) -> None:
        monkeypatch.setattr(Profile._meta.get_field("avatar"), "upload_to", "images")
        image = make_image("one.jpg")
        ad_hoc = [f"width-{size}" for size in range(100, 150)]
        for filter_spec in [*ad_hoc, *ADMIN]:
            image.get_rendition(filter_spec)
        Profile.objects.create(
            name="Ines", avatar=ContentFile(picture().getvalue(), name="ines.width-20.jpg")
        )
        default_storage.save("images/poster.pdf", ContentFile(b"A foreign file."))
        before = stored(media_root)
        assert len(before) == 57
        register(registry, "a", ["width-20", "width-30"], ImageModelSourceGroup())
        run()
        changed(registry, "a", "width-30", ImageModelSourceGroup())
        went = rows(image)["width-20"].file.name

        with on_commit():
            result = run("--prune", "--verify", "--json")

        assert (result.status, result.json["pruned"]) == (0, 1)
        assert set(rows(image)) == {*ad_hoc, *ADMIN, "width-30"}
        assert stored(media_root) == before | {rows(image)["width-30"].file.name}
        assert went not in stored(media_root)

    def test_says_what_it_would_do_first(self, make_image: Any, registry: Registry, run: Any) -> None:
        image, other = make_image("one.jpg"), make_image("two.jpg")
        register(registry, "a", ["width-20", "width-30", "width-40"], ImageModelSourceGroup())
        run()
        changed(registry, "a", "width-40", ImageModelSourceGroup())
        rows(other)["width-20"].delete()

        pks = [rows(image)["width-20"].pk, rows(image)["width-30"].pk, rows(other)["width-30"].pk]
        assert RenditionRecord.objects.filter(object_id__in=[str(pk) for pk in pks]).count() == 3

        result = run("--prune", "--dry-run")

        assert (result.status, len(rows(image))) == (0, 3)
        assert result.lines[:4] == [
            "Would delete 3 renditions that nothing asks for any more:",
            "  1  width-20",
            "  2  width-30",
            "",
        ]
        assert run("--prune", "--dry-run", "--json").json["pruned"] == 3
        assert run("--prune").lines[0] == "Deleted 3 renditions that nothing asks for any more:"
        assert run("--prune").lines[0] == "No rendition rows to prune."
        assert not RenditionRecord.objects.filter(object_id__in=[str(pk) for pk in pks]).exists()

    def test_image_that_has_left_its_group(self, make_image: Any, registry: Registry, run: Any) -> None:
        press, other = new_collection("Press"), new_collection("Other")
        image, stays = make_image("one.jpg", collection=press), make_image("two.jpg", collection=press)
        register(registry, "a", "width-20", CollectionSourceGroup("Press"))
        run()
        get_image_model().objects.filter(pk=image.pk).update(collection=other)

        assert run("--prune", "--json").json["pruned"] == 1
        assert (set(rows(image)), set(rows(stays))) == (set(), {"width-20"})

    def test_former_focal_point(self, make_image: Any, registry: Registry, run: Any) -> None:
        image = make_image()
        register(registry, "a", "fill-10x10", ImageModelSourceGroup())
        run()
        image.focal_point_x, image.focal_point_y = 20, 20
        image.focal_point_width = image.focal_point_height = 5
        image.save()
        image.get_rendition("fill-11x11")
        run()
        assert image.renditions.filter(filter_spec="fill-10x10").count() == 2

        assert run("--prune", "--json").json["pruned"] == 1

        (left,) = image.renditions.filter(filter_spec="fill-10x10")
        assert left.focal_point_key == left.image.get_rendition("fill-10x10").focal_point_key
        assert image.renditions.filter(filter_spec="fill-11x11").count() == 1

    def test_former_focal_point_stays_while_the_present_cannot_be_made(
        self, make_image: Any, registry: Registry, run: Any, media_root: Path
    ) -> None:
        image = make_image("one.jpg")
        register(registry, "a", "fill-10x10", ImageModelSourceGroup())
        run()
        type(image).objects.filter(pk=image.pk).update(
            focal_point_x=20, focal_point_y=20, focal_point_width=5, focal_point_height=5
        )
        (media_root / "original_images" / "one.jpg").unlink()

        result = run("--prune", "--json")

        assert (result.status, result.json["failed"], result.json["pruned"]) == (1, 1, 0)
        assert image.renditions.count() == 1

    def test_what_another_spec_asks_for_stays(self, make_image: Any, registry: Registry, run: Any) -> None:
        image = make_image()
        register(registry, "a", ["width-20", "width-30"], ImageModelSourceGroup())
        register(registry, "b", "width-30", ImageModelSourceGroup())
        run()
        changed(registry, "a", "width-40", ImageModelSourceGroup())

        run("a", "--prune")

        assert set(rows(image)) == {"width-30", "width-40"}

    def test_patterns_leave_other_images_alone(self, make_image: Any, registry: Registry, run: Any) -> None:
        press, other = new_collection("Press"), new_collection("Other")
        one, two = make_image("one.jpg", collection=press), make_image("two.jpg", collection=other)
        register(registry, "a", ["width-20", "width-21"], CollectionSourceGroup("Press"))
        register(registry, "b", ["width-30", "width-31"], CollectionSourceGroup("Other"))
        run()
        changed(registry, "a", "width-20", CollectionSourceGroup("Press"))
        changed(registry, "b", "width-30", CollectionSourceGroup("Other"))

        assert run("a", "--prune", "--json").json["pruned"] == 1
        assert (set(rows(one)), set(rows(two))) == ({"width-20"}, {"width-30", "width-31"})

    def test_patterns_take_from_images_that_left(self, make_image: Any, registry: Registry, run: Any) -> None:
        press, other = new_collection("Press"), new_collection("Other")
        image = make_image("one.jpg", collection=press)
        register(registry, "a", "width-20", CollectionSourceGroup("Press"))
        register(registry, "b", "width-30", CollectionSourceGroup("Press"))
        run()
        get_image_model().objects.filter(pk=image.pk).update(collection=other)
        run("a", "--prune")
        assert set(rows(image)) == {"width-30"}

    def test_only_chosen_images(self, make_image: Any, registry: Registry, run: Any) -> None:
        press = new_collection("Press")
        one, two = make_image("one.jpg", collection=press), make_image("two.jpg")
        register(registry, "a", ["width-20", "width-21"], ImageModelSourceGroup())
        run()
        changed(registry, "a", "width-20", ImageModelSourceGroup())

        run("--prune", "--collection", "Press")

        assert (set(rows(one)), set(rows(two))) == ({"width-20"}, {"width-20", "width-21"})
        run("--prune", "--image", str(two.pk))
        assert set(rows(two)) == {"width-20"}

    def test_a_group_that_cannot_be_asked_keeps_all_it_might_want(
        self, make_image: Any, registry: Registry, run: Any
    ) -> None:
        press = new_collection("Press")
        image = make_image(collection=press)
        register(registry, "a", "width-20", CollectionSourceGroup("Press"))
        register(registry, "b", ["width-30", "width-31"], ImageModelSourceGroup())
        run()
        press.name = "Newsroom"
        press.save()
        changed(registry, "b", "width-30", ImageModelSourceGroup())

        result = run("--prune", "--json")

        assert (result.status, result.json["pruned"]) == (1, 1)
        assert set(rows(image)) == {"width-20", "width-30"}

    def test_a_plain_group_that_breaks_keeps_all_it_might_want(
        self, make_image: Any, registry: Registry, run: Any
    ) -> None:
        image, last = make_image("one.jpg"), make_image("two.jpg")

        class Featured(SourceGroup):
            broken = False

            def files(self) -> Iterator[Any]:
                yield image.file
                if self.broken:
                    raise RuntimeError("The feed is down.")
                yield last.file

        register(registry, "a", "width-20", Featured())
        run()
        Featured.broken = True

        assert run("--prune", "--json").json["pruned"] == 0
        assert (set(rows(image)), set(rows(last))) == ({"width-20"}, {"width-20"})

    def test_images_that_a_plain_group_gives(self, make_image: Any, registry: Registry, run: Any) -> None:
        image, other = make_image("one.jpg"), make_image("two.jpg")
        given = [image, other]

        class Featured(SourceGroup):
            def files(self) -> Iterator[Any]:
                for each in given:
                    yield each.file

        register(registry, "a", "width-20", Featured())
        run()
        given.remove(other)

        assert run("--prune", "--json").json["pruned"] == 1
        assert (set(rows(image)), set(rows(other))) == ({"width-20"}, set())

    def test_excluded_images(self, make_image: Any, registry: Registry, run: Any) -> None:
        image, raw = make_image("one.jpg"), make_image("raw.jpg")
        register(registry, "a", "width-20", ImageModelSourceGroup())
        run()

        class NotRaw(QuerySetSourceGroup):
            def get_queryset(self) -> Any:
                return get_image_model().objects.exclude(title="raw")

        changed(registry, "a", "width-20", NotRaw())

        assert run("--prune", "--json").json["pruned"] == 1
        assert (set(rows(image)), set(rows(raw))) == ({"width-20"}, set())

    def test_a_file_that_another_row_names_stays(
        self, make_image: Any, registry: Registry, run: Any, media_root: Path, on_commit: Any
    ) -> None:
        # As two images get on a storage that overwrites.
        image, other = make_image("one.jpg"), make_image("two.jpg")
        register(registry, "a", ["width-20", "width-30"], ImageModelSourceGroup())
        run()
        name = rows(image)["width-20"].file.name
        other.renditions.filter(filter_spec="width-30").update(file=name)
        changed(registry, "a", "width-30", ImageModelSourceGroup())

        with on_commit():
            run("--prune")

        assert set(rows(image)) == {"width-30"}
        assert name in stored(media_root)

    def test_other_image_models(
        self, make_image: Any, registry: Registry, run: Any, media_root: Path, on_commit: Any
    ) -> None:
        from tests.testapp.models import UUIDImage

        image = make_image("one.jpg", model=UUIDImage)
        register(registry, "a", ["width-20", "width-30"], ImageModelSourceGroup("testapp.UUIDImage"))
        run()
        changed(registry, "a", "width-30", ImageModelSourceGroup("testapp.UUIDImage"))

        with on_commit():
            assert run("--prune", "--json").json["pruned"] == 1
        assert stored(media_root) == {row.file.name for row in rows(image).values()}
        assert set(rows(image)) == {"width-30"}

    def test_queries_do_not_grow_with_what_stays(
        self, make_image: Any, registry: Registry, run: Any, django_assert_num_queries: Any
    ) -> None:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        register(registry, "a", "width-20", ImageModelSourceGroup())

        def queries() -> int:
            run()
            with CaptureQueriesContext(connection) as captured:
                run("--prune")
            return len(captured)

        make_image("first.jpg")
        few = queries()
        for index in range(8):
            make_image(f"{index}.jpg")
        assert queries() == few


class TestFiles:
    @pytest.fixture
    def press(self, tmp_path: Path) -> Path:
        directory = tmp_path / "press"
        directory.mkdir()
        for name in ("one.jpg", "two.jpg"):
            (directory / name).write_bytes(picture().getvalue())
        return directory

    def test_source_in_no_group_any_more(
        self, db: None, registry: Registry, run: Any, press: Path, media_root: Path, on_commit: Any
    ) -> None:
        register(registry, "a", ["width-20", "width-30"], DirectorySourceGroup(press, ["*.jpg"]))
        run()
        assert FileRendition.objects.count() == 4
        (press / "one.jpg").unlink()

        assert run("--prune", "--dry-run", "--json").json["pruned"] == 2
        with on_commit():
            assert run("--prune", "--json").json["pruned"] == 2

        assert [source.name for source in FileSource.objects.all()] == ["two.jpg"]
        assert stored(media_root) == {each.file.name for each in FileRendition.objects.all()}

    def test_filter_spec_that_is_asked_for_no_more(
        self, db: None, registry: Registry, run: Any, press: Path
    ) -> None:
        group = DirectorySourceGroup(press, ["*.jpg"])
        register(registry, "a", ["width-20", "width-30"], group)
        run()
        changed(registry, "a", "width-30", group)
        assert run("--prune", "--json").json["pruned"] == 2
        assert set(FileRendition.objects.values_list("filter_spec", flat=True)) == {"width-30"}

    def test_all_groups_gone(self, db: None, registry: Registry, run: Any, press: Path) -> None:
        register(registry, "a", "width-20", DirectorySourceGroup(press, ["*.jpg"]))
        run()
        registry.remove_spec("a")
        register(registry, "b", "width-30", ImageModelSourceGroup())
        run("--prune")
        assert not FileSource.objects.exists()

    def test_group_that_breaks(self, db: None, registry: Registry, run: Any, press: Path) -> None:
        class Feed(SourceGroup):
            broken = False

            def files(self) -> Iterator[Any]:
                if self.broken:
                    raise RuntimeError("The feed is down.")
                for path in sorted(press.iterdir()):
                    yield path.open("rb")

        register(registry, "a", "width-20", Feed())
        run()
        Feed.broken = True
        assert run("--prune", "--json").json["pruned"] == 0
        assert FileRendition.objects.count() == 2

    def test_row_of_a_field_deleted_behind_our_back(self, db: None, registry: Registry, run: Any) -> None:
        for name in ("Ines", "Rui"):
            Profile.objects.create(name=name, avatar=ContentFile(picture().getvalue(), name=f"{name}.jpg"))
        register(registry, "a", "width-20", ImageFieldSourceGroup(Profile, "avatar"))
        run()
        Profile.objects.filter(name="Rui")._raw_delete("default")
        assert run("--prune", "--json").json["pruned"] == 1
        assert FileSource.objects.count() == 1

    def test_made_on_request_and_never_in_a_group(
        self, db: None, registry: Registry, run: Any, press: Path
    ) -> None:
        spec = register(registry, "a", "width-20", ImageModelSourceGroup())
        RenditionSet(spec, (press / "one.jpg").open("rb")).generate()
        assert run("--prune", "--json").json["pruned"] == 0
        assert FileRendition.objects.count() == 1

    def test_a_narrowed_run_leaves_them_alone(
        self, db: None, registry: Registry, run: Any, press: Path
    ) -> None:
        register(registry, "a", "width-20", DirectorySourceGroup(press, ["*.jpg"]))
        run()
        (press / "one.jpg").unlink()
        new_collection("Press")
        assert run("--prune", "--collection", "Press", "--json").json["pruned"] == 0
        assert FileRendition.objects.count() == 2
