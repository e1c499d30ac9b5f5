"""Resizing a large picture, or a part of it, without the large frame that Pillow makes in between."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from functools import cache

import PIL.Image

from wagtail_sourcegroups.rendering.limits import Size

Box = tuple[int, int, int, int]

Crew = Callable[[Callable[[], None]], bool]
"""Has work that takes one piece after the other done by this thread and others; False if there are no others, and
nothing was done."""

MODES = frozenset({"RGB", "L"})
"""Those that Pillow resizes as they are."""
LARGE = 2_000_000
"""Pixels of a part that is worth it."""
PIXELS_AT_ONCE = 1_000_000
BANDS = 8


def worthwhile(image: PIL.Image.Image, box: Box) -> bool:
    left, top, right, bottom = box
    return image.mode in MODES and (right - left) * (bottom - top) > LARGE


def goes_along_rows_first(source: Size, size: Size) -> bool:
    """Whether Pillow does. Since version 13 it goes along the columns first where the height shrinks most."""
    shrinks = source[1] - size[1]
    return not (shrinks > 0 and shrinks > 2 * (source[0] - size[0])) and rows_come_first()


@cache
def rows_come_first() -> bool:
    """Whether that is still so in the Pillow that is installed."""
    noise = PIL.Image.effect_noise((64, 48), 80)
    whole = noise.resize((30, 20), PIL.Image.Resampling.LANCZOS)
    return whole.tobytes() == rows_then_columns(noise, (0, 0, 64, 48), (30, 20)).tobytes()


def resized_part(image: PIL.Image.Image, box: Box, size: Size, crew: Crew | None = None) -> PIL.Image.Image:
    """What ``image.crop(box).resize(size, LANCZOS)`` gives."""
    left, top, right, bottom = box
    if not goes_along_rows_first((right - left, bottom - top), size):
        return image.crop(box).resize(size, PIL.Image.Resampling.LANCZOS)
    return rows_then_columns(image, box, size, crew)


def resized_together(image: PIL.Image.Image, size: Size, crew: Crew) -> PIL.Image.Image | None:
    """What ``image.resize(size, LANCZOS)`` gives, made by several threads; None if nobody helps, or nobody can."""
    box = (0, 0, *image.size)
    if not worthwhile(image, box) or size[0] >= image.width or not goes_along_rows_first(image.size, size):
        return None
    work = Rows(image, box, size[0])
    return work.then_columns(size) if crew(work.go_through) else None


def rows_then_columns(
    image: PIL.Image.Image, box: Box, size: Size, crew: Crew | None = None
) -> PIL.Image.Image:
    """Pillow resizes along the rows and rounds, then along the columns."""
    work = Rows(image, box, size[0])
    if crew is None or not crew(work.go_through):
        work.go_through()
    return work.then_columns(size)


class Rows:
    """A part of an image that is resized along its rows, which do not know of each other: some at a time."""

    def __init__(self, image: PIL.Image.Image, box: Box, width: int) -> None:
        left, top, right, bottom = self._box = box
        self._image = image
        self._narrow = PIL.Image.new(image.mode, (width, bottom - top))
        self._at_once = max(1, PIXELS_AT_ONCE // (right - left))
        self._starts = deque(range(top, bottom, self._at_once))

    def go_through(self) -> None:
        """Resize what nobody has begun. In any thread, and in several at the same time."""
        left, top, right, bottom = self._box
        while True:
            try:
                start = self._starts.popleft()
            except IndexError:
                return
            end = min(start + self._at_once, bottom)
            strip = self._image.crop((left, start, right, end))
            size = (self._narrow.width, end - start)
            self._narrow.paste(strip.resize(size, PIL.Image.Resampling.LANCZOS), (0, start - top))

    def then_columns(self, size: Size) -> PIL.Image.Image:
        """The rest, once nobody goes through rows any more."""
        result = self._narrow.resize(size, PIL.Image.Resampling.LANCZOS)
        result.info = self._image.info.copy()
        return result


def resized_in_bands(image: PIL.Image.Image, size: Size) -> PIL.Image.Image:
    """What ``image.resize(size, LANCZOS)`` gives, but for the last bit of a factor.

    Pillow keeps all rows at their new width before it goes along the columns. A band of the result needs a
    part of them. Bands end between two pixels of both pictures, so that the factors are those of the whole.
    """
    lanczos = PIL.Image.Resampling.LANCZOS
    repeats = math.gcd(image.height, size[1])
    rows, source_rows = size[1] // repeats, image.height // repeats
    at_once = max(1, repeats // BANDS)
    if not goes_along_rows_first(image.size, (size[0], at_once * rows)):
        return image.resize(size, lanczos)
    result = PIL.Image.new(image.mode, size)
    result.info = image.info.copy()
    for start in range(0, repeats, at_once):
        end = min(start + at_once, repeats)
        if not goes_along_rows_first(image.size, (size[0], (end - start) * rows)):
            return image.resize(size, lanczos)
        box = (0, start * source_rows, image.width, end * source_rows)
        result.paste(image.resize((size[0], (end - start) * rows), lanczos, box=box), (0, start * rows))
    return result
