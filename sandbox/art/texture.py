"""The painter's ground coat: gradients, clouds, grain, light. What is random comes from the ``Random`` passed in."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from PIL import Image, ImageChops, ImageColor, ImageFilter

Size = tuple[int, int]
Colour = tuple[int, int, int]

# Edge of the random tile that grain and clouds are cut from: a full-size one would cost a second per megapixel.
TILE = 512


def rgb(colour: str | Colour) -> Colour:
    """``"#d9a441"`` or a triple, as a triple."""
    return ImageColor.getrgb(colour)[:3] if isinstance(colour, str) else colour  # type: ignore[return-value]


def mix(first: str | Colour, second: str | Colour, share: float) -> Colour:
    """``share`` of the second colour in the first."""
    return tuple(round(a + (b - a) * share) for a, b in zip(rgb(first), rgb(second), strict=True))  # type: ignore[return-value]


def gradient(size: Size, colours: Sequence[str | Colour]) -> Image.Image:
    """Colours from top to bottom, evenly spread."""
    column = Image.new("RGB", (1, len(colours)))
    column.putdata([rgb(colour) for colour in colours])
    # One pixel of each colour has its centre half a pixel in; the box stretches from centre to centre.
    return column.resize(size, Image.Resampling.BICUBIC, box=(0, 0.5, 1, len(colours) - 0.5))


def fade(size: Size, top: int, bottom: int) -> Image.Image:
    """A mask that goes from ``top`` to ``bottom``, each 0 to 255."""
    column = Image.new("L", (1, 2))
    column.putdata([top, bottom])
    return column.resize(size, Image.Resampling.BILINEAR, box=(0, 0.5, 1, 1.5))


def speckle(random: Random, edge: int = TILE) -> Image.Image:
    """White noise."""
    return Image.frombytes("L", (edge, edge), random.randbytes(edge * edge))


def clouds(
    size: Size, random: Random, scale: float = 1.0, stretch: float = 1.0, octaves: int = 5
) -> Image.Image:
    """Soft fractal noise, as a mask; ``stretch`` above 1 draws it out sideways."""
    width, height = 512, max(2, 512 * size[1] // size[0])
    result = Image.new("L", (width, height), 128)
    for octave in range(octaves):
        columns = max(2, round(3 * scale * 2**octave / stretch))
        rows = max(2, round(3 * scale * 2**octave * height / width))
        layer = Image.frombytes("L", (columns, rows), random.randbytes(columns * rows))
        layer = layer.resize((width, height), Image.Resampling.BICUBIC)
        result = Image.blend(result, layer, 0.6 if octave == 0 else 0.5 ** (octave * 0.6 + 0.6))
    return result.resize(size, Image.Resampling.BICUBIC)


def contrast(mask: Image.Image, low: int, high: int) -> Image.Image:
    """Stretch the values between ``low`` and ``high`` over the whole range."""
    span = max(1, high - low)
    return mask.point([max(0, min(255, (value - low) * 255 // span)) for value in range(256)])


def dim(mask: Image.Image, share: float) -> Image.Image:
    """The mask, weaker."""
    return mask.point([round(value * share) for value in range(256)])


def radial(size: Size, centre: tuple[float, float], radius: float) -> Image.Image:
    """Light that falls off around a point, as a mask."""
    disc = ImageChops.invert(Image.radial_gradient("L"))
    edge = max(2, round(radius * 2))
    mask = Image.new("L", size, 0)
    disc = contrast(disc, 75, 255).resize((edge, edge), Image.Resampling.BICUBIC)
    mask.paste(disc, (round(centre[0] - radius), round(centre[1] - radius)))
    return mask


def tint(image: Image.Image, colour: str | Colour, mask: Image.Image) -> None:
    """Lay a colour over the image, through a mask, in place."""
    image.paste(rgb(colour), (0, 0, *image.size), mask)


def grain(image: Image.Image, random: Random, amount: float = 0.06) -> Image.Image:
    """The texture of film: without it a JPEG of a painted sky shows bands."""
    tile = speckle(random).filter(ImageFilter.GaussianBlur(0.6))
    sheet = Image.new("L", image.size)
    for y in range(0, image.height, TILE):
        for x in range(0, image.width, TILE):
            turned = tile.transpose(random.choice(list(Image.Transpose)[:4]))
            sheet.paste(turned, (x, y))
    noisy = ImageChops.overlay(image, Image.merge("RGB", (sheet, sheet, sheet)))
    return Image.blend(image, noisy, amount)


def vignette(image: Image.Image, strength: float = 0.35, colour: str | Colour = (12, 10, 18)) -> None:
    """Darken the corners, in place."""
    width, height = image.size
    mask = contrast(Image.radial_gradient("L"), 120, 300).resize((width, height), Image.Resampling.BICUBIC)
    tint(image, colour, dim(mask, strength))
