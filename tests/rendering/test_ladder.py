"""Frames made from larger frames, and outputs made of them."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import PIL.Image
import pytest
import willow
from PIL import ImageChops, ImageStat
from wagtail.images.models import Filter

from tests.rendering.conftest import Calls
from tests.rendering.pictures import PICTURES, drawing, encoded, jpeg, with_alpha
from tests.rendering.stock import (
    comparable,
    contents,
    failures,
    image_row,
    our_results,
    outputs,
    stock_result,
)
from wagtail_sourcegroups.rendering import Output, PlainImage, RenderFailure, render
from wagtail_sourcegroups.rendering.fast import Geometry
from wagtail_sourcegroups.rendering.ladder import Frame, Ladder, area_of_part, resized_from, sharpened

pytestmark = pytest.mark.once

# It cannot be divided by two.
SIZE = (1203, 805)
SPECS = ["width-150", "width-110", "fill-80x80"]


def smooth(size: tuple[int, int] = SIZE) -> PIL.Image.Image:
    return drawing((size[0] // 12, size[1] // 12)).resize(size, PIL.Image.Resampling.BICUBIC)


def photo(orientation: int | None = None, size: tuple[int, int] = SIZE, **options: Any) -> bytes:
    exif = PIL.Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    return encoded(smooth(size), "JPEG", quality=90, exif=exif, **options)


def made(data: bytes, *specs: str, name: str = "photo.jpg", inexact: Any = None) -> dict[str, Output]:
    found = outputs(image_row(name, data), data, *specs, inexact=set(specs) if inexact is None else inexact)
    for output in found.values():
        output.file.seek(0)
    return found


def difference(one: bytes, other: bytes) -> float:
    """The root of the mean square, in levels."""
    images = [PIL.Image.open(BytesIO(content)).convert("RGB") for content in (one, other)]
    assert images[0].size == images[1].size
    return max(ImageStat.Stat(ImageChops.difference(*images)).rms)


# Outputs


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_met_to_the_fraction_of_a_pixel(orientation: int) -> None:
    data = photo(orientation)
    image = image_row("photo.jpg", data)
    for spec, output in made(data, *(f"{spec}|format-png" for spec in SPECS)).items():
        assert output.fast, spec
        assert output.orientation == orientation
        assert difference(stock_result(image, data, spec)[-1], contents(output.file)) < 0.7
        output.file.close()


def test_a_jpeg_is_decoded_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    draft = PIL.JpegImagePlugin.JpegImageFile.draft

    def noted(self: Any, mode: Any, size: Any) -> Any:
        result = draft(self, mode, size)
        sizes.append(self.size)
        return result

    monkeypatch.setattr("PIL.JpegImagePlugin.JpegImageFile.draft", noted)
    for output in made(photo(), *SPECS).values():
        output.file.close()
    assert sizes == [(602, 403)]


def test_nothing_is_fast_unless_it_was_asked_for() -> None:
    data = photo()
    image = image_row("photo.jpg", data)
    found = our_results(image, data, SPECS)
    assert found == {spec: stock_result(image, data, spec) for spec in SPECS}


def test_what_was_not_named_is_exact_beside_what_was() -> None:
    data = photo()
    image = image_row("photo.jpg", data)
    found = made(data, "width-300", "width-100", inexact={"width-100"})
    assert {spec: output.fast for spec, output in found.items()} == {"width-300": False, "width-100": True}
    assert contents(found["width-300"].file) == stock_result(image, data, "width-300")[-1]
    for output in found.values():
        output.file.close()


def test_a_geometry_that_one_filter_wants_exact_is_exact_for_all() -> None:
    data = photo()
    found = made(data, "width-100", "width-100|format-png", inexact={"width-100"})
    assert [output.fast for output in found.values()] == [False, False]
    for output in found.values():
        output.file.close()


@pytest.mark.parametrize(
    ("spec", "fast"),
    [
        ("width-100", True),
        ("width-100|jpegquality-40", True),
        ("width-100|format-png", True),
        ("width-100|format-webp-lossless", True),
        ("width-100|format-webp", False),
        ("width-100|format-avif", False),
        ("width-100|format-gif", False),
        ("width-2000", False),
        ("original", False),
    ],
)
def test_formats_that_make_much_of_small_differences_are_exact(spec: str, fast: bool) -> None:
    data = photo()
    (output,) = made(data, spec).values()
    assert output.fast is fast
    if not fast:
        assert contents(output.file) == stock_result(image_row("photo.jpg", data), data, spec)[-1]
    output.file.close()


def test_a_setting_that_converts_jpegs_is_heeded(settings: Any) -> None:
    settings.WAGTAILIMAGES_FORMAT_CONVERSIONS = {"jpeg": "webp"}
    (output,) = made(photo(), "width-100").values()
    assert not output.fast
    output.file.close()


@pytest.mark.parametrize("name", sorted(set(PICTURES) - {"photo.heic"}))
def test_every_odd_source_gives_what_stock_gives_or_nearly(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wagtail_sourcegroups.rendering.fast.LEAST_PIXELS", 1)
    data = PICTURES[name]()
    specs = ["width-40", "fill-10x10", "width-40|format-webp", "original", "width-900"]
    image = image_row(name, data)
    for result in render(image, BytesIO(data), [Filter(spec) for spec in specs], inexact=set(specs)):
        expected = stock_result(image, data, result.filter.spec)
        if isinstance(result, RenderFailure):
            assert comparable(result.error) == expected
            continue
        if result.fast:
            assert (result.file.name, result.width, result.height, result.format_name) == expected[:4]
            assert difference(contents(result.file), expected[-1]) < 16
        else:
            assert contents(result.file) == expected[-1]
        result.file.close()


@pytest.mark.parametrize(
    ("image", "image_format"),
    [
        (with_alpha(SIZE), "PNG"),
        (smooth().quantize(32), "PNG"),
        (smooth().convert("CMYK"), "JPEG"),
        (smooth(), "GIF"),
    ],
    ids=["alpha", "palette", "ink", "gif"],
)
def test_pictures_of_other_modes_are_exact(image: PIL.Image.Image, image_format: str) -> None:
    data = encoded(image, image_format)
    name = f"photo.{image_format.lower()}"
    row = image_row(name, data)
    assert our_results(row, data, SPECS, inexact=set(SPECS)) == {
        spec: stock_result(row, data, spec) for spec in SPECS
    }


def test_other_formats_have_cascades() -> None:
    data = encoded(smooth(), "PNG")
    found = made(data, "width-400", "width-100", name="photo.png")
    assert {spec: output.fast for spec, output in found.items()} == {"width-400": False, "width-100": True}
    for output in found.values():
        output.file.close()


def test_a_plain_picture_is_fast_too() -> None:
    data = photo()
    results = list(
        render(PlainImage("photo.jpg"), BytesIO(data), [Filter("width-100")], inexact={"width-100"})
    )
    assert [isinstance(result, Output) and result.fast for result in results] == [True]


# What goes wrong


def test_a_way_that_fails_leaves_stocks_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Ladder) -> Frame:
        raise OSError("no part of it")

    monkeypatch.setattr(Ladder, "part", broken)
    data = photo()
    row = image_row("photo.jpg", data)
    assert our_results(row, data, SPECS, inexact=set(SPECS)) == {
        spec: stock_result(row, data, spec) for spec in SPECS
    }


def test_too_much_detail_is_made_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wagtail_sourcegroups.rendering.ladder.is_near", lambda *args: False)
    data = photo()
    row = image_row("photo.jpg", data)
    assert our_results(row, data, SPECS, inexact=set(SPECS)) == {
        spec: stock_result(row, data, spec) for spec in SPECS
    }


def test_an_output_above_the_limit_is_not_made_for_the_sake_of_others(calls: Calls) -> None:
    data = photo()
    row = image_row("photo.jpg", data)
    specs = ["width-400", "width-100"]
    calls.counts["resize"] = 0
    found = failures(row, data, *specs, inexact=set(specs), max_output_pixels=50_000)
    assert list(found) == ["width-400"]
    assert calls.counts["resize"] == 1


def test_frames_are_let_go_with_the_last_output() -> None:
    data = photo()
    results = render(
        image_row("photo.jpg", data), BytesIO(data), [Filter(spec) for spec in SPECS], inexact=set(SPECS)
    )
    ladders = []
    make = Ladder.__init__

    def noted(self: Ladder, *args: Any) -> None:
        ladders.append(self)
        make(self, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ladder, "__init__", noted)
        for result in results:
            assert isinstance(result, Output)
            result.file.close()
    (ladder,) = ladders
    assert (ladder._frames, ladder._part) == ({}, None)


def test_a_large_source_is_let_go_when_no_frame_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wagtail_sourcegroups.rendering.source.LARGE", 100)
    opened: list[Any] = []
    make = Ladder.__init__

    def noted(self: Ladder, source: Any, *args: Any) -> None:
        opened.append(source)
        make(self, source, *args)

    monkeypatch.setattr(Ladder, "__init__", noted)
    data = photo()
    held = []
    row = image_row("photo.jpg", data)
    for result in render(
        row, BytesIO(data), [Filter("width-800"), Filter("width-300")], inexact={"width-300"}
    ):
        assert isinstance(result, Output)
        held.append((result.filter.spec, result.fast, opened[0]._frame is not None))
        result.file.close()
    assert held == [("width-800", False, False), ("width-300", True, False)]


# Frames


@pytest.mark.parametrize(
    ("orientation", "area"),
    [
        (1, (0, 0, 1204, 808)),
        (2, (-1, 0, 1203, 808)),
        (3, (-1, -3, 1203, 805)),
        (4, (0, -3, 1204, 805)),
        (5, (0, 0, 808, 1204)),
        (6, (-3, 0, 805, 1204)),
        (7, (-3, -1, 805, 1203)),
        (8, (0, -1, 808, 1203)),
    ],
)
def test_a_part_reaches_beyond_the_picture_where_its_sides_cannot_be_divided(
    orientation: int, area: tuple[int, ...]
) -> None:
    assert area_of_part(SIZE, orientation, 4) == area


def test_a_frame_is_resized_from_a_fraction_of_a_pixel_on() -> None:
    ramp = PIL.Image.linear_gradient("L").rotate(90).convert("RGB")
    found = resized_from(Frame(ramp, (0, 0, 512, 512)), Geometry((101, 0, 357, 256), (32, 32)))
    expected = ramp.resize((32, 32), PIL.Image.Resampling.LANCZOS, box=(50.5, 0, 178.5, 128))
    inner = (4, 4, 28, 28)
    assert found.crop(inner).tobytes() == expected.crop(inner).tobytes()


def test_what_lies_beyond_a_crop_does_not_shine_in() -> None:
    image = PIL.Image.new("L", (100, 100), 0)
    image.paste(255, (50, 0, 100, 100))
    found = resized_from(Frame(image, (0, 0, 200, 200)), Geometry((0, 0, 100, 200), (10, 20)))
    assert found.getextrema() == (0, 0)


def test_sharpening_keeps_what_is_flat_and_raises_what_stands_out() -> None:
    image = PIL.Image.new("L", (9, 9), 100)
    image.putpixel((4, 4), 150)
    found = sharpened(image, 0.05)
    assert found.getpixel((4, 4)) == 160
    assert found.getpixel((4, 3)) in (97, 98)
    assert found.getpixel((1, 1)) == 100


@pytest.mark.parametrize("make", [lambda: jpeg(6), lambda: encoded(drawing(), "PNG")])
def test_a_part_has_the_info_of_the_whole(make: Callable[[], bytes]) -> None:
    from wagtail_sourcegroups.rendering.source import SharedSource, pillow_route

    willow_file = willow.Image.open(BytesIO(make()))
    route = pillow_route(willow_file)
    assert route is not None
    source = SharedSource(willow_file, route)
    if willow_file.format_name == "png":
        with pytest.raises(ValueError, match="is no JPEG"):
            source.part(2)
    else:
        assert source.part(2).info == source.oriented().info
