from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
import willow
from django.core.files import File
from wagtail.images.image_operations import FillOperation, FilterOperation
from wagtail.images.models import Filter

from tests.rendering.pictures import PICTURES
from tests.rendering.stock import image_row
from wagtail_sourcegroups.generation.wanted import parsed
from wagtail_sourcegroups.rendering import Output, render
from wagtail_sourcegroups.showing.dimensions import may_be_turned, size_of
from wagtail_sourcegroups.showing.orientation import ON_ITS_SIDE

FILTERS = [
    "original",
    "width-40",
    "width-4000",
    "height-30",
    "max-50x50",
    "max-5x500",
    "min-50x50",
    "scale-50",
    "scale-0.1",
    "scale-150",
    "fill-40x40",
    "fill-400x300",
    "fill-31x17-c60",
    "fill-30x60-c100|format-png",
    "width-70|fill-20x10",
    "format-jpeg|width-33",
    "fill-60x30|scale-33.3|jpegquality-40|bgcolor-fff",
]
FOCAL_POINTS = [None, (20, 50, 10, 10), (90, 60, 12, 8), (48, 32, 500, 400)]


def orientation_of(image: Any, data: bytes) -> int | None:
    """As the engine finds it."""
    (result,) = render(image, BytesIO(data), [Filter("width-10|format-png")])
    if not isinstance(result, Output):
        return None
    result.file.close()
    return result.orientation


def size_that_wagtail_makes(image: Any, data: bytes, spec: str) -> tuple[int, int] | None:
    try:
        with image.generate_rendition_file(
            Filter(spec), source=File(BytesIO(data), name=image.file.name)
        ) as file:
            file.seek(0)
            width, height = willow.Image.open(file).get_size()
    except Exception:  # noqa: BLE001 - what Wagtail cannot make has no size
        return None
    return int(width), int(height)


@pytest.mark.parametrize("focal_point", FOCAL_POINTS, ids=str)
@pytest.mark.parametrize("name", sorted(PICTURES))
def test_is_the_size_of_what_wagtail_makes(name: str, focal_point: Any) -> None:
    data = PICTURES[name]()
    image = image_row(name, data, focal_point)
    orientation = orientation_of(image, data)
    is_turned = None if orientation is None else orientation in ON_ITS_SIDE
    for spec in FILTERS:
        made = size_that_wagtail_makes(image, data, spec)
        if made is None:
            continue
        known = size_of(image, spec, is_turned)
        assert known == made or (known is None and (is_turned is None or name == "plain.ico")), spec


def test_the_usual_kinds_are_known() -> None:
    """The test above would be content with knowing nothing."""
    for name in (
        "plain.jpg",
        "alpha.png",
        "still.gif",
        "still.webp",
        "still.avif",
        "plain.tiff",
        "plain.bmp",
    ):
        data = PICTURES[name]()
        image = image_row(name, data)
        assert orientation_of(image, data) == 1
        assert None not in [size_of(image, spec, False) for spec in FILTERS]


def test_turned_pictures_have_their_sides_swapped() -> None:
    image = image_row("orientation-6.jpg", PICTURES["orientation-6.jpg"]())
    assert (image.width, image.height) == (96, 64)
    assert size_of(image, "width-32", True) == (32, 48)
    assert size_of(image, "width-32", False) == (32, 21)


def test_nothing_is_known_before_somebody_has_looked() -> None:
    assert size_of(image_row("plain.jpg", PICTURES["plain.jpg"]()), "width-32", None) is None


@pytest.mark.parametrize("name", ["drawing.svg", "still.gif", "plain.bmp"])
def test_kinds_that_cannot_be_turned_are_known_at_once(name: str) -> None:
    image = image_row(name, PICTURES[name]())
    assert not may_be_turned(image)
    assert size_of(image, "width-32", None) == size_of(image, "width-32", False) == (32, 21)


@pytest.mark.parametrize("spec", ["format-ico|width-300", "width-300|format-ico"])
def test_icons_are_saved_in_sizes_of_their_own(spec: str) -> None:
    image = image_row("line.png", PICTURES["line.png"]())
    assert size_of(image, spec, False) is None


class Shrink(FilterOperation):
    """Wagtail is not told of it, so its arithmetic does not show it."""

    def construct(self) -> None:
        pass

    def run(self, willow: Any, image: Any, env: Any) -> Any:
        return willow.resize((1, 1))


class OwnFill(FillOperation):
    """A site's own way to fill, by the name of Wagtail's."""


@pytest.mark.parametrize(
    ("name", "operation", "spec"),
    [("shrink", Shrink, "width-32|shrink"), ("fill", OwnFill, "fill-32x32"), ("gone", None, "gone-1")],
)
def test_of_operations_of_a_site_nothing_is_known(name: str, operation: Any, spec: str) -> None:
    from wagtail import hooks

    image = image_row("plain.jpg", PICTURES["plain.jpg"]())
    parsed.cache_clear()
    try:
        registered = [(name, operation)] if operation else []
        with hooks.register_temporarily("register_image_operations", lambda: registered):
            assert size_of(image, spec, False) is None
            assert size_of(image, "width-32", False) == (32, 21)
    finally:
        parsed.cache_clear()


@pytest.mark.parametrize("columns", [(0, 0), (None, None), (96, None)])
def test_without_columns_nothing_is_known(columns: Any) -> None:
    image = image_row("plain.jpg", PICTURES["plain.jpg"]())
    image.width, image.height = columns
    assert size_of(image, "width-32", False) is None


@pytest.mark.parametrize("spec", ["width-a", "fill-0x0", "nonsense", ""])
def test_a_filter_that_cannot_be_run_has_no_size(spec: str) -> None:
    assert size_of(image_row("plain.jpg", PICTURES["plain.jpg"]()), spec, False) is None
