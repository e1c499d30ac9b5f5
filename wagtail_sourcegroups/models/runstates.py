"""
The states of a run, and who may move it from which to which. Pure: rows are moved elsewhere, under a guard.

``stalled`` is never stored: it is a running run of which nobody has heard for the length of a lease.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    STALLED = "stalled", _("stalled")
    FINISHED = "finished", _("finished")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


#: Those that are stored.
STORED = tuple(state for state in State if state is not State.STALLED)
#: There is work to be done, and it may be done.
ACTIVE = (State.QUEUED, State.RUNNING)
#: Nothing comes after these.
OVER = (State.FINISHED, State.FAILED, State.CANCELLED)


class Action(Enum):
    """What is done to a run, as the word that follows "cannot be"."""

    BEGIN = "begun"
    PAUSE = "paused"
    RESUME = "resumed"
    CANCEL = "cancelled"
    FINISH = "finished"
    FAIL = "given up"


class Move(NamedTuple):
    """From one of these, as shown, to that."""

    origins: frozenset[State]
    target: State


def _move(target: State, *origins: State) -> Move:
    return Move(frozenset(origins), target)


MOVES: Mapping[Action, Move] = {
    Action.BEGIN: _move(State.RUNNING, State.QUEUED),
    Action.PAUSE: _move(State.PAUSED, State.QUEUED, State.RUNNING, State.STALLED),
    # One that was given up may go on when what stood in its way is mended: a spec is registered again.
    Action.RESUME: _move(State.QUEUED, State.PAUSED, State.STALLED, State.FAILED),
    Action.CANCEL: _move(State.CANCELLED, State.QUEUED, State.RUNNING, State.STALLED, State.PAUSED),
    Action.FINISH: _move(State.FINISHED, State.QUEUED, State.RUNNING, State.STALLED),
    Action.FAIL: _move(State.FAILED, State.QUEUED, State.RUNNING, State.STALLED),
}


def may(action: Action, state: State) -> bool:
    """Whether a run that is shown in this state may be moved so."""
    return state in MOVES[action].origins


def refusal(action: Action, state: State) -> str:
    """One sentence that says why a run in this state is not moved so."""
    if state is MOVES[action].target:
        return f"The run is {state.value} already."
    if action is Action.RESUME and state is State.RUNNING:
        return "The run is running: there is nothing to resume."
    if action is Action.RESUME and state is State.QUEUED:
        return "The run is queued: it begins when a worker takes it."
    if state in (State.FINISHED, State.CANCELLED):
        return f"The run is {state.value}: it cannot be {action.value}. Start another one."
    return f"The run is {state.value}: it cannot be {action.value}."
