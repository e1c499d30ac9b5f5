"""Runs worked through: handed out, driven, paused, taken over; exact at every step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import OperationalError, connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model
from wagtail.models import Collection

from tests.images import picture
from tests.runs.conftest import Queue, begin, numbers, state
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.exceptions import RunRefused
from wagtail_sourcegroups.generation import batches, store
from wagtail_sourcegroups.generation.pipeline import Pipeline
from wagtail_sourcegroups.models import GenerationFailure, GenerationRun, RunBatch
from wagtail_sourcegroups.models.leasing import LEASE, WAIT
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.runs import cutting, handing, leases, starting, tasks, working
from wagtail_sourcegroups.runs.holding import Holder
from wagtail_sourcegroups.runs.question import Question
from wagtail_sourcegroups.runs.working import drive
from wagtail_sourcegroups.selection import Selection
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, ImageModelSourceGroup

pytestmark = pytest.mark.django_db(transaction=True)

Images = Callable[[int], list[Any]]


class FilesIn:
    """Two of these may give the same file."""

    def __init__(self, directory: Path, pattern: str) -> None:
        self.directory, self.pattern = directory, pattern

    def files(self) -> Iterator[Any]:
        for path in sorted(self.directory.glob(self.pattern)):
            yield path.open("rb")


class Killed(BaseException):
    """As a signal that nothing catches."""


def lapse(run: GenerationRun) -> None:
    RunBatch.objects.filter(run=run, state="leased").update(
        leased_until=F("leased_until") - LEASE - timedelta(seconds=1)
    )


def renditions() -> int:
    return int(get_image_model().get_rendition_model().objects.count())


def after_three(error: BaseException) -> Callable[..., Any]:
    """Of the pipeline, what gives three images that are done, and then raises."""
    next_done, given = Pipeline.next_done, []

    def give_or_raise(self: Any, *args: Any) -> Any:
        if len(given) == 3:
            raise error
        done = next_done(self, *args)
        if done is not None:
            given.append(done)
        return done

    return give_or_raise


@pytest.fixture
def every_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holders write whenever they may, not once a second."""
    monkeypatch.setattr(leases, "BEAT", timedelta(0))


