"""A storage 40 ms away: 30 web photographs, two specs and eight."""

from __future__ import annotations

from collections.abc import Iterator

from .bench import EIGHT, TWO, Bench
from .cold import check_exact
from .measure import interleaved, middle, ratio
from .table import Row, Target

REQUEST_SECONDS = 0.04
CASES = ("stock", "exact", "fast")


def rows(bench: Bench) -> Iterator[Row]:
    site = bench.many_web(bench.extent.remote_images)
    for filters, target in ((TWO, Target(5, 8)), (EIGHT, Target(5.4, 8))):
        results = interleaved(
            bench.extent.rounds,
            CASES,
            lambda case, filters=filters: site.run(case, filters, request_seconds=REQUEST_SECONDS),
        )
        check_exact(results)
        name = f"S3 at 40 ms, {len(site.names)} × {len(filters)}"
        yield Row(
            name,
            "wall, stock ÷",
            {case: ratio(results, "wall", "stock", case) for case in CASES},
            bench.asked({"exact": target}),
            basis=f"{middle(results, 'stock', 'wall'):.2f} s",
        )
        yield Row(
            name,
            "requests, stock ÷",
            {case: ratio(results, "requests", "stock", case) for case in CASES},
            basis=f"{middle(results, 'stock', 'requests'):.0f}",
        )
