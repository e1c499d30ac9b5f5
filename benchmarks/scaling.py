"""How work spreads over workers, and how much of it holds the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from .bench import EIGHT, Bench
from .measure import interleaved, middle, ratio
from .table import Row

MODES = ("exact", "fast")


def rows(bench: Bench) -> Iterator[Row]:
    site = bench.camera()
    numbers = bench.extent.workers
    cases = [f"{mode} {workers}" for mode in MODES for workers in numbers]

    def run(case: str) -> dict[str, Any]:
        mode, workers = case.split()
        return site.run(mode, EIGHT, workers=int(workers))

    results = interleaved(bench.extent.rounds, cases, run)
    for workers in numbers[1:]:
        name = f"{workers} workers, camera, {os.cpu_count()} cores"
        for measure, said in (("wall", "wall, 1 worker ÷"), ("cpu", "CPU, 1 worker ÷")):
            yield Row(
                name,
                said,
                {mode: ratio(results, measure, f"{mode} 1", f"{mode} {workers}") for mode in MODES},
                basis=f"{middle(results, 'exact 1', measure):.2f} s",
            )
    watched = interleaved(
        bench.extent.rounds, MODES, lambda mode: site.run(mode, EIGHT, workers=1, watch_lock=True)
    )
    yield Row(
        "1 worker, camera",
        "interpreter lock held, share of CPU",
        {mode: middle(watched, mode, "lock") for mode in MODES},
    )
