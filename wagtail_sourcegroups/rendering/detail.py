"""How much fine detail a picture shows."""

from __future__ import annotations

import math
from collections.abc import Iterator

import PIL.Image
from PIL import ImageFilter

TILE = 128
TILES = 4
"""Of a large picture, so many tiles across and down are looked at."""
SCALE = 4
SECOND_DIFFERENCE = ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 4, -1, 0, -1, 0), scale=SCALE, offset=128)


def detail(image: PIL.Image.Image) -> float:
    """How far a pixel lies from its four neighbours, the root of the mean square; 0 to about 100 in photographs."""
    counts = [0] * 256
    for tile in tiles(image):
        differences = tile.filter(SECOND_DIFFERENCE)
        # The filter leaves the outermost pixels as they are.
        inner = differences.crop((1, 1, tile.width - 1, tile.height - 1))
        for position, count in enumerate(inner.histogram()):
            # All bands of a picture, one after the other.
            counts[position % 256] += count
    seen = sum(counts)
    if not seen:
        return 0.0
    return SCALE * math.sqrt(sum(count * (value - 128) ** 2 for value, count in enumerate(counts)) / seen)


def tiles(image: PIL.Image.Image) -> Iterator[PIL.Image.Image]:
    """The picture, or parts of it that lie evenly."""
    width, height = image.size
    if min(width, height) < 3:
        return
    if width * height <= TILES * TILES * TILE * TILE:
        yield image
        return
    across, down = min(TILE, width), min(TILE, height)
    for row in range(TILES):
        for column in range(TILES):
            left = (width - across) * column // (TILES - 1)
            top = (height - down) * row // (TILES - 1)
            yield image.crop((left, top, left + across, top + down))
