"""One result for each filter, whatever happens; and what a result says."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import PIL.Image
import pytest
from django.core.files import File
from wagtail.images import get_image_model
from wagtail.images.models import Filter
from willow.plugins.pillow import PillowImage

from tests.rendering.conftest import Calls
from tests.rendering.pictures import PICTURES, SVG, drawing, encoded, jpeg
from tests.rendering.stock import contents, failures, image_row, our_results, outputs, stock_result
from wagtail_sourcegroups.exceptions import OutputTooLarge
from wagtail_sourcegroups.rendering import Output, PlainImage, RenderFailure, render

pytestmark = pytest.mark.once


def filters(*specs: str) -> list[Filter]:
    return [Filter(spec) for spec in specs]


# What a result says


def test_an_output_tells_all_about_its_file() -> None:
    data = jpeg(6)
    wanted = Filter("width-40|format-webp")
    (output,) = render(image_row("photo.jpg", data), BytesIO(data), [wanted])
    assert isinstance(output, Output)
    assert output.filter is wanted
    assert output.file.name == "photo.width-40.format-webp.webp"
    assert output.file.tell() == 0
    content = output.file.read()
    assert PIL.Image.open(BytesIO(content)).size == (output.width, output.height) == (40, 60)
    assert (output.format_name, output.size, output.orientation) == ("webp", len(content), 6)
    output.file.close()


@pytest.mark.parametrize("orientation", range(10))
def test_the_orientation_is_that_of_the_source(orientation: int) -> None:
    data = jpeg(orientation)
    found = outputs(image_row("photo.jpg", data), data, "width-10")["width-10"]
    assert found.orientation == (orientation if 1 <= orientation <= 8 else 1)
    found.file.close()


def test_nothing_is_said_of_the_orientation_where_wagtails_own_path_did_not_tell() -> None:
    found = outputs(image_row("drawing.svg", SVG), SVG, "width-10")["width-10"]
    assert found.orientation is None
    found.file.close()


def test_no_output_is_decoded_to_learn_its_size(calls: Calls) -> None:
    data = jpeg()
    image = image_row("photo.jpg", data)
    calls.counts["open"] = 0
    specs = [f"width-40|format-{name}" for name in ("jpeg", "png", "gif", "webp", "avif")]
    for output in outputs(image, data, *specs).values():
        assert (output.width, output.height) == (40, 26)
        output.file.close()
    assert calls.counts["open"] == 1


def test_an_icon_is_as_large_as_the_largest_picture_in_it() -> None:
    data = jpeg()
    found = outputs(image_row("photo.jpg", data), data, "original|format-ico")["original|format-ico"]
    assert (found.width, found.height) == PIL.Image.open(found.file).size != (96, 64)
    found.file.close()


def test_a_failure_holds_the_filter_that_was_asked_for() -> None:
    wanted = Filter("nonsense-1")
    data = jpeg()
    (failure,) = render(image_row("photo.jpg", data), BytesIO(data), [wanted])
    assert isinstance(failure, RenderFailure)
    assert failure.filter is wanted
    assert str(failure.error) == "Unrecognised operation: nonsense"


def test_no_filters_no_results_and_nothing_decoded(calls: Calls) -> None:
    data = jpeg()
    image = image_row("photo.jpg", data)
    calls.counts["open"] = 0
    assert list(render(image, BytesIO(data), [])) == []
    assert calls.counts["open"] == 0


# Failures cost only themselves


def test_an_encoder_that_fails_costs_one_output(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **options: Any) -> None:
        raise OSError("the encoder broke")

    monkeypatch.setattr(PillowImage, "save_as_webp", broken)
    data = jpeg()
    image = image_row("photo.jpg", data)
    specs = ["width-40", "width-40|format-webp", "width-40|format-png"]
    expected = {spec: stock_result(image, data, spec) for spec in specs}
    assert our_results(image, data, specs) == expected
    assert expected["width-40|format-webp"] == (OSError, "the encoder broke")


def test_memory_that_runs_out_in_one_geometry_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    resize = PIL.Image.Image.resize

    def short_of_memory(self: PIL.Image.Image, size: Any, *args: Any, **options: Any) -> PIL.Image.Image:
        if tuple(size) == (40, 26):
            raise MemoryError("no room")
        return resize(self, size, *args, **options)

    monkeypatch.setattr(PIL.Image.Image, "resize", short_of_memory)
    data = jpeg()
    found = failures(image_row("photo.jpg", data), data, "width-40", "width-40|format-png", "width-20")
    assert {spec: repr(error) for spec, error in found.items()} == {
        "width-40": "MemoryError('no room')",
        "width-40|format-png": "MemoryError('no room')",
    }


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("step", ["load", "resize", "save"])
def test_an_interruption_passes_through(
    monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException], step: str
) -> None:
    def interrupted(*args: Any, **options: Any) -> None:
        raise interruption

    data = jpeg()
    image = image_row("photo.jpg", data)
    monkeypatch.setattr(PIL.Image.Image, step, interrupted)
    with pytest.raises(interruption):
        list(render(image, BytesIO(data), filters("width-40")))


def test_a_source_that_cannot_be_read_fails_each_filter() -> None:
    class Unreadable(BytesIO):
        def read(self, *args: Any) -> bytes:
            raise OSError("the storage is gone")

    image = image_row("photo.jpg", jpeg())
    results = list(render(image, Unreadable(b"x"), filters("width-10", "width-20")))
    assert [(result.filter.spec, str(result.error)) for result in results] == [  # type: ignore[union-attr]
        ("width-10", "the storage is gone"),
        ("width-20", "the storage is gone"),
    ]


def test_a_source_that_is_closed_fails_each_filter() -> None:
    source = BytesIO(jpeg())
    source.close()
    for image in (image_row("photo.jpg", jpeg()), PlainImage("photo.jpg")):
        results = list(render(image, source, filters("width-10", "width-20")))
        assert [str(result.error) for result in results if isinstance(result, RenderFailure)] == [
            "I/O operation on closed file."
        ] * 2


# The source


@pytest.mark.parametrize("name", ["plain.jpg", "drawing.svg", "photo.heic", "truncated.jpg", "pages.tiff"])
def test_the_source_is_left_open(name: str) -> None:
    data = PICTURES[name]()
    source = BytesIO(data)
    for result in render(image_row(name, data), source, filters("width-40", "original|format-png")):
        if isinstance(result, Output):
            result.file.close()
    assert not source.closed


def test_the_source_is_read_from_its_start_wherever_it_stands() -> None:
    data = jpeg()
    source = File(BytesIO(data), name="elsewhere.jpg")
    source.seek(500)
    image = image_row("photo.jpg", data)
    (output,) = render(image, source, filters("width-40"))
    assert isinstance(output, Output)
    assert (output.file.name, output.width, output.height, "jpeg", contents(output.file)) == stock_result(
        image, data, "width-40"
    )
    output.file.close()


# Limits


def test_an_output_above_the_limit_is_a_failure_before_it_is_made(calls: Calls) -> None:
    data = jpeg()
    image = image_row("photo.jpg", data)
    calls.counts["resize"] = 0
    found = failures(image, data, "scale-1000", "width-40", "original", max_output_pixels=96 * 64)
    assert {spec: (type(error), str(error)) for spec, error in found.items()} == {
        "scale-1000": (
            OutputTooLarge,
            "'scale-1000' would make 960×640 = 614400 pixels of 'original_images/photo.jpg'; at most 6144 are "
            "allowed (WAGTAIL_SOURCEGROUPS['MAX_OUTPUT_PIXELS']).",
        )
    }
    assert calls.counts["resize"] == 1


@pytest.mark.parametrize("name", ["photo.heic", "plain.jpg"])
def test_the_limit_holds_for_every_backend(name: str) -> None:
    data = PICTURES[name]()
    for image in (image_row(name, data), PlainImage(name)):
        found = failures(image, data, "scale-150", "scale-50", max_output_pixels=6144)
        assert {spec: type(error) for spec, error in found.items()} == {"scale-150": OutputTooLarge}


def test_an_svg_has_no_pixels_to_limit() -> None:
    assert failures(image_row("drawing.svg", SVG), SVG, "scale-1000", max_output_pixels=10) == {}


# Models and filters with ways of their own


def test_a_model_that_makes_its_own_files_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    model = get_image_model()
    stock = model.generate_rendition_file

    def framed(self: Any, filter: Filter, *, source: File | None = None) -> File:  # noqa: A002
        made = stock(self, filter, source=source)
        larger = PIL.Image.new("RGB", (200, 100), "gold")
        larger.paste(PIL.Image.open(made), (5, 5))
        made.close()
        return File(BytesIO(encoded(larger, "PNG")), name="framed.png")

    monkeypatch.setattr(model, "generate_rendition_file", framed)
    data = jpeg(6)
    image = image_row("photo.jpg", data)
    specs = ["width-40", "fill-20x20|format-webp"]
    expected = {spec: stock_result(image, data, spec) for spec in specs}
    assert {result[:4] for result in expected.values()} == {("framed.png", 200, 100, "png")}
    assert our_results(image, data, specs) == expected


def test_a_model_may_close_the_source_and_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    model = get_image_model()
    stock = model.generate_rendition_file

    def closing(self: Any, filter: Filter, *, source: File | None = None) -> File:  # noqa: A002
        assert source is not None
        with source:
            return stock(self, filter, source=source)

    monkeypatch.setattr(model, "generate_rendition_file", closing)
    data = jpeg()
    found = outputs(image_row("photo.jpg", data), data, "width-10", "width-20", "fill-10x10")
    for output in found.values():
        output.file.close()
    assert len(found) == 3


class Grey(Filter):
    """A filter of a site's own, of the kind that Wagtail's documentation suggests."""

    def run(self, image: Any, output: Any, source: File | None = None) -> Any:
        made = super().run(image, output, source=source)
        grey = PIL.Image.open(made.f).convert("L")
        made.f.seek(0)
        made.f.truncate()
        grey.save(made.f, "JPEG")
        return made


def test_a_filter_of_another_class_is_run_as_it_is() -> None:
    data = jpeg()
    image = image_row("photo.jpg", data)
    results = list(render(image, BytesIO(data), [Grey("width-40"), Filter("width-40|format-jpeg")]))
    modes = {}
    for result in results:
        assert isinstance(result, Output)
        modes[type(result.filter)] = PIL.Image.open(result.file).mode
        result.file.close()
    assert modes == {Grey: "L", Filter: "RGB"}


# Memory


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """How many frames' pixels are held by an image that Pillow made from another."""
    made: list[weakref.ref[PIL.Image.Image]] = []
    new = PIL.Image.Image._new

    def noted(self: PIL.Image.Image, im: Any) -> PIL.Image.Image:
        image = new(self, im)
        made.append(weakref.ref(image))
        return image

    monkeypatch.setattr(PIL.Image.Image, "_new", noted)
    gc.disable()
    yield lambda: len({id(image.im) for image in (reference() for reference in made) if image is not None})
    gc.enable()


