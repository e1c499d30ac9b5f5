"""Counting that no take-over upsets. Pure."""

from __future__ import annotations

from typing import Any

import pytest

from wagtail_sourcegroups.generation.progress import Totals
from wagtail_sourcegroups.models import counts
from wagtail_sourcegroups.runs.ledger import Ledger, carried_over, generated_of


def totals(**numbers: int) -> Totals:
    made = Totals()
    for name, number in numbers.items():
        made.count(name, ["a"], times=number)
    return made


def brief(counted: Any) -> dict[str, int]:
    return {name: number for name, number in counted["all"].items() if number}


def test_what_is_concluded_up_to_a_key_lies_before_the_cursor() -> None:
    ledger, live = Ledger(), totals(generated=2)
    ledger.look_at(live)
    assert (brief(ledger.settled), brief(ledger.in_hand)) == ({}, {"expected": 2, "generated": 2})

    ledger.conclude(totals(generated=2), moves=False)
    assert (brief(ledger.settled), brief(ledger.in_hand)) == ({}, {"expected": 2, "generated": 2})

    live.add(totals(existing=3))
    ledger.conclude(totals(existing=3), moves=True)
    assert brief(ledger.settled) == {"expected": 5, "existing": 3, "generated": 2}
    assert brief(ledger.in_hand) == {}


def test_batches_that_overlap_are_told_apart() -> None:
    ledger, live = Ledger(), Totals()
    ledger.look_at(live)
    live.add(totals(generated=3))  # two of the first batch, one of the second
    ledger.conclude(totals(generated=2), moves=True)
    assert (ledger.settled["all"]["generated"], ledger.in_hand["all"]["generated"]) == (2, 1)


@pytest.mark.parametrize("again", [0, 1, 4])
def test_what_a_former_holder_made_stays_generated(again: int) -> None:
    """It is found as existing; some of it may be lost and made again."""
    first = Ledger()
    first.look_at(totals(generated=4, failed=1))

    second = Ledger(first.settled, first.in_hand)
    assert brief(second.in_hand) == {"expected": 4, "generated": 4}, "what failed is tried again"
    found = totals(existing=10 - again, generated=again + 1)
    second.look_at(found)
    second.conclude(found, moves=True)

    assert brief(second.settled) == {
        "expected": 11,
        "existing": 10 - again - min(4, 10 - again),
        "generated": again + 1 + min(4, 10 - again),
    }
    assert second.settled["all"]["expected"] == 11


def test_a_third_holder_is_given_what_the_first_made() -> None:
    first = Ledger()
    first.look_at(totals(generated=4))
    second = Ledger(first.settled, first.in_hand)
    second.look_at(totals(existing=1, generated=2))
    third = Ledger(second.settled, second.in_hand)
    found = totals(existing=6)
    third.conclude(found, moves=True)
    assert brief(third.settled) == {"expected": 6, "generated": 6}


def test_nothing_is_invented() -> None:
    """What a former holder made, and somebody deleted, is no more."""
    left = generated_of({"all": {"generated": 3, "bytes": 30}, "specs": {"a": {"generated": 3, "bytes": 30}}})
    known, rest = carried_over({"all": {"existing": 1, "expected": 1}, "specs": {}}, left)
    assert known["all"]["generated"] == 1
    assert (known["all"]["bytes"], rest["all"]["bytes"]) == (10, 20)
    assert rest["specs"]["a"]["generated"] == 3


def test_rates() -> None:
    assert counts.rate(0, 10) is None
    assert counts.rate(20, 10) == 2
    assert counts.seconds_left(20, 50, 2) == 15
    assert counts.seconds_left(60, 50, 2) == 0, "images were added"
    assert counts.seconds_left(20, None, 2) is None
    assert counts.seconds_left(20, 50, None) is None
