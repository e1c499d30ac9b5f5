from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile

from sandbox.gallery.models import CustomImage
from tests.images import picture
from tests.testapp.models import Person, Place
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.models import FileRendition, GenerationFailure
from wagtail_sourcegroups.readonly import read_only
from wagtail_sourcegroups.showing.shown import Shown, least_modern, show
from wagtail_sourcegroups.signals import existence_required
from wagtail_sourcegroups.strategies import Eager, JustInTime, Manual, Optimistic

pytestmark = pytest.mark.django_db


def spec(filters: Any, **options: Any) -> RenditionSpec:
    return RenditionSpec("a", filters, **{"strategy": Manual(), **options})


def shown(image: Any, filters: Any, **options: Any) -> list[Shown]:
    return show(RenditionSet(spec(filters, **options), image.file))


def told(shown: list[Shown]) -> list[tuple[str, str, int | None, int | None]]:
    """What stands for what, at which size."""
    return [(each.filter_spec, each.candidate.filter_spec, each.width, each.height) for each in shown]


@pytest.fixture
def image(make_image: Any) -> Any:
    return make_image(content=picture((600, 400)), description="A teal field")


class TestReady:
    def test_renditions_in_the_order_of_the_spec(self, image: Any, no_storage: Callable[[], None]) -> None:
        filters = ["format-webp|width-20", "format-jpeg|width-40"]
        RenditionSet(spec(filters), image.file).generate()
        no_storage()
        found = shown(image, filters)
        assert told(found) == [(filters[0], filters[0], 20, 13), (filters[1], filters[1], 40, 26)]
        assert all(each.is_ready for each in found)
        assert [each.format for each in found] == ["webp", "jpeg"]
        assert found[0].url.endswith(".format-webp.width-20.webp")
        assert found[0].alt == "A teal field"

    @pytest.mark.parametrize("strategy", [JustInTime(), Optimistic(), Eager(), Manual()])
    def test_one_query_whatever_the_strategy(
        self, image: Any, strategy: Any, django_assert_num_queries: Any, no_storage: Callable[[], None]
    ) -> None:
        RenditionSet(spec("width-{20,40}"), image.file).generate()
        cache.clear()
        image = CustomImage.objects.get()
        no_storage()
        with django_assert_num_queries(1):
            assert len(shown(image, "width-{20,40}", strategy=strategy)) == 2
        with django_assert_num_queries(0):
            assert len(shown(image, "width-{20,40}", strategy=strategy)) == 2

    def test_a_source_that_is_not_there(self) -> None:
        assert show(RenditionSet(spec("width-20"), Person().avatar)) == []


