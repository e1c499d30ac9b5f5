"""A million images on PostgreSQL: what it costs to plan a run, to share it out, to find nothing to do, to count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .bench import Bench
from .measure import interleaved, middle, ratio
from .postgres import database
from .site import ServerSite
from .table import Row, Target
from .warm import FILTERS

#: Rounds of what takes a minute and more.
ROUNDS = 3
#: Images of the larger library that stock is looped over.
SAMPLE = 20_000


def rows(bench: Bench) -> Iterator[Row]:
    """Ourselves with many images against ourselves with few, and against a loop over stock's ``get_renditions``."""
    few, many = bench.extent.warm_images, bench.extent.scale_images
    rounds = min(bench.extent.rounds, ROUNDS)
    with database("few") as few_name, database("many") as many_name:
        sites = {}
        for name, images in ((few_name, few), (many_name, many)):
            site = ServerSite.empty(Path(bench.empty.directory.parent, name), name, tasks=True)
            bench.say(f"       {images:,} images")
            site.call("million.populate", images=images)
            sites[images] = site

        def grown(
            function: str, sizes: tuple[int, ...] = (few, many), rounds: int = rounds
        ) -> dict[str, Any]:
            return interleaved(
                rounds,
                [str(size) for size in sizes],
                lambda size: sites[int(size)].call(f"million.{function}", images=int(size)),
            )

        yield from _growth(
            f"plan, {many:,} × {len(FILTERS)}, nothing made", few, many, grown("plan", rounds=1)
        )
        yield from _shared_out(many, sites[many].call("million.share_out", images=many))
        for images, site in sites.items():
            bench.say(f"       {images * len(FILTERS):,} renditions")
            site.call("million.settle", images=images)
        settled = grown("settled")
        yield from _against_stock(bench, many, settled, sites[many])
        yield from _growth(f"no-op, {many:,} × {len(FILTERS)}", few, many, settled)
        yield from _shared(many, sites[many].call("million.shared", images=many))
        # Each rendition is weighed, in one query.
        name = f"coverage, {many:,} × {len(FILTERS)}"
        yield from _growth(name, few, many, grown("covered", rounds=1), scans=len(FILTERS))
        for line in sites[many].call("million.plans", images=many):
            bench.say(f"       {line}")


def _growth(name: str, few: int, many: int, results: dict[str, Any], scans: int = 0) -> Iterator[Row]:
    small, large = str(few), str(many)
    yield Row(
        name,
        f"wall per image ÷ at {few:,}",
        {"exact": ratio(results, "wall", large, small) * few / many},
        {"exact": Target(1.25, 1.1, most=True)},
        basis=f"{middle(results, large, 'wall'):.1f} s",
    )
    yield Row(
        name,
        f"peak memory ÷ at {few:,}",
        {"exact": ratio(results, "peak", large, small)},
        {"exact": Target(1.25, 1.1, most=True)},
        basis=f"{middle(results, small, 'peak'):.0f} and {middle(results, large, 'peak'):.0f} MiB",
    )
    yield Row(
        name,
        f"queries per image ÷ at {few:,}",
        {"exact": ratio(results, "queries", large, small) * few / many},
        basis=f"{middle(results, small, 'queries'):,.0f} and {middle(results, large, 'queries'):,.0f}",
    )
    yield Row(
        name,
        "rows of its tables read by sequential scans, ÷ images",
        {"exact": middle(results, large, "scanned") / many},
        # PostgreSQL is right to go through a table of a few pages.
        {"exact": Target(scans, most=True)} if many > SAMPLE else {},
    )


def _against_stock(bench: Bench, many: int, settled: dict[str, Any], site: ServerSite) -> Iterator[Row]:
    sample = min(SAMPLE, many)
    stock = ServerSite(site.directory, site.database, "stock").call("million.stock", sample=sample)
    factor = many / sample
    name = f"no-op, {many:,} × {len(FILTERS)}"
    for measure, said in (
        ("wall", f"wall; stock of {sample:,}, times {factor:g}"),
        ("queries", "queries, likewise"),
    ):
        ours, theirs = middle(settled, str(many), measure), stock[measure] * factor
        unit = " s" if measure == "wall" else ""
        yield Row(
            name,
            said,
            {"exact": theirs / ours},
            basis=f"{theirs:,.0f}{unit} and {ours:,.{1 if unit else 0}f}{unit}",
        )


def _shared_out(many: int, found: dict[str, Any]) -> Iterator[Row]:
    name = f"--enqueue, {many:,}"
    yield Row(
        name,
        "batches, and tasks, that wait",
        {"exact": found["waiting"]},
        {"exact": Target(8, most=True)},
        basis=f"{found['waiting']} and {found['tasks']}",
    )
    yield Row(name, "wall, queries, peak memory", {}, basis=_usage(found["enqueue"]))
    yield Row(f"--status, {many:,}", "wall, queries, peak memory", {}, basis=_usage(found["status"]))
    first, last = found["first"] * 1000, found["last"] * 1000
    yield Row(
        f"{found['cuts']:,} batches cut",
        "last tenth ÷ first tenth",
        {"exact": last / first},
        {"exact": Target(2, 1.25, most=True)},
        basis=f"{first:.2f} and {last:.2f} ms each",
    )


def _shared(many: int, found: dict[str, Any]) -> Iterator[Row]:
    name = f"a run of {found['batches']:,} batches, one worker, nothing missing"
    yield Row(name, "wall, queries, peak memory", {}, basis=_usage(found))
    yield Row(
        name,
        "a batch",
        {},
        basis=f"{found['wall'] / found['batches'] * 1000:.1f} ms, {found['queries'] / found['batches']:.1f} queries",
    )


def _usage(found: dict[str, Any]) -> str:
    return f"{found['wall'] * 1000:.0f} ms, {found['queries']:,}, {found['peak']:.0f} MiB"
