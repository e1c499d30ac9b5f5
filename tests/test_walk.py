from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.images import get_image_model
from wagtail.models import Collection

from tests.images import picture
from tests.testapp.models import Person, UUIDImage
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation.batches import make_batches
from wagtail_sourcegroups.generation.options import Options
from wagtail_sourcegroups.generation.progress import Totals
from wagtail_sourcegroups.generation.state import content_type_of
from wagtail_sourcegroups.models import BoundFilterSpec, GenerationFailure, SourceState
from wagtail_sourcegroups.registry import Binding, get_registry
from wagtail_sourcegroups.selection import Selection
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    ImageFieldSourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
    SourceGroup,
    TagSourceGroup,
    adapt,
)
from wagtail_sourcegroups.walk import Walk

pytestmark = pytest.mark.django_db

A, B = RenditionSpec("a", "width-20"), RenditionSpec("b", ["width-20", "width-30"])


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    with get_registry().override(empty=True):
        yield


def run(bindings: list[Binding], selection: Selection | None = None, **options: Any) -> tuple[Totals, Walk]:
    walk = Walk(bindings, bindings, selection or Selection(), batch_size=options.pop("batch_size", None))
    walk.prepare()
    return make_batches(walk.batches(), options=Options(**options)), walk


def collection(name: str, parent: Collection | None = None) -> Collection:
    parent = parent or Collection.get_first_root_node()
    return parent.add_child(instance=Collection(name=name))


class TestImages:
    def test_an_image_in_three_groups_is_walked_once(self, make_image: Any) -> None:
        press = collection("Press")
        image = make_image(collection=press)
        image.tags.add("x")
        other = make_image("two.jpg")
        bindings = [
            Binding(A, ImageModelSourceGroup()),
            Binding(B, CollectionSourceGroup("Press")),
            Binding(A, TagSourceGroup("x")),
        ]
        totals, _ = run(bindings)
        assert (totals.all.sources, totals.all.expected, totals.all.generated) == (2, 3, 3)
        assert (totals.spec("a").sources, totals.spec("a").expected) == (2, 2)
        assert (totals.spec("b").sources, totals.spec("b").expected) == (1, 2)
        assert other.renditions.count() == 1

    def test_batches_by_key(self, make_image: Any) -> None:
        pks = [make_image(f"{number}.jpg").pk for number in range(5)]
        walk = Walk([Binding(A, ImageModelSourceGroup())], (), batch_size=2)
        walk.prepare()
        assert [[row.pk for row in batch.rows] for batch in walk.batches()] == [pks[:2], pks[2:4], pks[4:]]
        assert walk.count() == 5

    def test_groups_an_image_is_in_are_remembered_whatever_is_walked(self, make_image: Any) -> None:
        image = make_image(collection=collection("Press"))
        everything, press = ImageModelSourceGroup(), CollectionSourceGroup("Press")
        SourceState.objects.all().delete()
        walk = Walk([Binding(A, everything)], [Binding(A, everything), Binding(B, press)])
        walk.prepare()
        make_batches(walk.batches(), options=Options())
        state = SourceState.objects.get(object_id=str(image.pk))
        assert set(state.groups) == {everything.key, press.key}

    def test_several_image_models(self, make_image: Any) -> None:
        make_image()
        make_image("u.jpg", model=UUIDImage)
        totals, walk = run(
            [Binding(A, ImageModelSourceGroup()), Binding(A, ImageModelSourceGroup(UUIDImage))]
        )
        assert totals.all.generated == 2
        assert walk.models == (get_image_model(), UUIDImage)

    def test_bound_filter_specs_are_remembered(self) -> None:
        run([Binding(RenditionSpec("s", "width-20|preserve-svg"), ImageModelSourceGroup())])
        assert set(BoundFilterSpec.objects.values_list("filter_spec", flat=True)) == {
            "width-20",
            "width-20|preserve-svg",
        }

    @pytest.mark.parametrize("count", [1, 12])
    def test_queries_of_a_batch_do_not_grow_with_groups(self, make_image: Any, count: int) -> None:
        for number in range(6):
            make_image(f"{number}.jpg").tags.add("x")
        bindings = [
            Binding(RenditionSpec(f"s{number}", "width-20"), group)
            for number in range(count)
            for group in (TagSourceGroup("x", f"y{number}"), CollectionSourceGroup(1))
        ]
        run(bindings)
        walk = Walk(bindings, bindings, batch_size=3, write=False)
        walk.prepare()
        with CaptureQueriesContext(connection) as queries:
            totals = make_batches(walk.batches(), options=Options())
        assert totals.all.existing == 6
        # Two full batches of three, each with four queries, and one look that finds no more.
        assert len(queries) <= 9


