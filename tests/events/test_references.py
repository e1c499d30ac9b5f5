"""Pages and other objects that refer to images, published and saved."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.urls import reverse
from wagtail.models import Page, ReferenceIndex

from sandbox.blog.models import BlogPage
from sandbox.gallery.models import CustomImage
from tests.testapp.models import Advert, LongStoryPage, Promotion, StoryPage, StoryPicture
from wagtail_sourcegroups.models import SourceState
from wagtail_sourcegroups.sourcegroups import ImageFieldSourceGroup, ReferenceSourceGroup

from .conftest import create_image

pytestmark = pytest.mark.django_db(transaction=True)

STORY = "references:testapp.storypage"


@pytest.fixture
def images(bind, told):
    bind(ReferenceSourceGroup(StoryPage))
    images = create_image("a"), create_image("b"), create_image("c")
    assert told == []
    return images


@pytest.fixture
def parent(db):
    return Page.objects.get(depth=2)


def add(parent, *, model=StoryPage, **fields):
    return parent.add_child(instance=model(title="Story", **fields))


def embed(image):
    return f'<embed alt="x" embedtype="image" format="left" id="{image.pk}"/>'


def publish(page):
    page.save_revision().publish()


def test_a_live_page_puts_its_images_in(images, told, parent):
    add(parent, hero=images[0], intro=embed(images[1]), body=[("picture", images[2])])
    assert sorted(told) == [("created", STORY, "a"), ("created", STORY, "b"), ("created", STORY, "c")]


def test_a_draft_says_nothing(images, told, parent):
    page = add(parent, hero=images[0], live=False)
    page.hero = images[1]
    page.save_revision()
    assert told == []


def test_a_draft_of_a_live_page_says_nothing(images, told, parent):
    page = add(parent, hero=images[0])
    told.take()
    page.hero = images[1]
    page.save_revision()
    assert told == []


def test_a_page_that_is_published(images, told, parent):
    page = add(parent, live=False, hero=images[0])
    publish(page)
    assert told == [("created", STORY, "a")]


def test_a_page_that_is_published_with_another_image(images, told, parent):
    page = add(parent, hero=images[0], body=[("picture", images[1])])
    told.take()
    page.hero = images[2]
    publish(page)
    assert sorted(told) == [("created", STORY, "c"), ("deleted", STORY, "a")]


def test_a_page_that_is_published_with_images_nobody_has_looked_at(images, told, parent):
    page = add(parent, hero=images[0])
    told.take()
    SourceState.objects.all().delete()
    page.hero = images[1]
    publish(page)
    assert sorted(told) == [("created", STORY, "b"), ("deleted", STORY, "a")]


def test_a_page_that_is_published_in_one_transaction(images, told, parent):
    page = add(parent, hero=images[0])
    told.take()
    page.hero = images[1]
    with transaction.atomic():
        publish(page)
    assert sorted(told) == [("created", STORY, "b"), ("deleted", STORY, "a")]


def test_a_page_that_is_published_as_it_was_says_nothing(images, told, parent):
    page = add(parent, hero=images[0])
    told.take()
    publish(page)
    assert told == []


def test_the_published_page_is_believed_and_not_the_index(images, told, parent, monkeypatch):
    """A queue would bring the index up to date later."""
    page = add(parent, hero=images[0])
    told.take()
    monkeypatch.setattr(ReferenceIndex, "create_or_update_for_object", lambda *args, **kwargs: None)
    page.hero = images[1]
    publish(page)
    assert sorted(told) == [("created", STORY, "b"), ("deleted", STORY, "a")]


def test_inline_children_count(images, told, parent):
    page = add(parent, live=False)
    page.pictures = [StoryPicture(image=images[0])]
    publish(page)
    assert told == [("created", STORY, "a")]


def test_a_page_of_a_type_that_inherits(images, told, parent):
    add(parent, model=LongStoryPage, hero=images[0])
    assert told == [("created", STORY, "a")]


@pytest.mark.parametrize("specific", [True, False])
def test_a_page_that_is_unpublished(images, told, parent, specific):
    page = add(parent, hero=images[0], body=[("picture", images[1])])
    told.take()
    (page if specific else Page.objects.get(pk=page.pk)).unpublish()
    assert sorted(told) == [("deleted", STORY, "a"), ("deleted", STORY, "b")]


def test_a_page_that_is_deleted(images, told, parent):
    page = add(parent, hero=images[0], body=[("picture", images[1])])
    told.take()
    Page.objects.get(pk=page.pk).delete()
    assert sorted(told) == [("deleted", STORY, "a"), ("deleted", STORY, "b")]


def test_an_image_that_another_page_refers_to_stays(images, told, parent):
    page = add(parent, hero=images[0])
    parent.add_child(instance=StoryPage(title="Another", hero=images[0]))
    told.take()
    page.unpublish()
    assert told == []


def test_a_field_group_of_pages_minds_drafts_too(bind, told, parent):
    bind(ImageFieldSourceGroup(StoryPage, "hero"))
    image, other = create_image("a"), create_image("b")
    key = "field:testapp.storypage.hero"
    page = add(parent, hero=image)
    assert told.take() == [("created", key, "a")]
    page.hero = other
    page.save_revision()
    assert told.take() == []
    page.latest_revision.publish()
    assert sorted(told) == [("created", key, "b"), ("deleted", key, "a")]


def test_an_object_that_is_no_page(bind, told):
    bind(ReferenceSourceGroup(Advert))
    image, other = create_image("a"), create_image("b")
    key = "references:testapp.advert"
    advert = Advert.objects.create(image=image)
    assert told.take() == [("created", key, "a")]
    advert.text = embed(other)
    advert.save()
    assert told.take() == [("created", key, "b")]
    advert.image = None
    advert.save(update_fields=["image"])
    assert told.take() == [("deleted", key, "a")]
    advert.delete()
    assert told.take() == [("deleted", key, "b")]


def test_an_object_that_is_saved_in_part_is_read_from_the_database(bind, told):
    bind(ReferenceSourceGroup(Advert))
    image, other = create_image("a"), create_image("b")
    advert = Advert.objects.create()
    advert.image, advert.text = image, embed(other)
    advert.save(update_fields=["image"])
    assert told == [("created", "references:testapp.advert", "a")]


def test_an_object_with_a_draft_that_is_no_page(bind, told):
    bind(ReferenceSourceGroup(Promotion))
    image, other = create_image("a"), create_image("b")
    key = "references:testapp.promotion"
    promotion = Promotion.objects.create(image=image, live=False)
    assert told.take() == []
    promotion.save_revision().publish()
    assert told.take() == [("created", key, "a")]
    promotion = Promotion.objects.get()
    promotion.image = other
    revision = promotion.save_revision()
    assert told.take() == []
    revision.publish()
    assert sorted(told.take()) == [("created", key, "b"), ("deleted", key, "a")]
    Promotion.objects.get().unpublish()
    assert told.take() == [("deleted", key, "b")]


def test_publishing_in_the_admin(bind, told, parent, admin):
    bind(ReferenceSourceGroup(BlogPage))
    key = "references:blog.blogpage"
    image = create_image("a")
    page = parent.add_child(instance=BlogPage(title="Story", slug="story", date="2026-11-22", live=False))
    data = {
        "title": "Story",
        "slug": "story",
        "date": "2026-11-22",
        "hero": image.pk,
        "body": "null",
        "story-count": "0",
        "comments-TOTAL_FORMS": "0",
        "comments-INITIAL_FORMS": "0",
    }
    url = reverse("wagtailadmin_pages:edit", args=[page.pk])
    assert admin.post(url, data).status_code == 302
    assert told == []
    assert admin.post(url, {**data, "action-publish": "1"}).status_code == 302
    assert told.take() == [("created", key, "a")]
    assert admin.post(reverse("wagtailadmin_pages:unpublish", args=[page.pk])).status_code == 302
    assert told == [("deleted", key, "a")]


def test_a_page_with_more_references_than_a_batch_is_left_to_the_next_run(
    images, told, parent, settings, caplog
):
    settings.WAGTAIL_SOURCEGROUPS = {"BATCH_SIZE": 2}
    add(parent, body=[("picture", image) for image in images])
    assert told == []
    assert caplog.messages[-1].startswith("More than BATCH_SIZE images may have changed groups")
    assert CustomImage.objects.count() == 3
