from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from wagtail.models import Page, ReferenceIndex

from tests.testapp.models import (
    Advert,
    CodeImage,
    LongStoryPage,
    Mistaken,
    Promotion,
    StoryPage,
    StoryPicture,
    UUIDImage,
)
from wagtail_sourcegroups.exceptions import InvalidSourceGroup
from wagtail_sourcegroups.sourcegroups import ReferenceSourceGroup, ReferencesWatch

from .conftest import images_of, keys


@pytest.fixture
def make_page(db: None) -> Any:
    """``make_page(model=StoryPage, **fields)``: a live page below the root."""

    def make(model: Any = StoryPage, **fields: Any) -> Any:
        page = model(title="A story", slug=uuid.uuid4().hex, **fields)
        return Page.get_first_root_node().add_child(instance=page)

    return make


def embed(image: Any) -> str:
    return f'<p>See <embed embedtype="image" id="{image.pk}" format="left" alt=""/></p>'


# Where references are found --------------------------------------------------------------------------------


def test_images_anywhere_in_a_page(make_image: Any, make_page: Any) -> None:
    hero, intro, block, text, inline, other = (make_image(name) for name in "abcdef")
    page = make_page(hero=hero, intro=embed(intro), body=[("picture", block), ("text", _rich(embed(text)))])
    page.pictures = [StoryPicture(image=inline)]
    page.save_revision().publish()
    group = ReferenceSourceGroup(StoryPage)
    assert images_of(group) == keys(hero, intro, block, text, inline)
    assert group.references_of(StoryPage.objects.get(pk=page.pk)) == keys(hero, intro, block, text, inline)
    assert not group.contains(other)


def _rich(source: str) -> Any:
    from wagtail.rich_text import RichText

    return RichText(source)


def test_page_types_that_inherit_it_are_included(make_image: Any, make_page: Any) -> None:
    image = make_image()
    page = make_page(LongStoryPage, hero=image)
    for model in (StoryPage, LongStoryPage, Page, "testapp.StoryPage"):
        group = ReferenceSourceGroup(model)
        assert images_of(group) == keys(image)
        assert group.references_of(page) == keys(image)


def test_page_types_beside_it_are_not(make_image: Any, make_page: Any) -> None:
    page = make_page(StoryPage, hero=make_image())
    group = ReferenceSourceGroup(LongStoryPage)
    assert images_of(group) == set()
    assert group.references_of(page) == set()


def test_every_object_of_a_model_without_drafts(make_image: Any) -> None:
    image, in_text = make_image(), make_image()
    advert = Advert.objects.create(image=image, text=embed(in_text))
    group = ReferenceSourceGroup(Advert)
    assert images_of(group) == keys(image, in_text)
    assert group.references_of(advert) == keys(image, in_text)


# Only what is published ------------------------------------------------------------------------------------


def test_a_draft_refers_to_nothing(make_image: Any, make_page: Any) -> None:
    page = make_page(hero=make_image(), live=False)
    group = ReferenceSourceGroup(StoryPage)
    assert images_of(group) == set()
    assert group.references_of(page) == set()


def test_a_live_page_with_a_draft_refers_to_what_is_published(make_image: Any, make_page: Any) -> None:
    published, drafted = make_image(), make_image()
    page = make_page(hero=published)
    page.hero = drafted
    revision = page.save_revision()
    group = ReferenceSourceGroup(StoryPage)
    assert images_of(group) == keys(published)
    revision.publish()
    assert images_of(group) == keys(drafted)


def test_an_unpublished_page_refers_to_nothing(make_image: Any, make_page: Any) -> None:
    page = make_page(hero=make_image())
    page.unpublish()
    assert images_of(ReferenceSourceGroup(StoryPage)) == set()
    assert ReferenceSourceGroup(StoryPage).references_of(page) == set()


def test_a_live_object_with_a_uuid(make_image: Any) -> None:
    live, draft = make_image(), make_image()
    promotion = Promotion.objects.create(image=live, live=True)
    Promotion.objects.create(image=draft, live=False)
    group = ReferenceSourceGroup(Promotion)
    assert images_of(group) == keys(live)
    assert group.references_of(promotion) == keys(live)


