"""The loop as a whole: what ends up in rows, in storage and in the cache."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.images import ImageFile
from django.core.files.storage import FileSystemStorage
from django.db import OperationalError
from django.db.models.signals import post_save
from django.test import TestCase
from PIL.JpegImagePlugin import JpegImageFile
from wagtail.images import get_image_model
from wagtail.images.models import Filter

from tests.images import asks, picture, rows, stored
from tests.testapp.models import UUIDImage
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation import batches, making, store
from wagtail_sourcegroups.generation.options import Options
from wagtail_sourcegroups.models import (
    BoundFilterSpec,
    GenerationFailure,
    LeftoverFile,
    RenditionRecord,
    SourceState,
)
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.signals import generation_failed, renditions_generated

pytestmark = pytest.mark.django_db


def make(*args: Any, **kwargs: Any) -> Any:
    """As outside of a transaction: what waits for the commit is done before the next line."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        return batches.make(*args, **kwargs)


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    with get_registry().override(empty=True):
        yield


@pytest.fixture
def rendition_storage(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Any]:
    """Puts another storage behind the site's rendition model."""

    def use(storage: Any) -> Any:
        field = get_image_model().get_rendition_model()._meta.get_field("file")
        monkeypatch.setattr(field, "storage", storage)
        return storage

    return use


