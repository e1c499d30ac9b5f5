"""Images created, changed and deleted through Wagtail's API v3."""

from __future__ import annotations

import pytest
import wagtail

from sandbox.gallery.models import CustomImage
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, ImageModelSourceGroup

from .conftest import create_image, upload

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(wagtail.VERSION < (8, 0), reason="API v3 came with Wagtail 8.0"),
]

ALL = "images:gallery.customimage"
PRESS = "collection:Press"
URL = "/api/v3/images/"


@pytest.fixture
def api(client, superuser, settings):
    """Sends requests with a token, and returns what was answered, which has to be a success."""
    from wagtail.models import APIToken

    settings.ROOT_URLCONF = "tests.events.api_urls"
    _token, key = APIToken.create_token(user=superuser, name="a")

    def send(method, url, *args, **kwargs):
        response = getattr(client, method)(url, *args, headers={"Authorization": f"Bearer {key}"}, **kwargs)
        assert response.status_code in (200, 201, 204), response.content
        return response

    return send


@pytest.fixture
def events(bind, told):
    bind(ImageModelSourceGroup(), CollectionSourceGroup("Press"))
    return told


def test_an_image_that_is_created(api, events, press):
    api("post", URL, {"title": "a", "file": upload(), "collection_id": press.pk})
    assert events == [("created", ALL, "a"), ("created", PRESS, "a")]


def test_an_image_whose_title_is_changed_says_nothing(api, events, press):
    image = create_image("a", press)
    events.take()
    api("patch", f"{URL}{image.pk}/", {"title": "b"}, content_type="application/json")
    assert CustomImage.objects.get().title == "b"
    assert events == []


def test_an_image_whose_focal_point_is_changed(api, events, press):
    image = create_image("a", press)
    events.take()
    focal = {
        "focal_point_x": 10,
        "focal_point_y": 10,
        "focal_point_width": 4,
        "focal_point_height": 4,
    }
    api("patch", f"{URL}{image.pk}/", focal, content_type="application/json")
    assert events == [("changed", ALL, "a"), ("changed", PRESS, "a")]


def test_an_image_that_is_deleted(api, events, press):
    image = create_image("a", press)
    events.take()
    api("delete", f"{URL}{image.pk}/")
    assert events == [("deleted", ALL, "a"), ("deleted", PRESS, "a")]
