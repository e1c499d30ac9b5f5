from __future__ import annotations

import os
from typing import Any

import pytest

from tests.testapp.models import (
    Colleague,
    Employee,
    Mistaken,
    Person,
    Pictured,
    Place,
    Product,
    Shop,
    UUIDImage,
)
from wagtail_sourcegroups.exceptions import InvalidSourceGroup
from wagtail_sourcegroups.sourcegroups import FieldWatch, ImageFieldSourceGroup

from .conftest import images_of, keys, png

# A ForeignKey ----------------------------------------------------------------------------------------------


def test_images_that_rows_point_to_once_each(make_image: Any) -> None:
    one, other = make_image(), make_image()
    make_image()
    Person.objects.create(portrait=one)
    Person.objects.create(portrait=one)
    Person.objects.create(portrait=other)
    Person.objects.create()
    assert images_of(ImageFieldSourceGroup(Person, "portrait")) == keys(one, other)


def test_a_model_may_be_named(make_image: Any) -> None:
    image = make_image()
    Person.objects.create(portrait=image)
    assert images_of(ImageFieldSourceGroup("testapp.Person", "portrait")) == keys(image)


def test_a_one_to_one_field(make_image: Any) -> None:
    image = make_image()
    Person.objects.create(badge=image)
    assert images_of(ImageFieldSourceGroup(Person, "badge")) == keys(image)


def test_the_image_model_is_the_one_the_field_points_to(make_image: Any) -> None:
    image = make_image(model=UUIDImage)
    Person.objects.create(other_portrait=image)
    group = ImageFieldSourceGroup(Person, "other_portrait")
    assert group.model is UUIDImage
    assert images_of(group) == keys(image)


def test_multi_table_children_belong_to_their_parent(make_image: Any) -> None:
    of_parent, of_child, of_proxy = make_image(), make_image(), make_image()
    Person.objects.create(portrait=of_parent)
    Employee.objects.create(portrait=of_child)
    Colleague.objects.create(portrait=of_proxy)
    assert images_of(ImageFieldSourceGroup(Person, "portrait")) == keys(of_parent, of_child, of_proxy)
    assert images_of(ImageFieldSourceGroup(Employee, "portrait")) == keys(of_child)


def test_an_abstract_model_stands_for_all_its_concrete_children(make_image: Any) -> None:
    of_place, of_product, of_shop = make_image(), make_image(), make_image()
    make_image()
    Place.objects.create(cover=of_place)
    Product.objects.create(cover=of_product)
    Shop.objects.create(cover=of_shop)
    for model in (Pictured, "testapp.Pictured"):
        assert images_of(ImageFieldSourceGroup(model, "cover")) == keys(of_place, of_product, of_shop)


def test_queries(make_image: Any, django_assert_num_queries: Any) -> None:
    image = make_image()
    Product.objects.create(cover=image)
    group = ImageFieldSourceGroup(Pictured, "cover")
    with django_assert_num_queries(0):
        group.condition()
        _ = group.key, group.label, group.watches, group.of_images
        assert group.problems(database=False) == []
    with django_assert_num_queries(1):
        assert group.contains(image)
    with django_assert_num_queries(1):
        list(group.files())


# An ImageField ---------------------------------------------------------------------------------------------


def files_of(group: ImageFieldSourceGroup) -> list[tuple[type, Any, str]]:
    return [(type(file.instance), file.instance.pk, os.path.basename(file.name)) for file in group.files()]


def test_the_field_files_of_rows_that_have_one(db: None) -> None:
    person = Person.objects.create(avatar=png("ann.png"))
    Person.objects.create(avatar=None)
    Person.objects.create(avatar="")
    group = ImageFieldSourceGroup(Person, "avatar")
    assert not group.of_images
    assert files_of(group) == [(Person, person.pk, "ann.png")]


