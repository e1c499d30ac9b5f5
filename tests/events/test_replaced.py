"""Replaced files end with fresh renditions and no old ones; renditions deleted on purpose stay deleted."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from PIL import Image as Picture
from wagtail.images.forms import get_image_form

from sandbox.gallery.models import CustomImage, CustomRendition
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup
from wagtail_sourcegroups.strategies import Eager, Optimistic

from .conftest import create_image, jpeg, upload
from .test_admin import form_data

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[Eager(), Optimistic()], ids=["eager", "optimistic"])
def image(request, bind, told):
    """An image with its two renditions, and one that a template asked for."""
    bind(ImageModelSourceGroup(), strategy=request.param, filters="width-{10,20}")
    image = create_image("a", size=(60, 30), color="red")
    image.get_rendition("width-30")
    assert heights() == {"width-10": 5, "width-20": 10, "width-30": 15}
    told.take()
    return CustomImage.objects.get()


def heights():
    """Of the files in storage that rows name, by filter spec; a file that is not there would raise."""
    found = {}
    for rendition in CustomRendition.objects.all():
        with rendition.file.storage.open(rendition.file.name) as file:
            found[rendition.filter_spec] = Picture.open(file).height
    return found


def taller(name="a.jpg"):
    """Another picture, taller for its width."""
    return ContentFile(jpeg(size=(60, 120), color="blue"), name=name)


FRESH = {"width-10": 20, "width-20": 40}


def form(image):
    return get_image_form(CustomImage)(
        form_data(image), {"file": upload("b.jpg", size=(60, 120))}, instance=image, user=None
    )


def test_in_the_admin(image, admin, told):
    data = form_data(image, file=upload("b.jpg", size=(60, 120)))
    assert admin.post(reverse("wagtailimages:edit", args=[image.pk]), data).status_code == 302
    assert heights() == FRESH
    assert len(told) == 1


def test_by_the_form_within_a_transaction(image, told):
    with transaction.atomic():
        replaced = form(image)
        assert replaced.is_valid(), replaced.errors
        replaced.save()
    assert heights() == FRESH
    assert len(told) == 1


def test_by_the_form_outside_of_transactions(image, told):
    """The form saves, which is dealt with at once, and only then throws the old renditions away."""
    replaced = form(image)
    assert replaced.is_valid(), replaced.errors
    replaced.save()
    assert heights() == FRESH
    assert len(told) == 1


def test_in_code(image, told):
    image.file = taller("b.jpg")
    image._set_image_file_metadata()
    image.save()
    assert heights() == FRESH
    assert len(told) == 1


def test_in_code_without_telling_the_size(image, told):
    image.file = taller("b.jpg")
    image.save()
    assert heights() == FRESH
    assert len(told) == 1


def test_in_code_within_a_transaction_that_asks_for_a_rendition(image):
    with transaction.atomic():
        image.file = taller("b.jpg")
        image.save()
        image.renditions.all().delete()
        image.get_rendition("width-10")
    assert heights() == FRESH


def test_renditions_deleted_on_purpose_stay_deleted(image):
    image.renditions.all().delete()
    assert heights() == {}


def test_a_rendition_deleted_on_purpose_stays_deleted(image):
    image.renditions.get(filter_spec="width-10").delete()
    assert heights() == {"width-20": 10, "width-30": 15}


def test_renditions_deleted_after_another_change_stay_deleted(image):
    image.title = "b"
    image.save()
    image.renditions.all().delete()
    assert heights() == {}


def test_renditions_deleted_after_a_replacement_in_a_transaction_stay_deleted(image):
    with transaction.atomic():
        image.file = taller("b.jpg")
        image.save()
    assert heights() == FRESH
    image.renditions.all().delete()
    assert heights() == {}


def test_renditions_deleted_once_more_after_the_form_stay_deleted(image):
    replaced = form(image)
    assert replaced.is_valid(), replaced.errors
    replaced.save()
    image.renditions.all().delete()
    assert heights() == {}


def test_a_replacement_that_is_rolled_back_changes_nothing(image):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        image.file = taller("b.jpg")
        image.save()
        raise ZeroDivisionError
    assert heights() == {"width-10": 5, "width-20": 10, "width-30": 15}