def test_frames_are_let_go_when_no_filter_needs_them_any_more(frames: Callable[[], int]) -> None:
    data = jpeg()
    image = image_row("photo.jpg", data)
    specs = [
        "fill-10x10",
        "width-40",
        "fill-20x20",
        "width-40|format-png",
        "original",
        "fill-20x20|format-png",
    ]
    seen = {}
    for result in render(image, BytesIO(data), filters(*specs)):
        assert isinstance(result, Output)
        seen[result.filter.spec] = frames()
        result.file.close()
    # The whole frame; a crop that a later filter shares; a size that a later filter shares.
    assert seen == {
        "fill-10x10": 2,
        "fill-20x20": 3,
        "fill-20x20|format-png": 1,
        "width-40": 2,
        "width-40|format-png": 1,
        "original": 0,
    }


def test_failures_that_are_kept_keep_no_frames(
    frames: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **options: Any) -> None:
        raise OSError("the encoder broke")

    data = jpeg()
    image = image_row("photo.jpg", data)
    monkeypatch.setattr(PIL.Image.Image, "save", broken)
    kept = list(render(image, BytesIO(data), filters("width-40", "fill-10x10", "original")))
    assert [str(result.error) for result in kept if isinstance(result, RenderFailure)] == [
        "the encoder broke"
    ] * 3
    assert frames() == 0


