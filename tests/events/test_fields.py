"""Objects whose fields name images, or hold files of their own."""

from __future__ import annotations

import pytest
from django.core import serializers
from django.core.files.base import ContentFile
from django.db import transaction

from sandbox.gallery.models import CustomImage
from sandbox.people.models import Guest, Portrayed, Profile
from tests.testapp.models import Colleague, Employee, Person, Pictured, Place, Product, Shop
from wagtail_sourcegroups.models import SourceState
from wagtail_sourcegroups.sourcegroups import ImageFieldSourceGroup, ImageModelSourceGroup

from .conftest import create_image, jpeg

pytestmark = pytest.mark.django_db(transaction=True)

PORTRAIT = "field:testapp.person.portrait"


def picture(name="a.jpg", color="teal"):
    return ContentFile(jpeg(color=color), name=name)


# A ForeignKey to an image model ----------------------------------------------------------------------------


@pytest.fixture
def images(bind, told):
    bind(ImageFieldSourceGroup(Person, "portrait"))
    images = create_image("a"), create_image("b")
    assert told == []
    return images


def test_a_new_object_puts_its_image_in(images, told):
    Person.objects.create(portrait=images[0])
    assert told == [("created", PORTRAIT, "a")]


def test_an_object_without_an_image_says_nothing(images, told):
    Person.objects.create()
    assert told == []


def test_an_object_that_is_pointed_to_another_image(images, told):
    person = Person.objects.create(portrait=images[0])
    told.take()
    person.portrait = images[1]
    person.save()
    assert sorted(told) == [("created", PORTRAIT, "b"), ("deleted", PORTRAIT, "a")]


def test_an_object_that_lets_go_of_its_image(images, told):
    person = Person.objects.create(portrait=images[0])
    told.take()
    person.portrait = None
    person.save(update_fields=["portrait"])
    assert told == [("deleted", PORTRAIT, "a")]


def test_an_image_that_another_object_names_too_stays(images, told):
    person = Person.objects.create(portrait=images[0])
    Person.objects.create(portrait=images[0])
    told.take()
    person.portrait = images[1]
    person.save()
    assert told == [("created", PORTRAIT, "b")]


def test_a_second_object_that_names_an_image_says_nothing(images, told):
    Person.objects.create(portrait=images[0])
    person = Person.objects.create()
    told.take()
    person.portrait = images[0]
    person.save()
    assert told == []


def test_a_save_that_leaves_the_field_out_says_nothing(images, told):
    person = Person.objects.create(portrait=images[0])
    told.take()
    person.portrait = images[1]
    person.save(update_fields=["name"])
    assert told == []


def test_a_field_that_was_not_loaded_says_nothing(images, told):
    Person.objects.create(portrait=images[0])
    told.take()
    Person.objects.defer("portrait").get().save()
    assert told == []


def test_a_deleted_object(images, told):
    person = Person.objects.create(portrait=images[0])
    told.take()
    person.delete()
    assert told == [("deleted", PORTRAIT, "a")]


def test_a_deleted_object_whose_image_nobody_has_looked_at(images, told):
    person = Person.objects.create(portrait=images[0])
    told.take()
    SourceState.objects.all().delete()
    person.delete()
    assert told == [("deleted", PORTRAIT, "a")]


def test_an_object_pointed_to_images_nobody_has_looked_at(images, told):
    person = Person.objects.create(portrait=images[0])
    told.take()
    SourceState.objects.all().delete()
    person.portrait = images[1]
    person.save()
    assert sorted(told) == [("created", PORTRAIT, "b"), ("deleted", PORTRAIT, "a")]


def test_several_saves_in_one_transaction(images, told):
    person = Person.objects.create(portrait=images[0])
    told.take()
    with transaction.atomic():
        person.portrait = images[1]
        person.save()
        person.portrait = images[0]
        person.save()
        Person.objects.create(portrait=images[1])
    assert told == [("created", PORTRAIT, "b")]