class TestSelection:
    def test_collection(self, make_image: Any) -> None:
        press = collection("Press")
        image = make_image(collection=press)
        make_image("two.jpg")
        totals, _ = run([Binding(A, ImageModelSourceGroup())], Selection(collections=frozenset([press.pk])))
        assert totals.all.sources == 1
        assert image.renditions.exists()

    def test_images(self, make_image: Any) -> None:
        one, two = make_image("1.jpg"), make_image("2.jpg")
        make_image("u.jpg", model=UUIDImage)
        bindings = [Binding(A, ImageModelSourceGroup()), Binding(A, ImageModelSourceGroup(UUIDImage))]
        totals, _ = run(bindings, Selection(images=(two.pk,)))
        assert totals.all.sources == 1
        assert not one.renditions.exists()

    def test_since(self, make_image: Any) -> None:
        old = make_image("1.jpg")
        get_image_model().objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=9))
        make_image("2.jpg")
        totals, _ = run(
            [Binding(A, ImageModelSourceGroup())], Selection(since=timezone.localdate() - timedelta(days=1))
        )
        assert totals.all.sources == 1

    def test_since_for_files(self, tmp_path: Path) -> None:
        group = adapt(Directory(tmp_path))
        (tmp_path / "one.jpg").write_bytes(picture().read())
        tomorrow = timezone.localdate() + timedelta(days=2)
        assert run([Binding(A, group)], Selection(since=tomorrow))[0].all.sources == 0
        assert run([Binding(A, group)], Selection(since=date(2000, 1, 1)))[0].all.sources == 1

    def test_only_failed(self, make_image: Any) -> None:
        good, bad = make_image("1.jpg"), make_image("2.jpg")
        content = Path(bad.file.path).read_bytes()
        Path(bad.file.path).write_bytes(b"broken")
        bindings = [Binding(A, ImageModelSourceGroup())]
        assert run(bindings)[0].all.failed == 1
        good.renditions.all().delete()
        Path(bad.file.path).write_bytes(content)
        totals, _ = run(bindings, Selection(only_failed=True), only_failed=True)
        assert (totals.all.sources, totals.all.expected, totals.all.generated) == (1, 1, 1)
        assert not good.renditions.exists()
        assert not GenerationFailure.objects.exists()


class Directory:
    def __init__(self, path: Path) -> None:
        self.path = path

    def files(self) -> Iterator[Any]:
        for path in sorted(self.path.glob("*.jpg")):
            yield path.open("rb")


