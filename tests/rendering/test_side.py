"""Other threads help with one source: the same files, no image in two hands, and nothing lost on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from io import BytesIO
from typing import Any, TypeVar

import PIL.Image
import PIL.ImageFile
import pytest
from wagtail.images import image_operations
from wagtail.images.models import Filter
from willow.plugins.pillow import PillowImage

from tests.rendering.pictures import PICTURES, drawing, encoded, jpeg
from tests.rendering.stock import comparable, image_row, our_results
from tests.rendering.test_exact import SPECS, one_srgb_profile  # noqa: F401 - the fixture
from wagtail_sourcegroups.rendering import Output, RenderFailure, render, strips
from wagtail_sourcegroups.rendering.engine import LentFile
from wagtail_sourcegroups.rendering.side import HELPERS

pytestmark = pytest.mark.once

T = TypeVar("T")
MANY = ["width-40", "width-40|format-webp", "fill-20x20", "fill-20x20|format-png", "width-30", "original"]


class Threads:
    """A side with a number of threads, each of which lives for one piece of work."""

    def __init__(self, idle: int) -> None:
        self._idle = threading.Semaphore(idle)
        self.begun = 0

    def try_submit(self, fn: Callable[[], T], /) -> Future[T] | None:
        if not self._idle.acquire(blocking=False):
            return None
        self.begun += 1
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()

        def work() -> None:
            try:
                result = fn()
            except BaseException as error:  # noqa: BLE001 - the future's to raise
                self._idle.release()
                future.set_exception(error)
            else:
                self._idle.release()
                future.set_result(result)

        threading.Thread(target=work).start()
        return future

    def offer(self, fn: Callable[[], T], /) -> Future[T] | None:
        return self.try_submit(fn)


class AtOnce(Threads):
    """A side whose work is done by the time it is submitted."""

    def try_submit(self, fn: Callable[[], T], /) -> Future[T] | None:
        future = super().try_submit(fn)
        if future is not None:
            future.exception()
        return future


class Never:
    """A side that takes work and never begins it."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def try_submit(self, fn: Callable[[], T], /) -> Future[T] | None:
        future: Future[T] = Future()
        self.futures.append(future)
        return future

    offer = try_submit


@pytest.mark.parametrize("name", PICTURES)
def test_files_and_errors_are_those_made_alone(name: str) -> None:
    data = PICTURES[name]()
    image = image_row(name, data)
    assert our_results(image, data, SPECS, side=Threads(3)) == our_results(image, data, SPECS)


@pytest.mark.parametrize("name", PICTURES)
def test_frames_that_several_threads_make_are_those_made_alone(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = PICTURES[name]()
    image = image_row(name, data)
    alone = [our_results(image, data, [spec]) for spec in SPECS]
    monkeypatch.setattr(strips, "LARGE", 500)
    monkeypatch.setattr(strips, "PIXELS_AT_ONCE", 500)
    assert [our_results(image, data, [spec], side=Threads(3)) for spec in SPECS] == alone


def test_others_help_with_the_only_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "LARGE", 500)
    data = jpeg()
    side = Never()
    our_results(image_row("photo.jpg", data), data, ["width-40"], side=side)
    assert len(side.futures) == HELPERS
    assert all(future.cancelled() for future in side.futures)


def test_an_error_of_who_helps_with_a_frame_is_that_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "LARGE", 500)
    monkeypatch.setattr(strips, "PIXELS_AT_ONCE", 500)
    caller, go_through = threading.get_ident(), strips.Rows.go_through

    def fail(self: strips.Rows) -> None:
        if threading.get_ident() != caller:
            raise MemoryError("no room")
        go_through(self)

    monkeypatch.setattr(strips.Rows, "go_through", fail)
    data = jpeg()
    found = our_results(image_row("photo.jpg", data), data, ["width-40"], side=AtOnce(1))
    assert found["width-40"] == (MemoryError, "no room")


