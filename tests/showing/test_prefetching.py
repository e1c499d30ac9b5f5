from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile

from sandbox.gallery.models import CustomImage
from tests.images import picture
from tests.testapp.models import Mistaken, Person
from wagtail_sourcegroups.exceptions import InvalidSource, UnknownSpec
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.readonly import read_only
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.showing.prefetching import prefetch
from wagtail_sourcegroups.showing.tags import rendition_set_for
from wagtail_sourcegroups.strategies import JustInTime, Optimistic

pytestmark = pytest.mark.django_db

HOW_MANY = 4


@pytest.fixture
def people(make_image: Any) -> Any:
    """A queryset of people, each with a portrait that stands in the database alone."""
    for number in range(HOW_MANY):
        Person.objects.create(name=str(number), portrait=make_image(f"{number}.jpg", picture((600, 400))))
    return Person.objects.select_related("portrait").order_by("pk")


def make(*spec_ids: str) -> None:
    for image in CustomImage.objects.all():
        for spec_id in spec_ids:
            RenditionSet(get_registry().spec(spec_id), image.file).generate()
    cache.clear()


def html_of(people: Any, *spec_ids: str) -> list[str]:
    return [str(rendition_set_for(spec_id, person.portrait)) for person in people for spec_id in spec_ids]


class TestQueries:
    def test_one_for_all_renditions_of_all_specs(
        self,
        people: Any,
        registered: Callable[..., Any],
        django_assert_num_queries: Any,
        no_storage: Callable[[], None],
    ) -> None:
        registered("card", "format-{avif,webp,jpeg}|width-{20,40}")
        registered("square", "fill-10x10")
        make("card", "square")
        no_storage()
        people = list(people)
        with django_assert_num_queries(1):
            prefetch(["card", "square"], people, source="portrait")
        with django_assert_num_queries(0):
            written = html_of(people, "card", "square")
        assert len(written) == 2 * HOW_MANY
        assert all(each.startswith("<picture>") for each in written[::2])

    def test_a_queryset_keeps_what_was_read(
        self, people: Any, registered: Callable[..., Any], django_assert_num_queries: Any
    ) -> None:
        registered("square", "fill-10x10")
        make("square")
        with django_assert_num_queries(2):
            prefetch("square", people, source="portrait")
            html_of(people, "square")

    def test_images_that_are_not_loaded_are(
        self, people: Any, registered: Callable[..., Any], django_assert_num_queries: Any
    ) -> None:
        registered("square", "fill-10x10")
        make("square")
        people = list(Person.objects.all())
        with django_assert_num_queries(2):
            prefetch("square", people, source="portrait")
            html_of(people, "square")

    @pytest.mark.parametrize("how_many", [1, HOW_MANY])
    def test_a_constant_number_where_everything_is_missing(
        self,
        people: Any,
        how_many: int,
        registered: Callable[..., Any],
        enqueued: list[Any],
        django_assert_num_queries: Any,
    ) -> None:
        registered("card", "width-{20,40}", strategy=Optimistic())
        registered("square", "fill-10x10", strategy=Optimistic())
        people = list(people[:how_many])
        enqueued.clear()
        # Renditions; all renditions of those that lack some; how they are turned; failures.
        with django_assert_num_queries(4):
            prefetch(["card", "square"], people, source="portrait")
            written = html_of(people, "card", "square")
        assert [each.startswith("<img") for each in written] == [True] * how_many * 2
        (requests,) = enqueued
        assert len(requests) == how_many

    def test_a_read_only_head_schedules_nothing(
        self, people: Any, registered: Callable[..., Any], enqueued: list[Any]
    ) -> None:
        registered("card", "width-{20,40}", strategy=Optimistic())
        people = list(people)
        enqueued.clear()
        with read_only():
            prefetch("card", people, source="portrait")
            assert len(html_of(people, "card")) == HOW_MANY
        assert enqueued == []

    def test_what_was_made_after_it_is_shown_by_those_who_make_it(
        self, people: Any, registered: Callable[..., Any]
    ) -> None:
        registered("card", "width-20", strategy=JustInTime())
        people = list(people)
        prefetch("card", people, source="portrait")
        assert all('width="20"' in each for each in html_of(people, "card"))
        assert CustomImage.objects.first().renditions.count() == 1  # type: ignore[union-attr]


class TestWhere:
    @pytest.fixture(autouse=True)
    def square(self, registered: Callable[..., Any]) -> None:
        registered("square", "fill-10x10")

    def test_a_list_of_images(self, people: Any, django_assert_num_queries: Any) -> None:
        make("square")
        images = list(CustomImage.objects.all())
        with django_assert_num_queries(1):
            prefetch("square", images)
            for image in images:
                assert "fill-10x10" in str(rendition_set_for("square", image))

    def test_every_image_field_where_none_is_named(self, people: Any, django_assert_num_queries: Any) -> None:
        make("square")
        person = Person.objects.select_related("portrait").first()
        assert person is not None
        person.avatar = ContentFile(picture().read(), name="p.jpg")
        person.save()
        RenditionSet(get_registry().spec("square"), person.avatar).generate()
        # One for images and one for plain files; the fields that name nothing cost none.
        with django_assert_num_queries(2):
            prefetch("square", [person])
            assert "fill-10x10" in str(rendition_set_for("square", person.portrait))
            assert "fill-10x10" in str(rendition_set_for("square", person.avatar))

    def test_a_path(self, people: Any, django_assert_num_queries: Any) -> None:
        make("square")
        for person in people:
            Mistaken.objects.create(person=person)
        rows = list(Mistaken.objects.all())
        with django_assert_num_queries(3):
            prefetch("square", rows, source="person__portrait")
            for row in rows:
                assert row.person is not None
                str(rendition_set_for("square", row.person.portrait))

    def test_gaps_in_a_list(self, people: Any) -> None:
        prefetch("square", [None, Person()])

    def test_an_empty_list_costs_nothing(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            prefetch("square", [])


class TestMistakes:
    def test_an_unknown_spec(self) -> None:
        with pytest.raises(
            UnknownSpec, match="No spec 'square' is registered; the registered specs are none"
        ):
            prefetch("square", [])

    @pytest.mark.parametrize(
        ("objects", "options", "message"),
        [
            (lambda: iter([]), {}, "can be gone through only once"),
            (lambda: ["a"], {}, "'a' in the list is neither an image nor an object with one"),
            (lambda: [Mistaken()], {}, "testapp.Mistaken has no image field; say where its images are"),
            (lambda: [Person()], {"source": "picture"}, "testapp.Person has no field 'picture'"),
        ],
    )
    def test_what_has_no_images(
        self, registered: Callable[..., Any], objects: Any, options: dict[str, Any], message: str
    ) -> None:
        registered("square", "fill-10x10")
        with pytest.raises(InvalidSource, match=message):
            prefetch("square", objects(), **options)
