"""What editors do to images in Wagtail's admin."""

from __future__ import annotations

import pytest
from django.urls import reverse
from wagtail.images import get_image_model

from sandbox.gallery.models import CustomImage
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, ImageModelSourceGroup, TagSourceGroup

from .conftest import create_image, upload

pytestmark = pytest.mark.django_db(transaction=True)

ALL = "images:gallery.customimage"
PRESS = "collection:Press"


@pytest.fixture
def events(bind, told):
    bind(ImageModelSourceGroup(), CollectionSourceGroup("Press"), TagSourceGroup("cover"))
    return told


@pytest.fixture
def image(events, admin, press):
    image = create_image("a", press, size=(64, 48))
    events.take()
    return image


def form_data(image, **changed):
    """What the edit form sends."""
    return {
        "title": image.title,
        "collection": image.collection_id,
        "tags": "",
        "description": "",
        "credit": "",
        "place": "",
        "focal_point_x": "",
        "focal_point_y": "",
        "focal_point_width": "",
        "focal_point_height": "",
        **changed,
    }


def edit(admin, image, **changed):
    response = admin.post(reverse("wagtailimages:edit", args=[image.pk]), form_data(image, **changed))
    assert response.status_code == 302, response.context["form"].errors


def bulk(admin, action, images, **data):
    url = reverse("wagtail_bulk_action", args=["gallery", "customimage", action])
    response = admin.post(f"{url}?{'&'.join(f'id={image.pk}' for image in images)}", data)
    assert response.status_code == 302


def test_an_upload(events, admin, press):
    data = {"title": "new", "file": upload(), "collection": press.pk, "tags": "cover"}
    response = admin.post(reverse("wagtailimages:add"), data)
    assert response.status_code == 302
    assert events == [("created", ALL, "new"), ("created", PRESS, "new"), ("created", "tags:cover", "new")]


def test_an_upload_that_is_refused_says_nothing(events, admin, press):
    response = admin.post(
        reverse("wagtailimages:add"), {"title": "", "file": upload(), "collection": press.pk}
    )
    assert response.status_code == 200
    assert events == []


def test_an_upload_of_several_images(events, admin, press):
    url = reverse("wagtailimages:add_multiple")
    response = admin.post(url, {"title": "new", "files[]": upload(), "collection": press.pk})
    assert response.json()["success"] is True
    assert events.take() == [("created", ALL, "new"), ("created", PRESS, "new")]
    pk = CustomImage.objects.get().pk
    url = reverse("wagtailimages:edit_multiple", args=[pk])
    prefix = f"image-{pk}-"
    data = {
        f"{prefix}{name}": value
        for name, value in {"title": "newer", "collection": press.get_parent().pk, "tags": "cover"}.items()
    }
    assert admin.post(url, data).json()["success"] is True
    assert sorted(events) == [("created", "tags:cover", "newer"), ("deleted", PRESS, "newer")]


def test_an_upload_in_the_chooser(events, admin, press):
    url = reverse("wagtailimages_chooser:create")
    data = {
        "image-chooser-upload-title": "new",
        "image-chooser-upload-file": upload(),
        "image-chooser-upload-collection": press.pk,
        "image-chooser-upload-tags": "cover",
    }
    response = admin.post(url, data)
    assert response.json()["step"] == "chosen"
    assert sorted(events) == [
        ("created", PRESS, "new"),
        ("created", ALL, "new"),
        ("created", "tags:cover", "new"),
    ]


def test_an_edited_title_says_nothing(image, events, admin):
    edit(admin, image, title="b")
    assert CustomImage.objects.get().title == "b"
    assert events == []


def test_a_focal_point(image, events, admin):
    edit(admin, image, focal_point_x="10", focal_point_y="10", focal_point_width="4", focal_point_height="4")
    assert events == [("changed", ALL, "a"), ("changed", PRESS, "a")]


def test_a_replaced_file(image, events, admin):
    edit(admin, image, file=upload("other.jpg", color="red"))
    assert events == [("changed", ALL, "a"), ("changed", PRESS, "a")]


def test_a_replaced_file_of_the_same_name(image, events, admin):
    edit(admin, image, file=upload("a.jpg", size=(32, 32)))
    assert events == [("changed", ALL, "a"), ("changed", PRESS, "a")]


def test_another_collection(image, events, admin, root):
    edit(admin, image, collection=root.pk)
    assert events == [("deleted", PRESS, "a")]


def test_a_tag(image, events, admin):
    edit(admin, image, tags="cover, boat")
    assert events.take() == [("created", "tags:cover", "a")]
    edit(admin, image, tags="boat")
    assert events == [("deleted", "tags:cover", "a")]


def test_a_deleted_image(image, events, admin):
    response = admin.post(reverse("wagtailimages:delete", args=[image.pk]))
    assert response.status_code == 302
    assert events == [("deleted", ALL, "a"), ("deleted", PRESS, "a")]


def test_images_deleted_together(image, events, admin):
    other = create_image("b")
    events.take()
    bulk(admin, "delete", [image, other])
    assert sorted(events) == [("deleted", PRESS, "a"), ("deleted", ALL, "a"), ("deleted", ALL, "b")]


def test_tags_put_on_images_together(image, events, admin):
    other = create_image("b")
    events.take()
    bulk(admin, "add_tags", [image, other], tags="cover, boat")
    assert sorted(events) == [("created", "tags:cover", "a"), ("created", "tags:cover", "b")]


def test_feature_detection_is_part_of_the_upload(events, admin, press, settings, monkeypatch):
    """Wagtail finds the focal point in a task of its own, which by default saves the image once more on the way."""
    settings.WAGTAILIMAGES_FEATURE_DETECTION_ENABLED = True
    from wagtail.images.rect import Rect

    monkeypatch.setattr(get_image_model(), "get_suggested_focal_point", lambda self: Rect(10, 10, 20, 20))
    response = admin.post(
        reverse("wagtailimages:add"), {"title": "new", "file": upload(), "collection": press.pk, "tags": ""}
    )
    assert response.status_code == 302
    assert CustomImage.objects.get().has_focal_point()
    assert events == [("created", ALL, "new"), ("created", PRESS, "new")]
