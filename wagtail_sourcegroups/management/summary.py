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
    """Files without a row: how many, how many of them may go, went, or are too young, and the names of some."""

    count: int = 0
    removable: int = 0
    removed: int = 0
    young: int = 0
    names: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Why some storage could not be looked through, or a file not be removed."""


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
        return ["There is nothing to prune."]
    doing = "Would delete" if dry_run else "Deleted"
    head = f"{doing} {counted(pruned.total(), 'rendition')} that nothing asks for any more:"
    width = max(len(f"{times:,}") for times in pruned.values())
    lines = [f"  {times:>{width},}  {filter_spec}" for filter_spec, times in sorted(pruned.items())]
    return [head, *lines]


def stray_lines(
    strays: Strays, *, prune: bool, dry_run: bool, grace: int, limit: int | None = SHOWN
) -> list[str]:
    """Files without a row, and what becomes of them."""
    lines = []
    if strays.count:
        lines.append(
            f"{counted(strays.count, 'file')} in the rendition storage {_are(strays.count)} named by no row:"
        )
        named = [f"  {name}" for name in strays.names]
        if strays.count > len(named):
            named.append(f"  ... and {strays.count - len(named):,} more")
        lines += named
        lines += _fates(strays, prune=prune, dry_run=dry_run, grace=grace)
    elif not strays.complaints:
        lines.append("Every file in the rendition storage is named by a row.")
    return lines


def _fates(strays: Strays, *, prune: bool, dry_run: bool, grace: int) -> list[str]:
    fates = []
    if strays.removed:
        fates.append(f"{counted(strays.removed, 'file')} of renditions {_were(strays.removed)} removed.")
    elif strays.removable and prune and dry_run:
        fates.append(f"{counted(strays.removable, 'file')} of renditions would be removed.")
    elif strays.removable and not prune:
        fates.append(f"--verify --prune removes {counted(strays.removable, 'file')} of renditions.")
    if strays.young:
        fates.append(
            f"{counted(strays.young, 'file')} of renditions {_are(strays.young)} younger than ORPHAN_GRACE "
            f"({grace:,} s) and may be in the making."
        )
    foreign = strays.count - strays.removable - strays.young
    if foreign:
        fates.append(
            f"{counted(foreign, 'file')} {_are(foreign)} not known to be of a rendition made here and "
            f"{'stays' if foreign == 1 else 'stay'}."
        )
    return fates


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
