"""Who holds a batch, by the database's clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from wagtail_sourcegroups.models import GenerationRun, RunBatch, counts
from wagtail_sourcegroups.models.leasing import LEASE
from wagtail_sourcegroups.runs import leases

pytestmark = pytest.mark.django_db

ONE = {"all": {**dict.fromkeys(counts.NAMES, 0), "generated": 1}, "specs": {"a": {"generated": 1}}}


@pytest.fixture
def batch() -> RunBatch:
    run = GenerationRun.objects.create(state="running")
    return RunBatch.objects.create(run=run, number=1, part="images:gallery.customimage")


def shift(batch: RunBatch, by: timedelta) -> None:
    """As if the clock had moved the other way."""
    assert RunBatch.objects.filter(pk=batch.pk).update(leased_until=F("leased_until") + by)


def write(batch: RunBatch, **values: Any) -> bool:
    given = {"cursor": "5", "totals": ONE, "in_hand": {}, "got_on": True, **values}
    return leases.write(batch, **given)


def test_one_holder_at_a_time(batch: RunBatch) -> None:
    mine = leases.take(batch.pk)
    assert mine is not None
    assert leases.take(batch.pk) is None
    assert leases.give_back(mine, cursor="3", totals=ONE, in_hand={})
    other = leases.take(batch.pk)
    assert other is not None
    assert (other.cursor, other.totals, other.attempts) == ("3", ONE, 1)


def test_a_lapsed_lease_is_taken_over_and_its_holder_writes_nothing_more(batch: RunBatch) -> None:
    mine = leases.take(batch.pk)
    assert mine is not None
    shift(batch, -LEASE - timedelta(seconds=1))

    other = leases.take(batch.pk)

    assert other is not None
    assert other.attempts == 2
    assert not write(mine)
    assert not leases.give_back(mine, cursor="", totals={}, in_hand={})
    assert not leases.let_go(mine)
    assert not leases.complete(mine, cursor="9", totals=ONE)
    assert write(other)
    assert GenerationRun.objects.get().generated == 0


def test_a_holder_that_was_slow_and_not_replaced_goes_on(batch: RunBatch) -> None:
    mine = leases.take(batch.pk)
    assert mine is not None
    shift(batch, -2 * LEASE)
    assert write(mine)
    assert leases.take(batch.pk) is None


@pytest.mark.parametrize("jump", [timedelta(minutes=2), timedelta(days=400)])
def test_a_clock_that_was_set_back(batch: RunBatch, jump: timedelta) -> None:
    """The lease would last for minutes, or a year."""
    mine = leases.take(batch.pk)
    shift(batch, jump)
    assert leases.take(batch.pk) is not None
    assert mine is not None
    assert not write(mine)


def test_done_is_done_once(batch: RunBatch) -> None:
    mine = leases.take(batch.pk)
    assert mine is not None
    assert leases.complete(mine, cursor="9", totals=ONE)
    assert not leases.complete(mine, cursor="9", totals=ONE)
    assert leases.take(batch.pk) is None
    run = GenerationRun.objects.get()
    assert (run.generated, run.specs["a"]["generated"]) == (1, 1)


def test_whoever_gets_on_has_all_attempts_again(batch: RunBatch) -> None:
    for _ in range(3):
        mine = leases.take(batch.pk)
        assert mine is not None
        leases.let_go(mine)
    mine = leases.take(batch.pk)
    assert mine is not None and mine.attempts == 4
    write(mine, got_on=False)
    batch.refresh_from_db()
    assert batch.attempts == 4
    write(mine)
    batch.refresh_from_db()
    assert batch.attempts == 0


def test_the_run_is_written_once_a_second_however_many_work(batch: RunBatch) -> None:
    run = GenerationRun.objects.filter(pk=batch.run_id)
    leases.heartbeat(batch.run_id, "one")
    leases.heartbeat(batch.run_id, "two")
    assert run.values_list("current", flat=True).get() == "one"
    run.update(heartbeat_at=Now() - timedelta(seconds=2))
    assert leases.heartbeat(batch.run_id, "three") == "running"
    assert run.values_list("current", flat=True).get() == "three"


@pytest.mark.parametrize("silence", [None, -LEASE - timedelta(seconds=1), 2 * LEASE])
def test_stalled_is_seen_by_queries_and_objects_alike(batch: RunBatch, silence: timedelta | None) -> None:
    run = GenerationRun.objects.filter(pk=batch.run_id)
    run.update(heartbeat_at=Now())
    assert not run.in_state("stalled").exists() and run.in_state("running").exists()
    assert run.get().shown_state == run.with_standing().get().shown_state == "running"

    run.update(heartbeat_at=None if silence is None else Now() + silence)

    assert run.in_state("stalled").exists() and not run.in_state("running").exists()
    assert run.get().shown_state == run.with_standing().get().shown_state == "stalled"
    assert not run.exclude(state="running").in_state("stalled").exists()
