"""How far a run is, from what it knows itself: the database is not asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...coverage import Figures
from ...models import GenerationRun, RunState
from ...models.runstates import OVER
from ...queueing import is_inline
from .. import states


@dataclass(frozen=True)
class Progress:
    """
    Its state and numbers, whoever looks: :class:`.Standing` says which of them somebody is told. The run is one of
    :meth:`.RunQuerySet.with_standing`.
    """

    run: GenerationRun

    @cached_property
    def state(self) -> RunState:
        return self.run.shown_state

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def is_running(self) -> bool:
        return self.state is RunState.RUNNING

    @property
    def is_resting(self) -> bool:
        """Whether it has come no further for now, and not to its end."""
        return not self.is_running and not self.is_finished

    @property
    def is_finished(self) -> bool:
        return self.state is RunState.FINISHED

    @property
    def is_cancelled(self) -> bool:
        return self.state is RunState.CANCELLED

    @property
    def waits_for_a_page(self) -> bool:
        """Whether there is no worker, so that it gets on only while somebody has its page open."""
        return self.run.is_active and self.run.by_workers and is_inline()

    # In numbers ---------------------------------------------------------------------------------------

    @cached_property
    def counts(self) -> dict[str, Any]:
        """What it has come to, all specs together."""
        return dict(self.run.counts["all"])

    @property
    def done(self) -> int:
        """Sources that have been looked at."""
        return int(self.counts["sources"])

    @property
    def in_all(self) -> int:
        """How many there are, as far as anybody has counted; files that are no images come on top."""
        return max(self.run.sources_in_all or 0, self.done)

    @property
    def percent(self) -> int:
        """Rounded down: 100 only when it is finished."""
        if self.is_finished:
            return 100
        return min(states.percentage(self.done, self.in_all), 99) if self.in_all else 0

    @property
    def made(self) -> int:
        return int(self.counts["generated"])

    @property
    def failed(self) -> int:
        return int(self.counts["failed"])

    @property
    def share(self) -> Figures:
        """Of what is wanted of the sources looked at, how much is ready: what this run has made, and what was there."""
        ready = int(self.counts["existing"]) + self.made
        return Figures(self.done, ready + self.failed, ready=ready, failed=self.failed)

    @cached_property
    def seconds_left(self) -> float | None:
        """Only while somebody is at it."""
        if not self.is_running or not self.run.sources_in_all:
            return None
        return self.run.seconds_left

    @property
    def seconds_in_all(self) -> float:
        """From its beginning to its end, pauses included."""
        if self.run.started_at is None or self.run.finished_at is None:
            return 0.0
        return max((self.run.finished_at - self.run.started_at).total_seconds(), 0.0)