@pytest.mark.parametrize(
    "side", [Threads(0), Threads(1), AtOnce(1), Never()], ids=lambda side: type(side).__name__
)
@pytest.mark.parametrize(
    "inexact", [frozenset(), frozenset(["width-200"]), frozenset(["width-300", "width-200", "width-99"])]
)
def test_files_of_a_large_source_are_those_made_alone(side: Any, inexact: frozenset[str]) -> None:
    data = encoded(drawing((1200, 900)), "JPEG", quality=90)
    image = image_row("large.jpg", data)
    specs = [
        "width-600",
        "width-300",
        "width-200",
        "width-99",
        "width-200|format-png",
        "fill-300x300",
        "original",
    ]
    alone = our_results(image, data, specs, inexact=inexact)
    assert our_results(image, data, specs, inexact=inexact, side=side) == alone


@pytest.mark.parametrize("inexact", [frozenset(), frozenset(MANY)], ids=["exact", "fast"])
def test_work_is_given_to_those_who_are_idle(inexact: frozenset[str]) -> None:
    data = encoded(drawing((600, 400)), "JPEG")
    side = AtOnce(1)
    our_results(image_row("photo.jpg", data), data, MANY, side=side, inexact=inexact)
    # All geometries but the one that this thread has in hand.
    assert side.begun == 3


def test_a_geometry_is_made_and_encoded_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[tuple[int, int], set[int]] = {}
    save = PIL.Image.Image.save

    def noted(self: PIL.Image.Image, *args: Any, **options: Any) -> None:
        seen.setdefault(self.size, set()).add(threading.get_ident())
        save(self, *args, **options)

    data = jpeg()
    monkeypatch.setattr(PIL.Image.Image, "save", noted)
    our_results(image_row("photo.jpg", data), data, MANY, side=AtOnce(1))
    assert len(seen) == 4
    assert all(len(threads) == 1 for threads in seen.values())
    assert len(set.union(*seen.values())) > 1


