"""What a hunt has found, in a page: counts by format and outcome, what was slowest and largest, what is wrong."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .cases import FORMATS, case
from .watch import Tried

MOST = 5


class Report:
    """Counts what became of cases. Those with a complaint are kept in ``directory``, as files."""

    def __init__(self, directory: Path, start: int) -> None:
        self.directory = directory
        self.start = start
        self.cases: Counter[str] = Counter()
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.complaints: list[tuple[int, list[str]]] = []
        self.slowest: list[tuple[float, int]] = []
        self.largest: list[tuple[int, int]] = []

    def add(self, tried: Tried) -> None:
        image_format = FORMATS[tried.number % len(FORMATS)]
        self.cases[image_format] += 1
        for outcome in tried.outcome.values():
            self.outcomes[image_format, outcome] += 1
        for top, value in ((self.slowest, tried.seconds), (self.largest, tried.megabytes)):
            heapq.heappush(top, (value, tried.number))  # type: ignore[arg-type]
            if len(top) > MOST:
                heapq.heappop(top)
        if tried.complaints:
            self.complaints.append((tried.number, tried.complaints))
            found = case(tried.number, self.start)
            kept = self.directory / f"case-{tried.number}-{found.name}"
            kept.write_bytes(found.data)
            kept.with_suffix(".txt").write_text(
                "\n".join([str(found), str(found.filters), *tried.complaints])
            )

    def lines(self) -> Iterator[str]:
        total = sum(self.cases.values())
        yield f"{total} cases, chance started with {self.start}; {len(self.complaints)} with a complaint."
        yield ""
        yield f"{'format':<8}{'cases':>8}{'filters':>9}{'outputs':>9}{'failures':>10}  kinds of failure"
        for image_format in FORMATS:
            kinds = {kind: n for (name, kind), n in self.outcomes.items() if name == image_format}
            outputs = kinds.pop("output", 0)
            failures = sum(kinds.values())
            told = ", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items(), key=lambda item: -item[1]))
            counts = (self.cases[image_format], outputs + failures, outputs, failures)
            yield "{:<8}{:>8}{:>9}{:>9}{:>10}  {}".format(image_format, *counts, told)
        yield ""
        for title, top, unit in (("slowest", self.slowest, "s"), ("most memory", self.largest, "MB")):
            for value, number in sorted(top, reverse=True):
                yield f"{title}: {value:.2f} {unit}, {case(number, self.start)}"
        for number, complaints in self.complaints:
            yield ""
            yield str(case(number, self.start))
            yield from (f"    {complaint}" for complaint in complaints)
