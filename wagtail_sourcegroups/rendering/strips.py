"""Resizing a large picture, or a part of it, without the large frame that Pillow makes in between."""

from __future__ import annotations

import math
from functools import cache

import PIL.Image

from wagtail_sourcegroups.rendering.limits import Size

Box = tuple[int, int, int, int]

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


def resized_part(image: PIL.Image.Image, box: Box, size: Size) -> PIL.Image.Image:
    """What ``image.crop(box).resize(size, LANCZOS)`` gives."""
    left, top, right, bottom = box
    if not goes_along_rows_first((right - left, bottom - top), size):
        return image.crop(box).resize(size, PIL.Image.Resampling.LANCZOS)
    return rows_then_columns(image, box, size)


def rows_then_columns(image: PIL.Image.Image, box: Box, size: Size) -> PIL.Image.Image:
    """Pillow resizes along the rows and rounds, then along the columns.

    The rows do not know of each other: they are cropped and resized some at a time.
    """
    lanczos = PIL.Image.Resampling.LANCZOS
    left, top, right, bottom = box
    narrow = PIL.Image.new(image.mode, (size[0], bottom - top))
    rows = max(1, PIXELS_AT_ONCE // (right - left))
    for start in range(top, bottom, rows):
        end = min(start + rows, bottom)
        strip = image.crop((left, start, right, end)).resize((size[0], end - start), lanczos)
        narrow.paste(strip, (0, start - top))
    result = narrow.resize(size, lanczos)
    result.info = image.info.copy()
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
