"""Portraits in a few shapes: backdrop, shoulders, head, hair."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from .texture import Size, dim, gradient, grain, mix, radial, rgb, tint


@dataclass(frozen=True)
class Sitter:
    """Who sits for the portrait. ``hair_style`` is one of ``bun``, ``short``, ``long``, ``curls``."""

    skin: str
    hair: str
    clothes: str
    backdrop: str
    hair_style: str = "short"
    beard: bool = False
    glasses: bool = False


def portrait(sitter: Sitter, size: Size, seed: int) -> Image.Image:
    """An RGB portrait, the head in the upper middle."""
    random = Random(seed)
    width, height = size[0] * 2, size[1] * 2
    image = gradient(
        (width, height),
        (mix(sitter.backdrop, "#ffffff", 0.25), sitter.backdrop, mix(sitter.backdrop, "#000000", 0.2)),
    )
    tint(image, "#ffffff", dim(radial(image.size, (width * 0.32, height * 0.26), width * 0.7), 0.25))
    draw = ImageDraw.Draw(image)
    x, u = width / 2, min(width, height) / 100
    y = height * 0.43

    def oval(dx: float, dy: float, rx: float, ry: float, colour: object) -> None:
        draw.ellipse(
            (x + (dx - rx) * u, y + (dy - ry) * u, x + (dx + rx) * u, y + (dy + ry) * u), fill=colour
        )  # type: ignore[arg-type]

    skin, hair, clothes = rgb(sitter.skin), rgb(sitter.hair), rgb(sitter.clothes)
    dark = mix(skin, "#5a1f14", 0.25)
    if sitter.hair_style == "long":
        draw.rounded_rectangle(
            (x - 22 * u, y - 20 * u, x + 22 * u, y + 34 * u), radius=20 * u, fill=mix(hair, "#000000", 0.12)
        )
    if sitter.hair_style == "bun":
        oval(0, -28, 9, 9, hair)
    if sitter.hair_style == "curls":
        for dx, dy in (
            (-19, -6),
            (19, -6),
            (-17, -17),
            (17, -17),
            (-8, -24),
            (8, -24),
            (0, -26),
            (-20, 4),
            (20, 4),
        ):
            oval(dx, dy, 9.5, 9.5, mix(hair, "#000000", 0.08 * random.random()))
    draw.rounded_rectangle((x - 38 * u, y + 31 * u, x + 38 * u, y + 120 * u), radius=26 * u, fill=clothes)
    draw.rounded_rectangle((x - 8.5 * u, y + 10 * u, x + 8.5 * u, y + 40 * u), radius=8 * u, fill=dark)
    oval(0, 33, 12, 7, dark)
    draw.arc(
        (x - 14 * u, y + 23 * u, x + 14 * u, y + 43 * u),
        0,
        180,
        fill=mix(clothes, "#ffffff", 0.3),
        width=round(2 * u),
    )
    oval(-18, 2, 3.5, 5, dark)
    oval(18, 2, 3.5, 5, dark)
    oval(0, 0, 18, 23, skin)
    shade = Image.new("L", image.size, 0)
    ImageDraw.Draw(shade).chord((x - 18 * u, y - 23 * u, x + 18 * u, y + 23 * u), -70, 100, fill=60)
    tint(image, dark, shade.filter(ImageFilter.GaussianBlur(3 * u)))
    draw = ImageDraw.Draw(image)
    if sitter.beard:
        draw.chord((x - 18 * u, y - 20 * u, x + 18 * u, y + 25 * u), 8, 172, fill=hair)
        oval(0, 11, 7, 4.5, skin)
    draw.chord((x - 19 * u, y - 26 * u, x + 19 * u, y + 16 * u), 188, 352, fill=hair)
    if sitter.hair_style == "long":
        draw.chord((x - 19 * u, y - 26 * u, x + 12 * u, y + 22 * u), 150, 330, fill=hair)
        oval(2, 2, 14, 19, skin)
    for side in (-1, 1):
        oval(side * 7.2, 1.2, 1.7, 2.1, (32, 24, 24))
        draw.arc(
            (x + (side * 7.2 - 4) * u, y - 6 * u, x + (side * 7.2 + 4) * u, y + 2 * u),
            205,
            335,
            fill=mix(hair, "#000000", 0.2),
            width=round(1.1 * u),
        )
        if not sitter.beard:
            oval(side * 10, 8, 3.4, 2.3, mix(skin, "#d9534a", 0.22))
        if sitter.glasses:
            draw.ellipse(
                (x + (side * 7.4 - 6) * u, y - 4.6 * u, x + (side * 7.4 + 6) * u, y + 7 * u),
                outline=(40, 34, 32),
                width=round(0.9 * u),
            )
    if sitter.glasses:
        draw.line((x - 1.6 * u, y + u, x + 1.6 * u, y + u), fill=(40, 34, 32), width=round(0.9 * u))
    draw.arc((x - 2.6 * u, y + 1 * u, x + 2.6 * u, y + 7 * u), 20, 150, fill=dark, width=round(0.9 * u))
    draw.arc(
        (x - 6 * u, y + 5 * u, x + 6 * u, y + 14 * u),
        25,
        155,
        fill=mix(skin, "#8f2222", 0.7),
        width=round(1.2 * u),
    )
    return grain(image.resize(size, Image.Resampling.BOX), random, 0.1)


SITTERS = {
    "ines": Sitter("#e8b894", "#3a2018", "#b4512d", "#d9a441", "bun"),
    "tomasz": Sitter("#f0c8a8", "#8a4b22", "#2f5d62", "#c9d3c2", "short", beard=True),
    "amara": Sitter("#7a4a32", "#1c1210", "#e0b13b", "#2f6f6a", "curls"),
    "joon": Sitter("#ecc49c", "#191a20", "#33415c", "#d98a6a", "short", glasses=True),
    "maud": Sitter("#f3d2ba", "#c9c4bd", "#5b3758", "#8fa9a3", "long", glasses=True),
    "elio": Sitter("#c98f66", "#2a1a14", "#f0e6d2", "#5a6f8f", "curls", beard=True),
}
