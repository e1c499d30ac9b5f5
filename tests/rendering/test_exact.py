"""Byte for byte what Wagtail writes, and the same errors, over every kind of source and filter."""

from __future__ import annotations

import functools

import pytest
from PIL import Image, ImageCms

from tests.rendering.pictures import PICTURES, drawing, encoded, jpeg
from tests.rendering.stock import image_row, our_results, stock_result

pytestmark = pytest.mark.once

SPECS = [
    "original",
    "width-40",
    "width-2000",
    "height-30",
    "height-2000",
    "max-50x50",
    "max-1000x1000",
    "min-30x30",
    "min-1000x20",
    "scale-50",
    "scale-150",
    "scale-0.1",
    "fill-40x30",
    "fill-40x30-c50",
    "fill-30x60-c100",
    "fill-200x200",
    "fill-96x64",
    "width-40|height-10",
    "max-50x50|fill-20x20",
    "width-40|format-jpeg",
    "width-40|format-png",
    "width-40|format-gif",
    "width-40|format-webp",
    "width-40|format-webp-lossless",
    "width-40|format-avif",
    "width-40|format-avif-lossless",
    "width-40|format-ico",
    "width-40|format-heic",
    "format-jpeg|width-40",
    "format-webp|original",
    "original|format-jpeg",
    "original|format-png",
    "original|format-gif",
    "original|format-ico",
    "width-40|jpegquality-30",
    "width-40|format-jpeg|jpegquality-30",
    "width-40|format-jpeg|jpegquality-95",
    "width-40|format-webp|webpquality-30",
    "width-40|format-avif|avifquality-30",
    "width-40|bgcolor-fff",
    "width-40|bgcolor-0a6|format-jpeg",
    "width-40|bgcolor-0a6|format-png",
    "bgcolor-0a6|format-webp|fill-40x30",
    "original|bgcolor-0a6|bgcolor-fff|format-gif",
    "fill-40x30|format-jpeg|jpegquality-30|bgcolor-fff",
    "width-0",
    "fill-0x10",
    "width-",
    "width-40|format-tiff",
    "nonsense-40",
    "width-40|nonsense",
]
FOCAL_POINTS = [(20, 20, 10, 10), (90, 60, 12, 8), (48, 32, 96, 64), (0, 0, 1, 1), (300, 300, 20, 20)]


@pytest.fixture(autouse=True)
def one_srgb_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that is made holds the second when it was; stock's file would not be like stock's own of before."""
    made_once = functools.cache(ImageCms.createProfile)
    # Before any thread asks for it: two at a time would both make one.
    made_once("sRGB")
    monkeypatch.setattr(ImageCms, "createProfile", made_once)


@pytest.mark.parametrize("name", PICTURES)
def test_files_and_errors_are_those_of_stock(name: str) -> None:
    data = PICTURES[name]()
    image = image_row(name, data)
    expected = {spec: stock_result(image, data, spec) for spec in SPECS}
    assert our_results(image, data, SPECS) == expected


@pytest.mark.parametrize("focal_point", FOCAL_POINTS, ids=str)
@pytest.mark.parametrize("orientation", [1, 6])
def test_focal_points_crop_as_in_stock(orientation: int, focal_point: tuple[int, int, int, int]) -> None:
    data = jpeg(orientation)
    image = image_row("photo.jpg", data, focal_point)
    specs = [
        "fill-30x30",
        "fill-30x30-c50",
        "fill-30x30-c100",
        "fill-60x20-c75|format-webp",
        "width-30",
        "original",
    ]
    assert our_results(image, data, specs) == {spec: stock_result(image, data, spec) for spec in specs}


@pytest.mark.parametrize(
    "settings_overridden",
    [
        {
            "WAGTAILIMAGES_JPEG_QUALITY": 40,
            "WAGTAILIMAGES_WEBP_QUALITY": 41,
            "WAGTAILIMAGES_AVIF_QUALITY": 42,
        },
        {"WAGTAILIMAGES_JPEG_QUALITY": 85.0},
        {"WAGTAILIMAGES_FORMAT_CONVERSIONS": {"jpeg": "webp", "png": "jpeg", "gif": "gif"}},
        {"WAGTAILIMAGES_FORMAT_CONVERSIONS": {"jpeg": "bmp", "png": "svg"}},
        {"FILE_UPLOAD_MAX_MEMORY_SIZE": 1},
    ],
    ids=lambda overridden: "-".join(overridden),
)
@pytest.mark.parametrize("name", ["orientation-6.jpg", "alpha.png", "animated.gif"])
def test_settings_count_as_in_stock(name: str, settings_overridden: dict[str, object], settings) -> None:
    for key, value in settings_overridden.items():
        setattr(settings, key, value)
    data = PICTURES[name]()
    image = image_row(name, data)
    specs = ["original", "width-40", "width-40|jpegquality-85|format-jpeg", "width-40|format-jpeg"]
    specs += ["width-40|format-webp", "width-40|format-avif"]
    assert our_results(image, data, specs) == {spec: stock_result(image, data, spec) for spec in specs}


def test_a_decompression_bomb_is_refused_as_in_stock(monkeypatch: pytest.MonkeyPatch) -> None:
    data = jpeg()
    image = image_row("bomb.jpg", data)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    specs = ["width-40", "nonsense-1", "original|format-webp"]
    expected = {spec: stock_result(image, data, spec) for spec in specs}
    assert expected["width-40"][0] is Image.DecompressionBombError
    assert our_results(image, data, specs) == expected


@pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")
def test_a_warning_that_the_site_makes_an_error_fails_as_in_stock(monkeypatch: pytest.MonkeyPatch) -> None:
    data = jpeg()
    image = image_row("large.jpg", data)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4000)
    expected = {spec: stock_result(image, data, spec) for spec in ["width-40", "original"]}
    assert expected["width-40"][0] is Image.DecompressionBombWarning
    assert our_results(image, data, ["width-40", "original"]) == expected


def test_a_large_picture_is_the_same_too() -> None:
    data = encoded(drawing((1500, 1100)), "JPEG", quality=90)
    image = image_row("large.jpg", data)
    specs = ["width-400", "fill-300x300|format-webp", "max-165x165", "original", "width-400|format-png"]
    assert our_results(image, data, specs) == {spec: stock_result(image, data, spec) for spec in specs}
