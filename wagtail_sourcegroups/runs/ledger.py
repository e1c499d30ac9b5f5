"""
Counting what is done of a batch, so that nothing counts twice whoever takes over. Pure.

What lies before the cursor is settled: whoever takes over begins behind it. What lies beyond is in hand, and counted
again by the next holder. What this one has generated there that one finds as existing: so much is carried over, and
counted as generated after all.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..generation.progress import Totals
from ..models import counts
from ..models.counts import Counts


class Ledger:
    """``settled`` and ``in_hand`` are those of the row, as the last holder has left them."""

    def __init__(self, settled: Counts = counts.NOTHING, in_hand: Counts = counts.NOTHING) -> None:
        self.settled = counts.added(settled)
        self._carry = generated_of(in_hand)
        self._pending = counts.added()
        self._concluded = counts.added()
        self._live: Totals | None = None

    def look_at(self, totals: Totals) -> None:
        """The totals of the round that is going on, which change as it does."""
        self._live = totals

    def conclude(self, totals: Totals, *, moves: bool) -> None:
        """A batch of the walk has come to this. ``moves``: all before its end is done now, and the cursor moves."""
        came_to = as_counts(totals)
        self._concluded = counts.added(self._concluded, came_to)
        self._pending = counts.added(self._pending, came_to)
        if moves:
            self.settle()

    def settle(self) -> None:
        """All that is concluded lies before the cursor."""
        pending, self._carry = carried_over(self._pending, self._carry)
        self.settled = counts.added(self.settled, pending)
        self._pending = counts.added()

    def successor(self) -> Ledger:
        """For what the same round goes on with."""
        ledger = Ledger()
        ledger._concluded, ledger._live = self._concluded, self._live
        return ledger

    @property
    def in_hand(self) -> dict[str, Any]:
        """What is done beyond the cursor, by this holder and those before it."""
        begun = self._pending
        if self._live is not None:
            begun = counts.added(begun, counts.subtracted(as_counts(self._live), self._concluded))
        known, left = carried_over(begun, self._carry)
        return counts.added(known, left)


def as_counts(totals: Totals) -> dict[str, Any]:
    return {
        "all": asdict(totals.all),
        "specs": {spec_id: asdict(tally) for spec_id, tally in totals.specs.items()},
    }


def generated_of(in_hand: Counts) -> dict[str, Any]:
    """Of counts, what was generated, as if there were nothing else."""

    def only(tally: counts.Tally) -> dict[str, Any]:
        kept = {name: tally.get(name, 0) for name in ("generated", "bytes", "seconds")}
        return {**kept, "expected": kept["generated"]}

    return {
        "all": only(in_hand.get("all", {})),
        "specs": {spec_id: only(tally) for spec_id, tally in in_hand.get("specs", {}).items()},
    }


def carried_over(found: Counts, carry: Counts) -> tuple[dict[str, Any], dict[str, Any]]:
    """Counts in which as many of the existing as ``carry`` generated count as generated; and what is left to carry."""

    def tally(of: counts.Tally, carried: counts.Tally) -> tuple[dict[str, Any], dict[str, Any]]:
        generated = carried.get("generated", 0)
        moved = min(generated, of.get("existing", 0))
        share = moved / generated if generated else 0
        size, seconds = round(carried.get("bytes", 0) * share), carried.get("seconds", 0.0) * share
        gains = {"existing": -moved, "generated": moved, "bytes": size, "seconds": seconds}
        losses = {"generated": -moved, "expected": -moved, "bytes": -size, "seconds": -seconds}
        return (
            {name: of.get(name, 0) + gains.get(name, 0) for name in counts.NAMES},
            {name: carried.get(name, 0) + losses.get(name, 0) for name in counts.NAMES},
        )

    known, left = counts.added(found, {}), counts.added(carry, {})
    known["all"], left["all"] = tally(found.get("all", {}), carry.get("all", {}))
    for spec_id, carried in carry.get("specs", {}).items():
        known["specs"][spec_id], left["specs"][spec_id] = tally(
            found.get("specs", {}).get(spec_id, {}), carried
        )
    return known, left
