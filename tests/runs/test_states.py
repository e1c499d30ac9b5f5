"""Which moves a run may make. Pure."""

from __future__ import annotations

import itertools

import pytest

from wagtail_sourcegroups.models.runstates import ACTIVE, MOVES, OVER, STORED, Action, State, may, refusal

ALLOWED = {
    Action.BEGIN: {"queued": "running"},
    Action.PAUSE: dict.fromkeys(["queued", "running", "stalled"], "paused"),
    Action.RESUME: dict.fromkeys(["paused", "stalled", "failed"], "queued"),
    Action.CANCEL: dict.fromkeys(["queued", "running", "stalled", "paused"], "cancelled"),
    Action.FINISH: dict.fromkeys(["queued", "running", "stalled"], "finished"),
    Action.FAIL: dict.fromkeys(["queued", "running", "stalled"], "failed"),
}


@pytest.mark.parametrize(("action", "state"), list(itertools.product(Action, State)))
def test_every_move_is_allowed_or_refused_in_one_sentence(action: Action, state: State) -> None:
    assert may(action, state) == (state.value in ALLOWED[action])
    if may(action, state):
        assert MOVES[action].target == ALLOWED[action][state.value]
    else:
        sentence = refusal(action, state)
        assert sentence.startswith(f"The run is {state.value}")
        assert sentence.endswith(".")


def test_stalled_is_never_stored() -> None:
    assert State.STALLED not in STORED
    assert State.STALLED not in {move.target for move in MOVES.values()}


def test_nothing_comes_after_what_is_over_but_what_was_given_up() -> None:
    leaving = {state for move in MOVES.values() for state in move.origins}
    assert leaving & set(OVER) == {State.FAILED}
    assert not set(ACTIVE) & set(OVER)
