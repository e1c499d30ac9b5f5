"""The loop over a storage that is far away: who waits for whom, and what is left when it goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model

from tests.generation.gates import FarStorage, Gate, wait_for
from tests.images import asks, picture, rows, stored
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation import batches, making
from wagtail_sourcegroups.generation import rows as table
from wagtail_sourcegroups.generation.membership import Batch, batches_of
from wagtail_sourcegroups.generation.options import Options
from wagtail_sourcegroups.generation.progress import Progress, Totals
from wagtail_sourcegroups.generation.requests import Request
from wagtail_sourcegroups.generation.sources import source_of
from wagtail_sourcegroups.models import FileRendition, GenerationFailure
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.signals import generation_failed, renditions_generated

pytestmark = pytest.mark.django_db

FIVE = RenditionSpec("test:five", "width-{20,22,24,26,28}")


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    with get_registry().override(empty=True):
        yield


@pytest.fixture
def storage(media_root: Path, monkeypatch: pytest.MonkeyPatch) -> FarStorage:
    """Originals and renditions are far away."""
    storage = FarStorage(media_root)
    model = get_image_model()
    for each in (model, model.get_rendition_model(), FileRendition):
        monkeypatch.setattr(each._meta.get_field("file"), "storage", storage)
    return storage


@pytest.fixture
def kept() -> Iterator[list[str]]:
    """The titles of images whose renditions have rows, in that order."""
    titles: list[str] = []

    def hear(source: Any, **kwargs: Any) -> None:
        titles.append(source.instance.title)

    renditions_generated.connect(hear)
    yield titles
    renditions_generated.disconnect(hear)


@pytest.fixture
def when() -> Iterator[Callable[..., None]]:
    """Does something, in the calling thread, when so many images have been kept."""
    connected = []

    def connect(number: int, do: Callable[[], Any]) -> None:
        heard = []

        def hear(**kwargs: Any) -> None:
            heard.append(kwargs)
            if len(heard) == number:
                do()

        connected.append(hear)
        renditions_generated.connect(hear)

    yield connect
    for hear in connected:
        renditions_generated.disconnect(hear)


def ask_for(images: list[Any], *specs: RenditionSpec) -> list[Request]:
    # As read from the database: an image that was just saved has its file open.
    fresh = get_image_model().objects.in_bulk([image.pk for image in images])
    return [request for image in images for request in asks(fresh[image.pk], *specs)]


def make(images: list[Any], *specs: RenditionSpec, **options: Any) -> Any:
    return work_through(batches_of(ask_for(images, *specs)), **options)


def make_batches(*requests: list[Request], **options: Any) -> Any:
    return work_through([batch for each in requests for batch in batches_of(each)], **options)


def work_through(given: Iterable[Batch], **options: Any) -> Any:
    """As outside of a transaction: what waits for the commit is done before the next line."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        return batches.make_batches(given, options=Options(**options))


def named() -> set[str]:
    return {row.file.name for row in get_image_model().get_rendition_model().objects.all()}