class TestStrategies:
    def test_just_in_time_makes_it(self, image: Any) -> None:
        (found,) = shown(image, "width-20", strategy=JustInTime())
        assert (found.is_ready, found.width) == (True, 20)
        assert image.renditions.get().filter_spec == "width-20"

    @pytest.mark.parametrize("strategy", [Optimistic(), Eager(), Manual(), {"on_source_changed": print}])
    def test_no_other_does(self, image: Any, strategy: Any) -> None:
        (found,) = shown(image, "width-20", strategy=strategy)
        assert (found.is_ready, found.candidate.filter_spec) == (False, "")
        assert not image.renditions.exists()

    def test_the_signal_is_sent_where_something_is_missing(self, image: Any) -> None:
        heard: list[tuple[Any, str]] = []

        def hear(sender: Any, rendition_set: Any, **kwargs: Any) -> None:
            heard.append((sender, rendition_set.spec.id))
            rendition_set.generate()

        existence_required.connect(hear)
        try:
            assert shown(image, "width-20")[0].is_ready
            assert shown(image, "width-20")[0].is_ready
        finally:
            existence_required.disconnect(hear)
        assert heard == [(RenditionSet, "a")]

    def test_a_strategy_that_raises_costs_nothing_but_the_rendition(self, image: Any) -> None:
        def broken(rendition_set: Any) -> None:
            raise RuntimeError("no")

        (found,) = shown(image, "width-20", strategy={"on_existence_required": broken})
        assert found.candidate.filter_spec == ""

    def test_what_fails_again_and_again_is_not_tried_at_every_visit(
        self, make_image: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        image = make_image("broken.jpg")
        Path(image.file.path).write_bytes(b"no picture at all")
        for _visit in range(3):
            assert not shown(image, "width-20", strategy=JustInTime())[0].is_ready
        assert GenerationFailure.objects.get().attempts == 3
        monkeypatch.setattr(RenditionSet, "generate", lambda *args: pytest.fail("tried again"))
        (found,) = shown(image, "width-20", strategy=JustInTime())
        assert found.url.endswith("broken.jpg")

    def test_a_read_only_head_asks_nobody(self, image: Any) -> None:
        with read_only():
            (found,) = shown(image, "width-20", strategy=JustInTime())
        assert not found.is_ready
        assert not image.renditions.exists()


class TestSubstitutes:
    def test_the_nearest_rendition_at_the_size_that_is_wanted(self, image: Any) -> None:
        RenditionSet(spec(["width-100", "width-300"]), image.file).generate()
        assert told(shown(image, ["width-60", "width-200", "width-600"])) == [
            ("width-60", "width-100", 60, 40),
            ("width-200", "width-300", 200, 133),
            ("width-600", "width-300", 600, 400),
        ]

    def test_nothing_of_it_is_stored_or_cached(self, image: Any) -> None:
        RenditionSet(spec("width-100"), image.file).generate()
        shown(image, "width-60")
        shown(image, "width-60", fallback="original")
        assert [r.filter_spec for r in image.renditions.all()] == ["width-100"]
        assert image.get_rendition("width-60").width == 60

    def test_the_original_at_the_size_that_is_wanted(self, image: Any) -> None:
        RenditionSet(spec("width-100"), image.file).generate()
        (found,) = shown(image, "fill-60x60", fallback="original")
        assert (found.url, found.width, found.height, found.own_width) == (image.file.url, 60, 60, 600)
        assert found.rendition is None

    def test_none_leaves_it_out(self, image: Any) -> None:
        RenditionSet(spec("width-100"), image.file).generate()
        assert told(shown(image, ["width-60", "width-100"], fallback="none")) == [
            ("width-100", "width-100", 100, 66)
        ]

    def test_before_anybody_has_looked_the_size_is_the_substitutes_own(
        self, image: Any, settings: Any
    ) -> None:
        CustomImage.objects.bulk_create(
            [CustomImage(title="Imported", file=image.file.name, width=600, height=400)]
        )
        (found,) = shown(CustomImage.objects.get(title="Imported"), "width-60")
        assert (found.candidate.filter_spec, found.width, found.height) == ("", 600, 400)

    def test_a_source_lies_about_no_type(self, image: Any) -> None:
        RenditionSet(spec("format-webp|width-100"), image.file).generate()
        filters = "format-{avif,webp,jpeg}|width-60"
        assert told(shown(image, filters)) == [
            ("format-webp|width-60", "format-webp|width-100", 60, 40),
            # A JPEG, and what a browser without WebP looks at, comes before the WebP picture.
            ("format-jpeg|width-60", "format-webp|width-100", 60, 40),
        ]
        assert told(shown(image, filters, fallback="original")) == [("format-jpeg|width-60", "", 60, 40)]

    def test_a_crop_for_a_former_focal_point_shows_about_the_same(self, image: Any) -> None:
        RenditionSet(spec("fill-60x60"), image.file).generate()
        image.focal_point_x, image.focal_point_y = 300, 200
        image.focal_point_width = image.focal_point_height = 20
        (found,) = shown(image, "fill-60x60")
        assert (found.is_ready, found.candidate.filter_spec) == (False, "fill-60x60")

    def test_an_svg_that_no_filter_applies_to_is_shown_as_it_is(self, make_image: Any) -> None:
        content = ContentFile(b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"/>')
        svg = make_image("a.svg", content)
        (found,) = shown(svg, "format-{webp,jpeg}|width-20")
        assert (found.url, found.width, found.height) == (svg.file.url, 90, 60)
        assert shown(svg, "format-webp|width-20", fallback="none") == []

    def test_a_few_queries_for_what_is_missing(self, image: Any, django_assert_max_num_queries: Any) -> None:
        RenditionSet(spec("width-{100,200,300}"), image.file).generate()
        image = CustomImage.objects.get()
        with django_assert_max_num_queries(3):
            shown(image, ["width-60", "width-70", "width-80", "width-90"])


class TestPlainFiles:
    def test_the_file_of_a_field(self, no_storage: Callable[[], None]) -> None:
        person = Person.objects.create(avatar=ContentFile(picture().read(), name="p.jpg"))
        no_storage()
        (found,) = show(RenditionSet(spec("fill-10x10"), person.avatar))
        # Nobody knows its size, and to ask would be to open it.
        assert (found.url, found.width, found.height, found.alt) == (person.avatar.url, None, None, "")

    def test_whose_model_has_columns_for_its_size(self) -> None:
        place = Place.objects.create(photo=ContentFile(picture((90, 60)).read(), name="p.jpg"))
        (found,) = show(RenditionSet(spec("width-20"), Place.objects.get(pk=place.pk).photo))
        assert (found.width, found.height) == (90, 60)

    def test_the_nearest_rendition(self) -> None:
        person = Person.objects.create(avatar=ContentFile(picture().read(), name="p.jpg"))
        RenditionSet(spec("width-30"), person.avatar).generate()
        (found,) = show(RenditionSet(spec("width-20"), person.avatar))
        assert (found.candidate.filter_spec, found.width) == ("width-30", 30)

    def test_a_file_without_an_address_has_no_original(self, tmp_path: Any) -> None:
        path = tmp_path / "one.jpg"
        path.write_bytes(picture().read())
        with path.open("rb") as file:
            assert show(RenditionSet(spec("width-20"), file)) == []
            (found,) = show(RenditionSet(spec("width-20", strategy=JustInTime()), file))
        assert found.url == FileRendition.objects.get().url


@pytest.mark.parametrize(
    ("formats", "expected"),
    [
        (["avif", "webp", "jpeg"], "jpeg"),
        (["webp", "avif"], "webp"),
        (["webp", ""], ""),
        (["heic"], "heic"),
        (["png", "jpeg"], "png"),
    ],
)
def test_the_format_of_the_img(formats: list[str], expected: str) -> None:
    assert least_modern(formats) == expected
