"""How much fine detail a picture shows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import PIL.Image
from PIL import ImageFilter

TILE = 64
TILES = 6
"""Of a large picture, so many tiles across and down are looked at."""
SCALE = 4
SECOND_DIFFERENCE = ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 4, -1, 0, -1, 0), scale=SCALE, offset=128)


def detail(image: PIL.Image.Image) -> float:
    """How far a pixel lies from its four neighbours, the root of the mean square; 0 to about 100 in photographs.

    Of all bands together: grain of another colour in each of them hardly shows in the brightness.
    """
    width, height = image.size
    if min(width, height) < 3:
        return 0.0
    if width * height <= (TILES * TILE) ** 2 or min(width, height) < TILE:
        differences = image.filter(SECOND_DIFFERENCE)
        # The filter leaves the outermost pixels as they are.
        counts = differences.crop((1, 1, width - 1, height - 1)).histogram()
    else:
        counts = mosaic(image).filter(SECOND_DIFFERENCE).histogram(insides())
    # The counts of all bands, one after the other.
    squares = sum(count * (value % 256 - 128) ** 2 for value, count in enumerate(counts))
    return SCALE * math.sqrt(squares / sum(counts))


def mosaic(image: PIL.Image.Image) -> PIL.Image.Image:
    """Parts of a large picture that lie evenly, side by side: looking at one picture is cheaper than at many."""
    found = PIL.Image.new(image.mode, (TILES * TILE, TILES * TILE))
    for row, column in places():
        left = (image.width - TILE) * column // (TILES - 1)
        top = (image.height - TILE) * row // (TILES - 1)
        tile = image.crop((left, top, left + TILE, top + TILE))
        found.paste(tile, (column * TILE, row * TILE))
    return found


@cache
def insides() -> PIL.Image.Image:
    """Which pixels of a mosaic have their own neighbours around them."""
    mask = PIL.Image.new("L", (TILES * TILE, TILES * TILE))
    for row, column in places():
        mask.paste(255, (column * TILE + 1, row * TILE + 1, (column + 1) * TILE - 1, (row + 1) * TILE - 1))
    return mask


def places() -> Iterator[tuple[int, int]]:
    return ((row, column) for row in range(TILES) for column in range(TILES))
