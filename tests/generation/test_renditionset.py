from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from PIL import Image as PillowImage

from tests.images import picture, stored
from tests.testapp.models import Person
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation import collect
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.models import FileRendition, FileSource
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.signals import content_required, existence_required
from wagtail_sourcegroups.strategies import JustInTime, Manual, Optimistic

pytestmark = pytest.mark.django_db

FILTERS = "format-{avif,webp,jpeg}|width-{20,10}"


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    with get_registry().override(empty=True):
        yield


@pytest.fixture(params=["image", "field", "path", "memory"])
def source(request: pytest.FixtureRequest, make_image: Any, tmp_path: Path) -> Any:
    """A source of each kind."""
    if request.param == "image":
        return make_image().file
    if request.param == "field":
        return Person.objects.create(name="P", avatar=ContentFile(picture().read(), name="p.jpg")).avatar
    if request.param == "path":
        path = tmp_path / "plain.jpg"
        path.write_bytes(picture().read())
        file = path.open("rb")
        request.addfinalizer(file.close)
        return file
    return picture()


class TestAnySource:
    def test_generate_makes_what_is_missing(self, source: Any) -> None:
        rendition_set = RenditionSet(RenditionSpec("a", FILTERS, strategy=Manual()), source)
        assert rendition_set.missing() == list(rendition_set.spec.filters)
        assert not rendition_set.exists()
        assert rendition_set.generate().all.generated == 6
        assert rendition_set.missing() == []
        assert rendition_set.ready
        assert rendition_set.generate().all.generated == 0
        assert rendition_set.generate(force=True).all.generated == 6

    def test_iterates_over_what_there_is(self, source: Any) -> None:
        rendition_set = RenditionSet(RenditionSpec("a", FILTERS, strategy=Manual()), source)
        assert list(rendition_set) == []
        rendition_set.generate()
        assert [r.filter_spec for r in rendition_set] == list(rendition_set.spec.filters)

    def test_shows_the_first_of_the_least_modern_format(self, source: Any) -> None:
        rendition_set = RenditionSet(RenditionSpec("a", FILTERS, strategy=Manual()), source)
        assert (rendition_set.url, rendition_set.width, rendition_set.height) == (None, None, None)
        rendition_set.generate()
        assert rendition_set.url.endswith(".format-jpeg.width-20.jpg")
        assert (rendition_set.width, rendition_set.height) == (20, 13)
        with rendition_set.open() as file:
            assert PillowImage.open(file).format == "JPEG"

    def test_reads_one(self, source: Any) -> None:
        rendition_set = RenditionSet(RenditionSpec("a", FILTERS, strategy=Manual()), source)
        rendition_set.generate()
        with rendition_set.open("format-webp|width-10") as file:
            assert PillowImage.open(file).size == (10, 6)
        with pytest.raises(
            LookupError, match="The spec 'a' has no filter spec 'width-3'; it has 'format-avif|width-20'"
        ):
            rendition_set.open("width-3").__enter__()

    def test_reading_what_has_not_been_made(self, source: Any) -> None:
        rendition_set = RenditionSet(RenditionSpec("a", "width-20", strategy=Manual()), source)
        with pytest.raises(FileNotFoundError, match="Any rendition of .* has not been made yet"):
            rendition_set.open().__enter__()

    def test_delete(self, source: Any, media_root: Path, django_capture_on_commit_callbacks: Any) -> None:
        rendition_set = RenditionSet(RenditionSpec("a", FILTERS, strategy=Manual()), source)
        rendition_set.generate()
        with django_capture_on_commit_callbacks(execute=True):
            assert rendition_set.delete() == 6
        assert rendition_set.missing() == list(rendition_set.spec.filters)
        assert stored(media_root) == set()

    def test_just_in_time_makes_it_when_its_existence_is_required(self, source: Any) -> None:
        rendition_set = RenditionSet(RenditionSpec("a", "width-20", strategy=JustInTime()), source)
        assert rendition_set.url is not None

    def test_just_in_time_makes_it_when_its_content_is_required(self, source: Any) -> None:
        rendition_set = RenditionSet(RenditionSpec("a", "width-20", strategy=JustInTime()), source)
        with rendition_set.open() as file:
            assert PillowImage.open(file).size == (20, 13)

    def test_optimistic_asks_storage_nothing(self, source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        spec = RenditionSpec("a", FILTERS, strategy=Optimistic())
        RenditionSet(spec, source).generate()
        rendition_set = RenditionSet(spec, source)

        def touched(*args: Any, **kwargs: Any) -> None:
            raise AssertionError("storage was asked")

        for method in ("open", "exists", "save", "size", "delete", "get_modified_time"):
            monkeypatch.setattr(f"django.core.files.storage.FileSystemStorage.{method}", touched)
        assert (rendition_set.url is not None, rendition_set.width, len(list(rendition_set))) == (True, 20, 6)

    def test_saying_what_it_is_asks_nobody(self, source: Any, django_assert_num_queries: Any) -> None:
        heard: list[Any] = []

        def hear(**kwargs: Any) -> None:
            heard.append(kwargs)

        rendition_set = RenditionSet(RenditionSpec("a", FILTERS), source)
        for signal in (existence_required, content_required):
            signal.connect(hear)
        try:
            with django_assert_num_queries(0):
                assert repr(rendition_set).startswith("<RenditionSet 'a' of ")
                assert bool(rendition_set) is True
        finally:
            for signal in (existence_required, content_required):
                signal.disconnect(hear)
        assert heard == []


class TestPlainSources:
    def test_equal_names_in_two_directories_are_two_sources(self, tmp_path: Path) -> None:
        spec = RenditionSpec("a", "width-20")
        urls = set()
        for colour in ("red", "blue"):
            path = tmp_path / colour / "same.jpg"
            path.parent.mkdir()
            path.write_bytes(picture(colour=colour).read())
            with path.open("rb") as file:
                rendition_set = RenditionSet(spec, file)
                rendition_set.generate()
                urls.add(rendition_set.url)
        assert len(urls) == 2
        assert FileSource.objects.count() == 2

    def test_a_changed_file_is_made_again_in_the_same_row(
        self, tmp_path: Path, media_root: Path, django_capture_on_commit_callbacks: Any
    ) -> None:
        spec = RenditionSpec("a", "width-20")
        path = tmp_path / "one.jpg"
        path.write_bytes(picture((60, 40)).read())
        with path.open("rb") as file:
            RenditionSet(spec, file).generate()
        before = FileRendition.objects.get()
        path.write_bytes(picture((60, 60)).read())
        with path.open("rb") as file:
            rendition_set = RenditionSet(spec, file)
            assert rendition_set.missing() == ["width-20"]
            with django_capture_on_commit_callbacks(execute=True):
                rendition_set.generate()
        after = FileRendition.objects.get()
        assert (after.pk, after.height) == (before.pk, 20)
        assert stored(media_root) == {after.file.name}

    def test_renditions_are_wagtails_to_the_byte(self, make_image: Any, tmp_path: Path) -> None:
        image = make_image("same.jpg")
        path = tmp_path / "same.jpg"
        path.write_bytes(picture().read())
        with path.open("rb") as file:
            rendition_set = RenditionSet(RenditionSpec("a", FILTERS), file)
            rendition_set.generate()
            for rendition in rendition_set:
                stock = image.get_rendition(rendition.filter_spec)
                assert rendition.file.read() == stock.file.read()
                assert Path(rendition.file.name).name == Path(stock.file.name).name

    def test_text_handles_are_read_through_their_buffer(self, tmp_path: Path) -> None:
        path = tmp_path / "one.jpg"
        path.write_bytes(picture().read())
        with path.open() as file:
            assert RenditionSet(RenditionSpec("a", "width-20"), file).generate().all.generated == 1

    def test_something_unreadable(self) -> None:
        class Nothing(io.BytesIO):
            def read(self, *args: Any) -> bytes:
                raise OSError("no such device")

        with pytest.raises(OSError, match="cannot be read: no such device"):
            RenditionSet(RenditionSpec("a", "width-20"), Nothing())


class TestCollecting:
    @pytest.fixture
    def enqueued(self, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        enqueued: list[Any] = []
        monkeypatch.setattr(collect, "_enqueue", enqueued.append)
        return enqueued

    def test_enqueue_hands_on_at_once(self, make_image: Any, enqueued: list[Any]) -> None:
        spec = RenditionSpec("a", "width-20")
        image = make_image()
        enqueued.clear()
        RenditionSet(spec, image.file).enqueue()
        assert [[(r.source.image.pk, r.specs) for r in requests] for requests in enqueued] == [
            [(image.pk, (spec,))]
        ]

    def test_while_collecting_nothing_is_made(self, make_image: Any, enqueued: list[Any]) -> None:
        image = make_image()
        enqueued.clear()
        with collect.collecting():
            assert RenditionSet(RenditionSpec("a", "width-20"), image.file).generate() is None
            RenditionSet(RenditionSpec("b", "width-20"), image.file).enqueue()
        assert enqueued == []
        assert not image.renditions.exists()

    def test_now_beats_later_and_specs_are_merged(self, make_image: Any) -> None:
        a, b = RenditionSpec("a", "width-20"), RenditionSpec("b", "width-30")
        one, two = make_image("1.jpg"), make_image("2.jpg")
        with collect.collecting() as asked:
            RenditionSet(a, one.file).enqueue()
            RenditionSet(a, two.file).enqueue()
            RenditionSet(b, one.file).generate()
            RenditionSet(b, two.file).enqueue()
            RenditionSet(b, two.file).enqueue()
        assert [(r.source.image.pk, set(r.specs)) for r in asked.now] == [(one.pk, {a, b})]
        assert [(r.source.image.pk, r.specs) for r in asked.later] == [(two.pk, (a, b))]
