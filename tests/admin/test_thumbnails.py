"""The picture of an image in the reports: one that exists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from wagtail.models import Collection

from tests.images import rows
from wagtail_sourcegroups.admin.reports.thumbnails import thumbnails_of

pytestmark = pytest.mark.django_db

Have = Callable[..., Any]


@pytest.fixture
def image(add_image: Callable[..., Any], press: Collection) -> Any:
    return add_image(press)


@pytest.fixture
def have(image: Any) -> Have:
    """Gives the image a rendition of this width, as a row."""

    def have(filter_spec: str, width: int, name: str = "one.jpg") -> Any:
        return image.renditions.create(
            filter_spec=filter_spec, focal_point_key="", width=width, height=10, file=f"images/{width}.{name}"
        )

    return have


@pytest.mark.parametrize(
    ("widths", "chosen"),
    [([400, 100, 200], 100), ([50, 20], 50), ([50, 90], 90), ([801, 2000], None), ([], None), ([800], 800)],
)
def test_the_smallest_that_is_sharp_or_else_the_largest(
    image: Any, have: Have, widths: list[int], chosen: int | None
) -> None:
    for width in widths:
        have(f"width-{width}", width)
    found = thumbnails_of(type(image), [image.pk])
    assert found.get(image.pk) == (rows(image)[f"width-{chosen}"] if chosen else None)


def test_wagtails_own_comes_first(image: Any, have: Have) -> None:
    have("width-100", 100)
    listed = have("max-165x165", 165)
    assert thumbnails_of(type(image), [image.pk]) == {image.pk: listed}


def test_what_no_browser_shows_is_no_thumbnail(image: Any, have: Have) -> None:
    have("format-tiff|width-100", 100, "one.tif")
    assert thumbnails_of(type(image), [image.pk]) == {}


def test_nothing_is_asked_for_no_image(image: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert thumbnails_of(type(image), []) == {}
