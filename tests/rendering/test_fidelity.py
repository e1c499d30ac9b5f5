"""Fast outputs are as near to stock's as was promised, over detailed pictures; where they would not be, exact."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.rendering.pictures import encoded
from tests.rendering.stock import contents, image_row, outputs, stock_result

pytestmark = pytest.mark.once

metrics = pytest.importorskip(
    "skimage.metrics", reason="scikit-image measures fidelity; it is in the dev extra"
)
numpy = pytest.importorskip("numpy")

LEAST_PSNR, LEAST_SSIM = 38, 0.985
SMALL = [
    "width-24",
    "fill-50x50",
    "fill-100x100",
    "max-165x165",
    "width-200",
    "fill-300x200",
    "width-320",
    "width-400",
    "fill-400x210",
]
EIGHT = [
    "width-400",
    "width-800",
    "width-1200",
    "width-1600",
    "width-2400",
    "fill-400x400",
    "fill-1200x630",
    "max-165x165",
]
TWO = ["max-165x165", "width-800"]


def pixels(content: bytes) -> Any:
    return numpy.asarray(Image.open(BytesIO(content)).convert("RGB"))


def compared(name: str, data: bytes, specs: list[str]) -> dict[str, bool]:
    """Whether each output was made in a fast way; fails for one that is not near to stock's."""
    image = image_row(name, data)
    fast = {}
    for spec, output in outputs(image, data, *specs, inexact=frozenset(specs)).items():
        stock, ours = stock_result(image, data, spec)[-1], contents(output.file)
        output.file.close()
        fast[spec] = output.fast
        if ours == stock:
            continue
        assert output.fast, spec
        one, other = pixels(stock), pixels(ours)
        psnr = metrics.peak_signal_noise_ratio(one, other, data_range=255)
        ssim = metrics.structural_similarity(one, other, channel_axis=2, data_range=255)
        assert psnr >= LEAST_PSNR, (name, spec, psnr)
        assert ssim >= LEAST_SSIM, (name, spec, ssim)
    return fast


@pytest.mark.parametrize(
    ("name", "specs"),
    [
        ("larches-12mp.jpg", EIGHT),
        ("estuary-24mp.jpg", TWO),
        ("islands-orientation-1.jpg", SMALL),
        ("islands-orientation-6.jpg", SMALL),
        ("islands-orientation-7.jpg", SMALL),
        ("poppies-display-p3.jpg", SMALL),
    ],
)
def test_photographs(pictures: dict[str, Path], name: str, specs: list[str]) -> None:
    fast = compared(name, pictures[name].read_bytes(), specs)
    assert sum(fast.values()) >= len(fast) / 2


def grain() -> Image.Image:
    return Image.effect_noise((1200, 800), 60).convert("RGB")


def coloured_grain() -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise((1200, 800), 40) for _ in range(3)])


def print_() -> Image.Image:
    image = Image.new("RGB", (1600, 1200), "white")
    draw, random = ImageDraw.Draw(image), Random(1)
    for line in range(0, 1200, 18):
        draw.text((5, line), "".join(random.choices("abcdefgh ijklm noprst", k=260)), fill="black")
    return image


@pytest.mark.parametrize("make", [grain, coloured_grain, print_])
def test_what_is_no_photograph_is_near_too_or_exact(make: Any) -> None:
    compared("hard.jpg", encoded(make(), "JPEG", quality=92), SMALL)
