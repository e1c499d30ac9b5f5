"""How much memory is needed at once: one large photograph, and many with several workers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .bench import EIGHT, Bench
from .measure import interleaved, middle, ratio
from .table import Row, Target

CASES = ("stock", "imagekit", "libvips", "exact", "fast")
#: As Pillow keeps them, of which ``MAX_PIXELS_IN_FLIGHT`` allows 64 million by default.
BYTES_PER_PIXEL = 4
PIXELS_IN_FLIGHT = 64_000_000


def rows(bench: Bench) -> Iterator[Row]:
    yield from _one_photograph(bench)
    yield from _workers(bench)


def _one_photograph(bench: Bench) -> Iterator[Row]:
    site = bench.single()
    results = interleaved(bench.extent.rounds, CASES, lambda case: site.run(case, EIGHT))
    megapixels = 24 if bench.extent.whole else 12
    yield Row(
        f"{megapixels} MP, 8 JPEG specs",
        "peak memory, ÷ stock",
        {case: ratio(results, "peak", case, "stock") for case in CASES},
        bench.asked({"exact": Target(0.5, 0.4, most=True), "fast": Target(0.4, 0.25, most=True)}),
        basis=f"{middle(results, 'stock', 'peak'):.0f} MiB",
    )


def _workers(bench: Bench) -> Iterator[Row]:
    site = bench.camera(bench.extent.queue)
    budget = PIXELS_IN_FLIGHT * BYTES_PER_PIXEL / 1024**2
    cases = [f"{mode} {workers}" for mode in ("exact", "fast") for workers in (1, 4)]

    def run(case: str) -> dict[str, Any]:
        mode, workers = case.split()
        return site.run(mode, EIGHT, workers=int(workers))

    results = interleaved(bench.extent.rounds, cases, run)
    name = f"{len(site.names)} camera photographs, 4 workers"
    modes = ("exact", "fast")
    yield Row(
        name,
        "peak memory, ÷ 1 worker",
        {mode: ratio(results, "peak", f"{mode} 4", f"{mode} 1") for mode in modes},
        basis=f"{middle(results, 'exact 1', 'peak'):.0f} MiB",
    )
    yield Row(
        name,
        "peak memory above 1 worker, ÷ pixel budget",
        {
            mode: (middle(results, f"{mode} 4", "peak") - middle(results, f"{mode} 1", "peak")) / budget
            for mode in modes
        },
        {mode: Target(1.0, most=True) for mode in modes},
        basis=f"{budget:.0f} MiB",
    )