def test_a_field_that_is_saved_together_with_its_image(images, told):
    with transaction.atomic():
        Person.objects.create(portrait=create_image("new"))
    assert told == [("created", PORTRAIT, "new")]


def test_an_image_of_a_field_that_gets_another_file(images, told):
    Person.objects.create(portrait=images[0])
    told.take()
    images[0].file = picture("other.jpg", "red")
    images[0].save()
    assert told == [("changed", PORTRAIT, "a")]


def test_a_deleted_image_of_a_field(images, told):
    Person.objects.create(portrait=images[0])
    told.take()
    images[0].delete()
    assert told == [("deleted", PORTRAIT, "a")]


@pytest.mark.parametrize("model", [Employee, Colleague])
def test_children_and_proxies_of_a_model(images, told, model):
    person = model.objects.create(portrait=images[0])
    assert told.take() == [("created", PORTRAIT, "a")]
    person.portrait = images[1]
    person.save()
    assert sorted(told.take()) == [("created", PORTRAIT, "b"), ("deleted", PORTRAIT, "a")]
    person.delete()
    assert told == [("deleted", PORTRAIT, "b")]


def test_a_parent_that_is_saved_for_a_child(images, told):
    Employee.objects.create(portrait=images[0])
    told.take()
    person = Person.objects.get()
    person.portrait = images[1]
    person.save()
    assert sorted(told) == [("created", PORTRAIT, "b"), ("deleted", PORTRAIT, "a")]


@pytest.mark.parametrize("model", [Place, Product, Shop])
def test_an_abstract_model_reaches_its_concrete_children(bind, told, model):
    bind(ImageFieldSourceGroup(Pictured, "cover"))
    image, other = create_image("a"), create_image("b")
    owner = model.objects.create(cover=image)
    assert told.take() == [("created", "field:testapp.pictured.cover", "a")]
    owner.cover = other
    owner.save()
    assert sorted(told) == [
        ("created", "field:testapp.pictured.cover", "b"),
        ("deleted", "field:testapp.pictured.cover", "a"),
    ]


def test_two_fields_of_one_object(bind, told):
    bind(ImageFieldSourceGroup(Person, "portrait"), ImageFieldSourceGroup(Person, "badge"))
    image, other = create_image("a"), create_image("b")
    person = Person.objects.create(portrait=image, badge=other)
    assert sorted(told.take()) == [("created", "field:testapp.person.badge", "b"), ("created", PORTRAIT, "a")]
    person.portrait, person.badge = other, image
    person.save()
    assert sorted(told) == [
        ("created", "field:testapp.person.badge", "a"),
        ("created", PORTRAIT, "b"),
        ("deleted", "field:testapp.person.badge", "b"),
        ("deleted", PORTRAIT, "a"),
    ]


def test_a_site_s_own_field_group_is_asked_again(bind, told):
    """What it makes of a field cannot be foreseen."""

    class Named(ImageFieldSourceGroup):
        key = "named"

        def _named(self):
            from django.db.models import Exists, OuterRef

            return Exists(Person.objects.exclude(name="").filter(portrait=OuterRef("pk")))

    bind(Named(Person, "portrait"))
    image, other = create_image("a"), create_image("b")
    person = Person.objects.create(portrait=image)
    person.portrait = other
    person.save()
    assert told == []
    person.name, person.portrait = "me", image
    person.save()
    assert told == [("created", "named", "a")]


def test_fixtures_are_ignored(images, told):
    person = Person.objects.create(portrait=images[0])
    written = serializers.serialize("json", [*CustomImage.objects.all(), person])
    written = written.replace(f'"portrait": {images[0].pk}', f'"portrait": {images[1].pk}')
    told.take()
    for loaded in serializers.deserialize("json", written):
        loaded.save()
    assert Person.objects.get().portrait == images[1]
    assert told == []


