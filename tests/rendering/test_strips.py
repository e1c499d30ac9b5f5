"""The same pixels as Pillow's, without its large frames in between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from PIL import Image

from wagtail_sourcegroups.rendering import strips
from wagtail_sourcegroups.rendering.strips import (
    goes_along_rows_first,
    resized_in_bands,
    resized_part,
    resized_together,
    rows_come_first,
    worthwhile,
)

pytestmark = pytest.mark.once

LANCZOS = Image.Resampling.LANCZOS


def noise(mode: str = "RGB", size: tuple[int, int] = (300, 240)) -> Image.Image:
    bands = [Image.effect_noise(size, 80) for _ in mode]
    image = Image.merge(mode, bands) if len(bands) > 1 else bands[0]
    image.info["icc_profile"] = b"some colours"
    return image


@pytest.fixture(autouse=True)
def narrow_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "PIXELS_AT_ONCE", 3000)


def shapes(count: int) -> Iterator[tuple[tuple[int, int, int, int], tuple[int, int]]]:
    random = Random(7)
    for number in range(count):
        left, top = random.randrange(100), random.randrange(100)
        width, height = random.randint(20, 300 - left), random.randint(20, 240 - top)
        size = (random.randint(5, 400), random.randint(5, 400))
        if number % 2:
            size = (size[0], max(1, size[0] * height // width))
        yield (left, top, left + width, top + height), size


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_part_is_resized_as_its_copy_is(mode: str) -> None:
    image = noise(mode)
    for box, size in shapes(120):
        part = resized_part(image, box, size)
        expected = image.crop(box).resize(size, LANCZOS)
        assert (part.mode, part.size, part.info) == (expected.mode, expected.size, expected.info)
        assert part.tobytes() == expected.tobytes(), (box, size)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_what_several_threads_resize_is_what_one_does(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "LARGE", 1000)
    image = noise(mode)

    def crew(work: Callable[[], None]) -> bool:
        together = threading.Barrier(3)

        def begin() -> None:
            together.wait(30)
            work()

        with ThreadPoolExecutor(2) as others:
            helpers = [others.submit(begin) for _ in range(2)]
            begin()
            for helper in helpers:
                helper.result()
        return True

    made = 0
    for _, size in shapes(60):
        found = resized_together(image, size, crew)
        if found is None:
            # What Pillow does in another order, or what gets no narrower.
            assert size[0] >= image.width or not goes_along_rows_first(image.size, size)
            continue
        made += 1
        expected = image.resize(size, LANCZOS)
        assert (found.mode, found.size, found.info) == (expected.mode, expected.size, expected.info)
        assert found.tobytes() == expected.tobytes(), size
    assert made > 10


def test_nobody_helps_with_what_is_small_or_has_other_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    def crew(work: Callable[[], None]) -> bool:
        raise AssertionError("It was asked.")

    assert resized_together(noise(), (50, 40), crew) is None
    monkeypatch.setattr(strips, "LARGE", 1000)
    assert resized_together(noise().convert("RGBA"), (50, 40), crew) is None
    assert resized_together(noise(), (400, 320), crew) is None


def test_what_nobody_helps_with_is_left_to_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "LARGE", 1000)
    assert resized_together(noise(), (50, 40), lambda work: False) is None
    image = noise()
    expected = image.crop((10, 10, 250, 200)).resize((50, 40), LANCZOS)
    assert (
        resized_part(image, (10, 10, 250, 200), (50, 40), lambda work: False).tobytes() == expected.tobytes()
    )


def test_bands_give_what_the_whole_gives() -> None:
    random = Random(7)
    for _ in range(80):
        repeats = random.randint(2, 30)
        image = noise(size=(random.randint(50, 300), repeats * random.randint(2, 9)))
        size = (random.randint(5, 300), repeats * random.randint(1, 6))
        banded = resized_in_bands(image, size)
        assert banded.info == image.info
        assert banded.tobytes() == image.resize(size, LANCZOS).tobytes(), (image.size, size)


def test_pillow_goes_along_rows_first_unless_the_height_shrinks_most() -> None:
    assert rows_come_first()
    assert goes_along_rows_first((300, 200), (150, 100))
    assert goes_along_rows_first((100, 100), (400, 400))
    assert not goes_along_rows_first((300, 300), (290, 100))


def test_only_large_parts_of_plain_pictures_are_worth_it() -> None:
    large = (0, 0, 2000, 1500)
    assert worthwhile(Image.new("RGB", (2000, 1500)), large)
    assert not worthwhile(Image.new("RGB", (2000, 1500)), (0, 0, 1000, 1500))
    for mode in ("RGBA", "P", "CMYK"):
        assert not worthwhile(Image.new(mode, (2000, 1500)), large)
