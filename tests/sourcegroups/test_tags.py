from __future__ import annotations

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType

from tests.testapp.models import CodeImage, UUIDImage
from wagtail_sourcegroups.exceptions import InvalidSourceGroup
from wagtail_sourcegroups.sourcegroups import TagSourceGroup, TagsWatch

from .conftest import images_of, keys


def test_images_with_any_of_the_tags_once_each(make_image: Any) -> None:
    a, b, both = make_image(tags=["a"]), make_image(tags=["b", "c"]), make_image(tags=["a", "b"])
    make_image(tags=["c"])
    make_image()
    assert images_of(TagSourceGroup("a", "b")) == keys(a, b, both)


def test_tags_may_come_in_a_list() -> None:
    assert TagSourceGroup(["a", "b"]) == TagSourceGroup("b", "a", "a")
    assert TagSourceGroup("a") != TagSourceGroup("b")


def test_upper_and_lower_case_are_as_taggit_has_them(make_image: Any, settings: Any) -> None:
    image = make_image(tags=["Press"])
    assert images_of(TagSourceGroup("press", "x")) == set()
    settings.TAGGIT_CASE_INSENSITIVE = True
    assert images_of(TagSourceGroup("press", "x")) == keys(image)


def test_the_tags_of_another_model_with_the_same_key_are_not_the_images(make_image: Any, db: None) -> None:
    from taggit.models import Tag, TaggedItem
    from wagtail.documents import get_document_model

    image = make_image()
    document_type = ContentType.objects.get_for_model(get_document_model())
    TaggedItem.objects.create(
        tag=Tag.objects.create(name="a"), content_type=document_type, object_id=image.pk
    )
    assert images_of(TagSourceGroup("a")) == set()


def test_an_image_model_with_a_through_model_of_its_own(make_image: Any) -> None:
    make_image(tags=["a"])
    image = make_image(model=UUIDImage, tags=["a"])
    assert images_of(TagSourceGroup("a", model=UUIDImage)) == keys(image)


def test_an_image_model_whose_tags_cannot_be_held(make_image: Any) -> None:
    image = make_image(model=CodeImage, id="one")
    group = TagSourceGroup("a", model=CodeImage)
    assert group.problems(database=False) == [
        "taggit.TaggedItem cannot hold tags of testapp.CodeImage, whose primary key is of another type; "
        "give the image model a through model of its own (see taggit's 'Customizing taggit')."
    ]
    assert not group.contains(image)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ((), "A TagSourceGroup was given no tag; it takes the names of tags, at least one."),
        (([],), "A TagSourceGroup was given []; it takes the names of tags, at least one."),
        ((" ",), "A TagSourceGroup was given ' '; it takes the names of tags, at least one."),
        (("a", [3]), "A TagSourceGroup was given 3; it takes the names of tags, at least one."),
    ],
)
def test_what_is_no_tag_fails_at_once(tags: Any, message: str) -> None:
    with pytest.raises(InvalidSourceGroup) as error:
        TagSourceGroup(*tags)
    assert str(error.value) == message


def test_queries(make_image: Any, django_assert_num_queries: Any) -> None:
    image = make_image(tags=["a"])
    group = TagSourceGroup("a")
    ContentType.objects.clear_cache()
    with django_assert_num_queries(0):
        group.condition()
        assert group.problems(database=False) == []
    with django_assert_num_queries(1):
        assert group.contains(image)
    with django_assert_num_queries(1):
        list(group.files())


def test_it_is_called_after_its_tags_and_watched_for_them() -> None:
    assert TagSourceGroup("b", "a").label == "Images tagged “a”, “b”"
    assert TagSourceGroup("a").watches == (TagsWatch(),)
