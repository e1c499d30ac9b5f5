"""The table of a run: what was found and made for each spec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..generation.progress import Tally, Totals
from .wording import duration_in_words, size_in_words

GAP = 2

Styler = Callable[[str], str]


@dataclass(frozen=True)
class Cell:
    """Text, and how it is coloured once it has its place."""

    text: str
    style: Styler = str


def spec_table(
    totals: Totals, spec_ids: Sequence[str], *, style: Any, dry_run: bool = False, width: int | None = None
) -> list[str]:
    """
    Lines of the table by spec, with a last line for all.

    Where ``width`` is too little for the longest id beside the numbers, ids stand on lines of their own.
    """
    with_skipped = totals.all.skipped > 0
    heads = ["Spec", "Sources", "Expected", "Existing", "To do" if dry_run else "Generated"]
    heads += ["Skipped"] if with_skipped else []
    heads += ["Failed"] if not dry_run or totals.all.failed else []
    heads += [] if dry_run else ["Bytes", "Time"]
    rows = [[Cell(head, style.MIGRATE_HEADING) for head in heads]]
    for spec_id in spec_ids:
        rows.append(_row(spec_id, totals.spec(spec_id), heads, style))
    if len(spec_ids) > 1:
        rows.append(_row("All", totals.all, heads, style, name_style=style.MIGRATE_LABEL))
    return lay_out(rows, width)


def _row(name: str, tally: Tally, heads: list[str], style: Any, name_style: Styler = str) -> list[Cell]:
    generated = Cell(f"{tally.generated:,}", style.SUCCESS if tally.generated else str)
    made = tally.generated > 0
    cells = {
        "Spec": Cell(name, name_style),
        "Sources": Cell(f"{tally.sources:,}"),
        "Expected": Cell(f"{tally.expected:,}"),
        "Existing": Cell(f"{tally.existing:,}"),
        "Generated": generated,
        "To do": generated,
        "Skipped": Cell(f"{tally.skipped:,}"),
        "Failed": Cell(f"{tally.failed:,}", style.ERROR if tally.failed else str),
        "Bytes": Cell(size_in_words(tally.bytes) if made else "–"),
        "Time": Cell(duration_in_words(tally.seconds) if made else "–"),
    }
    return [cells[head] for head in heads]


def lay_out(rows: list[list[Cell]], width: int | None) -> list[str]:
    """The first column to the left, the others to the right."""
    widths = [max(len(row[column].text) for row in rows) for column in range(len(rows[0]))]
    numbers = sum(widths[1:]) + GAP * (len(widths) - 1)
    folded = width is not None and widths[0] + numbers > width
    if folded:
        # The names that fit stay where they are; longer ones get a line of their own.
        room = max(width - numbers, len(rows[0][0].text), len(rows[-1][0].text))  # type: ignore[operator]
        widths[0] = max((len(row[0].text) for row in rows if len(row[0].text) <= room), default=0)
    lines = []
    for row in rows:
        name, *rest = row
        cells = (
            " " * GAP + cell.style(cell.text.rjust(width))
            for cell, width in zip(rest, widths[1:], strict=True)
        )
        if len(name.text) > widths[0]:
            lines.append(name.style(name.text))
            name = Cell("")
        lines.append(name.style(name.text.ljust(widths[0])) + "".join(cells))
    return lines
