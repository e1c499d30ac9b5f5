"""How much detail a picture shows."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.rendering.pictures import drawing
from wagtail_sourcegroups.rendering.detail import detail, mosaic

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


def test_every_band_counts() -> None:
    noise = Image.effect_noise((60, 60), 40)
    grey, black = detail(noise), Image.new("L", noise.size)
    assert detail(Image.merge("RGB", [noise] * 3)) == pytest.approx(grey)
    assert detail(Image.merge("RGB", [black, noise, black])) == pytest.approx(grey / 3**0.5)


def test_grain_of_other_colours_counts_as_grey_grain_does() -> None:
    bands = [Image.effect_noise((600, 600), 40) for _ in range(3)]
    assert detail(Image.merge("RGB", bands)) == pytest.approx(detail(bands[0]), rel=0.05)


def test_a_blurred_picture_shows_less() -> None:
    image = drawing((400, 300))
    assert detail(image.resize((100, 75)).resize((400, 300), Image.Resampling.BICUBIC)) < detail(image) / 2


def test_of_a_large_picture_tiles_are_looked_at_from_corner_to_corner() -> None:
    assert mosaic(Image.new("L", (2000, 1000))).size == (384, 384)
    for place in ((10, 10), (1990, 10), (10, 990), (1990, 990)):
        corner = Image.new("L", (2000, 1000))
        corner.putpixel(place, 255)
        assert detail(corner) > 0


def test_seams_between_tiles_are_no_detail() -> None:
    across = Image.linear_gradient("L").resize((2000, 2000))
    assert detail(across) < 3


def test_tiles_of_a_large_picture_tell_what_the_whole_would() -> None:
    image = Image.effect_noise((1500, 1000), 50)
    assert detail(image) == pytest.approx(detail(image.crop((0, 0, 300, 300))), rel=0.05)


def test_a_long_and_narrow_picture_is_looked_at_whole() -> None:
    image = Image.effect_noise((6000, 40), 50)
    assert detail(image) == pytest.approx(detail(image.crop((0, 0, 3000, 40))), rel=0.05)
