"""
What the pages of the admin cost at a hundred thousand images in two hundred collections, with twenty specs: time,
queries, weight; and exports.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .bench import Bench
from .postgres import database
from .site import ServerSite
from .table import Row, Target

#: Seconds that a page may take.
LIMIT = 1.0
#: Kilobytes that a page which asks before generating may weigh; that for all images, and what is in the names of all.
LIGHT = 100
CONFIRMATION = "bulk confirmation, all selected"
CONFIRMING = "confirmation"


def rows(bench: Bench) -> Iterator[Row]:
    """Every page as an administrator and as editors of one collection and of many, then every export."""
    images = bench.extent.page_images
    with database("pages") as name:
        site = ServerSite.empty(Path(bench.empty.directory.parent, name), name)
        bench.say(f"       {images:,} images")
        made = site.call("visits.fill", images=images)
        bench.say(f"       {made['renditions']:,} renditions, {made['failures']:,} failures")
        counted = site.call("visits.count")
        title = f"{images:,} images in {made['collections']} collections, {made['specs']} specs"
        yield Row(f"{title}: counted anew", "wall, queries, peak memory", {}, basis=_usage(counted))
        for user in ("admin", "editor", "many"):
            for page, visit in site.call("visits.visit", user=user, rounds=bench.extent.rounds).items():
                yield _page(f"{title}, {user}", page, visit)
        for export, found in site.call("visits.export", user="admin").items():
            yield Row(
                f"{title}: CSV",
                export,
                {},
                basis=f"{found['rows']:,} rows, {found['rows'] / found['wall']:,.0f} a second, "
                f"{found['peak'] - found['before']:.0f} MiB more at most",
            )


def _page(title: str, page: str, visit: dict[str, Any]) -> Row:
    targets = {"exact": Target(LIMIT, most=True)}
    kilobytes = visit["bytes"] / 1000
    if CONFIRMING in page and kilobytes > LIGHT:
        # Asked of these pages alone, and as plain as their time.
        targets = {"exact": Target(0, most=True)}
    return Row(
        title,
        page,
        {"exact": visit["wall"]},
        targets,
        basis=f"{visit['queries']:,} queries, {kilobytes:.0f} kB",
    )


def _usage(found: dict[str, Any]) -> str:
    return f"{found['wall']:.1f} s, {found['queries']:,}, {found['peak']:.0f} MiB"
