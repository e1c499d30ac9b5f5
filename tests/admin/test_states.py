from __future__ import annotations

import pytest

from wagtail_sourcegroups.admin import states
from wagtail_sourcegroups.coverage import Figures


def figures(ready: int = 0, missing: int = 0, stale: int = 0, failed: int = 0) -> Figures:
    return Figures(1, ready + missing + stale + failed, ready, missing, stale, failed)


@pytest.mark.parametrize(
    ("ready", "expected", "percent"),
    [(2811, 2820, 99), (2820, 2820, 100), (0, 5, 0), (1, 1000, 0), (0, 0, 100)],
)
def test_shares_are_rounded_down(ready: int, expected: int, percent: int) -> None:
    assert states.percentage(ready, expected) == percent


def test_a_sliver_stays_visible_and_a_bar_is_never_overfull() -> None:
    bar = list(states.parts(figures(ready=99_998, failed=1, stale=1)))
    assert [part.state.key for part in bar] == ["ready", "stale", "failed"]
    assert [part.width for part in bar] == [98, 1, 1]
    assert [part.start for part in bar] == [0, 98, 99]


def test_what_is_missing_stays_visible_too() -> None:
    (ready,) = states.parts(figures(ready=99_999, missing=1))
    assert ready.width == 99


def test_a_bar_of_nothing_is_empty() -> None:
    assert list(states.parts(figures())) == []
    assert list(states.parts(figures(missing=3))) == []


def test_in_words_only_what_there_is() -> None:
    assert states.in_words(figures(ready=2811, stale=9)) == "2811 of 2820 ready, 9 out of date"
    assert states.in_words(figures(ready=1)) == "1 of 1 ready"
    assert states.in_words(figures(missing=1, failed=2)) == "0 of 3 ready, 1 missing, 2 failed"