class TestWorkingThrough:
    def test_workers_make_all(self, spec: RenditionSpec, images: Images, queue: Queue) -> None:
        images(35)

        run = begin()

        assert (state(run), len(queue)) == ("queued", 4)
        queue.drain()
        assert state(run) == "finished"
        assert numbers(run) == {
            "sources": 35, "expected": 70, "existing": 0, "generated": 70, "skipped": 0, "failed": 0,
        }  # fmt: skip
        run.refresh_from_db()
        assert run.specs["test:spec"]["generated"] == 70
        assert (run.cut, run.part, run.sources_in_all) == (4, "", 35)
        assert renditions() == 70

    def test_driven_batch_by_batch(self, spec: RenditionSpec, images: Images) -> None:
        """With the immediate backend starting does nothing: whoever watches does the next batch."""
        images(25)
        run = begin()
        assert (state(run), RunBatch.objects.count(), renditions()) == ("queued", 0, 0)
        seen = []
        while drive(run.pk):
            seen.append((numbers(run)["generated"], RunBatch.objects.count()))
        assert seen == [(20, 1), (40, 2)]
        assert (state(run), numbers(run)["generated"]) == ("finished", 50)

    def test_driven_for_a_moment(self, spec: RenditionSpec, images: Images, settings: Any) -> None:
        """In a request: a few images at a time, and none is counted twice or as found."""
        settings.WAGTAIL_SOURCEGROUPS = {"WORKERS": 1}
        images(30)
        run = begin(batch_size=30)
        calls = 0
        while drive(run.pk, seconds=0):
            calls += 1
            assert numbers(run)["generated"] == renditions()
            assert calls < 30
        assert calls >= 1
        assert (numbers(run)["generated"], numbers(run)["existing"]) == (60, 0)

    @pytest.mark.parametrize("force", [True, False])
    def test_driven_for_a_moment_it_comes_to_an_end(
        self, spec: RenditionSpec, images: Images, settings: Any, force: bool
    ) -> None:
        """Whatever of it fails or is made again each time."""
        settings.WAGTAIL_SOURCEGROUPS = {"WORKERS": 1}
        some = images(50)
        some[0].file.storage.delete(some[0].file.name)
        get_image_model().objects.filter(pk__in=[each.pk for each in some[5:]]).update(
            file=some[0].file.storage.save("original_images/other.jpg", ContentFile(picture().getvalue()))
        )
        run = begin(batch_size=50, force=force)
        calls = 1
        while drive(run.pk, seconds=0):
            calls += 1
            assert calls < 60
        assert calls > 1
        shown = numbers(run)
        assert (shown["sources"], shown["expected"], shown["failed"], shown["existing"]) == (50, 100, 10, 0)

    def test_plain_files_are_one_batch(
        self, registry: Registry, spec: RenditionSpec, images: Images, queue: Queue, tmp_path: Path
    ) -> None:
        images(5)
        for name in "abc":
            (tmp_path / f"{name}.jpg").write_bytes(
                picture(colour={"a": "red", "b": "blue"}.get(name, "teal")).getvalue()
            )
        registry.add_group("test:spec", FilesIn(tmp_path, "*.jpg"))
        registry.add_group("test:spec", FilesIn(tmp_path, "a.*"))
        run = begin()
        queue.drain()
        assert list(run.batches.values_list("part", flat=True)) == ["images:gallery.customimage", "files"]
        assert (numbers(run)["generated"], state(run)) == (16, "finished")
        assert numbers(run)["sources"] == 8

    def test_nothing_to_look_at(self, spec: RenditionSpec, db: None, queue: Queue) -> None:
        run = begin()
        queue.drain()
        assert (state(run), numbers(run)["sources"]) == ("finished", 0)

    def test_what_exists_is_counted(self, spec: RenditionSpec, images: Images, queue: Queue) -> None:
        images(15)
        begin()
        queue.drain()
        again = begin()
        queue.drain()
        assert numbers(again) == {
            "sources": 15, "expected": 30, "existing": 30, "generated": 0, "skipped": 0, "failed": 0,
        }  # fmt: skip

    def test_a_selection(self, spec: RenditionSpec, images: Images, queue: Queue) -> None:
        some = images(15)
        run = starting.start(
            Question(("test:spec",), selection=Selection(images=(some[3].pk, some[12].pk))), batch_size=10
        )
        queue.drain()
        assert numbers(run)["sources"] == 2
        assert Question.from_json(run.question).selection.images == (str(some[3].pk), str(some[12].pk))

    def test_queries_of_a_batch_are_as_many_whatever_its_size(
        self, spec: RenditionSpec, images: Images, queue: Queue
    ) -> None:
        images(60)
        begin(batch_size=20)
        queue.drain()
        asked = {}
        for size in (2, 5):
            begin(batch_size=size)
            with CaptureQueriesContext(connection) as captured:
                queue.deliver()
            asked[size] = len([each for each in captured if "SAVEPOINT" not in each["sql"]])
            queue.clear()
            GenerationRun.objects.all().delete()
        assert asked[2] == asked[5]
        assert asked[5] <= 45


