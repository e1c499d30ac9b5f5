"""``python -m benchmarks``: measure, and print one table."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

from . import cold, fidelity, first_visit, load, memory, pages, s3, scale, scaling, warm
from .bench import Bench
from .cases import WrongOutputs
from .extent import FULL, QUICK
from .measure import ROOT, MeasuredProcessFailed
from .photographs import NoPhotographs, Photographs
from .postgres import NoPostgres
from .site import throwaway
from .table import Row, markdown

PARTS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "camera": cold.camera,
    "formats": cold.formats,
    "web": cold.web,
    "memory": memory.rows,
    "warm": warm.rows,
    "s3": s3.rows,
    "scaling": scaling.rows,
    "fidelity": fidelity.rows,
    "visit": first_visit.rows,
}
#: Long, and in need of PostgreSQL: only where they are named.
NAMED_PARTS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "load": load.rows,
    "scale": scale.rows,
    "pages": pages.rows,
}
#: Where ``--write`` puts the table of a document.
MARKS = ("<!-- results -->", "<!-- /results -->")
RELEVANT = (
    "Django",
    "wagtail",
    "Willow",
    "pillow",
    "django-imagekit",
    "pyvips-binary",
    "scikit-image",
)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    extent = QUICK if options.quick else FULL
    if options.rounds:
        extent = replace(extent, rounds=options.rounds)
    photographs = Photographs(ROOT / ".sandbox" / "benchmark", options.photos and options.photos.resolve())
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    rows: list[Row] = []
    try:
        with throwaway() as empty:
            bench = Bench(empty, photographs, extent, say)
            for name in options.parts or PARTS:
                say(f"{time.monotonic() - began:5.0f} s  {name}")
                rows += {**PARTS, **NAMED_PARTS}[name](bench)
    except NoPostgres as error:
        say(f"{name} {error}")
        return 2
    except (MeasuredProcessFailed, NoPhotographs, WrongOutputs) as error:
        say(str(error))
        return 2
    report = _report(rows, extent.rounds, time.monotonic() - began, painted=options.photos is None)
    sys.stdout.write(report + "\n")
    if options.write:
        _write(options.write, report)
    return 1 if options.check and any(row.unmet for row in rows) else 0


_PARTS_HELP = f"only these (default: all but {', '.join(NAMED_PARTS)}, which need PostgreSQL)"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, *NAMED_PARTS, []], help=_PARTS_HELP)
    parser.add_argument(
        "--photos", type=Path, metavar="DIR", help="JPEG photographs (default: the sandbox's paintings)"
    )
    parser.add_argument("--quick", action="store_true", help="one round of little, in under three minutes")
    parser.add_argument("--rounds", type=int, metavar="N", help="interleaved rounds (default: 5; quick: 1)")
    parser.add_argument("--check", action="store_true", help="exit with 1 if something asked for is not met")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into this document, too")
    return parser


def _report(rows: list[Row], rounds: int, seconds: float, *, painted: bool) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in RELEVANT)
    return "\n".join(
        [
            markdown(rows),
            "",
            f"{date.today():%d %B %Y}; median of {rounds} interleaved round{'s' if rounds > 1 else ''}, "
            f"{seconds / 60:.0f} minutes; {'paintings of the sandbox' if painted else 'photographs'}; "
            f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {versions}.",
        ]
    )


def _write(document: Path, report: str) -> None:
    text = document.read_text(encoding="utf-8")
    start, end = MARKS
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"{document} has no {start} … {end} to put the table between.")
    document.write_text(pattern.sub(lambda _: f"{start}\n\n{report}\n\n{end}", text), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
