"""How much detail a picture shows."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.rendering.pictures import drawing
from wagtail_sourcegroups.rendering.detail import detail, tiles

pytestmark = pytest.mark.once


def test_a_flat_picture_shows_none() -> None:
    assert detail(Image.new("RGB", (50, 40), "teal")) == 0


def test_a_picture_too_small_to_look_at_shows_none() -> None:
    assert detail(Image.new("RGB", (2, 40))) == 0


def test_it_is_the_root_of_the_mean_square_of_the_second_difference() -> None:
    image = Image.new("L", (5, 5))
    image.putpixel((2, 2), 100)
    # One pixel lies 400 from its neighbours, four lie 100 from theirs, and four see nothing, of the inner nine.
    assert detail(image) == pytest.approx(((400**2 + 4 * 100**2) / 9) ** 0.5)


def test_colours_count_as_brightness_does() -> None:
    noise = [Image.effect_noise((60, 60), 40) for _ in range(3)]
    assert detail(Image.merge("RGB", noise)) == pytest.approx(detail(noise[0]), rel=0.2)


def test_a_blurred_picture_shows_less() -> None:
    image = drawing((400, 300))
    assert detail(image.resize((100, 75)).resize((400, 300), Image.Resampling.BICUBIC)) < detail(image) / 2


def test_of_a_large_picture_only_tiles_are_looked_at_from_corner_to_corner() -> None:
    found = list(tiles(Image.new("L", (2000, 1000))))
    assert [tile.size for tile in found] == [(128, 128)] * 16
    corner = Image.new("L", (2000, 1000))
    corner.putpixel((1990, 990), 255)
    assert detail(corner) > 0


def test_tiles_of_a_large_picture_tell_what_the_whole_would() -> None:
    image = Image.effect_noise((1500, 1000), 50)
    assert detail(image) == pytest.approx(detail(image.crop((0, 0, 500, 500))), rel=0.05)