class TestBackPressure:
    def test_a_hundred_thousand_images_are_a_few_rows(
        self, spec: RenditionSpec, images: Images, queue: Queue, settings: Any
    ) -> None:
        settings.WAGTAIL_SOURCEGROUPS = {"RUN_BATCHES": 3}
        model = get_image_model()
        images(1000)
        columns = ", ".join(
            field.column for field in model._meta.local_concrete_fields if not field.primary_key
        )
        table = model._meta.db_table
        with connection.cursor() as cursor:
            for _ in range(7):
                cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}")
        assert model.objects.count() == 128_000

        run = begin(batch_size=500)

        assert (RunBatch.objects.count(), len(queue), run.batches.open().count()) == (3, 3, 3)
        run.refresh_from_db()
        assert (run.cut, run.sources_in_all) == (3, 128_000)
        ranges = list(run.batches.values_list("after", "upto"))
        assert [before[1] for before in ranges[:-1]] == [after[0] for after in ranges[1:]], "without a gap"
        handing.refill(run, working.walk_for(run))
        assert (RunBatch.objects.count(), len(queue)) == (3, 3)

    def test_a_batch_that_is_done_makes_room_for_another(
        self, spec: RenditionSpec, images: Images, queue: Queue, settings: Any
    ) -> None:
        settings.WAGTAIL_SOURCEGROUPS = {"RUN_BATCHES": 2}
        images(55)
        run = begin()
        most = 0
        while queue:
            most = max(most, run.batches.open().count(), len(queue))
            queue.deliver()
        assert most == 2
        assert (state(run), numbers(run)["generated"]) == ("finished", 110)

    def test_two_who_cut_at_once_cut_two_batches(
        self, spec: RenditionSpec, images: Images, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        images(30)
        run = begin()
        walk = working.walk_for(run)
        assert walk is not None
        found = walk.range_end
        others: list[Any] = []

        def while_the_other_cuts(*args: Any) -> Any:
            end = found(*args)
            if not others:
                others.append(None)
                others[0] = cutting.cut(run, walk)
            return end

        monkeypatch.setattr(walk, "range_end", while_the_other_cuts)
        mine = cutting.cut(run, walk)
        assert mine is not None
        assert [(batch.number, batch.after) for batch in (others[0], mine)] == [(1, ""), (2, others[0].upto)]


class TestDelivery:
    def test_twice(self, spec: RenditionSpec, images: Images, queue: Queue) -> None:
        images(25)
        run = begin()
        queue.extend(list(queue))
        queue.drain()
        assert (state(run), numbers(run)["generated"], numbers(run)["existing"]) == ("finished", 50, 0)

    def test_backwards(self, spec: RenditionSpec, images: Images, queue: Queue) -> None:
        images(35)
        run = begin()
        while queue:
            queue.deliver(-1)
        assert (state(run), numbers(run)["generated"]) == ("finished", 70)

    def test_late(self, spec: RenditionSpec, images: Images, queue: Queue) -> None:
        """The run is over, or gone, when the task comes."""
        images(5)
        run = begin()
        late = list(queue)
        queue.drain()
        before = numbers(run)
        tasks.run_batch_task.func(*late[0])
        assert numbers(run) == before
        run.delete()
        tasks.run_batch_task.func(*late[0])
        tasks.run_batch_task.func(0, 7)
        assert renditions() == 10

    def test_while_somebody_else_holds_it(self, spec: RenditionSpec, images: Images, queue: Queue) -> None:
        images(5)
        run = begin()
        held = leases.take(RunBatch.objects.get().pk)
        assert held is not None
        queue.drain()
        assert (renditions(), state(run)) == (0, "queued")

    def test_lost(self, spec: RenditionSpec, images: Images, queue: Queue) -> None:
        """What a queue has forgotten is handed out again, in time, by whoever looks."""
        images(15)
        run = begin()
        queue.clear()
        starting.tend()
        assert not queue, "they may well be waiting for a worker"
        RunBatch.objects.update(handed_out_at=F("handed_out_at") - WAIT - timedelta(seconds=1))
        starting.tend()
        assert len(queue) == 2
        queue.drain()
        assert state(run) == "finished"

    def test_refused(
        self, spec: RenditionSpec, images: Images, queue: Queue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        images(15)
        with monkeypatch.context() as patch:
            patch.setattr(Queue, "enqueue", lambda *args: (_ for _ in ()).throw(ConnectionError("no broker")))
            run = begin()
        run.refresh_from_db()
        assert (state(run), run.message) == (
            "queued",
            "The task backend refused a batch: ConnectionError: no broker",
        )
        starting.tend()
        queue.drain()
        assert state(run) == "finished"


class TestTakingOver:
    @pytest.mark.parametrize("step", range(1, 9))
    def test_killed_at_every_step(
        self,
        spec: RenditionSpec,
        images: Images,
        queue: Queue,
        monkeypatch: pytest.MonkeyPatch,
        every_beat: None,
        settings: Any,
        step: int,
    ) -> None:
        """
        Dead between any two images: nothing is counted twice or left out, and what the dead one made counts as
        generated.
        """
        settings.WAGTAIL_SOURCEGROUPS = {"WORKERS": 1}
        images(8)
        run = begin(batch_size=8)
        keep, kept = store.keep, []

        def keep_some(*args: Any) -> Any:
            if len(kept) + 1 == step:
                raise Killed
            kept.append(None)
            return keep(*args)

        with monkeypatch.context() as patch:
            patch.setattr(batches.store, "keep", keep_some)
            # A process that is killed puts nothing down.
            patch.setattr(Holder, "put_down", lambda self: None)
            with pytest.raises(Killed):
                queue.deliver()
        shown = numbers(run)
        assert shown["generated"] == renditions() == 2 * (step - 1)
        assert working.drive(run.pk), "somebody holds it"
        assert numbers(run) == shown

        lapse(run)
        starting.tend()
        assert len(queue) == 1
        queue.drain()

        assert state(run) == "finished"
        assert numbers(run) == {
            "sources": 8, "expected": 16, "existing": 0, "generated": 16, "skipped": 0, "failed": 0,
        }  # fmt: skip
        assert renditions() == 16

    def test_a_batch_that_breaks_off_loses_no_count(
        self,
        spec: RenditionSpec,
        images: Images,
        queue: Queue,
        monkeypatch: pytest.MonkeyPatch,
        settings: Any,
    ) -> None:
        """Also of what has happened since the last beat, for nobody was killed."""
        settings.WAGTAIL_SOURCEGROUPS = {"WORKERS": 1}
        monkeypatch.setattr(leases, "BEAT", timedelta(hours=1))
        images(8)
        run = begin(batch_size=8)
        with monkeypatch.context() as patch:
            patch.setattr(batches.Pipeline, "next_done", after_three(MemoryError("none is left")))
            queue.deliver()
        batch = RunBatch.objects.get()
        assert (batch.state, batch.token, batch.attempts) == ("waiting", "", 1)
        assert GenerationRun.objects.get().message == "MemoryError: none is left"
        assert numbers(run)["generated"] == renditions() == 6

        queue.drain()

        assert state(run) == "finished"
        assert numbers(run) == {
            "sources": 8, "expected": 16, "existing": 0, "generated": 16, "skipped": 0, "failed": 0,
        }  # fmt: skip

    def test_told_to_end_at_once_while_the_database_is_away(
        self, spec: RenditionSpec, images: Images, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        """What ends it is what whoever called it hears."""
        settings.WAGTAIL_SOURCEGROUPS = {"WORKERS": 1}
        images(8)
        run = begin(batch_size=8)

        def away(*args: Any, **kwargs: Any) -> bool:
            raise OperationalError("the server closed the connection")

        monkeypatch.setattr(leases, "give_back", away)
        monkeypatch.setattr(batches.Pipeline, "next_done", after_three(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            drive(run.pk)

    def test_a_holder_that_sleeps_through_its_lease_stops(
        self,
        spec: RenditionSpec,
        images: Images,
        queue: Queue,
        monkeypatch: pytest.MonkeyPatch,
        every_beat: None,
        settings: Any,
    ) -> None:
        """It wakes while somebody else works on its batch: it writes nothing, and the counts are the other's."""
        settings.WAGTAIL_SOURCEGROUPS = {"WORKERS": 1}
        images(12)
        run = begin(batch_size=12)
        keep, kept = store.keep, []

        def sleepy(*args: Any) -> Any:
            kept.append(None)
            if len(kept) == 3:
                lapse(run)
                assert not drive(run.pk), "the other has finished it"
            return keep(*args)

        monkeypatch.setattr(batches.store, "keep", sleepy)
        queue.deliver()
        assert state(run) == "finished"
        shown = numbers(run)
        assert (shown["sources"], shown["expected"], shown["failed"]) == (12, 24, 0)
        assert shown["existing"] + shown["generated"] == 24
        assert renditions() == 24

    def test_the_last_worker_sees_the_others_out(
        self, spec: RenditionSpec, images: Images, queue: Queue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One is killed at the very end of a run, and nobody else would look at it again."""
        images(20)
        run = begin()
        dead = leases.take(run.batches.get(number=1).pk)
        assert dead is not None
        looks: list[float] = []

        def wait(seconds: float) -> None:
            looks.append(seconds)
            lapse(run)

        monkeypatch.setattr(tasks.time, "sleep", wait)
        queue.deliver(1)
        assert looks == [working.LOOK]
        assert (state(run), numbers(run)["generated"]) == ("finished", 40)

    def test_a_worker_that_lives_is_left_alone(
        self, spec: RenditionSpec, images: Images, queue: Queue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        images(20)
        run = begin()
        busy = leases.take(run.batches.get(number=1).pk)
        assert busy is not None
        monkeypatch.setattr(
            tasks.time,
            "sleep",
            lambda seconds: leases.write(busy, cursor="", totals={}, in_hand={}, got_on=True),
        )
        queue.deliver(1)
        assert state(run) == "running"
        assert run.batches.get(number=1).token == busy.token

    def test_a_batch_that_kills_whoever_takes_it_ends_the_run(
        self, spec: RenditionSpec, images: Images, queue: Queue
    ) -> None:
        images(5)
        run = begin()
        for _ in range(working.ATTEMPTS):
            assert leases.take(RunBatch.objects.get().pk) is not None
            lapse(run)
        drive(run.pk)
        run.refresh_from_db()
        assert run.state == "failed"
        assert "Batch 1 was begun 5 times" in run.message
        queue.clear()
        # What they died of is gone.
        run.resume()
        queue.drain()
        assert (state(run), numbers(run)["generated"]) == ("finished", 10)

    def test_a_database_that_is_away_for_a_moment(
        self,
        spec: RenditionSpec,
        images: Images,
        queue: Queue,
        monkeypatch: pytest.MonkeyPatch,
        every_beat: None,
    ) -> None:
        images(6)
        run = begin()
        write, calls = leases.write, []

        def away(*args: Any, **kwargs: Any) -> bool:
            calls.append(None)
            if len(calls) in (2, 3):
                raise OperationalError("the server closed the connection")
            return write(*args, **kwargs)

        monkeypatch.setattr(leases, "write", away)
        queue.drain()
        assert (state(run), numbers(run)["generated"]) == ("finished", 12)


class TestTellingIt:
    """What may be done to a run, while somebody works on it."""

    @pytest.fixture
    def after_three(
        self, monkeypatch: pytest.MonkeyPatch, every_beat: None, settings: Any
    ) -> Callable[[Callable[[], Any]], None]:
        """Does something when three images are kept."""
        settings.WAGTAIL_SOURCEGROUPS = {"WORKERS": 1}

        def arrange(action: Callable[[], Any]) -> None:
            keep, kept = store.keep, []

            def keep_and_tell(*args: Any) -> Any:
                kept.append(None)
                if len(kept) == 3:
                    action()
                return keep(*args)

            monkeypatch.setattr(batches.store, "keep", keep_and_tell)

        return arrange

    def test_pause_and_resume(
        self, spec: RenditionSpec, images: Images, queue: Queue, after_three: Any
    ) -> None:
        images(80)
        run = begin(batch_size=60)
        after_three(lambda: GenerationRun.objects.get(pk=run.pk).pause())

        queue.drain()

        made = renditions()
        assert (state(run), numbers(run)["generated"]) == ("paused", made)
        assert 6 <= made < 120
        assert {batch.state for batch in run.batches.open()} == {"waiting"}
        assert not drive(run.pk)

        GenerationRun.objects.get(pk=run.pk).resume()
        assert (state(run), len(queue)) == ("queued", 2)
        assert numbers(run)["generated"] == made
        queue.drain()
        assert state(run) == "finished"
        assert (numbers(run)["generated"], numbers(run)["existing"]) == (160, 0)

    def test_cancel(self, spec: RenditionSpec, images: Images, queue: Queue, after_three: Any) -> None:
        images(30)
        run = begin(batch_size=20)
        after_three(lambda: GenerationRun.objects.get(pk=run.pk).cancel())
        queue.drain()
        assert (state(run), numbers(run)["generated"]) == ("cancelled", renditions())
        run.refresh_from_db()
        assert run.finished_at is not None
        for action in (run.resume, run.pause, run.cancel):
            with pytest.raises(RunRefused):
                action()

    def test_a_spec_unregistered_meanwhile(
        self, registry: Registry, spec: RenditionSpec, images: Images, queue: Queue
    ) -> None:
        images(25)
        registry.add_spec(RenditionSpec("test:other", "width-30"))
        registry.add_group("test:other", ImageModelSourceGroup())
        run = begin("test:spec", "test:other")
        queue.deliver()
        registry.remove_spec("test:other")
        queue.drain()
        assert (state(run), numbers(run)["generated"]) == ("finished", 10 * 3 + 15 * 2)

    def test_no_spec_is_left(
        self, registry: Registry, spec: RenditionSpec, images: Images, queue: Queue
    ) -> None:
        images(25)
        run = begin()
        queue.deliver()
        registry.remove_spec("test:spec")
        queue.drain()
        run.refresh_from_db()
        assert (run.state, run.message) == (
            "failed",
            "None of the specs of the run is registered any more: test:spec.",
        )
        registry.add_spec(spec)
        registry.add_group(spec.id, ImageModelSourceGroup())
        run.resume()
        queue.drain()
        assert (state(run), numbers(run)["generated"]) == ("finished", 50)

    def test_a_collection_moved_meanwhile(self, registry: Registry, images: Images, queue: Queue) -> None:
        root = Collection.get_first_root_node()
        press = root.add_child(instance=Collection(name="Press"))
        attic = root.add_child(instance=Collection(name="Attic"))
        year = press.add_child(instance=Collection(name="2026"))
        for each in images(25):
            each.collection = year
            each.save()
        registry.add_spec(RenditionSpec("test:spec", "width-20"))
        registry.add_group("test:spec", CollectionSourceGroup("Press"))
        queue.clear()
        run = begin()
        queue.deliver()
        Collection.objects.get(pk=year.pk).move(Collection.objects.get(pk=attic.pk), "sorted-child")
        queue.drain()
        assert (state(run), numbers(run)["generated"], renditions()) == ("finished", 10, 10)

    def test_images_deleted_meanwhile(self, spec: RenditionSpec, images: Images, queue: Queue) -> None:
        some = images(25)
        run = begin()
        get_image_model().objects.filter(pk__in=[each.pk for each in some[8:22]])._raw_delete("default")
        queue.drain()
        assert (state(run), numbers(run)["generated"]) == ("finished", 22)


class TestRetrying:
    def test_only_what_failed_in_it(
        self, spec: RenditionSpec, images: Images, queue: Queue, superuser: Any
    ) -> None:
        broken = images(13)[7]
        storage, content = broken.file.storage, ContentFile(picture().getvalue())
        name = "original_images/lost.jpg"
        get_image_model().objects.filter(pk=broken.pk).update(file=name)
        run = begin()
        queue.drain()
        assert (state(run), numbers(run)["failed"]) == ("finished", 2)
        assert set(GenerationFailure.objects.values_list("run", flat=True)) == {run.pk}
        assert storage.save(name, content) == name

        again = run.retry_failed(superuser)

        queue.drain()
        assert numbers(again) == {
            "sources": 1, "expected": 2, "existing": 0, "generated": 2, "skipped": 0, "failed": 0,
        }  # fmt: skip
        assert (state(again), again.started_by) == ("finished", superuser)
        with pytest.raises(RunRefused, match="Nothing that failed"):
            run.retry_failed()


def test_what_is_over_for_long_is_forgotten(
    spec: RenditionSpec, images: Images, queue: Queue, settings: Any
) -> None:
    images(3)
    for _ in range(2):
        begin()
        queue.drain()
    old, young = GenerationRun.objects.order_by("pk")
    GenerationRun.objects.filter(pk=old.pk).update(finished_at=F("finished_at") - timedelta(days=91))
    with CaptureQueriesContext(connection) as captured:
        starting.tend()
    assert list(GenerationRun.objects.all()) == [young]
    with CaptureQueriesContext(connection) as captured:
        starting.tend()
    assert len(captured) == 1


def test_stop_of_the_caller(spec: RenditionSpec, images: Images) -> None:
    images(25)
    run = begin()
    stop = threading.Event()
    stop.set()
    working.drive_on(run.pk, stop=stop)
    assert (state(run), renditions()) == ("queued", 0)
    working.drive_on(run.pk, stop=threading.Event())
    assert (state(run), renditions()) == ("finished", 50)


def test_the_standing_of_many_takes_two_queries(spec: RenditionSpec, images: Images, queue: Queue) -> None:
    images(25)
    for _ in range(5):
        begin()
    with CaptureQueriesContext(connection) as captured:
        for run in GenerationRun.objects.with_standing():
            assert (run.shown_state, run.counts["all"]["sources"], run.rate) == ("queued", 0, None)
    assert len(captured) == 2