@pytest.fixture
def shared_cache(settings: Any, tmp_path: Path) -> None:
    """A rendition cache that all processes share, so that replaced files go at once."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": tmp_path / "cache",
        }
    }


class TestRows:
    def test_are_those_wagtail_would_have_made(self, make_image: Any, spec: RenditionSpec) -> None:
        image = make_image("a.jpg")
        twin = make_image(
            "b.jpg", focal_point_x=10, focal_point_y=10, focal_point_width=5, focal_point_height=5
        )
        for each in (image, twin):
            make(asks(each, spec))
            mine = {
                (r.filter_spec, r.focal_point_key, r.width, r.height, r.file.name, r.file.read())
                for r in rows(each).values()
            }
            each.renditions.all().delete()
            theirs = {
                (r.filter_spec, r.focal_point_key, r.width, r.height, r.file.read())
                for r in map(each.get_rendition, spec.filters)
            }
            assert {(fs, fk, w, h, content) for fs, fk, w, h, _, content in mine} == theirs

    def test_file_names_are_wagtails(self, make_image: Any, spec: RenditionSpec) -> None:
        image = make_image("a photo.jpg")
        expected = [image.generate_rendition_file(Filter(each)).name for each in spec.filters]
        make(asks(image, spec))
        assert [rows(image)[each].file.name for each in spec.filters] == [
            f"images/{name}" for name in expected
        ]

    def test_wagtail_finds_them_without_a_query(
        self, make_image: Any, spec: RenditionSpec, django_assert_num_queries: Any
    ) -> None:
        image = make_image()
        make(asks(image, spec))
        with django_assert_num_queries(0):
            assert list(image.get_renditions(*spec.filters)) == list(spec.filters)

    def test_second_time_makes_nothing(self, make_image: Any, spec: RenditionSpec) -> None:
        image = make_image()
        first = make(asks(image, spec)).all
        second = make(asks(image, spec)).all
        assert (first.expected, first.existing, first.generated) == (2, 0, 2)
        assert (second.expected, second.existing, second.generated) == (2, 2, 0)

    def test_a_record_says_weight_and_time(self, make_image: Any, spec: RenditionSpec) -> None:
        image = make_image()
        totals = make(asks(image, spec))
        records = {record.object_id: record for record in RenditionRecord.objects.all()}
        assert {pk: record.bytes for pk, record in records.items()} == {
            str(row.pk): row.file.size for row in rows(image).values()
        }
        assert totals.all.bytes == sum(record.bytes for record in records.values())
        assert all(record.seconds > 0 for record in records.values())

    def test_signals_of_saved_rows_are_sent(self, make_image: Any, spec: RenditionSpec) -> None:
        image = make_image()
        heard: list[tuple[str, bool]] = []

        def hear(instance: Any, created: bool, **kwargs: Any) -> None:
            heard.append((instance.filter_spec, created))

        model = image.get_rendition_model()
        post_save.connect(hear, sender=model)
        try:
            make(asks(image, spec))
            make(asks(image, spec, force=True))
        finally:
            post_save.disconnect(hear, sender=model)
        assert sorted(heard[:2]) == [("fill-10x10", True), ("width-20", True)]
        assert sorted(heard[2:]) == [("fill-10x10", False), ("width-20", False)]

    def test_our_signals(self, make_image: Any) -> None:
        image = make_image()
        heard: list[Any] = []

        def hear(sender: Any, source: Any, **kwargs: Any) -> None:
            heard.append(
                (sender, source.instance.pk, kwargs.get("filter_specs") or kwargs.get("filter_spec"))
            )

        for signal in (renditions_generated, generation_failed):
            signal.connect(hear)
        try:
            make(asks(image, RenditionSpec("a", ["width-20", "nonsense-1"])))
        finally:
            for signal in (renditions_generated, generation_failed):
                signal.disconnect(hear)
        assert heard == [(type(image), image.pk, ["width-20"]), (type(image), image.pk, "nonsense-1")]

    def test_other_keys_than_numbers(self, make_image: Any, spec: RenditionSpec) -> None:
        image = make_image(model=UUIDImage)
        assert make(asks(image, spec)).all.generated == 2
        assert make(asks(image, spec)).all.existing == 2

    def test_one_source_is_decoded_once(
        self, make_image: Any, spec: RenditionSpec, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        decoded: list[Any] = []
        prepare = JpegImageFile.load_prepare
        monkeypatch.setattr(JpegImageFile, "load_prepare", lambda self: decoded.append(self) or prepare(self))
        image = make_image(content=picture())
        decoded.clear()
        make(asks(image, spec, RenditionSpec("b", "fill-{12x12,14x14}|format-{webp,jpeg}")))
        assert len(decoded) == 1


class TestForce:
    def test_keeps_the_row_and_switches_the_file(
        self, make_image: Any, spec: RenditionSpec, shared_cache: None, media_root: Path
    ) -> None:
        image = make_image()
        make(asks(image, spec))
        before = rows(image)
        totals = make(asks(image, spec, force=True)).all
        after = rows(image)
        assert totals.generated == 2
        assert {r.pk for r in before.values()} == {r.pk for r in after.values()}
        assert not {r.file.name for r in before.values()} & {r.file.name for r in after.values()}
        assert stored(media_root) == {r.file.name for r in after.values()}
        assert image.get_rendition("width-20").file.name == after["width-20"].file.name

    def test_where_each_process_has_its_cache_the_old_file_stays_a_while(
        self, make_image: Any, spec: RenditionSpec, media_root: Path, settings: Any
    ) -> None:
        from wagtail_sourcegroups.generation.departures import discard_leftovers

        image = make_image()
        make(asks(image, spec))
        before = {r.file.name for r in rows(image).values()}
        make(asks(image, spec, force=True))
        after = {r.file.name for r in rows(image).values()}
        assert stored(media_root) == before | after
        assert set(LeftoverFile.objects.values_list("name", flat=True)) == before
        assert discard_leftovers([image.get_rendition_model()]) == 0
        settings.WAGTAIL_SOURCEGROUPS = {"ORPHAN_GRACE": 0}
        assert discard_leftovers([image.get_rendition_model()]) == 2
        assert stored(media_root) == after

    def test_files_whose_time_has_come_while_the_database_cannot_be_asked_stay_on_record(
        self,
        make_image: Any,
        spec: RenditionSpec,
        media_root: Path,
        settings: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        from wagtail_sourcegroups.generation import departures

        image = make_image()
        make(asks(image, spec))
        make(asks(image, spec, force=True))
        leftovers = set(LeftoverFile.objects.values_list("name", flat=True))
        settings.WAGTAIL_SOURCEGROUPS = {"ORPHAN_GRACE": 0}

        def away(*args: Any) -> set[str]:
            raise OperationalError("the server closed the connection")

        with monkeypatch.context() as patch:
            patch.setattr(departures, "named_anywhere", away)
            assert departures.discard_leftovers([image.get_rendition_model()]) == 0
        assert set(LeftoverFile.objects.values_list("name", flat=True)) == leftovers
        assert leftovers < stored(media_root)
        assert departures.discard_leftovers([image.get_rendition_model()]) == 2
        assert not leftovers & stored(media_root)

    def test_a_failure_leaves_what_there_was(
        self, make_image: Any, spec: RenditionSpec, media_root: Path, rendition_storage: Any
    ) -> None:
        image = make_image()
        make(asks(image, spec))
        before = {r.file.name for r in rows(image).values()}

        class Full(FileSystemStorage):
            def _save(self, name: str, content: Any) -> str:
                raise OSError(28, "No space left on device")

        rendition_storage(Full(media_root, "/media/"))
        totals = make(asks(image, spec, force=True))
        assert [failed.error for failed in totals.failures] == [
            "OSError: [Errno 28] No space left on device"
        ] * 2
        assert {r.file.name for r in rows(image).values()} == before == stored(media_root)


class TestOverwritingStorage:
    def test_two_images_whose_truncated_names_are_equal_get_two_files(
        self, make_image: Any, media_root: Path, rendition_storage: Any
    ) -> None:
        rendition_storage(FileSystemStorage(media_root, "/media/", allow_overwrite=True))
        spec = RenditionSpec("a", "width-20")
        long = "a-photograph-with-a-very-long-name-that-says-everything-there-is-"
        one, two = (
            make_image(f"{long}1.jpg", picture(colour="red")),
            make_image(f"{long}2.jpg", picture(colour="blue")),
        )
        make([*asks(one, spec), *asks(two, spec)])
        files = [rows(image)["width-20"].file for image in (one, two)]
        assert files[0].name != files[1].name
        assert files[0].read() != files[1].read()

    def test_a_replacement_gets_a_name_of_its_own(
        self, make_image: Any, media_root: Path, rendition_storage: Any, shared_cache: None
    ) -> None:
        rendition_storage(FileSystemStorage(media_root, "/media/", allow_overwrite=True))
        spec = RenditionSpec("a", "width-20")
        image = make_image()
        make(asks(image, spec))
        before = rows(image)["width-20"].file.name
        make(asks(image, spec, force=True))
        after = rows(image)["width-20"].file.name
        assert before != after
        assert stored(media_root) == {after}


class TestChangedOriginals:
    def replace(self, image: Any) -> None:
        image.file.save("new.jpg", ImageFile(picture((90, 30), "orange")), save=False)
        type(image).objects.filter(pk=image.pk).update(file=image.file.name, width=90, height=30)

    def test_are_noticed_without_a_signal(
        self, make_image: Any, spec: RenditionSpec, shared_cache: None
    ) -> None:
        image = make_image()
        make(asks(image, spec))
        before = rows(image)["width-20"]
        self.replace(image)
        image.refresh_from_db()
        assert make(asks(image, spec)).all.generated == 2
        after = rows(image)["width-20"]
        assert (after.pk, after.width, after.height) == (before.pk, 20, 6)
        assert make(asks(image, spec)).all.existing == 2

    def test_renditions_no_spec_covers_go_when_the_wanted_are_there(
        self, make_image: Any, spec: RenditionSpec
    ) -> None:
        image = make_image()
        make(asks(image, spec))
        image.get_rendition("width-33")
        self.replace(image)
        image.refresh_from_db()
        make(asks(image, spec))
        assert set(rows(image)) == {"width-20", "fill-10x10"}

    def test_renditions_another_spec_was_bound_to_stay_until_its_turn(
        self, make_image: Any, spec: RenditionSpec
    ) -> None:
        other = RenditionSpec("other", "width-33")
        BoundFilterSpec.objects.create(filter_spec="width-33")
        image = make_image()
        make(asks(image, spec, other))
        self.replace(image)
        image.refresh_from_db()
        make(asks(image, spec))
        assert set(rows(image)) == {"width-20", "fill-10x10", "width-33"}
        assert make(asks(image, other)).all.generated == 1
        assert SourceState.objects.get().stale == []

    def test_a_broken_one_leaves_the_old_renditions(self, make_image: Any, spec: RenditionSpec) -> None:
        image = make_image()
        make(asks(image, spec))
        before = {r.file.name for r in rows(image).values()}
        Path(image.file.path).with_name("broken.jpg").write_bytes(b"\xff\xd8 no more than this")
        type(image).objects.filter(pk=image.pk).update(file="original_images/broken.jpg")
        # Not refresh_from_db(): Django would measure the file.
        image = type(image).objects.get(pk=image.pk)
        totals = make(asks(image, spec))
        assert totals.all.failed == 2
        assert {r.file.name for r in rows(image).values()} == before

    def test_while_it_is_being_read(
        self, make_image: Any, spec: RenditionSpec, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        image = make_image()
        replaced = threading.Event()
        keep = store.keep

        def keep_late(work: Any, outcome: Any, departures: Any) -> None:
            if not replaced.is_set():
                replaced.set()
                self.replace(type(image).objects.get(pk=image.pk))
            keep(work, outcome, departures)

        monkeypatch.setattr(store, "keep", keep_late)
        totals = make(asks(image, spec))
        assert totals.all.generated == 2
        assert rows(image)["width-20"].height == 6

    def test_deleted_while_it_is_being_read(
        self, make_image: Any, spec: RenditionSpec, monkeypatch: pytest.MonkeyPatch, media_root: Path
    ) -> None:
        image = make_image()
        keep = store.keep

        def keep_late(work: Any, outcome: Any, departures: Any) -> None:
            type(image).objects.filter(pk=image.pk).delete()
            keep(work, outcome, departures)

        monkeypatch.setattr(store, "keep", keep_late)
        totals = make(asks(image, spec))
        assert (totals.all.expected, totals.all.skipped, totals.all.failed) == (2, 2, 0)
        assert stored(media_root) == set()


class TestRaces:
    def test_the_second_finds_the_first_and_leaves_no_file(
        self, make_image: Any, spec: RenditionSpec, monkeypatch: pytest.MonkeyPatch, media_root: Path
    ) -> None:
        image = make_image()
        keep = store.keep

        def keep_late(work: Any, outcome: Any, departures: Any) -> None:
            monkeypatch.setattr(store, "keep", keep)
            make(asks(image, spec))
            keep(work, outcome, departures)

        monkeypatch.setattr(store, "keep", keep_late)
        totals = make(asks(image, spec)).all
        assert (totals.expected, totals.existing, totals.generated) == (2, 2, 0)
        assert stored(media_root) == {row.file.name for row in rows(image).values()}
        assert image.renditions.count() == 2

    def test_two_that_replace_the_same(
        self,
        make_image: Any,
        spec: RenditionSpec,
        monkeypatch: pytest.MonkeyPatch,
        media_root: Path,
        shared_cache: None,
    ) -> None:
        image = make_image()
        make(asks(image, spec))
        keep = store.keep

        def keep_late(work: Any, outcome: Any, departures: Any) -> None:
            monkeypatch.setattr(store, "keep", keep)
            make(asks(image, spec, force=True))
            keep(work, outcome, departures)

        monkeypatch.setattr(store, "keep", keep_late)
        make(asks(image, spec, force=True))
        assert stored(media_root) == {row.file.name for row in rows(image).values()}
        assert image.renditions.count() == 2


class TestFailures:
    def test_one_output_costs_no_other(self, make_image: Any) -> None:
        image = make_image()
        totals = make(asks(image, RenditionSpec("a", ["width-20", "nonsense-1", "width-30"])))
        assert (totals.all.generated, totals.all.failed) == (2, 1)
        (failure,) = GenerationFailure.objects.all()
        assert (
            failure.source_key,
            failure.source_name,
            failure.spec_id,
            failure.filter_spec,
            failure.error,
        ) == (
            f"gallery.customimage:{image.pk}",
            f"one (#{image.pk})",
            "a",
            "nonsense-1",
            "InvalidFilterSpecError: Unrecognised operation: nonsense",
        )

    def test_attempts_are_counted_and_success_clears(self, make_image: Any, spec: RenditionSpec) -> None:
        image = make_image()
        path = Path(image.file.path)
        content = path.read_bytes()
        path.unlink()
        for attempt in (1, 2):
            make(asks(image, spec))
            assert set(GenerationFailure.objects.values_list("filter_spec", "attempts", "error")) == {
                ("width-20", attempt, "The original 'one.jpg' is not in storage."),
                ("fill-10x10", attempt, "The original 'one.jpg' is not in storage."),
            }
        path.write_bytes(content)
        make(asks(image, spec))
        assert not GenerationFailure.objects.exists()

    def test_events_give_up_after_three(self, make_image: Any, spec: RenditionSpec) -> None:
        image = make_image()
        path = Path(image.file.path)
        content = path.read_bytes()
        path.write_bytes(b"")
        for _ in range(5):
            make(asks(image, spec), options=Options(patient=True))
        assert set(GenerationFailure.objects.values_list("attempts", flat=True)) == {3}
        path.write_bytes(content)
        assert make(asks(image, spec), options=Options(patient=True)).all.generated == 0
        assert make(asks(image, spec)).all.generated == 2
        assert not GenerationFailure.objects.exists()

    def test_too_many_pixels(self, make_image: Any, settings: Any) -> None:
        settings.WAGTAIL_SOURCEGROUPS = {"MAX_OUTPUT_PIXELS": 100}
        totals = make(asks(make_image(), RenditionSpec("a", "width-20")))
        assert "MAX_OUTPUT_PIXELS" in totals.failures[0].error

    def test_a_failure_nobody_wants_any_more_is_forgotten(self, make_image: Any, spec: RenditionSpec) -> None:
        image = make_image()
        make(asks(image, RenditionSpec("a", "nonsense-1")))
        make(asks(image, spec))
        assert not GenerationFailure.objects.exists()


class TestVerify:
    def test_a_lost_file_comes_back_under_its_name(
        self, make_image: Any, spec: RenditionSpec, media_root: Path
    ) -> None:
        image = make_image()
        make(asks(image, spec))
        before = {r.filter_spec: (r.pk, r.file.name) for r in rows(image).values()}
        (media_root / before["width-20"][1]).unlink()
        assert make(asks(image, spec)).all.existing == 2
        totals = make(asks(image, spec), options=Options(verify=True)).all
        assert (totals.existing, totals.generated) == (1, 1)
        assert {r.filter_spec: (r.pk, r.file.name) for r in rows(image).values()} == before
        assert stored(media_root) == {name for _, name in before.values()}


class TestOwnWays:
    """A site's image model that makes renditions in a way of its own is asked."""

    @pytest.mark.parametrize(
        "method",
        ["create_rendition", "create_renditions", "generate_rendition_instance", "generate_rendition_file"],
    )
    def test_is_taken(
        self, make_image: Any, spec: RenditionSpec, monkeypatch: pytest.MonkeyPatch, method: str
    ) -> None:
        image = make_image()
        asked: list[Any] = []
        original = getattr(type(image), method)

        def own(self: Any, *args: Any, **kwargs: Any) -> Any:
            asked.append(args)
            return original(self, *args, **kwargs)

        monkeypatch.setattr(type(image), method, own)
        totals = make(asks(image, spec)).all
        assert totals.generated == 2
        assert len(asked) == 2
        assert make(asks(image, spec)).all.existing == 2
        assert make(asks(image, spec, force=True)).all.generated == 2


def test_stop_finishes_what_is_in_hand(make_image: Any, spec: RenditionSpec) -> None:
    stop = threading.Event()
    images = [make_image(f"{number}.jpg") for number in range(8)]
    requests = [request for image in images for request in asks(image, spec)]

    def hear(**kwargs: Any) -> None:
        stop.set()

    renditions_generated.connect(hear)
    try:
        totals = make(requests, options=Options(stop=stop, workers=1))
    finally:
        renditions_generated.disconnect(hear)
    assert totals.interrupted
    assert 2 <= totals.all.generated < 16
    assert make(requests).all.generated == 16 - totals.all.generated


def test_a_spec_that_need_not_be_exact_is_rendered_so(
    make_image: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed: list[Any] = []
    render = making.render

    def spy(*args: Any, inexact: Any, **kwargs: Any) -> Any:
        allowed.append(inexact)
        return render(*args, inexact=inexact, **kwargs)

    monkeypatch.setattr(making, "render", spy)
    image = make_image()
    make(asks(image, RenditionSpec("a", "width-20"), RenditionSpec("b", "width-30", exact=False)))
    assert allowed == [{"width-30"}]
