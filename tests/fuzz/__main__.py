"""``python -m tests.fuzz``: try many broken pictures, and say what became of them."""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
import tempfile
import time
from pathlib import Path

from .cases import FORMATS, case
from .report import Report
from .watch import watch

SECONDS_BETWEEN_REPORTS = 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="how many (default: 10,000)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the number of the first case")
    parser.add_argument("--seed", type=int, default=1, help="starts chance anew: other cases (default: 1)")
    parser.add_argument("--formats", default=",".join(FORMATS), help="which of them, with commas")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--directory", type=Path, help="for sources and for what is found (default: a new one)"
    )
    parser.add_argument("--report", type=Path, help="write the report there as well, now and then")
    parser.add_argument("--lock", type=Path, help="a file; while others hold it locked, nothing is tried")
    parser.add_argument("--case", type=int, metavar="N", help="try this one only, and keep its file")
    options = parser.parse_args()

    directory = options.directory or Path(tempfile.mkdtemp(prefix="fuzz-"))
    directory.mkdir(parents=True, exist_ok=True)
    if options.case is not None:
        numbers = [options.case]
        found = case(options.case, options.seed)
        (directory / f"case-{options.case}-{found.name}").write_bytes(found.data)
    else:
        wanted = {FORMATS.index(each) for each in options.formats.split(",")}
        every = range(options.first, options.first + options.cases * len(FORMATS) // len(wanted))
        numbers = [number for number in every if number % len(FORMATS) in wanted]

    report = Report(directory, options.seed)
    written = time.monotonic()
    lock = options.lock.open("a") if options.lock else None

    def pause() -> None:
        if lock is not None:
            # Taken and given back: it waits while somebody else is alone on the machine.
            fcntl.flock(lock, fcntl.LOCK_SH)
            fcntl.flock(lock, fcntl.LOCK_UN)

    for tried in watch(numbers, directory, start=options.seed, processes=options.processes, pause=pause):
        report.add(tried)
        if time.monotonic() - written > SECONDS_BETWEEN_REPORTS:
            written = time.monotonic()
            say(report, options.report)
    say(report, options.report, sys.stdout)
    sys.stdout.write(f"\nSources and findings are in {directory}.\n")
    return 1 if report.complaints else 0


def say(report: Report, path: Path | None, *streams: object) -> None:
    text = "\n".join(report.lines()) + "\n"
    if path is not None:
        path.write_text(text)
    for stream in streams:
        stream.write(text)  # type: ignore[attr-defined]


if __name__ == "__main__":
    raise SystemExit(main())
