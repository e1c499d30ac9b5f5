"""Each step once: what is shared between the filters of a source, and what must not be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import willow
from django.core.files import File
from PIL import Image, ImageDraw
from wagtail import hooks
from wagtail.images.image_operations import FilterOperation, TransformOperation
from willow.image import JPEGImageFile, PNGImageFile
from willow.optimizers.base import OptimizerBase
from willow.plugins.pillow import PillowImage
from willow.registry import registry

from tests.rendering.conftest import Calls
from tests.rendering.pictures import PICTURES, drawing, encoded, jpeg, with_alpha
from tests.rendering.stock import contents, image_row, our_results, outputs, stock_result
from wagtail_sourcegroups.rendering.shared import (
    SharedImage,
    clamped,
    same_pixels,
)
from wagtail_sourcegroups.rendering.shelf import Shelf, step
from wagtail_sourcegroups.rendering.source import SharedSource, pillow_route

pytestmark = pytest.mark.once


def close(found: dict[str, Any]) -> None:
    for output in found.values():
        output.file.close()


# How often each thing is done


def test_one_decode_one_orientation_one_resize_per_geometry_one_encode_per_output(calls: Calls) -> None:
    data = jpeg(6)
    image = image_row("photo.jpg", data)
    calls.counts.update(dict.fromkeys(calls.counts, 0))
    close(
        outputs(
            image,
            data,
            "width-30",
            "width-30|format-webp",
            "width-30|jpegquality-30",
            "width-30|format-jpeg",  # the same file as the first
            "format-jpeg|width-30|jpegquality-30",  # the same as the third
            "fill-20x20",
            "fill-20x20|format-png",
            "fill-10x10",  # the same crop
            "max-30x1000",  # the size of the first
            "original",
        )
    )
    assert calls.counts == {
        "open": 1,
        "orient": 1,
        "crop": 1,
        "resize": 3,
        "convert": 0,
        "copy": 0,
        "save": 7,
    }


def test_no_frame_is_copied_where_stock_copies_a_whole_one(calls: Calls) -> None:
    data = jpeg()
    image = image_row("photo.jpg", data)
    close(outputs(image, data, "original", "original|format-webp", "width-40"))
    assert (calls.counts["orient"], calls.counts["crop"], calls.counts["copy"]) == (0, 0, 0)


def test_a_background_is_laid_once_for_a_geometry(calls: Calls) -> None:
    data = encoded(with_alpha(), "PNG")
    image = image_row("alpha.png", data)
    calls.counts["convert"] = 0
    specs = [f"width-2000|format-jpeg|jpegquality-{quality}" for quality in (30, 50, 70)]
    close(outputs(image, data, *specs))
    assert calls.counts["convert"] == 2  # to RGBA and back to RGB


def test_a_source_that_cannot_be_decoded_is_tried_once(calls: Calls) -> None:
    data = PICTURES["truncated.jpg"]()
    image = image_row("truncated.jpg", data)
    calls.counts["open"] = 0
    results = our_results(image, data, ["width-10", "width-20", "original|format-webp"])
    assert calls.counts["open"] == 1
    assert set(results.values()) == {(OSError, "image file is truncated (145 bytes not processed)")}


class Counted(OptimizerBase):
    """An optimiser for JPEG that only adds a mark to the end of the file."""

    library_name = "counted"
    image_format = "jpeg"
    runs = 0

    @classmethod
    def process(cls, file_path: str) -> None:
        cls.runs += 1
        path = Path(file_path)
        path.write_bytes(path.read_bytes() + b"optimised")


def test_an_output_of_two_filters_is_optimised_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered_optimizers", [Counted])
    data = jpeg()
    image = image_row("photo.jpg", data)
    specs = ["width-40", "width-40|format-jpeg", "max-40x1000", "width-20", "width-40|format-webp"]
    expected = {spec: stock_result(image, data, spec) for spec in specs}
    monkeypatch.setattr(Counted, "runs", 0)
    assert our_results(image, data, specs) == expected
    assert expected["width-40"][-1].endswith(b"optimised")
    assert Counted.runs == 2


# Operations of a site's own


@contextmanager
def operations(**classes: type) -> Iterator[None]:
    def register() -> list[tuple[str, type]]:
        return list(classes.items())

    with hooks.register_temporarily("register_image_operations", register, order=1):
        yield


class DrawInPlace(FilterOperation):
    def construct(self) -> None:
        pass

    def run(self, willow: Any, image: Any, env: dict[str, Any]) -> None:
        ImageDraw.Draw(willow.image).rectangle((0, 0, 1000, 1000), fill="black")
        willow.image.info["icc_profile"] = b"drawn on"


@pytest.mark.parametrize(
    "name", ["plain.jpg", "orientation-6.jpg", "palette.png", "alpha.png", "animated.gif"]
)
@pytest.mark.parametrize("first", [True, False], ids=["drawn-first", "drawn-last"])
def test_an_operation_that_draws_in_place_spoils_no_other_output(name: str, first: bool) -> None:
    data = PICTURES[name]()
    image = image_row(name, data)
    drawn = ["original|draw", "width-40|draw", "fill-20x20|draw|format-png"]
    clean = ["original", "width-40", "fill-20x20|format-png"]
    specs = drawn + clean if first else clean + drawn
    with operations(draw=DrawInPlace):
        expected = {spec: stock_result(image, data, spec) for spec in specs}
        assert our_results(image, data, specs) == expected
    assert expected["width-40|draw"][-1] != expected["width-40"][-1]


class Plugin(FilterOperation):
    """Uses an operation that a Willow plugin registered for Pillow images."""

    def construct(self) -> None:
        pass

    def run(self, willow: Any, image: Any, env: dict[str, Any]) -> Any:
        assert isinstance(willow, PillowImage)
        return willow.turned_over()


def turned_over(image: PillowImage) -> PillowImage:
    return PillowImage(image.image.transpose(Image.Transpose.FLIP_TOP_BOTTOM))


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._registered_operations[PillowImage], "turned_over", turned_over)


@pytest.mark.usefixtures("plugin")
def test_an_operation_of_a_plugin_works_in_a_filter() -> None:
    data = jpeg()
    image = image_row("photo.jpg", data)
    specs = ["width-40", "width-40|turn", "turn|width-40|format-webp"]
    with operations(turn=Plugin):
        expected = {spec: stock_result(image, data, spec) for spec in specs}
        assert our_results(image, data, specs) == expected
    assert expected["width-40|turn"][-1] != expected["width-40"][-1]


@pytest.mark.usefixtures("plugin")
def test_an_operation_of_a_plugin_works_on_the_stand_in_itself() -> None:
    stand_in = SharedImage(drawing(), Shelf())
    assert stand_in.turned_over().image.tobytes() == turned_over(PillowImage(drawing())).image.tobytes()


def test_an_unknown_operation_is_missing_as_it_is_from_willow() -> None:
    with pytest.raises(AttributeError, match="^'PillowImage' object has no attribute 'save_as_svg'$"):
        SharedImage(drawing(), Shelf()).save_as_svg(BytesIO())


class LeftHalf(TransformOperation):
    def construct(self) -> None:
        pass

    def run(self, transform: Any, image: Any) -> Any:
        from wagtail.images.rect import Rect

        width, height = transform.size
        return transform.crop(Rect(0, 0, width // 2, height))


def test_a_transform_of_a_site_is_shared_like_one_of_wagtail(calls: Calls) -> None:
    data = jpeg()
    image = image_row("photo.jpg", data)
    specs = ["half", "half|format-webp", "half|jpegquality-10", "half|width-20"]
    with operations(half=LeftHalf):
        expected = {spec: stock_result(image, data, spec) for spec in specs}
        calls.counts.update(dict.fromkeys(calls.counts, 0))
        assert our_results(image, data, specs) == expected
    assert (calls.counts["crop"], calls.counts["resize"], calls.counts["copy"]) == (1, 1, 0)


# Which sources take part


@pytest.mark.parametrize(
    "name", ["plain.jpg", "alpha.png", "still.gif", "plain.bmp", "plain.tiff", "still.webp"]
)
def test_what_willow_orients_with_pillow_is_shared(name: str) -> None:
    route = pillow_route(willow.Image.open(BytesIO(PICTURES[name]())))
    assert route == [PillowImage.open]


@pytest.mark.parametrize("name", ["drawing.svg", "photo.heic"])
def test_other_formats_are_not_shared(name: str) -> None:
    assert pillow_route(willow.Image.open(BytesIO(PICTURES[name]()))) is None


def test_a_source_that_a_plugin_orients_goes_its_way(monkeypatch: pytest.MonkeyPatch, calls: Calls) -> None:
    def upside_down(file: JPEGImageFile) -> PillowImage:
        return turned_over(PillowImage.open(file))

    monkeypatch.setitem(registry._registered_operations[JPEGImageFile], "auto_orient", upside_down)
    data = jpeg()
    image = image_row("photo.jpg", data)
    specs = ["width-40", "original"]
    assert pillow_route(willow.Image.open(BytesIO(data))) is None
    assert our_results(image, data, specs) == {spec: stock_result(image, data, spec) for spec in specs}


def test_an_orientation_of_a_sites_own_for_pillow_images_is_not_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(registry._registered_operations[PillowImage], "auto_orient", turned_over)
    data = jpeg()
    image = image_row("photo.jpg", data)
    assert our_results(image, data, ["width-40"]) == {"width-40": stock_result(image, data, "width-40")}


# The pieces


def test_the_stand_in_is_a_pillow_image() -> None:
    assert isinstance(SharedImage(drawing(), Shelf()), PillowImage)


def test_the_source_knows_its_orientation_and_its_size_before_it() -> None:
    data = jpeg(8)
    source = SharedSource(willow.Image.open(BytesIO(data)), [PillowImage.open])
    assert source.oriented().size == (64, 96)
    assert (source.orientation, source.stored_size) == (8, (96, 64))


def test_what_was_released_is_decoded_anew() -> None:
    source = SharedSource(willow.Image.open(BytesIO(jpeg())), [PillowImage.open])
    frame = source.oriented()
    assert source.oriented() is frame
    source.release()
    assert source.oriented() is not frame


def test_a_stand_in_lent_answers_as_the_willow_file_does() -> None:
    lent = SharedSource(willow.Image.open(BytesIO(encoded(drawing(), "PNG"))), [PillowImage.open]).lend(
        private=False
    )
    assert (lent.format_name, lent.mime_type, lent.get_size()) == ("png", "image/png", (96, 64))


def test_a_private_image_is_a_plain_copy() -> None:
    frame = drawing()
    private = SharedImage(frame, Shelf(), private=True).crop((0, 0, 96, 64)).resize((96, 64))
    assert type(private) is PillowImage
    private.image.putpixel((0, 0), (1, 2, 3))
    assert frame.tobytes() == drawing().tobytes()


def test_the_same_pixels_are_not_copied_but_what_is_around_them_is() -> None:
    frame = drawing()
    same = same_pixels(frame)
    same.info["comment"] = "of its own"
    assert same.im is frame.im
    assert frame.info == {}


def test_the_pixels_of_an_image_with_a_palette_are_copied() -> None:
    frame = drawing().quantize(8)
    assert same_pixels(frame).im is not frame.im


@pytest.mark.parametrize(
    ("rect", "expected"),
    [
        ((0, 0, 96, 64), (0, 0, 96, 64)),
        ((-5, -5, 200, 200), (0, 0, 96, 64)),
        ((10, 20, 30, 40), (10, 20, 30, 40)),
        ((96, 0, 120, 64), None),
        ((0, 64, 10, 70), None),
        ((-9, 0, 0, 64), None),
        ((0, -9, 10, 0), None),
        ((30, 0, 30, 64), None),
        ((0, 30, 10, 20), None),
    ],
)
def test_a_rectangle_is_clamped_to_the_image(rect: Any, expected: Any) -> None:
    assert clamped(rect, (96, 64)) == expected


def test_a_rectangle_outside_raises_willows_own_error() -> None:
    with pytest.raises(willow.image.BadImageOperationError) as caught:
        SharedImage(drawing(), Shelf()).crop((200, 0, 300, 10))
    assert str(caught.value) == "Invalid crop dimensions: (200, 0, 300, 10)"


def test_steps_with_equal_values_of_other_types_differ() -> None:
    assert step("save", ("quality", 85)) == step("save", ("quality", 85))
    assert step("save", ("quality", 85)) != step("save", ("quality", 85.0))
    assert step("save", ("lossless", True)) != step("save", ("lossless", 1))


def test_a_shelf_forgets_what_starts_so_and_nothing_else() -> None:
    shelf = Shelf()
    for trace in [("a",), ("a", "b"), ("a", "b", "c"), ("a", "d")]:
        shelf.once(trace, lambda: "made")
    shelf.forget(("a", "b"))
    assert set(shelf.made) == {("a",), ("a", "d")}


def test_a_file_of_another_kind_is_written_directly(tmp_path: Path) -> None:
    shelf = Shelf()
    stand_in = SharedImage(drawing(), shelf)
    expected = encoded_by_willow("save_as_png")
    for name in ("one.png", "two.png"):
        with open(tmp_path / name, "w+b") as file:
            assert type(stand_in.save_as_png(file, optimize=True)) is PNGImageFile
        assert (tmp_path / name).read_bytes() == expected
    assert shelf.made == {}


def encoded_by_willow(operation: str) -> bytes:
    file = BytesIO()
    getattr(PillowImage(drawing()), operation)(file, optimize=True)
    return file.getvalue()


def test_a_second_save_writes_the_contents_of_the_first(calls: Calls) -> None:
    stand_in = SharedImage(drawing(), Shelf())
    first, second = BytesIO(), BytesIO()
    stand_in.save_as_webp(first, quality=50)
    assert type(stand_in.save_as_webp(second, quality=50)) is willow.image.WebPImageFile
    assert second.getvalue() == first.getvalue()
    assert calls.counts["save"] == 1


def test_outputs_with_the_same_contents_are_files_of_their_own() -> None:
    data = jpeg()
    image = image_row("photo.jpg", data)
    found = outputs(image, data, "width-40", "width-40|format-jpeg")
    first, second = (output.file for output in found.values())
    content = contents(first)
    first.close()
    assert contents(second) == content
    assert isinstance(second, File)
    second.close()


def test_saving_leaves_nothing_behind_on_a_shared_frame() -> None:
    frame = drawing()
    before = set(vars(frame))
    SharedImage(frame, Shelf()).save_as_jpeg(BytesIO(), quality=50)
    assert set(vars(frame)) == before
