from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from wagtail.images.models import Filter

from sandbox.gallery.models import CustomImage
from tests.images import picture
from tests.testapp.models import Person
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.generation.sources import source_of
from wagtail_sourcegroups.readonly import read_only
from wagtail_sourcegroups.showing import lookup

pytestmark = pytest.mark.django_db


def filters(*specs: str) -> list[Filter]:
    return [Filter(spec=spec) for spec in specs]


@pytest.fixture
def image(make_image: Any) -> Any:
    """An image with two renditions, of which no cache knows."""
    image = make_image()
    image.get_renditions("width-20", "fill-10x10")
    cache.clear()
    return CustomImage.objects.get(pk=image.pk)


class TestFind:
    def test_one_query_for_all_and_none_for_what_is_cached(
        self, image: Any, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(1):
            found = lookup.find(image, filters("width-20", "fill-10x10", "width-33"))
        assert sorted(found) == ["fill-10x10", "width-20"]
        with django_assert_num_queries(0):
            again = lookup.find(image, filters("width-20", "fill-10x10"))
        assert {each.pk for each in again.values()} == {each.pk for each in found.values()}

    def test_nothing_is_made(self, image: Any) -> None:
        assert lookup.find(image, filters("width-33")) == {}
        assert image.renditions.count() == 2

    def test_another_focal_point_is_another_rendition(self, image: Any) -> None:
        image.focal_point_x, image.focal_point_y = 5, 5
        image.focal_point_width = image.focal_point_height = 4
        assert sorted(lookup.find(image, filters("width-20", "fill-10x10"))) == ["width-20"]

    def test_what_stock_prefetched_is_not_taken_for_all_there_is(
        self, image: Any, django_assert_num_queries: Any
    ) -> None:
        (image,) = CustomImage.objects.prefetch_renditions("width-20")
        with django_assert_num_queries(0):
            assert list(lookup.find(image, filters("width-20"))) == ["width-20"]
        with django_assert_num_queries(1):
            assert list(lookup.find(image, filters("fill-10x10"))) == ["fill-10x10"]

    def test_a_rendition_of_the_cache_has_the_words_of_this_page(self, image: Any) -> None:
        lookup.find(image, filters("width-20"))
        image.contextual_alt_text = "Seen from here"
        assert lookup.find(image, filters("width-20"))["width-20"].alt == "Seen from here"

    def test_a_filter_that_cannot_be_run_has_no_rendition(self, image: Any) -> None:
        assert lookup.find(image, filters("sepia", "width-20")).keys() == {"width-20"}

    def test_a_read_only_head_leaves_a_cache_in_the_database_alone(self, image: Any, settings: Any) -> None:
        settings.CACHES = {
            **settings.CACHES,
            "renditions": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "no_table"},
        }
        with read_only():
            assert list(lookup.find(image, filters("width-20"))) == ["width-20"]


class TestFindMany:
    @pytest.fixture
    def images(self, make_image: Any) -> list[Any]:
        for number in range(3):
            make_image(f"{number}.jpg").get_renditions("width-20", "width-30", "fill-10x10")
        cache.clear()
        return list(CustomImage.objects.order_by("pk"))

    def test_one_query_where_all_is_there(self, images: list[Any], django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            lookup.find_many(images, ["width-20", "fill-10x10"])
        with django_assert_num_queries(0):
            for image in images:
                assert len(lookup.find(image, filters("width-20", "fill-10x10"))) == 2
            lookup.find_many(images, ["width-20"])

    def test_two_where_something_is_missing_which_is_then_known(
        self, images: list[Any], django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(2):
            lookup.find_many(images, ["width-20", "width-99"])
        with django_assert_num_queries(0):
            for image in images:
                assert list(lookup.find(image, filters("width-20", "width-99"))) == ["width-20"]
                assert len(lookup.all_of(image)) == 3

    def test_what_has_been_made_since_is_found_again(self, images: list[Any]) -> None:
        lookup.find_many(images, ["width-99"])
        CustomImage.objects.get(pk=images[0].pk).get_rendition("width-99")
        assert lookup.find(images[0], filters("width-99")) == {}
        assert lookup.find(images[0], filters("width-99"), again=True).keys() == {"width-99"}

    def test_two_objects_of_one_image_have_renditions_of_their_own(self, images: list[Any]) -> None:
        twin = CustomImage.objects.get(pk=images[0].pk)
        twin.contextual_alt_text = "Another place"
        lookup.find_many([images[0], twin], ["width-20"])
        (one,) = lookup.find(images[0], filters("width-20")).values()
        (two,) = lookup.find(twin, filters("width-20")).values()
        assert (one.pk, one.alt, two.alt) == (two.pk, images[0].title, "Another place")

    def test_stock_tags_make_nothing_again_after_it(
        self, images: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As they would if what was found were Wagtail's prefetched renditions, which it takes for all there is."""
        lookup.find_many(images, ["width-20"])
        monkeypatch.setattr(CustomImage, "create_rendition", lambda *args: pytest.fail("made again"))
        assert images[0].get_rendition("width-30").width == 30

    def test_what_stock_prefetched_has_what_was_found_as_well(self, images: list[Any]) -> None:
        (image, *_) = CustomImage.objects.order_by("pk").prefetch_renditions("width-30")
        lookup.find_many([image], ["width-20"])
        lookup.find_many([image], ["fill-10x10"])
        assert sorted(r.filter_spec for r in image.prefetched_renditions) == [
            "fill-10x10",
            "width-20",
            "width-30",
        ]

    def test_what_django_prefetched_is_all_there_is(
        self, images: list[Any], django_assert_num_queries: Any
    ) -> None:
        images = list(CustomImage.objects.prefetch_related("renditions"))
        with django_assert_num_queries(0):
            lookup.find_many(images, ["width-20", "width-99"])
            assert [len(lookup.all_of(image)) for image in images] == [3, 3, 3]

    def test_an_svg_has_those_of_the_filter_without_raster_operations(self, make_image: Any) -> None:
        svg = make_image(
            "a.svg", ContentFile(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
        )
        svg.get_rendition("width-5|format-webp|preserve-svg")
        fresh = CustomImage.objects.get()
        lookup.find_many([fresh], ["width-5|format-webp|preserve-svg"])
        assert list(lookup.find(fresh, filters("width-5"))) == ["width-5"]


class TestPlainFiles:
    @pytest.fixture
    def people(self, make_person: Callable[[], Person]) -> list[Person]:
        return [make_person(), make_person()]

    @pytest.fixture
    def make_person(self) -> Callable[[], Person]:
        def make() -> Person:
            person = Person.objects.create(name="P", avatar=ContentFile(picture().read(), name="p.jpg"))
            RenditionSet(RenditionSpec("a", ["width-20", "width-10"]), person.avatar).generate()
            return Person.objects.get(pk=person.pk)

        return make

    def test_one_query_for_a_file(self, people: list[Person], django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            assert lookup.find_of_file(source_of(people[0].avatar)).keys() == {"width-20", "width-10"}

    def test_one_query_for_many(self, people: list[Person], django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            lookup.find_of_files(source_of(person.avatar) for person in people)
        with django_assert_num_queries(0):
            for person in people:
                found = lookup.find_of_file(source_of(person.avatar))
                assert found["width-20"].source.name.endswith(f"(person {person.pk})")

    def test_renditions_of_a_former_file_are_not_found(self, people: list[Person]) -> None:
        people[0].avatar = ContentFile(picture((50, 50)).read(), name="other.jpg")
        people[0].save()
        assert lookup.find_of_file(source_of(people[0].avatar)) == {}