def test_the_field_files_of_multi_table_children_and_abstract_models(db: None) -> None:
    place, shop = Place.objects.create(photo=png("place.png")), Shop.objects.create(photo=png("shop.png"))
    product = Product.objects.create(photo=png("product.png"))
    assert files_of(ImageFieldSourceGroup(Pictured, "photo")) == [
        (Place, place.pk, "place.png"),
        (Place, shop.pk, "shop.png"),
        (Product, product.pk, "product.png"),
    ]
    assert files_of(ImageFieldSourceGroup(Shop, "photo")) == [(Shop, shop.pk, "shop.png")]


def test_a_row_without_dimensions_whose_file_is_gone_opens_nothing(
    db: None, media_root: Any, django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        place = Place.objects.create(photo=png("gone.png"))
        os.remove(place.photo.path)
    Place.objects.update(photo_width=None, photo_height=None)
    with django_assert_num_queries(1):
        found = list(ImageFieldSourceGroup(Place, "photo").files())
    assert [file.name for file in found] == list(Place.objects.values_list("photo", flat=True))
    with django_assert_num_queries(0):
        assert found[0].instance.cover_id is None


def test_a_served_row_is_saved_as_it_is(db: None) -> None:
    place = Place.objects.create(photo=png("kept.png"))
    served = next(iter(ImageFieldSourceGroup(Place, "photo").files())).instance
    served.save()
    assert Place.objects.values_list("photo", flat=True).get() == place.photo.name


def test_the_source_of_an_object(db: None) -> None:
    group = ImageFieldSourceGroup(Person, "avatar")
    person = Person(avatar=png("ann.png"))
    assert group.source_of(person) == person.avatar
    assert group.source_of(Person()) is None


def test_no_image_is_in_a_group_of_field_files(make_image: Any, django_assert_num_queries: Any) -> None:
    image = make_image()
    group = ImageFieldSourceGroup(Person, "avatar")
    with django_assert_num_queries(0):
        assert not group.contains(image)
    with pytest.raises(InvalidSourceGroup) as error:
        group.get_queryset()
    assert str(error.value) == "testapp.Person.avatar is an ImageField: its files belong to no image model."


# Watches and problems --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "field", "models"),
    [
        (Person, "portrait", {Person, Employee, Colleague}),
        (Employee, "avatar", {Person, Employee, Colleague}),
        (Pictured, "photo", {Place, Product, Shop}),
        (Shop, "cover", {Place, Shop}),
    ],
)
def test_it_is_watched_in_every_model_that_may_change_it(model: Any, field: str, models: set[type]) -> None:
    (watch,) = ImageFieldSourceGroup(model, field).watches
    assert isinstance(watch, FieldWatch)
    assert (set(watch.models), watch.field) == (models, field)


@pytest.mark.parametrize(
    ("model", "field", "message"),
    [
        (
            "testapp.Nobody",
            "portrait",
            "There is no model 'testapp.Nobody'; models are named 'app_label.Model', "
            "and their app must be in INSTALLED_APPS.",
        ),
        (
            Mistaken,
            "picture",
            "testapp.Mistaken has no field 'picture'; its fields are caption, id, person.",
        ),
        (
            Mistaken,
            "caption",
            "testapp.Mistaken.caption is a CharField; it must be an ImageField, or a ForeignKey to an image model.",
        ),
        (
            Mistaken,
            "person",
            "testapp.Person is no image model; give one that inherits wagtail.images.models.AbstractImage "
            "and has a table.",
        ),
        (
            Pictured,
            "picture",
            "testapp.Place has no field 'picture'; its fields are cover, id, photo, photo_height, photo_width.",
        ),
    ],
)
def test_what_is_no_picture_is_a_problem(db: None, model: Any, field: str, message: str) -> None:
    group = ImageFieldSourceGroup(model, field)
    assert group.problems(database=False) == [message]
    assert not group.of_images
    with pytest.raises(InvalidSourceGroup) as error:
        list(group.files())
    assert str(error.value) == message


def test_an_empty_field_name_fails_at_once() -> None:
    with pytest.raises(InvalidSourceGroup) as error:
        ImageFieldSourceGroup(Person, "")
    assert str(error.value) == "'' is no field of testapp.person; give the name of a field."


def test_it_is_called_after_its_field() -> None:
    assert ImageFieldSourceGroup(Person, "portrait").label == "portrait of persons"
