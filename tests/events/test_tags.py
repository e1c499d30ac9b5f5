"""Tags put on images and taken off."""

from __future__ import annotations

import logging

import pytest
from django.db import transaction
from taggit.models import Tag, TaggedItem

from sandbox.gallery.models import CustomImage
from tests.testapp.models import UUIDImage
from wagtail_sourcegroups.models import SourceState
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup, QuerySetSourceGroup, TagSourceGroup

from .conftest import create_image
from .test_budget import queries

pytestmark = pytest.mark.django_db(transaction=True)


class Untagged(QuerySetSourceGroup):
    """Every image that does not say no."""

    key = "not-no"

    def get_queryset(self):
        return CustomImage.objects.exclude(tags__name="no")


@pytest.fixture
def image(bind, told):
    bind(TagSourceGroup("press", "cover"), ImageModelSourceGroup())
    image = create_image("a")
    told.take()
    return image


PRESS = "tags:cover,press"


def test_a_tag_of_a_group_puts_an_image_in(image, told):
    image.tags.add("press")
    assert told == [("created", PRESS, "a")]


def test_another_tag_says_nothing(image, told):
    image.tags.add("boat")
    assert told == []


def test_a_second_tag_of_a_group_says_nothing(image, told):
    image.tags.add("press")
    told.take()
    image.tags.add("cover")
    assert told == []


def test_a_tag_put_on_twice_says_nothing_the_second_time(image, told):
    image.tags.add("press")
    told.take()
    image.tags.add("press")
    assert told == []


def test_tags_that_are_set(image, told):
    image.tags.set(["boat", "press"])
    assert told.take() == [("created", PRESS, "a")]
    image.tags.set(["boat"])
    assert told.take() == [("deleted", PRESS, "a")]


def test_a_tag_that_is_removed(image, told):
    image.tags.add("press", "boat")
    told.take()
    image.tags.remove("boat")
    assert told == []
    image.tags.remove("press")
    assert told == [("deleted", PRESS, "a")]


def test_tags_that_are_cleared(image, told):
    image.tags.add("press", "boat")
    told.take()
    image.tags.clear()
    assert told == [("deleted", PRESS, "a")]


def test_a_tag_that_is_deleted(image, told):
    image.tags.add("press")
    told.take()
    Tag.objects.get(name="press").delete()
    assert told == [("deleted", PRESS, "a")]


def test_tags_that_are_deleted_together(image, told):
    image.tags.add("press", "cover")
    told.take()
    Tag.objects.all().delete()
    assert told == [("deleted", PRESS, "a")]


def test_a_deleted_tag_that_leaves_another(image, told):
    image.tags.add("press", "cover")
    told.take()
    Tag.objects.filter(name="cover").delete()
    assert told == []


def test_rows_between_images_and_tags_that_are_deleted(image, told):
    image.tags.add("press")
    told.take()
    TaggedItem.objects.all().delete()
    assert told == [("deleted", PRESS, "a")]


def test_tags_of_an_image_nobody_has_looked_at(image, told):
    for act, expected in (
        (lambda: image.tags.add("press"), "created"),
        (lambda: image.tags.remove("press"), "deleted"),
        (lambda: image.tags.add("cover"), "created"),
        (lambda: Tag.objects.filter(name="cover").delete(), "deleted"),
    ):
        SourceState.objects.all().delete()
        act()
        assert told.take() == [(expected, PRESS, "a")]


def test_tags_within_a_transaction(image, told):
    with transaction.atomic():
        image.tags.add("press")
        image.tags.remove("press")
        image.title = "b"
        image.save()
    assert told == []


def test_the_tags_of_a_new_image_are_known_when_it_is_told(bind, told):
    bind(TagSourceGroup("press"))
    with transaction.atomic():
        image = create_image("a")
        image.tags.add("press")
    assert told == [("created", "tags:press", "a")]


def test_a_group_of_images_without_a_tag(bind, told):
    bind(Untagged())
    image = create_image("a")
    assert told.take() == [("created", "not-no", "a")]
    image.tags.add("no")
    assert told.take() == [("deleted", "not-no", "a")]
    Tag.objects.get(name="no").delete()
    assert told.take() == [("created", "not-no", "a")]


def test_a_through_model_of_an_image_models_own(bind, told):
    bind(TagSourceGroup("press", model=UUIDImage))
    key = TagSourceGroup("press", model=UUIDImage).key
    from django.core.files.base import ContentFile

    from .conftest import jpeg

    image = UUIDImage.objects.create(title="a", file=ContentFile(jpeg(), name="a.jpg"))
    image.tags.add("press")
    assert told.take() == [("created", key, "a")]
    image.tagged.all().delete()
    assert told.take() == [("deleted", key, "a")]
    image.tags.add("press")
    Tag.objects.get(name="press").delete()
    assert told.take() == [("created", key, "a"), ("deleted", key, "a")]


def test_a_tag_of_more_images_than_a_batch_is_left_to_the_next_run(bind, told, settings, caplog):
    settings.WAGTAIL_SOURCEGROUPS = {"BATCH_SIZE": 2}
    bind(TagSourceGroup("press"))
    for title in "abc":
        create_image(title).tags.add("press")
    told.take()
    caplog.set_level(logging.WARNING, "wagtail_sourcegroups")
    Tag.objects.get(name="press").delete()
    assert told == []
    assert caplog.messages == [
        "More than BATCH_SIZE images may have changed groups (images), and no worker is there to look at them: "
        "the next run of generateimages does."
    ]


def test_tags_cost_nothing_if_no_group_asks_for_tags(bind, told):
    image = create_image("a")
    without = queries(lambda: image.tags.add("press"))
    bind(ImageModelSourceGroup())
    create_image("b")
    assert queries(lambda: image.tags.add("boats")) == without