def test_frames_are_let_go_if_the_caller_stops_half_way(frames: Callable[[], int]) -> None:
    data = jpeg()
    results = render(image_row("photo.jpg", data), BytesIO(data), filters("nonsense", "width-40", "width-20"))
    kept = [next(results), next(results)]
    assert frames() == 1
    results.close()  # type: ignore[attr-defined]
    assert frames() == 0
    assert isinstance(kept[1], Output)
    kept[1].file.close()


def test_the_traceback_of_a_failure_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    data = PICTURES["truncated.jpg"]()
    with caplog.at_level(logging.DEBUG, logger="wagtail_sourcegroups.rendering"):
        kept = list(render(image_row("photo.jpg", data), BytesIO(data), filters("width-40", "width-20")))
    assert [result.error.__traceback__ for result in kept if isinstance(result, RenderFailure)] == [
        None,
        None,
    ]
    logged = [record for record in caplog.records if record.name.startswith("wagtail_sourcegroups")]
    assert [record.getMessage() for record in logged] == [
        "Failed to render 'width-40' of 'original_images/photo.jpg'",
        "Failed to render 'width-20' of 'original_images/photo.jpg'",
    ]
    assert ["load" in str(record.exc_text) for record in logged] == [True, True]


# Threads


def test_sources_may_be_rendered_side_by_side() -> None:
    names = ["orientation-6.jpg", "alpha.png", "animated.gif", "still.webp"]
    specs = ["width-40", "fill-20x20|format-png", "original|format-jpeg", "width-40|format-webp"]
    pictures = {name: PICTURES[name]() for name in names}
    images = {name: image_row(name, data) for name, data in pictures.items()}
    expected = {
        name: {spec: stock_result(images[name], data, spec) for spec in specs}
        for name, data in pictures.items()
    }
    found: dict[str, Any] = {}

    def work(name: str) -> None:
        found[name] = our_results(images[name], pictures[name], specs)

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


def test_large_outputs_are_counted_to_their_last_byte(settings: Any) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    data = encoded(drawing((400, 300)), "PNG")
    found = outputs(image_row("photo.png", data), data, "original", "width-300|format-jpeg")
    for output in found.values():
        assert output.size == len(contents(output.file)) > 1000
        output.file.close()
