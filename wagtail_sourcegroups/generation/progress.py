"""What came of it: counts by spec and in all, and one object that faces may draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .membership import Batch


@dataclass(slots=True)
class Tally:
    """
    Of one spec, or of all: always ``expected == existing + generated + skipped + failed``.

    ``sources`` counts distinct sources, the rest renditions; ``bytes`` and ``seconds`` are of those generated.
    """

    sources: int = 0
    expected: int = 0
    existing: int = 0
    generated: int = 0
    skipped: int = 0
    failed: int = 0
    bytes: int = 0
    seconds: float = 0.0

    def add(self, other: Tally, times: int = 1) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name) * times)


@dataclass(frozen=True, slots=True)
class Failed:
    """One rendition that could not be made, or (without a filter spec) one group that could not be walked."""

    source: str
    spec: str
    filter_spec: str
    error: str
    source_key: str = ""

    def as_dict(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if name != "source_key"}


@dataclass(slots=True)
class Totals:
    """The result of a round. A rendition that two specs want counts once in ``all``, and for each in ``specs``."""

    all: Tally = field(default_factory=Tally)
    specs: dict[str, Tally] = field(default_factory=dict)
    failures: list[Failed] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    """Renditions skipped, by reason."""
    pruned: int = 0
    interrupted: bool = False

    def spec(self, spec_id: str) -> Tally:
        return self.specs.setdefault(spec_id, Tally())

    def count(
        self,
        name: str,
        spec_ids: Iterable[str],
        *,
        times: int = 1,
        in_all: bool = True,
        size: int = 0,
        seconds: float = 0.0,
    ) -> None:
        """Count renditions as ``name`` ("existing", "generated", …), in all and for each spec that wants them."""
        for tally in (*([self.all] if in_all else []), *map(self.spec, spec_ids)):
            setattr(tally, name, getattr(tally, name) + times)
            tally.expected += times
            tally.bytes += size
            tally.seconds += seconds

    def add(self, other: Totals) -> None:
        """Count what another part of the round has come to."""
        self.all.add(other.all)
        for spec_id, tally in other.specs.items():
            self.spec(spec_id).add(tally)
        self.failures += other.failures
        self.skipped += other.skipped

    def fail(self, failed: Failed, spec_ids: Iterable[str] = (), *, in_all: bool = True) -> None:
        """Note a failure; one of a rendition is counted too."""
        self.failures.append(failed)
        if failed.filter_spec:
            self.count("failed", spec_ids, in_all=in_all)

    @property
    def ok(self) -> bool:
        """Everything wanted exists or was skipped for a stated reason."""
        return not self.failures and not self.interrupted


class Progress:
    """
    What a face may draw. This one draws nothing; a face overrides what it shows.

    Called from the thread that called the loop, and from no other.
    """

    is_watched = False
    """Whether somebody elsewhere looks at what is on record, so that it is to be written every other second."""

    def begin(self, sources: int | None) -> None:
        """A walk begins: how many sources there will be, where that is known."""

    def working_on(self, name: str) -> None:
        """The source in hand."""

    def worked_on(self, name: str, renditions: int, size: int, seconds: float) -> None:
        """One source is done: how many renditions of it were made (in a dry run: would be), bytes and seconds."""

    def advance(self, sources: int, totals: Totals) -> None:
        """So many more sources are done."""

    def failure(self, failed: Failed) -> None:
        """One more failure."""

    def concluded(self, batch: Batch, totals: Totals) -> None:
        """
        A batch, and every one before it, is through and on record: what it came to by itself. Not said of one that was
        broken off, nor of those after it.
        """

    def tick(self) -> None:
        """Time goes by: said about once a second while the loop waits for a source, from within it."""

    def end(self, totals: Totals) -> None:
        """The walk is over."""


def as_json(totals: Totals, *, seconds: float) -> dict[str, Any]:
    """The one object that ``generateimages --json`` prints."""
    counted = asdict(totals.all)
    counted.pop("seconds")
    return {
        "specs": len(totals.specs),
        **counted,
        "pruned": totals.pruned,
        "seconds": round(seconds, 3),
        "interrupted": totals.interrupted,
        "failures": [failed.as_dict() for failed in totals.failures],
    }