def test_references_of_objects_with_other_kinds_of_keys_are_no_obstacle(
    make_image: Any, make_page: Any
) -> None:
    # On PostgreSQL a careless cast of a promotion's key would fail the query that asks for pages.
    image = make_image()
    Promotion.objects.create(image=image, live=True)
    assert images_of(ReferenceSourceGroup(StoryPage)) == set()
    make_page(hero=image)
    assert images_of(ReferenceSourceGroup(StoryPage)) == keys(image)
    assert images_of(ReferenceSourceGroup(Promotion)) == keys(image)


def test_what_was_just_published_is_read_from_the_object_and_not_from_the_index(
    make_image: Any, make_page: Any
) -> None:
    image = make_image()
    page = make_page(hero=image)
    ReferenceIndex.objects.all().delete()
    group = ReferenceSourceGroup(StoryPage)
    assert images_of(group) == set()
    assert group.references_of(page) == keys(image)


# Other image models ----------------------------------------------------------------------------------------


def test_an_image_model_with_uuids(make_image: Any) -> None:
    image = make_image(model=UUIDImage)
    make_image(model=UUIDImage)
    advert = Advert.objects.create(image=make_image(), other_image=image)
    group = ReferenceSourceGroup(Advert, model=UUIDImage)
    assert images_of(group) == keys(image)
    assert group.references_of(advert) == keys(image)


def test_an_image_model_with_text_keys(make_image: Any) -> None:
    image = make_image(model=CodeImage, id="one")
    make_image(model=CodeImage, id="two")
    advert = Advert.objects.create(code_image=image)
    group = ReferenceSourceGroup(Advert, model="testapp.CodeImage")
    assert images_of(group) == {"one"}
    assert group.references_of(advert) == {"one"}


def test_a_reference_that_spells_no_key_is_none(make_image: Any) -> None:
    advert = Advert.objects.create(text='<embed embedtype="image" id="oops" format="left"/>')
    assert ReferenceSourceGroup(Advert).references_of(advert) == set()
    assert images_of(ReferenceSourceGroup(Advert)) == set()


# What it costs, and what can be wrong ----------------------------------------------------------------------


def test_queries(make_image: Any, make_page: Any, django_assert_num_queries: Any) -> None:
    image = make_image()
    make_page(hero=image)
    group = ReferenceSourceGroup(StoryPage)
    ContentType.objects.clear_cache()
    with django_assert_num_queries(0):
        group.condition()
        _ = group.key, group.label, group.watches
        assert group.problems(database=False) == []
    with django_assert_num_queries(1):
        assert group.contains(image)
    with django_assert_num_queries(1):
        list(group.files())


def test_it_is_watched_in_the_model_and_those_that_inherit_it() -> None:
    assert ReferenceSourceGroup(StoryPage).watches == (ReferencesWatch((StoryPage, LongStoryPage)),)


def test_a_model_that_is_not_indexed_is_a_problem(db: None) -> None:
    assert ReferenceSourceGroup(Advert).problems(database=True) == []
    assert ReferenceSourceGroup(Page).problems(database=True) == []
    assert ReferenceSourceGroup(Mistaken).problems(database=True) == [
        "Wagtail's reference index leaves testapp.Mistaken out, so that "
        "<ReferenceSourceGroup(referrer='testapp.mistaken', model=None)> is always empty; register it as a snippet "
        "or with ReferenceIndex.register_model() in an AppConfig's ready(), and run rebuild_references_index."
    ]


def test_a_model_that_is_not_there_is_a_problem(db: None) -> None:
    message = (
        "There is no model 'testapp.Nobody'; models are named 'app_label.Model', "
        "and their app must be in INSTALLED_APPS."
    )
    group = ReferenceSourceGroup("testapp.Nobody")
    assert group.problems(database=False) == [message]
    assert not group.model._base_manager.filter(group.condition()).exists()
    with pytest.raises(InvalidSourceGroup) as error:
        group.resolve()
    assert str(error.value) == message


def test_it_is_called_after_its_model() -> None:
    assert ReferenceSourceGroup(Mistaken).label == "Images used by mistakens"
