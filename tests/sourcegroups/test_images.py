from __future__ import annotations

from typing import Any

import pytest

from tests.testapp.models import CodeImage, Person, Pictured, UUIDImage
from wagtail_sourcegroups.exceptions import InvalidSourceGroup
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup

from .conftest import images_of, keys


def test_every_image_of_the_sites_model_by_default(make_image: Any) -> None:
    one, other = make_image(), make_image()
    make_image(model=UUIDImage)
    assert images_of(ImageModelSourceGroup()) == keys(one, other)


@pytest.mark.parametrize("model", [UUIDImage, "testapp.UUIDImage"])
def test_every_image_of_another_model(make_image: Any, model: Any) -> None:
    make_image()
    image = make_image(model=UUIDImage)
    assert images_of(ImageModelSourceGroup(model)) == keys(image)


def test_an_image_with_a_text_for_a_key(make_image: Any) -> None:
    image = make_image(model=CodeImage, id="one")
    assert images_of(ImageModelSourceGroup(CodeImage)) == keys(image)


def test_there_is_no_condition_and_membership_costs_no_query(
    make_image: Any, django_assert_num_queries: Any
) -> None:
    image = make_image()
    with django_assert_num_queries(0):
        assert ImageModelSourceGroup().condition() is None
        assert ImageModelSourceGroup().contains(image)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            "nowhere.Image",
            "There is no model 'nowhere.Image'; models are named 'app_label.Model', "
            "and their app must be in INSTALLED_APPS.",
        ),
        (
            Person,
            "testapp.Person is no image model; give one that inherits wagtail.images.models.AbstractImage "
            "and has a table.",
        ),
        (
            Pictured,
            "testapp.Pictured is no image model; give one that inherits wagtail.images.models.AbstractImage "
            "and has a table.",
        ),
    ],
)
def test_a_model_that_is_none_is_a_problem(model: Any, message: str) -> None:
    group = ImageModelSourceGroup(model)
    assert group.problems(database=False) == [message]
    with pytest.raises(InvalidSourceGroup) as error:
        group.resolve()
    assert str(error.value) == message


def test_what_can_be_no_model_fails_at_once() -> None:
    with pytest.raises(InvalidSourceGroup) as error:
        ImageModelSourceGroup("Image")
    assert str(error.value) == "'Image' is no model; give a model class, or its name as 'app_label.Model'."


def test_it_is_called_after_its_model() -> None:
    assert ImageModelSourceGroup().label == "All images"