class TestFiles:
    def test_of_a_plain_group(self, tmp_path: Path) -> None:
        for number in range(5):
            (tmp_path / f"{number}.jpg").write_bytes(picture().read())
        group = adapt(Directory(tmp_path))
        totals, walk = run([Binding(A, group), Binding(B, group)], batch_size=2)
        assert (totals.all.sources, totals.all.expected, totals.all.generated) == (5, 10, 10)
        assert walk.walked == {group.key}
        assert walk.count() is None
        assert run([Binding(A, group), Binding(B, group)])[0].all.existing == 10

    def test_in_two_groups_count_once(self, tmp_path: Path) -> None:
        (tmp_path / "one.jpg").write_bytes(picture().read())

        class Other(Directory):
            pass

        totals, _ = run([Binding(A, adapt(Directory(tmp_path))), Binding(B, adapt(Other(tmp_path)))])
        assert (totals.all.sources, totals.all.expected, totals.all.generated) == (1, 2, 2)
        assert totals.spec("b").sources == 1

    def test_of_a_field(self) -> None:
        Person.objects.create(name="none")
        Person.objects.create(name="one", avatar=ContentFile(picture().read(), name="a.jpg"))
        totals, _ = run([Binding(A, ImageFieldSourceGroup(Person, "avatar"))])
        assert (totals.all.sources, totals.all.generated) == (1, 1)

    def test_images_that_a_plain_group_gives_are_images(self, make_image: Any) -> None:
        image = make_image()

        class Images(SourceGroup):
            def files(self) -> Iterator[Any]:
                yield get_image_model().objects.get(pk=image.pk).file

        bindings = [Binding(A, ImageModelSourceGroup()), Binding(B, Images())]
        totals, _ = run(bindings)
        assert (totals.all.sources, totals.all.expected, totals.all.generated) == (1, 2, 2)
        assert set(image.renditions.values_list("filter_spec", flat=True)) == {"width-20", "width-30"}


class TestBrokenGroups:
    def test_cost_the_others_nothing(self, make_image: Any, tmp_path: Path) -> None:
        make_image()

        class Broken(Directory):
            def files(self) -> Iterator[Any]:
                yield from super().files()
                raise RuntimeError("the disk is on fire")

        (tmp_path / "one.jpg").write_bytes(picture().read())
        bindings = [
            Binding(A, CollectionSourceGroup("Nowhere")),
            Binding(A, adapt(Broken(tmp_path))),
            Binding(A, ImageModelSourceGroup()),
        ]
        totals, walk = run(bindings)
        assert (totals.all.generated, totals.all.failed) == (2, 0)
        assert [failed.spec for failed in walk.failures] == ["a", "a"]
        assert "'Nowhere'" in walk.failures[0].error
        assert walk.failures[1].error == "RuntimeError: the disk is on fire"
        assert GenerationFailure.objects.filter(source_key__startswith="group:").count() == 2
        collection("Nowhere")
        run(bindings[:1])
        assert GenerationFailure.objects.filter(source_key__startswith="group:").count() == 1

    def test_of_a_model_without_a_table_is_empty(
        self, make_image: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_image()
        monkeypatch.setattr(UUIDImage._meta, "db_table", "not_migrated_yet")
        bindings = [Binding(A, ImageModelSourceGroup(UUIDImage)), Binding(A, ImageModelSourceGroup())]
        totals, walk = run(bindings)
        assert (totals.all.generated, walk.failures) == (1, [])


def test_excluding_is_a_matter_of_the_queryset(make_image: Any) -> None:
    class NotRaw(QuerySetSourceGroup):
        def get_queryset(self) -> Any:
            return get_image_model().objects.exclude(tags__name="raw")

    make_image("1.jpg")
    make_image("2.jpg").tags.add("raw")
    assert run([Binding(A, NotRaw())])[0].all.sources == 1


class TestFailuresOfTasks:
    def test_are_made_up_for_by_a_whole_run(self, make_image: Any) -> None:
        image = make_image()
        key = f"gallery.customimage:{image.pk}"
        GenerationFailure.objects.create(source_key="task:generate", error="broker down")
        GenerationFailure.objects.create(
            source_key=key,
            content_type=content_type_of(type(image)),
            object_id=str(image.pk),
            error="not enqueued",
        )
        bindings = [Binding(A, ImageModelSourceGroup())]
        assert run(bindings, Selection(only_failed=True), only_failed=True)[0].all.generated == 1
        assert set(GenerationFailure.objects.values_list("source_key", flat=True)) == {"task:generate"}
        run(bindings)
        assert not GenerationFailure.objects.exists()
