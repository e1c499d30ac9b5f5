"""Pictures that would need more memory than there is: refused by their headers, before a pixel is decoded."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import PIL
import pytest
from PIL import Image

from tests.command.conftest import call
from tests.fuzz.layout import layout, with_right_checksums
from tests.fuzz.seeds import seed
from tests.fuzz.trial import memory
from tests.rendering.stock import failures, image_row, our_results, outputs, stock_result
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation.budget import PixelBudget
from wagtail_sourcegroups.models import GenerationFailure
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.rendering import PlainImage
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup

SIDE = 30_000
LARGEST_WEBP = 16_383
"""Its header has no room for more."""
MEGABYTES = 60
"""That refusing may take. Decoded, these pictures have 100 to 2,700."""
FILTERS = ("width-40", "fill-30x30|format-jpeg")


def real_png() -> bytes:
    """Whole and valid: 900 million white pixels in a hundred kilobytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    row, packer = b"\0" + b"\xff" * (SIDE // 8), zlib.compressobj(9)
    rows = b"".join(packer.compress(row * 100) for _ in range(SIDE // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def lying(image_format: str, picture: str, side: int = SIDE) -> Callable[[], bytes]:
    """A small file whose header says that it is large."""

    def make() -> bytes:
        data = bytearray(seed(image_format, picture))
        for number in layout(image_format, bytes(data)).sizes:
            # In GIF every second pair is where a frame lies.
            if int.from_bytes(data[number.at : number.end], "big"):
                number.put(data, side)
        return with_right_checksums(bytes(data)) if image_format == "png" else bytes(data)

    return make


BOMBS: dict[str, Callable[[], bytes]] = {
    "real.png": real_png,
    "progressive.jpg": lying("jpeg", "progressive"),
    "grey.jpg": lying("jpeg", "grey"),
    "alpha.png": lying("png", "alpha"),
    "still.gif": lying("gif", "still"),
    "animated.gif": lying("gif", "animated"),
    "lossy.webp": lying("webp", "lossy", LARGEST_WEBP),
    "alpha.webp": lying("webp", "alpha", LARGEST_WEBP),
    "still.avif": lying("avif", "still"),
    "strips.tiff": lying("tiff", "strips"),
    "lzw.tiff": lying("tiff", "lzw"),
    "tiles.tiff": lying("tiff", "tiles"),
}
REFUSALS = (Image.DecompressionBombError, PIL.UnidentifiedImageError)
"""The second is libavif's, which has a limit of its own."""


@contextmanager
def little_memory() -> Iterator[None]:
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    yield
    assert (memory("VmHWM") - before) / 1024 < MEGABYTES


@pytest.mark.once
@pytest.mark.parametrize("mode", ["exact", "fast"])
@pytest.mark.parametrize("row", ["a row that lies", "a row that is right", "a plain file"])
@pytest.mark.parametrize("name", BOMBS)
def test_it_is_refused_before_it_is_decoded(name: str, row: str, mode: str) -> None:
    data = BOMBS[name]()
    image: Any = PlainImage(name) if row == "a plain file" else image_row(name, b"")
    if row == "a row that is right":
        image.width = image.height = SIDE
    inexact = frozenset(FILTERS) if mode == "fast" else frozenset()
    with little_memory():
        found = failures(image, data, *FILTERS, max_output_pixels=50_000_000, inexact=inexact)
    assert set(found) == set(FILTERS)
    assert all(isinstance(error, REFUSALS) for error in found.values()), found


@pytest.mark.once
@pytest.mark.parametrize("name", BOMBS)
def test_stock_refuses_it_in_the_same_words(name: str) -> None:
    data, image = BOMBS[name](), image_row(name, b"")
    assert our_results(image, data, FILTERS) == {spec: stock_result(image, data, spec) for spec in FILTERS}


@pytest.fixture
def registry() -> Iterator[Registry]:
    spec = RenditionSpec("test:spec", FILTERS)
    with get_registry().override(empty=True) as registry:
        registry.add_spec(spec)
        registry.add_group(spec.id, ImageModelSourceGroup())
        yield registry


def test_a_run_over_bombs_records_them_and_goes_on(
    make_image: Callable[..., Any], registry: Registry
) -> None:
    good = make_image("good.jpg")
    bombs = []
    for name, make in BOMBS.items():
        # Put in place of what was uploaded, so that the row says that it is small.
        image = make_image(f"{name.partition('.')[0]}.jpg")
        Path(image.file.path).write_bytes(make())
        bombs.append(image)

    with little_memory():
        result = call("--json")

    assert (result.status, result.json["failed"]) == (1, len(FILTERS) * len(BOMBS))
    assert good.renditions.count() == len(FILTERS)
    said = set(GenerationFailure.objects.values_list("error", flat=True))
    assert f"DecompressionBombError: Image size ({SIDE * SIDE} pixels) exceeds limit of" in " ".join(said)
    assert {failure.object_id for failure in GenerationFailure.objects.all()} == {
        str(each.pk) for each in bombs
    }


def test_pixels_in_flight_are_counted_by_the_file_if_its_row_lies(
    make_image: Callable[..., Any], registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = make_image("small.jpg")
    large = BytesIO()
    Image.new("L", (1500, 1000)).save(large, "JPEG")
    Path(image.file.path).write_bytes(large.getvalue())
    asked = []
    admit = PixelBudget.admit
    monkeypatch.setattr(
        PixelBudget,
        "admit",
        lambda self, pixels: asked.append(pixels) or admit(self, pixels),  # type: ignore[func-returns-value]
    )

    assert call().status == 0
    assert asked == [1_500_000]


# SVG -------------------------------------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("picture", ["huge", "script", "from elsewhere", "style sheet"])
def test_an_svg_stays_one_and_nothing_is_painted_or_fetched(picture: str, plain: bool) -> None:
    data = seed("svg", picture)
    image: Any = PlainImage("drawing.svg") if plain else image_row("drawing.svg", data)
    with little_memory():
        found = outputs(image, data, "width-40", "fill-30x30", "original", max_output_pixels=50_000_000)
    for output in found.values():
        with output.file:
            assert output.format_name == "svg"
            assert output.file.name.endswith(".svg")
            assert b"<svg" in output.file.read() or b":svg" in output.file.read()


@pytest.mark.once
@pytest.mark.parametrize("raster", ["png", "jpeg", "webp", "avif", "gif"])
def test_an_svg_is_not_made_into_pixels_when_asked_to(raster: str) -> None:
    data = seed("svg", "huge")
    with little_memory():
        found = failures(image_row("drawing.svg", data), data, f"width-40|format-{raster}")
    assert [type(error).__name__ for error in found.values()] == ["InvalidFilterSpecError"]


@pytest.mark.once
@pytest.mark.parametrize("picture", ["entities", "file entity"])
def test_entities_of_an_svg_are_refused(picture: str) -> None:
    data = seed("svg", picture)
    found = failures(image_row("drawing.svg", b""), data, "width-40", "original")
    assert {type(error).__name__ for error in found.values()} == {"EntitiesForbidden"}