class TestWaiting:
    def test_threads_that_wait_read_and_store(
        self, make_image: Any, spec: RenditionSpec, storage: FarStorage, media_root: Path
    ) -> None:
        images = [make_image(f"{number}.jpg") for number in range(4)]
        storage.calls.clear()
        assert make(images, spec).all.generated == 8
        assert (storage.calls["open"], storage.calls["save"]) == (4, 8)
        assert storage.calls["rendition-storage"] == 12
        assert named() == stored(media_root)

    def test_what_is_near_waits_for_nobody(
        self, make_image: Any, spec: RenditionSpec, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refused(*args: Any) -> None:
            raise AssertionError("a file of this machine needs no thread that waits")

        monkeypatch.setattr("wagtail_sourcegroups.generation.waiters.Waiters.submit", refused)
        assert make([make_image()], spec).all.generated == 2

    def test_a_source_that_does_not_come_delays_no_other(
        self, make_image: Any, spec: RenditionSpec, storage: FarStorage, kept: list[str], when: Any
    ) -> None:
        images = [make_image(f"{number}.jpg") for number in range(30)]
        source = Gate()
        storage.reading["0.jpg"] = source.pass_through
        others = len([image for image in images if not image.file.name.endswith("0.jpg")])
        when(others, source.open)
        totals = make(images, spec, workers=2)
        assert (totals.all.generated, totals.all.failed) == (60, 0)
        assert all(title.endswith("0") for title in kept[others:])

    def test_nor_the_next_batch(
        self, make_image: Any, spec: RenditionSpec, storage: FarStorage, kept: list[str], when: Any
    ) -> None:
        images = [make_image(f"{number}.jpg") for number in range(6)]
        source = Gate()
        storage.reading["/0.jpg"] = source.pass_through
        when(5, source.open)
        totals = make_batches(*(ask_for(images[first : first + 2], spec) for first in (0, 2, 4)))
        assert totals.all.generated == 12
        assert kept[-1] == "0"

    def test_pixels_are_given_back_before_outputs_are_stored(
        self, make_image: Any, storage: FarStorage, settings: Any
    ) -> None:
        settings.WAGTAIL_SOURCEGROUPS = {"MAX_PIXELS_IN_FLIGHT": 1}
        images = [make_image(f"{number}.jpg") for number in range(2)]
        second = Gate()
        # The first is stored when the second has been computed, which needs the pixels.
        storage.saving["0.width"] = second.pass_through
        storage.saving["1.width"] = second.open
        assert make(images, RenditionSpec("a", "width-20"), workers=2).all.generated == 2

    def test_outputs_of_one_image_are_stored_together(
        self, make_image: Any, storage: FarStorage, settings: Any
    ) -> None:
        settings.WAGTAIL_SOURCEGROUPS = {"STORAGE_CONNECTIONS": 5}
        together = threading.Barrier(5)
        storage.saving["width"] = lambda: together.wait(30)
        assert make([make_image()], FIVE).all.generated == 5

    @pytest.mark.parametrize("limit", [1, 3])
    def test_no_more_at_once_than_the_setting_says(
        self, make_image: Any, storage: FarStorage, settings: Any, limit: int
    ) -> None:
        settings.WAGTAIL_SOURCEGROUPS = {"STORAGE_CONNECTIONS": limit}
        images = [make_image(f"{number}.jpg") for number in range(8)]
        storage.at_once.most = 0
        assert make(images, FIVE, workers=4).all.generated == 40
        assert 1 <= storage.at_once.most <= limit

    def test_the_order_is_that_of_keys(
        self, make_image: Any, spec: RenditionSpec, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun: list[int] = []
        render = making.render

        def spy(image: Any, *args: Any, **kwargs: Any) -> Any:
            begun.append(image.pk)
            return render(image, *args, **kwargs)

        monkeypatch.setattr(making, "render", spy)
        images = [make_image(f"{number}.jpg") for number in range(12)]
        make(images, spec, workers=1)
        assert begun == sorted(begun) and len(begun) == 12

    def test_rows_are_in_the_order_of_filters_whatever_was_stored_first(
        self, make_image: Any, storage: FarStorage
    ) -> None:
        last = Gate()
        storage.saving["width-20"] = last.pass_through
        storage.saving["width-28"] = last.open
        image = make_image()
        heard: list[list[str]] = []

        def hear(filter_specs: list[str], **kwargs: Any) -> None:
            heard.append(filter_specs)

        renditions_generated.connect(hear)
        try:
            make([image], FIVE)
        finally:
            renditions_generated.disconnect(hear)
        assert heard == [list(FIVE.filters)]


class TestCounting:
    def test_a_source_counts_when_it_is_done(self, make_image: Any, spec: RenditionSpec) -> None:
        class Face(Progress):
            def advance(self, sources: int, totals: Totals) -> None:
                told.append((sources, totals.all.sources, totals.spec(spec.id).sources))

        told: list[tuple[int, int, int]] = []
        images = [make_image(f"{number}.jpg") for number in range(4)]
        make(images[:1], spec)
        batches.make(ask_for(images, spec), progress=Face(), options=Options(workers=1))
        # The first is made already, and all are planned together.
        assert told == [(1, 1, 1), (1, 2, 2), (1, 3, 3), (1, 4, 4)]

    @pytest.mark.parametrize("option", ["dry_run", "force"])
    def test_each_counts_once(self, make_image: Any, spec: RenditionSpec, option: str) -> None:
        images = [make_image(f"{number}.jpg") for number in range(3)]
        make(images[:1], spec)
        assert make(images, spec, **{option: True}).all.sources == 3


class TestBatches:
    def test_an_image_that_comes_again_is_finished_first(
        self, make_image: Any, storage: FarStorage, kept: list[str]
    ) -> None:
        image, other = make_image("a.jpg"), make_image("b.jpg")
        one, two = RenditionSpec("one", "width-20"), RenditionSpec("two", "width-20")
        totals = make_batches(ask_for([image, other], one), ask_for([image], two))
        # Planned while the first was in hand, it would be made twice.
        assert (totals.all.generated, totals.all.existing) == (2, 1)
        assert storage.calls["save"] == 2 + 2

    def test_no_more_than_two_at_a_time(
        self, make_image: Any, spec: RenditionSpec, storage: FarStorage, kept: list[str]
    ) -> None:
        images = [make_image(f"{number}.jpg") for number in range(8)]
        held: list[int] = []

        def given() -> Iterator[Batch]:
            for number, image in enumerate(images):
                held.append(number - len(kept))
                yield from batches_of(ask_for([image], spec))

        assert work_through(given()).all.generated == 16
        assert max(held) <= 1

    def test_queries_do_not_grow_with_what_is_in_hand(
        self, make_image: Any, spec: RenditionSpec, storage: FarStorage
    ) -> None:
        def queries(count: int) -> int:
            images = [make_image(f"{count}-{number}.jpg") for number in range(count)]
            make(images, spec)
            with CaptureQueriesContext(connection) as captured:
                assert make(images, spec).all.existing == 2 * count
            # One of them reads the images for this test.
            return len(captured) - 1

        assert queries(3) == queries(9) <= 4


class TestFailures:
    def test_of_one_call_costs_only_that_output(self, make_image: Any, storage: FarStorage) -> None:
        def refuse() -> None:
            raise OSError("507 Insufficient Storage")

        images = [make_image(f"{number}.jpg") for number in range(3)]
        storage.saving["1.width-24"] = refuse
        totals = make(images, FIVE)
        assert (totals.all.generated, totals.all.failed) == (14, 1)
        assert GenerationFailure.objects.get().error == "OSError: 507 Insufficient Storage"
        assert set(rows(images[1])) == set(FIVE.filters) - {"width-24"}

    def test_of_a_source_costs_only_that_image(self, make_image: Any, storage: FarStorage) -> None:
        def refuse() -> None:
            raise ConnectionResetError("reset by peer")

        images = [make_image(f"{number}.jpg") for number in range(3)]
        storage.reading["/1.jpg"] = refuse
        totals = make(images, FIVE)
        assert (totals.all.generated, totals.all.failed) == (10, 5)
        assert {failed.error for failed in totals.failures} == {
            "The original '1.jpg' cannot be read: SourceImageIOError."
        }

    def test_of_an_upload_to_costs_only_that_output(
        self, make_image: Any, storage: FarStorage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        field = get_image_model().get_rendition_model()._meta.get_field("file")
        generate = field.generate_filename

        def choosy(instance: Any, name: str) -> str:
            if instance.filter_spec == "width-24":
                raise ValueError("not this one")
            return generate(instance, name)

        monkeypatch.setattr(field, "generate_filename", choosy)
        totals = make([make_image()], FIVE)
        assert (totals.all.generated, totals.all.failed) == (4, 1)


class TestEndings:
    @pytest.mark.parametrize("connections", [1, 16])
    def test_interrupted_at_once_leaves_no_file_without_a_row(
        self,
        make_image: Any,
        storage: FarStorage,
        settings: Any,
        when: Any,
        media_root: Path,
        connections: int,
    ) -> None:
        settings.WAGTAIL_SOURCEGROUPS = {"STORAGE_CONNECTIONS": connections}
        images = [make_image(f"{number}.jpg") for number in range(12)]

        def interrupt() -> None:
            raise KeyboardInterrupt

        when(2, interrupt)
        renditions_generated.send_robust, robust = renditions_generated.send, renditions_generated.send_robust
        try:
            with pytest.raises(KeyboardInterrupt):
                make(images, FIVE)
        finally:
            renditions_generated.send_robust = robust  # type: ignore[method-assign]
        assert stored(media_root) == named()
        assert 0 < len(named()) < 60
        assert make(images, FIVE).all.failed == 0
        assert len(named()) == 60 == len(stored(media_root))

    def test_interrupted_while_an_image_is_being_kept(
        self, make_image: Any, storage: FarStorage, media_root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keep_row = table._keep_row
        calls = []

        def interrupted(*args: Any) -> Any:
            calls.append(args)
            if len(calls) == 3:
                raise KeyboardInterrupt
            return keep_row(*args)

        monkeypatch.setattr(table, "_keep_row", interrupted)
        with pytest.raises(KeyboardInterrupt):
            make([make_image()], FIVE)
        assert stored(media_root) == named()
        assert len(named()) == 2

    def test_stopped_finishes_what_is_being_made(
        self, make_image: Any, storage: FarStorage, when: Any, media_root: Path
    ) -> None:
        images = [make_image(f"{number}.jpg") for number in range(40)]
        stop = threading.Event()
        when(1, stop.set)
        totals = make(images, FIVE, stop=stop, workers=1)
        assert totals.interrupted and totals.ok is False
        assert 5 <= totals.all.generated < 200
        assert all(len(rows(image)) in (0, 5) for image in images)
        assert stored(media_root) == named()

    def test_stopped_begins_nothing_that_was_only_read(
        self, make_image: Any, spec: RenditionSpec, storage: FarStorage, when: Any
    ) -> None:
        images = [make_image(f"{number}.jpg") for number in range(3)]
        source = Gate()
        stop = threading.Event()
        storage.reading["/2.jpg"] = source.pass_through
        # It is being read when the last of the others is kept, and never comes.
        when(2, lambda: (wait_for(source.reached), stop.set()))
        totals = make(images, spec, stop=stop)
        assert (totals.all.generated, totals.interrupted) == (4, True)
        source.open()

    def test_the_first_failure_stops_if_it_is_to(
        self, make_image: Any, spec: RenditionSpec, storage: FarStorage
    ) -> None:
        def refuse() -> None:
            raise OSError("no")

        images = [make_image(f"{number}.jpg") for number in range(40)]
        storage.reading["/0.jpg"] = refuse
        totals = make(images, spec, workers=1, fail_fast=True)
        assert totals.all.failed == 2
        assert totals.all.generated < 78

    def test_a_failing_batch_lets_go_of_what_was_stored(
        self, make_image: Any, spec: RenditionSpec, storage: FarStorage, media_root: Path
    ) -> None:
        images = [make_image(f"{number}.jpg") for number in range(4)]

        def given() -> Iterator[Batch]:
            yield from batches_of(ask_for(images, spec))
            raise LookupError("code of the site")

        with pytest.raises(LookupError):
            work_through(given())
        assert stored(media_root) == named()


def test_plain_files_far_away(
    make_image: Any, spec: RenditionSpec, storage: FarStorage, media_root: Path
) -> None:
    from tests.testapp.models import Person

    field = Person._meta.get_field("avatar")
    original, field.storage = field.storage, storage
    try:
        person = Person.objects.create(name="Ann", avatar=ContentFile(picture().read(), name="ann.jpg"))
        person = Person.objects.get(pk=person.pk)
        storage.calls.clear()
        totals = batches.make([Request(source_of(person.avatar), (spec,))])
    finally:
        field.storage = original
    assert totals.all.generated == 2
    assert storage.calls["rendition-storage"] == 3


def test_failures_are_told_in_the_calling_thread(make_image: Any, storage: FarStorage) -> None:
    heard: list[int] = []

    def hear(**kwargs: Any) -> None:
        heard.append(threading.get_ident())

    generation_failed.connect(hear)
    try:
        make([make_image()], RenditionSpec("a", "nonsense-1"))
    finally:
        generation_failed.disconnect(hear)
    assert heard == [threading.get_ident()]
