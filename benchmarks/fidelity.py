"""How near fast outputs are to stock's, over photographs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from .bench import EIGHT, Bench
from .measure import call
from .site import Site
from .table import Row, Target

#: Far below photographs of one megapixel, whose detail has to go.
SMALL = (
    "max-165x165",
    "width-200",
    "width-320",
    "width-400",
    "fill-100x100",
    "fill-300x200",
    "fill-400x210",
)
LEAST_PSNR, LEAST_SSIM = 38.0, 0.985


@dataclass(frozen=True)
class Compared:
    """One fast output against stock's. ``fast`` unless it is the same file, byte for byte."""

    output: str
    psnr: float
    ssim: float
    fast: bool

    @property
    def good(self) -> bool:
        return self.psnr >= LEAST_PSNR and self.ssim >= LEAST_SSIM


def rows(bench: Bench) -> Iterator[Row]:
    sets = [("fidelity, web", bench.web(), SMALL)]
    if bench.extent.whole:
        sets.append(("fidelity, camera", bench.camera(), EIGHT))
    for name, site, filters in sets:
        compared = compare_site(site, filters)
        for each in compared:
            bench.say(
                f"  {each.output:40} PSNR {each.psnr:6.2f} dB  SSIM {each.ssim:.4f}  "
                f"{'fast' if each.fast else 'exact'}{'' if each.good else '  BELOW THE BAR'}"
            )
        yield from _summary(name, compared)


def _summary(name: str, compared: list[Compared]) -> Iterator[Row]:
    psnr = [each.psnr for each in compared]
    ssim = [each.ssim for each in compared]
    bad = sum(not each.good for each in compared)
    share = sum(each.fast for each in compared) / len(compared)
    title = f"{name}, {len(compared)} outputs"
    yield Row(
        title,
        "worst PSNR, dB",
        {"fast": min(psnr)},
        {"fast": Target(LEAST_PSNR)},
        basis=f"median {median(psnr):.1f}",
    )
    yield Row(
        title,
        "worst SSIM",
        {"fast": min(ssim)},
        {"fast": Target(LEAST_SSIM)},
        basis=f"median {median(ssim):.4f}",
    )
    yield Row(title, "outputs below the bar", {"fast": bad}, {"fast": Target(0, most=True)})
    yield Row(title, "share that differs from stock's bytes", {"fast": share}, {"fast": Target(0.5)})


def compare_site(site: Site, filters: tuple[str, ...]) -> list[Compared]:
    """Every output of a site in both ways."""
    around = site.directory.parent
    with (
        tempfile.TemporaryDirectory(dir=around) as stock_scratch,
        tempfile.TemporaryDirectory(dir=around) as fast_scratch,
    ):
        stock = site.kept(Path(stock_scratch), "stock", filters)["outputs"]
        fast = site.kept(Path(fast_scratch), "fast", filters)["outputs"]
        pairs = {key: (stock[key]["file"], fast[key]["file"]) for key in stock}
        found = call("fidelity.compare", stack="none", directory=around, pairs=pairs)
        return [
            Compared(key, *found[key], fast=stock[key]["digest"] != fast[key]["digest"])
            for key in sorted(found)
        ]


# In a process of its own:

#: As many decibels as identical pictures are given, of which there are infinitely many.
IDENTICAL = 100.0


def compare(pairs: dict[str, tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """PSNR and SSIM of the decoded files, in RGB."""
    import numpy
    from PIL import Image
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    def pixels(path: str) -> Any:
        with Image.open(path) as image:
            return numpy.asarray(image.convert("RGB"))

    found = {}
    for key, (one, other) in pairs.items():
        a, b = pixels(one), pixels(other)
        if (a == b).all():
            found[key] = (IDENTICAL, 1.0)
        else:
            psnr = float(peak_signal_noise_ratio(a, b, data_range=255))
            found[key] = (psnr, float(structural_similarity(a, b, channel_axis=2, data_range=255)))
    return found
