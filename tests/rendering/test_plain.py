"""A file without a row is rendered and named like one with a row."""

from __future__ import annotations

import pytest
from wagtail.images.models import Filter
from wagtail.images.rect import Rect

from tests.rendering.pictures import PICTURES, SVG, jpeg
from tests.rendering.stock import failures, image_row, our_results, outputs, stock_result
from wagtail_sourcegroups.rendering import PlainImage

pytestmark = pytest.mark.once

SPECS = ["width-40", "fill-20x20-c50", "fill-20x20|format-webp", "original|format-png", "nonsense"]


@pytest.mark.parametrize(
    "name", ["orientation-6.jpg", "alpha.png", "animated.gif", "photo.heic", "drawing.svg"]
)
def test_files_and_names_are_those_of_an_image_row(name: str) -> None:
    data = PICTURES[name]()
    image = image_row(name, data)
    expected = {spec: stock_result(image, data, spec) for spec in SPECS}
    assert our_results(PlainImage(f"some/where/{name}"), data, SPECS) == expected


def test_a_long_name_is_cut_as_wagtail_cuts_it() -> None:
    data = jpeg()
    name = "a-very-long-name-of-a-photograph-that-nobody-would-type-by-hand-ever.jpg"
    (ours,) = our_results(PlainImage(name), data, ["fill-20x20"]).values()
    assert ours[0] == "a-very-long-name-of-a-photograph-tha.2e16d0ba.fill-20x20.jpg"


@pytest.mark.parametrize(("name", "size"), [("orientation-6.jpg", (96, 64)), ("photo.heic", (96, 64))])
def test_it_has_the_size_of_the_file_once_rendered(name: str, size: tuple[int, int]) -> None:
    image = PlainImage(name)
    for output in outputs(image, PICTURES[name](), "width-10").values():
        output.file.close()
    assert (image.width, image.height) == size
    assert list(image.get_rect()) == list(Rect(0, 0, *size))


def test_a_file_that_cannot_be_read_has_no_size() -> None:
    image = PlainImage("text.jpg")
    assert list(failures(image, b"no picture", "width-10")) == ["width-10"]
    assert (image.width, image.height) == (0, 0)


def test_it_has_no_focal_point() -> None:
    image = PlainImage("photo.jpg", pk=7)
    assert (image.get_focal_point(), image.has_focal_point(), image.pk, image.id) == (None, False, 7, 7)


def test_an_svg_is_known_by_its_name_and_its_filters_are_cleaned() -> None:
    image = PlainImage("drawing.svg")
    assert image.is_svg()
    cleaned = image.clean_filter_for_svg(Filter("width-40|format-webp|preserve-svg"))
    assert cleaned == Filter("width-40")
    assert list(failures(image, SVG, cleaned.spec)) == []
