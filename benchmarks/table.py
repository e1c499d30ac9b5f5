"""One table of ratios, as Markdown, and what is asked of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

COLUMNS = ("one by one", "command", "imagekit", "libvips", "exact", "fast", "limit")
HEADINGS = ("set", "measure", "basis", *COLUMNS, "at least (aim)", "met")


@dataclass(frozen=True)
class Target:
    """A ratio asked for, and one aimed at; with ``most`` less is better."""

    asked: float | None
    aim: float | None = None
    most: bool = False

    def met(self, value: float) -> str:
        """``"no"``, ``"yes"`` or ``"aim"``; ``"not yet"`` where there is an aim and nothing is asked."""
        if self.asked is not None and not self._good(value, self.asked):
            return "no"
        if self.aim is None:
            return "yes"
        if self._good(value, self.aim):
            return "aim"
        return "yes" if self.asked is not None else "not yet"

    def _good(self, value: float, bar: float) -> bool:
        return value <= bar if self.most else value >= bar

    def __str__(self) -> str:
        sign = "≤ " if self.most else ""
        asked = f"{sign}{self.asked:g}" if self.asked is not None else ""
        aim = f"({sign}{self.aim:g})" if self.aim is not None else ""
        return f"{asked} {aim}".strip()


@dataclass(frozen=True)
class Row:
    """
    One measure of one set: a value for each case, what is asked of some, and the ``basis``, an absolute figure of
    what the ratios are about, so that they can be turned back.
    """

    set: str
    measure: str
    values: Mapping[str, float]
    targets: Mapping[str, Target] = field(default_factory=dict)
    basis: str = ""

    @property
    def unmet(self) -> list[str]:
        """The cases that miss what is asked."""
        return [
            case
            for case, target in self.targets.items()
            if case in self.values and target.met(self.values[case]) == "no"
        ]

    def cells(self) -> list[str]:
        said = {case: target for case, target in self.targets.items() if case in self.values}
        several = len(said) > 1
        asked = [f"{case} {target}" if several else str(target) for case, target in said.items()]
        met = [target.met(self.values[case]) for case, target in said.items()]
        return [
            self.set,
            self.measure,
            self.basis,
            *(_figure(self.values[case]) if case in self.values else "" for case in COLUMNS),
            ", ".join(asked),
            ", ".join(met),
        ]


def _figure(value: float) -> str:
    if value >= 100:
        return f"{value:.0f}"
    # A similarity of 0.985 is no 0.98.
    return f"{value:.4f}" if 0.9 < value < 1 else f"{value:.3g}"


def markdown(rows: Iterable[Row], headings: Sequence[str] = HEADINGS) -> str:
    """The rows as a table whose source is a table, too."""
    lines = [list(headings)]
    previous = ""
    for row in rows:
        cells = row.cells()
        if cells[0] == previous:
            cells[0] = ""
        else:
            previous = cells[0]
        lines.append(cells)
    widths = [max(len(line[index]) for line in lines) for index in range(len(headings))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    )