@pytest.mark.parametrize("inexact", [frozenset(), frozenset(SPECS)], ids=["exact", "fast"])
@pytest.mark.parametrize("name", PICTURES)
def test_no_image_is_in_two_hands(
    name: str, inexact: frozenset[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pixels that are being encoded are encoded by nobody else; files are read by the caller's thread only."""
    caller, lock = threading.get_ident(), threading.Lock()
    in_hand: dict[int, int] = {}
    wrong: list[str] = []
    save, load = PIL.Image.Image.save, PIL.ImageFile.ImageFile.load
    data = PICTURES[name]()
    image = image_row(name, data)

    def saved(self: PIL.Image.Image, *args: Any, **options: Any) -> None:
        me = threading.get_ident()
        key = id(self._im)
        with lock:
            if in_hand.setdefault(key, me) != me:
                wrong.append(f"{self!r} is encoded twice at a time")
        try:
            save(self, *args, **options)
        finally:
            with lock:
                in_hand.pop(key, None)

    def loaded(self: PIL.ImageFile.ImageFile) -> Any:
        if threading.get_ident() != caller and isinstance(self.fp, LentFile):
            wrong.append(f"{self!r} is read elsewhere")
        return load(self)

    monkeypatch.setattr(PIL.Image.Image, "save", saved)
    monkeypatch.setattr(PIL.ImageFile.ImageFile, "load", loaded)
    our_results(image, data, SPECS, side=Threads(3), inexact=inexact)
    assert wrong == []


@pytest.mark.parametrize("name", ["palette.png", "animated.gif"])
def test_a_palette_is_for_one_thread(name: str) -> None:
    data = PICTURES[name]()
    side = AtOnce(2)
    our_results(image_row(name, data), data, MANY, side=side)
    assert side.begun == 0


def test_an_operation_of_the_sites_own_is_run_in_the_callers_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(image_operations.FilterOperation):
        def construct(self, *args: str) -> None:
            pass

        def run(self, willow: Any, image: Any, env: dict[str, Any]) -> None:
            seen.add(threading.get_ident())

    seen: set[int] = set()
    original = Filter("width-40").operations
    monkeypatch.setattr(Filter, "operations", [*original, Own("own")])
    side = AtOnce(2)
    data = jpeg()
    our_results(image_row("photo.jpg", data), data, ["width-40", "width-30"], side=side)
    assert (side.begun, seen) == (0, {threading.get_ident()})


def test_a_model_that_makes_files_its_own_way_does_so_in_the_callers_thread() -> None:
    data = jpeg()
    image = image_row("photo.jpg", data)
    seen: set[int] = set()
    stock = image.generate_rendition_file

    def own_way(filter: Filter, *, source: Any = None) -> Any:  # noqa: A002
        seen.add(threading.get_ident())
        return stock(filter, source=source)

    image.generate_rendition_file = own_way
    side = AtOnce(2)
    our_results(image, data, MANY, side=side)
    assert (side.begun, seen) == (0, {threading.get_ident()})


# What goes wrong


def test_an_error_elsewhere_belongs_to_its_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    caller = threading.get_ident()

    def broken(self: Any, *args: Any, **options: Any) -> None:
        raise OSError("here" if threading.get_ident() == caller else "elsewhere")

    monkeypatch.setattr(PillowImage, "save_as_webp", broken)
    data = jpeg()
    found = our_results(
        image_row("photo.jpg", data), data, ["width-50", "width-40|format-webp", "width-40"], side=AtOnce(1)
    )
    assert found["width-40|format-webp"] == (OSError, "elsewhere")
    assert [len(found[spec]) for spec in ("width-50", "width-40")] == [5, 5]


def test_an_output_above_the_limit_is_refused_elsewhere_too() -> None:
    data = jpeg()
    results = render(
        image_row("photo.jpg", data),
        BytesIO(data),
        [Filter("width-40"), Filter("scale-1000")],
        max_output_pixels=96 * 64,
        side=AtOnce(1),
    )
    failures = [result for result in results if isinstance(result, RenderFailure)]
    assert [(failure.filter.spec, type(failure.error).__name__) for failure in failures] == [
        ("scale-1000", "OutputTooLarge")
    ]
    assert comparable(failures[0].error)[1].startswith("'scale-1000' would make 960×640")


def test_an_interruption_elsewhere_passes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    caller, save = threading.get_ident(), PIL.Image.Image.save

    def interrupted(self: Any, *args: Any, **options: Any) -> None:
        if threading.get_ident() != caller:
            raise SystemExit
        save(self, *args, **options)

    data = jpeg()
    monkeypatch.setattr(PIL.Image.Image, "save", interrupted)
    with pytest.raises(SystemExit):
        for result in render(
            image_row("photo.jpg", data),
            BytesIO(data),
            [Filter("width-40"), Filter("width-30")],
            side=AtOnce(1),
        ):
            assert isinstance(result, Output)
            result.file.close()


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The temporary files that were saved to."""
    saved: list[Any] = []
    save = PIL.Image.Image.save

    def noted(self: Any, file: Any, *args: Any, **options: Any) -> None:
        saved.append(file)
        save(self, file, *args, **options)

    monkeypatch.setattr(PIL.Image.Image, "save", noted)
    yield saved


def test_who_stops_half_way_leaves_nothing_at_work_and_no_file_open(files: list[Any]) -> None:
    data = jpeg()
    files.clear()
    side = AtOnce(2)
    results = render(
        image_row("photo.jpg", data),
        BytesIO(data),
        [Filter("width-40"), Filter("width-30"), Filter("width-20")],
        side=side,
    )
    first = next(results)
    assert isinstance(first, Output)
    first.file.close()
    results.close()  # type: ignore[attr-defined]
    assert side.begun == 2
    assert len(files) == 3
    assert all(file.closed for file in files)


def test_what_nobody_began_is_done_by_the_caller() -> None:
    data = jpeg()
    image = image_row("photo.jpg", data)
    side = Never()
    assert our_results(image, data, MANY, side=side) == our_results(image, data, MANY)
    assert side.futures
    assert all(future.cancelled() for future in side.futures)


def test_work_of_others_is_waited_for_before_an_interruption_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    caller, save = threading.get_ident(), PIL.Image.Image.save
    interrupted, finished = threading.Event(), threading.Event()

    def saved(self: Any, *args: Any, **options: Any) -> None:
        if threading.get_ident() == caller:
            interrupted.set()
            raise KeyboardInterrupt
        assert interrupted.wait(30)
        save(self, *args, **options)
        finished.set()

    data = jpeg()
    monkeypatch.setattr(PIL.Image.Image, "save", saved)
    with pytest.raises(KeyboardInterrupt):
        list(
            render(
                image_row("photo.jpg", data),
                BytesIO(data),
                [Filter("width-40"), Filter("width-30")],
                side=Threads(1),
            )
        )
    assert finished.is_set()
