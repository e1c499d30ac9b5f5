"""Byte for byte what Wagtail writes, over every picture of the sandbox's zoo and the filters that sites use."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from PIL import ImageCms

from sandbox import zoo
from tests.rendering.stock import image_row, our_results, stock_result

pytestmark = pytest.mark.once

SPECS = [
    "fill-320x240",
    "fill-320x240-c60",
    "min-200x200",
    "max-300x300",
    "width-400",
    "height-200",
    "scale-10",
    "original|jpegquality-60",
    "width-400|format-jpeg",
    "width-400|format-png",
    "width-400|format-gif",
    "width-400|format-webp",
    "width-400|format-avif",
    "width-400|format-webp|webpquality-40",
    "width-400|format-webp-lossless",
    "width-200|format-avif|avifquality-30",
    "width-400|format-jpeg|jpegquality-40",
    "width-400|bgcolor-336699|format-jpeg",
]


@pytest.fixture(autouse=True)
def one_srgb_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that is made holds the second when it was; stock's file would not be like stock's own of before."""
    monkeypatch.setattr(ImageCms, "createProfile", functools.cache(ImageCms.createProfile))


@pytest.mark.parametrize("focal_point", [None, (700, 300, 200, 120)], ids=["no focal point", "focal point"])
@pytest.mark.parametrize("name", [picture.name for picture in zoo.PICTURES])
def test_files_are_those_of_stock(
    pictures: dict[str, Path], name: str, focal_point: tuple[int, int, int, int] | None
) -> None:
    data = pictures[name].read_bytes()
    image = image_row(name, data, focal_point)
    specs = SPECS if focal_point is None else [spec for spec in SPECS if spec.startswith("fill")]
    expected = {spec: stock_result(image, data, spec) for spec in specs}
    assert our_results(image, data, specs) == expected
