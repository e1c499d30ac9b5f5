"""The threads between planning and keeping, with tasks that make nothing: what is bounded, and who waits for whom."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.generation.gates import PATIENCE, Gate, Most, NeverHappened, until, wait_for
from wagtail_sourcegroups.generation.budget import PixelBudget
from wagtail_sourcegroups.generation.pipeline import Pipeline
from wagtail_sourcegroups.generation.waiters import Waiters, waiters


def nothing(*args: Any) -> None:
    """What a step does unless a test says otherwise."""


@dataclass(eq=False)
class FakeTask:
    name: Any = ""
    is_far: bool = False
    on_fetch: Callable[[], Any] = nothing
    on_make: Callable[[Any, Any], Any] = nothing
    log: list[Any] = field(default_factory=list)

    def fetch(self) -> None:
        self.log.append(("fetch", self.name))
        self.on_fetch()

    def make(self, side: Any, hand_over: Any) -> None:
        self.log.append(("make", self.name))
        self.on_make(side, hand_over)

    def drop(self) -> None:
        self.log.append(("drop", self.name))


@pytest.fixture
def pipeline_of() -> Iterator[Callable[..., Pipeline[FakeTask]]]:
    """Makes pipelines, and puts down what a test leaves in them."""
    made: list[Pipeline[FakeTask]] = []

    def make(**options: Any) -> Pipeline[FakeTask]:
        made.append(Pipeline(**{"workers": 1, "connections": 4, "cores": 2, **options}))
        return made[-1]

    yield make
    for pipeline in made:
        pipeline.abandon()
        pipeline.close()


def all_done(pipeline: Pipeline[FakeTask]) -> list[Any]:
    return [pipeline.next_done().name for _ in pipeline.in_hand]


class TestOrder:
    def test_near_ones_are_not_fetched(self, pipeline_of: Any) -> None:
        pipeline, log = pipeline_of(), []
        for number in range(5):
            pipeline.begin(FakeTask(number, log=log))
        assert all_done(pipeline) == [0, 1, 2, 3, 4]
        assert log == [("make", number) for number in range(5)]
        assert pipeline.in_hand == []

    def test_of_those_that_are_ready_the_first_comes_first(self, pipeline_of: Any) -> None:
        pipeline, log = pipeline_of(connections=6), []
        busy = Gate()
        pipeline.begin(FakeTask("busy", on_make=lambda *args: busy.pass_through()))
        wait_for(busy.reached)
        sources = [Gate() for _ in range(3)]
        for number, source in enumerate(sources):
            pipeline.begin(FakeTask(number, True, source.pass_through, log=log))
        for came, source in enumerate(reversed(sources), start=1):
            source.open()
            until(lambda came=came: len(pipeline._ready) == came)
        busy.open()
        assert all_done(pipeline) == ["busy", 0, 1, 2]
        assert [name for step, name in log if step == "make"] == [0, 1, 2]

    def test_a_source_that_does_not_come_delays_nobody(self, pipeline_of: Any) -> None:
        pipeline = pipeline_of()
        source = Gate()
        pipeline.begin(FakeTask("slow", True, source.pass_through))
        for number in range(5):
            pipeline.begin(FakeTask(number, True))
        assert sorted(pipeline.next_done().name for _ in range(5)) == [0, 1, 2, 3, 4]
        assert [task.name for task in pipeline.in_hand] == ["slow"]
        source.open()
        assert pipeline.next_done().name == "slow"

    def test_an_output_that_cannot_be_stored_delays_no_other_source(self, pipeline_of: Any) -> None:
        pipeline = pipeline_of()
        storage = Gate()
        pipeline.begin(FakeTask("slow", on_make=lambda _, hand_over: hand_over(storage.pass_through)))
        for number in range(5):
            pipeline.begin(FakeTask(number, on_make=lambda _, hand_over: hand_over(nothing)))
        assert sorted(pipeline.next_done().name for _ in range(5)) == [0, 1, 2, 3, 4]
        storage.open()
        assert pipeline.next_done().name == "slow"


class TestBounds:
    def test_sources_read_ahead(self, pipeline_of: Any) -> None:
        pipeline = pipeline_of(connections=6)
        ahead, busy = Most(), Gate()

        def compute(*args: Any) -> None:
            ahead.add(-1)
            busy.pass_through()

        for number in range(10):
            pipeline.begin(FakeTask(number, True, lambda: ahead.add(1), compute))
        # One is being computed; half of the connections' worth are read meanwhile.
        wait_for(busy.reached)
        until(lambda: len(pipeline._ready) == 3)
        busy.open()
        assert len(all_done(pipeline)) == 10
        # One more: counted here a little after the place behind it has become free.
        assert 3 <= ahead.most <= 4

    def test_sources_that_do_not_come_leave_connections_to_outputs(self, pipeline_of: Any) -> None:
        pipeline = pipeline_of(connections=4)
        source = Gate()
        for number in range(5):
            pipeline.begin(FakeTask(number, True, source.pass_through))
        pipeline.begin(FakeTask("near", on_make=lambda _, hand_over: hand_over(nothing)))
        assert pipeline.next_done().name == "near"
        source.open()
        assert sorted(all_done(pipeline)) == [0, 1, 2, 3, 4]

    def test_outputs_on_their_way_and_connections_in_use(self, pipeline_of: Any) -> None:
        pipeline = pipeline_of(workers=3, connections=2)
        on_their_way, in_use, storage = Most(), Most(), Gate()

        def store() -> None:
            with in_use:
                storage.pass_through()
            on_their_way.add(-1)

        def make(_side: Any, hand_over: Any) -> None:
            for _ in range(6):
                hand_over(store)
                on_their_way.add(1)

        for number in range(3):
            pipeline.begin(FakeTask(number, on_make=make))
        until(lambda: on_their_way.most == 4)
        storage.open()
        assert len(all_done(pipeline)) == 3
        assert in_use.most == 2
        # Counted a little after room was made: by as many as compute.
        assert on_their_way.most <= 4 + 3

    def test_tasks_in_hand(self, pipeline_of: Any) -> None:
        pipeline = pipeline_of(workers=2, connections=4)
        busy = Gate()
        while pipeline.has_room:
            pipeline.begin(FakeTask(on_make=lambda *args: busy.pass_through()))
        assert len(pipeline.in_hand) == 8
        busy.open()
        all_done(pipeline)
        assert pipeline.has_room


class TestSide:
    """Processors that have nothing to do help with the one source there is."""

    def lent(self, pipeline: Any, tasks: int = 1) -> list[bool]:
        """Whether the first of so many tasks was given a thread, then another while that one is at work."""
        given: list[bool] = []
        help_, others = Gate(), Gate()

        def make(side: Any, _hand_over: Any) -> None:
            first = side.try_submit(help_.pass_through)
            given.append(first is not None)
            given.append(side.try_submit(nothing) is not None)
            help_.open()
            if first is not None:
                first.result(PATIENCE)

        for _ in range(tasks - 1):
            pipeline.begin(FakeTask(on_make=lambda *args: others.pass_through()))
        pipeline.begin(FakeTask("asks", on_make=make))
        assert pipeline.next_done().name == "asks"
        others.open()
        all_done(pipeline)
        return given

    def test_idle(self, pipeline_of: Any) -> None:
        assert self.lent(pipeline_of(workers=2)) == [True, False]

    def test_none_beside_the_only_worker(self, pipeline_of: Any) -> None:
        assert self.lent(pipeline_of(workers=1)) == [False, False]

    def test_no_more_than_there_are_processors(self, pipeline_of: Any) -> None:
        assert self.lent(pipeline_of(workers=8, cores=2)) == [True, False]
        assert self.lent(pipeline_of(workers=8, cores=8)) == [True, True]

    def test_sources_come_first(self, pipeline_of: Any) -> None:
        assert self.lent(pipeline_of(workers=2), tasks=2) == [False, False]

    def test_an_offer_is_taken_by_who_becomes_idle(self, pipeline_of: Any) -> None:
        pipeline = pipeline_of(workers=2)
        other, taken = Gate(), Gate()
        offered: list[Any] = []

        def make(side: Any, _hand_over: Any) -> None:
            wait_for(other.reached)
            offered.append(side.offer(taken.pass_through))
            assert not taken.reached.is_set()
            other.open()
            wait_for(taken.reached)
            taken.open()
            offered[0].result(PATIENCE)

        pipeline.begin(FakeTask(on_make=lambda *args: other.pass_through()))
        pipeline.begin(FakeTask(on_make=make))
        all_done(pipeline)
        assert offered[0].done() and not pipeline._computing._offers

    def test_nothing_is_offered_while_sources_wait(self, pipeline_of: Any) -> None:
        pipeline = pipeline_of(workers=1)
        begun = Gate()
        offered: list[Any] = []

        def make(side: Any, _hand_over: Any) -> None:
            begun.pass_through()
            offered.append(side.offer(nothing))

        pipeline.begin(FakeTask(on_make=make))
        wait_for(begun.reached)
        pipeline.begin(FakeTask())
        pipeline._computing._slots = 2
        begun.open()
        all_done(pipeline)
        assert offered == [None]

    def test_an_offer_that_is_withdrawn_is_let_go_of(self, pipeline_of: Any) -> None:
        pipeline = pipeline_of(workers=2)
        other = Gate()
        held: list[Any] = []

        def make(side: Any, _hand_over: Any) -> None:
            wait_for(other.reached)
            offer = side.offer(nothing)
            held.append(len(pipeline._computing._offers))
            assert offer.cancel()
            held.append(len(pipeline._computing._offers))
            other.open()

        pipeline.begin(FakeTask(on_make=lambda *args: other.pass_through()))
        pipeline.begin(FakeTask(on_make=make))
        all_done(pipeline)
        assert held == [1, 0]

    def test_is_given_back_when_the_help_fails(self, pipeline_of: Any) -> None:
        pipeline = pipeline_of(workers=2)
        errors: list[Any] = []

        def fail() -> None:
            raise ValueError("no help")

        def make(side: Any, _hand_over: Any) -> None:
            for _ in range(3):
                until(lambda: pipeline._computing._running == 1)
                errors.append(side.try_submit(fail).exception(PATIENCE))

        pipeline.begin(FakeTask(on_make=make))
        all_done(pipeline)
        assert list(map(str, errors)) == ["no help"] * 3


class TestThreadsThatTheSystemRefuses:
    """A container that may have no more processes, or a user."""

    @pytest.fixture
    def refuse(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
        """Beside so many more, no thread can be started."""
        start = threading.Thread.start

        def after(number: int) -> None:
            most = threading.active_count() + number

            def limited(self: threading.Thread) -> None:
                if threading.active_count() >= most:
                    raise RuntimeError("can't start new thread")
                start(self)

            monkeypatch.setattr(threading.Thread, "start", limited)

        return after

    def test_fewer_compute(self, pipeline_of: Any, refuse: Any) -> None:
        refuse(3)
        pipeline = pipeline_of(workers=8, cores=8)
        for number in range(5):
            pipeline.begin(FakeTask(number))
        assert sorted(all_done(pipeline)) == list(range(5))
        assert pipeline._computing._slots == 3

    def test_none_at_all(self, pipeline_of: Any, refuse: Any) -> None:
        refuse(0)
        with pytest.raises(RuntimeError, match="new thread"):
            pipeline_of()

    def test_to_read_with(self, pipeline_of: Any, refuse: Any) -> None:
        # No other test has a pool of this size, with threads that live on.
        pipeline = pipeline_of(connections=77)
        refuse(0)
        pipeline.begin(FakeTask("far", True))
        with pytest.raises(RuntimeError, match="new thread"):
            pipeline.next_done(PATIENCE)

    def test_to_store_with(self, pipeline_of: Any, refuse: Any) -> None:
        pipeline = pipeline_of(connections=79)
        refuse(0)
        errors: list[str] = []

        def make(_side: Any, hand_over: Any) -> None:
            for _ in range(3):
                with pytest.raises(RuntimeError) as refused:
                    hand_over(nothing)
                errors.append(str(refused.value))

        pipeline.begin(FakeTask("made", on_make=make))
        assert all_done(pipeline) == ["made"]
        assert errors == ["can't start new thread"] * 3

    def test_one_that_is_there_does_the_work(self, refuse: Any) -> None:
        pool = Waiters(5)
        busy, done = Gate(), []
        pool.submit(busy.pass_through)
        wait_for(busy.reached)
        refuse(0)
        pool.submit(lambda: done.append("second"))
        busy.open()
        until(lambda: done)
        assert pool._threads == 1


class TestEndings:
    def test_drop_leaves_what_is_being_computed(self, pipeline_of: Any) -> None:
        pipeline, log = pipeline_of(), []
        busy, source = Gate(), Gate()
        pipeline.begin(FakeTask("computed", on_make=lambda *args: busy.pass_through(), log=log))
        wait_for(busy.reached)
        pipeline.begin(FakeTask("queued", log=log))
        pipeline.begin(FakeTask("being read", True, source.pass_through, log=log))
        wait_for(source.reached)
        pipeline.begin(FakeTask("read", True, log=log))
        until(lambda: len(pipeline._ready) == 2)

        assert [task.name for task in pipeline.drop_unbegun()] == ["queued", "being read", "read"]

        busy.open()
        assert all_done(pipeline) == ["computed"]
        source.open()
        until(lambda: ("drop", "being read") in log)
        assert [name for step, name in log if step == "make"] == ["computed"]
        assert ("drop", "read") in log

    def test_more_can_be_read_after_a_drop(self, pipeline_of: Any) -> None:
        pipeline = pipeline_of(connections=2)
        for _ in range(3):
            source = Gate()
            pipeline.begin(FakeTask("dropped", True, source.pass_through))
            wait_for(source.reached)
            pipeline.drop_unbegun()
            source.open()
        pipeline.begin(FakeTask("another", True))
        assert all_done(pipeline) == ["another"]

    def test_abandoned_stores_nothing_more(self, pipeline_of: Any) -> None:
        pipeline = pipeline_of(connections=1)
        storage = Gate()
        stored: list[str] = []
        taken: list[bool] = []

        def store(name: str) -> Callable[[], None]:
            def do() -> None:
                storage.pass_through()
                stored.append(name)

            return do

        def make(_side: Any, hand_over: Any) -> None:
            taken.extend(hand_over(store(name)) for name in "abc")

        pipeline.begin(FakeTask("one", on_make=make))
        pipeline.begin(FakeTask("two", on_make=make))
        # One output is being stored, one waits for the only connection, the third for room.
        wait_for(storage.reached)
        until(lambda: len(taken) == 2 and pipeline._room_for_outputs._value == 0)

        def open_later() -> None:
            until(lambda: pipeline._abandoned)
            storage.open()

        opener = threading.Thread(target=open_later)
        opener.start()
        assert [task.name for task in pipeline.abandon()] == ["one"]
        opener.join()
        assert stored == ["a"]
        assert taken == [True, True, False]

    def test_abandoned_waits_for_no_source(self, pipeline_of: Any) -> None:
        pipeline = pipeline_of()
        source = Gate()
        pipeline.begin(FakeTask("slow", True, source.pass_through))
        wait_for(source.reached)
        assert pipeline.abandon() == []
        pipeline.close()
        source.open()

    @pytest.mark.parametrize("step", ["fetch", "make", "store"])
    def test_what_a_thread_raises_is_raised_here(self, pipeline_of: Any, step: str) -> None:
        pipeline = pipeline_of()

        def end() -> None:
            raise SystemExit(step)

        task = FakeTask("one", True)
        if step == "fetch":
            task.on_fetch = end
        elif step == "make":
            task.on_make = lambda *args: end()
        else:
            task.on_make = lambda _, hand_over: hand_over(end)
        pipeline.begin(task)
        with pytest.raises(SystemExit, match=step):
            pipeline.next_done()
        # Some of its outputs may have been stored.
        assert pipeline.abandon() == [task]


class TestBudget:
    def test_a_large_one_is_not_overtaken(self) -> None:
        budget = PixelBudget(10)
        order: list[str] = []

        def hold(name: str, pixels: int) -> threading.Thread:
            def work() -> None:
                with budget.admit(pixels):
                    order.append(name)

            thread = threading.Thread(target=work)
            thread.start()
            return thread

        with budget.admit(4):
            large = hold("large", 12)
            until(lambda: len(budget._queue) == 1)
            small = hold("small", 1)
            until(lambda: len(budget._queue) == 2)
            assert order == []
        for thread in (large, small):
            thread.join(PATIENCE)
        assert order == ["large", "small"]

    def test_many_together_hold_no_more(self) -> None:
        # Beside each source stand frames of as many pixels as it has: three of them fit.
        budget, held = PixelBudget(20), Most()

        def work() -> None:
            for _ in range(20):
                with budget.admit(3):
                    held.add(3)
                    held.add(-3)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert 3 <= held.most <= 9


class TestWaiters:
    def test_are_no_more_than_the_limit_and_no_more_than_needed(self) -> None:
        pool = Waiters(3)
        gate, at_once, done = Gate(), Most(), threading.Semaphore(0)

        def job() -> None:
            with at_once:
                gate.pass_through()
            done.release()

        for _ in range(10):
            pool.submit(job)
        until(lambda: at_once.most == 3)
        gate.open()
        for _ in range(10):
            assert done.acquire(timeout=PATIENCE)
        assert at_once.most == 3

    def test_one_after_the_other_is_done_by_one(self) -> None:
        pool = Waiters(3)
        names: set[str | int | None] = set()
        for _ in range(5):
            done = threading.Event()
            pool.submit(lambda done=done: names.add(threading.get_ident()) or done.set())  # type: ignore[misc]
            wait_for(done)
            until(lambda: pool._idle == 1)
        assert len(names) == 1

    def test_end_when_idle_and_begin_again(self) -> None:
        pool = Waiters(2, idle_seconds=0.001)
        for _ in range(2):
            done = threading.Event()
            pool.submit(done.set)
            wait_for(done)
            until(lambda: pool._threads == 0)

    def test_a_forked_process_has_its_own(self) -> None:
        done = threading.Event()
        waiters(2).submit(done.set)
        wait_for(done)
        pid = os.fork()
        if not pid:
            again = threading.Event()
            waiters(2).submit(again.set)
            os._exit(0 if again.wait(PATIENCE) else 1)
        _, status = os.waitpid(pid, 0)
        assert status == 0


def test_a_gate_that_nobody_opens_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.generation.gates.PATIENCE", 0.01)
    with pytest.raises(NeverHappened):
        Gate().pass_through()
