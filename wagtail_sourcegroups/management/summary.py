"""What a run comes to, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..generation.progress import Failed, Totals
from .wording import counted, duration_in_words, size_in_words

#: Sources, filter specs or files named before the rest is only counted.
SHOWN = 20


@dataclass(slots=True)
class Strays:
    """Files without a row: how many may go, are too young, are not ours; how many went; names of each."""

    removable: int = 0
    young: int = 0
    foreign: int = 0
    removed: int = 0
    removable_names: list[str] = field(default_factory=list)
    young_names: list[str] = field(default_factory=list)
    foreign_names: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Why some storage could not be looked through, or a file not be removed."""

    @property
    def count(self) -> int:
        return self.removable + self.young + self.foreign


def failure_lines(failures: Iterable[Failed], *, limit: int | None = None) -> list[str]:
    """One line for each source and reason, with what could not be made."""
    by_reason: dict[tuple[str, str], list[Failed]] = {}
    for failed in failures:
        by_reason.setdefault((failed.source, failed.error), []).append(failed)
    lines = [f"{source}: {error}{_what(several)}" for (source, error), several in by_reason.items()]
    return _limited(lines, limit, "more; --json has all of them, and so has the table of failures")


def _what(several: list[Failed]) -> str:
    specs = ", ".join(dict.fromkeys(failed.spec for failed in several if failed.spec))
    if len(several) == 1:
        return f" ({': '.join(filter(None, (specs, several[0].filter_spec)))})" if specs else ""
    return f" ({counted(len(several), 'rendition')} of {specs})"


def totals_sentence(totals: Totals, *, seconds: float, dry_run: bool, only_failed: bool = False) -> str:
    """The counts of a run in one line, beginning with what matters most."""
    counts = totals.all
    sources = counted(counts.sources, "source")
    took = duration_in_words(seconds)
    if not counts.sources:
        return f"{'Nothing has failed before' if only_failed else 'No source was found'} ({took})."
    if not counts.generated and not counts.failed:
        return f"{counted(counts.existing, 'rendition')} of {sources} exist{_s(counts.existing)} ({took})."
    parts = [f"{counts.existing:,} existing"] if counts.existing else []
    if dry_run:
        parts.append(f"{counts.generated:,} to make")
    elif counts.generated:
        parts.append(f"{counts.generated:,} generated, {size_in_words(counts.bytes)}")
    parts += [f"{counts.skipped:,} skipped"] if counts.skipped else []
    parts += [f"{counts.failed:,} failed"] if counts.failed else []
    return f"{counted(counts.expected, 'rendition')} of {sources}: {'; '.join(parts)} ({took})."


def nothing_is_missing(totals: Totals) -> bool:
    """Whether everything wanted was there before the run, as far as it has looked."""
    return totals.ok and not totals.all.generated


def skipped_lines(skipped: Counter[str]) -> list[str]:
    return [f"{counted(times, 'rendition')} skipped: {reason}." for reason, times in skipped.most_common()]


def pruned_lines(pruned: Counter[str], *, dry_run: bool) -> list[str]:
    """What was deleted, or would be, by filter spec."""
    if not pruned:
        return ["No rendition rows to prune."]
    doing = "Would delete" if dry_run else "Deleted"
    head = f"{doing} {counted(pruned.total(), 'rendition')} that nothing asks for any more:"
    width = max(len(f"{times:,}") for times in pruned.values())
    lines = [f"  {times:>{width},}  {filter_spec}" for filter_spec, times in sorted(pruned.items())]
    return [head, *lines]


def stray_lines(strays: Strays, *, prune: bool, dry_run: bool, grace: int) -> list[str]:
    """Files without a row, by what becomes of them: those that go first."""
    if not strays.count:
        return [] if strays.complaints else ["Every file in the rendition storage is named by a row."]
    lines = [
        f"{counted(strays.count, 'file')} in the rendition storage {_are(strays.count)} named by no row."
    ]
    if strays.removable:
        lines.append(_removal(strays, prune=prune, dry_run=dry_run))
        lines += _names(strays.removable_names, strays.removable)
    if strays.young:
        lines.append(
            f"{counted(strays.young, 'file')} of renditions {_are(strays.young)} younger than ORPHAN_GRACE "
            f"({grace:,} s) and may be in the making:"
        )
        lines += _names(strays.young_names, strays.young)
    if strays.foreign:
        stay = "stays" if strays.foreign == 1 else "stay"
        lines.append(
            f"{counted(strays.foreign, 'file')} {_are(strays.foreign)} not known to be of a rendition made here "
            f"and {stay}:"
        )
        lines += _names(strays.foreign_names, strays.foreign)
    return lines


def _removal(strays: Strays, *, prune: bool, dry_run: bool) -> str:
    files = f"{counted(strays.removable, 'file')} of renditions"
    if not prune:
        return f"--verify --prune removes {files}:"
    if dry_run:
        return f"{files} would be removed:"
    if strays.removed == strays.removable:
        return f"{files} {_were(strays.removed)} removed:"
    # A row has come to name one, or the storage gave up.
    return f"Of {files} {strays.removed:,} {_were(strays.removed)} removed:"


def _names(names: Sequence[str], count: int) -> list[str]:
    more = count - len(names)
    rest = [f"  ... and {more:,} more; --verbosity 2 lists all."] if more else []
    return [*(f"  {name}" for name in names), *rest]


def left_behind_sentence(runs: Sequence[int]) -> str:
    """What to do about runs that were killed: ``"Run 12 is stalled; --resume 12 goes on with it."``"""
    if len(runs) == 1:
        return f"Run {runs[0]} is stalled; --resume {runs[0]} goes on with it."
    named = f"{', '.join(map(str, runs[:-1]))} and {runs[-1]}"
    return f"Runs {named} are stalled; --resume RUN goes on with one."


def how_to_go_on(command: str, *, force: bool, run: int | None = None) -> list[str]:
    """After an interruption; ``run`` is the record of what was done, if there is one."""
    lines = ["Interrupted. What has been made is kept; to go on with the rest, run", f"  {command}"]
    if force:
        lines.append("With --force that begins anew; without it, it makes only what is missing.")
    if run is not None:
        lines.append(f"or, to go on with this very run, generateimages --resume {run}")
    return lines


def _limited(lines: Sequence[str], limit: int | None, rest: str) -> list[str]:
    if limit is None or len(lines) <= limit:
        return list(lines)
    return [*lines[:limit], f"... and {len(lines) - limit:,} {rest}."]


def _s(count: int) -> str:
    return "s" if count == 1 else ""


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
