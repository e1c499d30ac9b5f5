"""What a save costs, in queries, however much is registered."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.images.models import Image
from wagtail.models import Collection

from sandbox.blog.models import BlogPage
from sandbox.gallery.models import CustomImage
from sandbox.people.models import Guest, Profile
from tests.testapp.models import Person
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.models import SourceState
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    ImageFieldSourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
    ReferenceSourceGroup,
    TagSourceGroup,
)
from wagtail_sourcegroups.strategies import Manual

from .conftest import create_image, jpeg

pytestmark = pytest.mark.django_db(transaction=True)


class Sharp(QuerySetSourceGroup):
    """A site's own group."""

    def __init__(self, width):
        self.width = width

    def get_queryset(self):
        return CustomImage.objects.filter(width__gte=self.width)


def groups(count):
    made = [
        ImageModelSourceGroup(),
        CollectionSourceGroup("Press"),
        ImageFieldSourceGroup(Person, "portrait"),
        TagSourceGroup("a"),
        ReferenceSourceGroup(BlogPage),
        ImageFieldSourceGroup(BlogPage, "hero"),
    ]
    made += [CollectionSourceGroup("Archive"), ImageFieldSourceGroup(Profile, "avatar")]
    made += [Sharp(width) for width in range(max(count - len(made), 0))]
    return made[:count]


@pytest.fixture(params=[1, 30])
def registered(request, registry, press, archive):
    """So many groups, each with two specs."""
    for number, group in enumerate(groups(request.param)):
        for spec_id in (f"a:{number}", f"b:{number}"):
            registry.add_spec(RenditionSpec(spec_id, "width-20", strategy=Manual()))
            registry.add_group(spec_id, group)
    return request.param


@pytest.fixture
def only(registry):
    """Nothing but one group is registered."""

    def only(group):
        registry.add_spec(RenditionSpec("a", "width-20", strategy=Manual()))
        registry.add_group("a", group)

    return only


def queries(action):
    with CaptureQueriesContext(connection) as captured:
        action()
    own = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    return sum(not query["sql"].startswith(own) for query in captured)


def cost(action):
    """Queries that something costs because of what is registered. Content types are known by then."""
    with get_registry().override(empty=True):
        action()
        without = queries(action)
    action()
    return queries(action) - without


def alternate(values):
    """Each of them in turn, for ever."""
    while True:
        yield from values


def test_creating_an_image_costs_at_most_five(registered):
    assert 0 < cost(lambda: create_image("a")) <= 5


def test_saving_an_image_of_which_nothing_changes_costs_at_most_five(registered):
    image = create_image("a")
    assert 0 < cost(image.save) <= 2


def test_saving_an_image_that_nobody_has_looked_at_costs_at_most_five(registered):
    image = create_image("a")

    def save():
        SourceState.objects.all().delete()
        image.save()

    assert 0 < cost(save) <= 5


def test_moving_an_image_costs_at_most_five(registered, press, archive):
    image = create_image("a", press)
    collections = alternate([archive, press])

    def move():
        image.collection = next(collections)
        image.save()

    assert 0 < cost(move) <= 5


def test_replacing_a_file_costs_at_most_five(registered):
    image = create_image("a")

    def replace():
        image.file = ContentFile(jpeg(), name="other.jpg")
        image.save()

    assert 0 < cost(replace) <= 5


def test_a_thousand_groups_of_collections_cost_no_more_than_one(registry, press, archive):
    """And fewer columns than PostgreSQL has."""
    registry.add_spec(RenditionSpec("a", "width-20", strategy=Manual()))
    registry.add_group("a", CollectionSourceGroup("Press"))

    def put(collection):
        return create_image("a", collection)

    few = cost(lambda: put(press))
    for number in range(1000):
        registry.add_group("a", CollectionSourceGroup(number + 10_000))
        registry.add_group("a", CollectionSourceGroup(f"Collection {number}"))
    assert cost(lambda: put(press)) == few
    state = SourceState.objects.get(object_id=str(put(press).pk))
    assert state.groups == ["collection:Press"]


def test_a_tree_that_has_changed_costs_one_query_more_once(registry, only, press, archive):
    only(CollectionSourceGroup("Press"))
    image = create_image("a", press)

    def asked():
        return queries(image.save)

    before = asked()
    archive.add_child(name="2026")
    assert [asked(), asked()] == [before + 1, before]


def test_an_image_of_another_model_costs_nothing(registered):
    assert cost(lambda: Image.objects.create(title="a", file=ContentFile(jpeg(), name="a.jpg"))) == 0


def test_pointing_to_another_image_costs_at_most_two(registry, only):
    only(ImageFieldSourceGroup(Person, "portrait"))
    images = alternate([create_image("a"), create_image("b")])
    person = Person.objects.create(portrait=next(images))

    def point():
        person.portrait = next(images)
        person.save()

    assert 0 < cost(point) <= 2


def test_pointing_to_another_image_costs_at_most_two_of_thirty_groups(registry, press, archive):
    for number, group in enumerate(groups(30)):
        registry.add_spec(RenditionSpec(f"a:{number}", "width-20", strategy=Manual()))
        registry.add_group(f"a:{number}", group)
    images = alternate([create_image("a"), create_image("b")])
    person = Person.objects.create(portrait=next(images))

    def point():
        person.portrait = next(images)
        person.save()

    assert 0 < cost(point) <= 2


def test_saving_what_points_to_the_same_image_costs_at_most_two(registry, only):
    only(ImageFieldSourceGroup(Person, "portrait"))
    person = Person.objects.create(portrait=create_image("a"))
    assert cost(person.save) == 1


def test_a_new_object_that_points_to_an_image_costs_at_most_two(registry, only):
    only(ImageFieldSourceGroup(Person, "portrait"))
    image = create_image("a")
    assert 0 < cost(lambda: Person.objects.create(portrait=image)) <= 2


def test_saving_other_fields_of_an_owner_costs_nothing(registry, only):
    only(ImageFieldSourceGroup(Person, "portrait"))
    person = Person.objects.create(portrait=create_image("a"))
    assert cost(lambda: person.save(update_fields=["name"])) == 0


def test_another_file_in_an_image_field_costs_at_most_two(registry, only):
    only(ImageFieldSourceGroup(Profile, "avatar"))
    profile = Profile.objects.create(name="a", avatar=ContentFile(jpeg(), name="a.jpg"))

    def replace():
        profile.avatar = ContentFile(jpeg(), name="other.jpg")
        profile.save()

    assert 0 < cost(replace) <= 2


def test_any_other_model_costs_nothing(registered):
    assert cost(lambda: Guest.objects.create(name="a")) == 0


def test_a_collection_costs_nothing_if_no_group_asks_for_collections(registry, only, press):
    only(ImageModelSourceGroup())

    def rename():
        press.name += "!"
        press.save()

    assert cost(rename) == 0


def test_loading_images_costs_nothing(registered):
    create_image("a")
    assert cost(lambda: list(CustomImage.objects.all())) == 0
    assert cost(lambda: list(Collection.objects.all())) == 0