def test_images_from_fixtures_are_ignored(bind, told):
    image = create_image("a")
    written = serializers.serialize("json", [image])
    image.delete()
    bind(ImageModelSourceGroup())
    for loaded in serializers.deserialize("json", written):
        loaded.save()
    assert CustomImage.objects.count() == 1
    assert told == []


# Django's own ImageField -----------------------------------------------------------------------------------


class Files(list):
    """What the signals say of files: (event, name of the file)."""


@pytest.fixture
def files(told):
    """(event, name) of the plain files that signals were sent for."""
    from wagtail_sourcegroups.signals import source_changed, source_created, source_deleted

    said = Files()
    receivers = []
    for event, signal in (
        ("created", source_created),
        ("changed", source_changed),
        ("deleted", source_deleted),
    ):

        def receiver(sender, source, event=event, **kwargs):
            said.append((event, source.name, source.instance.pk))

        receivers.append((signal, receiver))
        signal.connect(receiver)
    yield said
    for signal, receiver in receivers:
        signal.disconnect(receiver)


def test_a_new_object_with_a_file(bind, files):
    bind(ImageFieldSourceGroup(Profile, "avatar"))
    profile = Profile.objects.create(name="a", avatar=picture())
    assert files == [("created", "avatars/a.jpg", profile.pk)]


def test_a_new_object_without_a_file_says_nothing(bind, files):
    bind(ImageFieldSourceGroup(Profile, "avatar"))
    Profile.objects.create(name="a")
    assert files == []


def test_an_object_that_is_saved_without_another_file_says_nothing(bind, files):
    bind(ImageFieldSourceGroup(Profile, "avatar"))
    profile = Profile.objects.create(name="a", avatar=picture())
    del files[:]
    profile.name = "b"
    profile.save()
    Profile.objects.get().save()
    assert files == []


def test_an_object_with_another_file(bind, files):
    bind(ImageFieldSourceGroup(Profile, "avatar"))
    profile = Profile.objects.create(name="a", avatar=picture())
    del files[:]
    profile.avatar = picture("b.jpg")
    profile.save()
    assert files == [("changed", "avatars/b.jpg", profile.pk)]


def test_an_object_that_gets_its_first_file(bind, files):
    bind(ImageFieldSourceGroup(Profile, "avatar"))
    profile = Profile.objects.create(name="a")
    profile.avatar = picture()
    profile.save(update_fields=["avatar"])
    assert files == [("created", "avatars/a.jpg", profile.pk)]


def test_an_object_whose_file_is_taken_away(bind, files):
    bind(ImageFieldSourceGroup(Profile, "avatar"))
    profile = Profile.objects.create(name="a", avatar=picture())
    del files[:]
    profile.avatar = ""
    profile.save()
    assert files == [("deleted", "avatars/a.jpg", profile.pk)]


def test_a_deleted_object_with_a_file(bind, files):
    bind(ImageFieldSourceGroup(Profile, "avatar"))
    profile = Profile.objects.create(name="a", avatar=picture())
    pk = profile.pk
    del files[:]
    profile.delete()
    assert files == [("deleted", "avatars/a.jpg", pk)]


def test_a_file_that_comes_and_goes_in_one_transaction(bind, files):
    bind(ImageFieldSourceGroup(Profile, "avatar"))
    profile = Profile.objects.create(name="a")
    with transaction.atomic():
        profile.avatar = picture()
        profile.save()
        profile.avatar = ""
        profile.save()
    assert files == []


def test_an_abstract_model_s_field_reaches_its_children(bind, files):
    bind(ImageFieldSourceGroup(Portrayed, "portrait"))
    guest = Guest.objects.create(name="a", portrait=picture())
    assert files == [("created", "portraits/a.jpg", guest.pk)]


def test_a_rolled_back_file_says_nothing(bind, files):
    bind(ImageFieldSourceGroup(Profile, "avatar"))
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Profile.objects.create(name="a", avatar=picture())
        raise ZeroDivisionError
    assert files == []
