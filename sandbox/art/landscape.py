"""Landscapes: sky, light, ridges one behind another, water that mirrors them, trees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .texture import (
    Colour,
    Size,
    clouds,
    contrast,
    dim,
    fade,
    gradient,
    grain,
    mix,
    radial,
    rgb,
    tint,
    vignette,
)


@dataclass(frozen=True)
class Mood:
    """What a landscape looks like. Distances are shares of the picture: 0 is left or top, 1 right or bottom."""

    sky: tuple[str, ...]
    far: str
    near: str
    sun: tuple[float, float, float] | None = None  # x, y, radius
    light: str = "#fff3d6"
    cloud: str = "#ffffff"
    cloudiness: float = 0.5
    horizon: float = 0.62
    ridges: int = 6
    rugged: float = 0.55
    water: str | None = None
    trees: float = 0.0
    snow: bool = False
    stars: bool = False
    boat: bool = False
    flowers: str | None = None


MOODS = {
    "dawn": Mood(
        sky=("#28416b", "#6d7ba6", "#d99a9b", "#f6c79a", "#fde6bd"), far="#d3a9a4", near="#1d2a3c",
        sun=(0.64, 0.5, 0.035), cloud="#ffd9c2", water="#5d6f92", boat=True, horizon=0.6,
    ),
    "dusk": Mood(
        sky=("#1b1c3d", "#4b2f62", "#a8456a", "#ee7d58", "#fcc170"), far="#b56a78", near="#150f24",
        sun=(0.3, 0.52, 0.05), light="#ffdf9e", cloud="#f7936f", horizon=0.68, trees=0.8,
    ),
    "alps": Mood(
        sky=("#3d79b4", "#78abd3", "#b9d7e8", "#e9f1ee"), far="#a9c3d6", near="#22392f",
        cloud="#ffffff", cloudiness=0.75, horizon=0.55, rugged=0.85, ridges=7, snow=True, trees=1.0, water="#3f7187",
    ),
    "dunes": Mood(
        sky=("#5f93ad", "#a5c3c4", "#efdcb5", "#f9d9a0"), far="#e4b887", near="#7a3b1e",
        sun=(0.78, 0.3, 0.03), cloudiness=0.25, horizon=0.52, rugged=0.18, ridges=8,
    ),
    "aurora": Mood(
        sky=("#071021", "#0b2437", "#10454b", "#1f7a6a", "#79c79b"), far="#1d4f57", near="#04090f",
        cloud="#7dffc0", cloudiness=0.7, stars=True, horizon=0.66, rugged=0.7, trees=1.0, water="#0b2733",
    ),
    "poppies": Mood(
        sky=("#6ea9c9", "#a9cbd0", "#e9dfc0", "#f7e3b8"), far="#9db39a", near="#38502a",
        sun=(0.2, 0.32, 0.03), cloudiness=0.6, horizon=0.48, rugged=0.25, ridges=6, flowers="#d8392b",
    ),
    "storm": Mood(
        sky=("#20282f", "#3f4d56", "#73838a", "#b8bdb4", "#e2d6b5"), far="#8b979a", near="#12191b",
        cloud="#d4d8d4", cloudiness=1.0, horizon=0.62, rugged=0.4, ridges=5, water="#54646a", boat=True,
    ),
    "winter": Mood(
        sky=("#8fa7bd", "#b9c9d4", "#e2dfdc", "#f6e5d8"), far="#c4d0da", near="#3b4d5e",
        sun=(0.5, 0.42, 0.028), cloudiness=0.5, horizon=0.6, rugged=0.6, ridges=6, snow=True, trees=0.9,
    ),
    "islands": Mood(
        sky=("#2d5f7c", "#5d9aa8", "#a8ccc0", "#f0e2b6"), far="#88b0ad", near="#16383a",
        sun=(0.42, 0.46, 0.03), cloudiness=0.55, horizon=0.56, rugged=0.6, ridges=5, water="#2f7380", boat=True,
    ),
}  # fmt: skip


def paint(mood: Mood, size: Size, seed: int) -> Image.Image:
    """An RGB landscape. The same mood, size and seed give the same picture."""
    random = Random(seed)
    # Small pictures are drawn at twice their size, for smooth edges; large ones are looked at from further away.
    factor = 2 if size[0] * size[1] < 8_000_000 else 1
    width, height = size[0] * factor, size[1] * factor
    image = _sky(mood, (width, height), random)
    for depth in range(mood.ridges):
        _ridge(image, mood, depth / max(1, mood.ridges - 1), random)
    if mood.water:
        _water(image, mood, random)
    if mood.boat:
        _boat(image, mood, random)
    if mood.flowers:
        _meadow(image, mood.flowers, mood, random)
    if factor > 1:
        image = image.resize(size, Image.Resampling.BOX)
    vignette(image, 0.4)
    return grain(image, random, 0.1)


def _sky(mood: Mood, size: Size, random: Random) -> Image.Image:
    width, height = size
    skyline = round(height * mood.horizon)
    image = Image.new("RGB", size, rgb(mood.sky[-1]))
    image.paste(gradient((width, skyline), mood.sky), (0, 0))
    if mood.stars:
        draw = ImageDraw.Draw(image)
        for _ in range(700):
            x, y, r = (
                random.random() * width,
                random.random() ** 1.6 * skyline,
                random.choice((0.4, 0.5, 0.7, 1.1)),
            )
            r *= width / 2400
            draw.ellipse(
                (x - r, y - r, x + r, y + r), fill=mix(mood.sky[0], "#ffffff", random.uniform(0.4, 1))
            )
    high = contrast(clouds((width, skyline), random, scale=1.2, stretch=3.5), 105, 205)
    sky_mask = Image.new("L", size, 0)
    sky_mask.paste(dim(high, mood.cloudiness), (0, 0))
    tint(image, mood.cloud, sky_mask)
    if mood.sun:
        x, y, r = mood.sun[0] * width, mood.sun[1] * height, mood.sun[2] * width
        for reach, strength in ((16, 0.35), (7, 0.45), (2.6, 0.6)):
            tint(image, mood.light, dim(radial(size, (x, y), r * reach), strength))
        ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), fill=mix(mood.light, "#ffffff", 0.45))
    return image


def _profile(random: Random, rugged: float, points: int = 1025) -> list[float]:
    """A skyline between -1 and 1, by displacing midpoints."""
    heights = [0.0] * points
    heights[0], heights[-1] = random.uniform(-0.5, 0.5), random.uniform(-0.5, 0.5)
    step, swing = points - 1, 1.0
    while step > 1:
        for middle in range(step // 2, points, step):
            between = (heights[middle - step // 2] + heights[middle + step // 2]) / 2
            heights[middle] = between + random.uniform(-swing, swing)
        step, swing = step // 2, swing * (0.32 + 0.24 * rugged)
    highest = max(map(abs, heights))
    return [height / highest for height in heights]


def _ridge(image: Image.Image, mood: Mood, depth: float, random: Random) -> None:
    """One range of hills; ``depth`` 0 is the furthest, 1 the nearest."""
    width, height = image.size
    foot = 1.0 if not mood.water else mood.horizon + 0.02
    top = mood.horizon - 0.13 + depth * (foot - mood.horizon + 0.07)
    swing = height * (0.05 + 0.1 * mood.rugged) * (1.05 - 0.55 * depth)
    line = [
        (width * index / 1024, height * top - swing * value)
        for index, value in enumerate(_profile(random, mood.rugged))
    ]
    mask = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(mask)
    floor = height * foot
    draw.polygon([*line, (width, floor), (0, floor)], fill=255)
    if mood.trees and depth > 0.45:
        _forest(draw, line, mood.trees * depth, height, random)
    colour = mix(mood.far, mood.near, depth**1.3)
    haze = mix(colour, mood.sky[-1], 0.5 * (1 - depth) + 0.12)
    highest = max(0, round(min(y for _, y in line) - height * 0.08))
    band = (width, max(1, round(floor) - highest))
    slope = gradient(band, (mix(colour, "#000000", 0.06), colour, haze))
    relief = contrast(clouds(band, random, scale=3 + 5 * depth, stretch=1.5), 90, 200)
    tint(slope, mix(colour, "#ffffff", 0.35 if mood.snow else 0.2), dim(relief, 0.5))
    if mood.snow and depth < 0.55:
        caps = ImageChops.multiply(contrast(relief, 40, 210), fade(band, 255, 0))
        tint(slope, "#f7fafc", dim(caps, 0.95 - depth))
    image.paste(slope, (0, highest), mask.crop((0, highest, width, highest + band[1])))


def _forest(
    draw: ImageDraw.ImageDraw, line: list[tuple[float, float]], size: float, height: int, random: Random
) -> None:
    """Pines along a ridge, denser in groves."""
    grove = _profile(random, 0.6)
    x, last = 0.0, line[-1][0]
    while x < last:
        index = min(1023, int(x / last * 1024))
        y = line[index][1]
        tall = height * 0.05 * size * (0.55 + 0.6 * random.random()) * (1 + 0.45 * grove[index])
        wide = tall * 0.2
        for tier in range(5):
            top = y - tall + tier * tall * 0.17
            reach = wide * (0.3 + 0.19 * tier)
            draw.polygon([(x, top), (x - reach, top + tall * 0.3), (x + reach, top + tall * 0.3)], fill=255)
        draw.rectangle((x - wide * 0.12, y - tall * 0.2, x + wide * 0.12, y + tall * 0.1), fill=255)
        x += wide * random.uniform(0.7, 1.9) * (1.6 if grove[index] < -0.2 else 1)


def _water(image: Image.Image, mood: Mood, random: Random) -> None:
    """The world above the shore, upside down, broken by ripples that grow towards the viewer."""
    width, height = image.size
    shore = round(height * (mood.horizon + 0.02))
    depth = height - shore
    mirror = image.crop((0, max(0, shore - depth), width, shore)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    mirror = mirror.resize((width, depth)).filter(ImageFilter.GaussianBlur(width / 900))
    tint(mirror, mood.water or "#000000", fade((width, depth), 70, 190))
    y = 0.0
    while y < depth:
        near = y / depth
        strip = max(1.0, depth * (0.002 + 0.012 * near))
        shift = round(
            math.sin(y * 0.9) * width * 0.004 * (0.4 + near) + random.uniform(-1, 1) * width * 0.003
        )
        row = mirror.crop((0, round(y), width, min(depth, round(y + strip) + 1)))
        image.paste(ImageChops.offset(row, shift, 0), (0, shore + round(y)))
        y += strip
    _ripples(image, mood, shore, random)


def _ripples(image: Image.Image, mood: Mood, shore: int, random: Random) -> None:
    width, height = image.size
    depth = height - shore
    mask = Image.new("L", (width, depth), 0)
    draw = ImageDraw.Draw(mask)
    for _ in range(900):
        near = random.random() ** 0.7
        y = near * depth
        spread = 0.5 if not mood.sun else 0.05 + 0.1 * near
        x = random.gauss(mood.sun[0] if mood.sun else 0.5, spread) * width
        length, thick = width * random.uniform(0.004, 0.022) * (0.4 + near), depth * 0.004 * (0.25 + near)
        draw.ellipse((x - length, y - thick, x + length, y + thick), fill=random.randint(40, 200))
    light: Colour = mix(mood.light, mood.sky[-1], 0.3)
    sheet = Image.new("L", image.size, 0)
    sheet.paste(dim(mask, 0.75 if mood.sun else 0.3), (0, shore))
    tint(image, light, sheet)


def _boat(image: Image.Image, mood: Mood, random: Random) -> None:
    width, height = image.size
    x, y, s = width * random.uniform(0.26, 0.38), height * (mood.horizon + 0.14), width * 0.028
    draw = ImageDraw.Draw(image)
    hull, sail = mix(mood.near, "#000000", 0.2), mix(mood.light, "#ffffff", 0.2)
    for side, strength in ((1, 0.55), (-1, 0.0)):  # the reflection first
        colour = mix(sail, mood.water or "#000000", strength)
        draw.polygon(
            [(x, y + side * s * 2.7), (x, y + side * s * 0.35), (x + s * 1.35, y + side * s * 0.35)],
            fill=colour,
        )
        draw.polygon(
            [
                (x - s * 0.1, y + side * s * 2.3),
                (x - s * 0.1, y + side * s * 0.35),
                (x - s, y + side * s * 0.35),
            ],
            fill=mix(colour, mood.near, 0.18),
        )
    draw.polygon(
        [
            (x - s * 1.3, y - s * 0.2),
            (x + s * 1.6, y - s * 0.2),
            (x + s, y + s * 0.3),
            (x - s * 0.9, y + s * 0.3),
        ],
        fill=hull,
    )


def _meadow(image: Image.Image, colour: str, mood: Mood, random: Random) -> None:
    """Flowers, small and many far away, large and few in front."""
    width, height = image.size
    draw = ImageDraw.Draw(image)
    top = mood.horizon + 0.2
    blossoms = sorted(random.random() ** 0.6 for _ in range(2600))
    for near in blossoms:
        x, y = random.random() * width, height * (top + (1.03 - top) * near)
        r = width * (0.0008 + 0.0075 * near**2.4) * random.uniform(0.7, 1.2)
        petal = mix(
            mix(colour, mood.far, 0.45 * (1 - near)),
            random.choice(("#5f0d12", "#ff8a5c")),
            random.random() * 0.3,
        )
        if near > 0.5:
            draw.line(
                (x, y, x + r * random.uniform(-1, 1), y + r * 5),
                fill=mix(mood.near, "#8aa35a", 0.35),
                width=max(1, int(r / 4)),
            )
        for dx in (-0.5, 0.5):
            draw.ellipse(
                (x + (dx - 0.8) * r, y - r * 0.75, x + (dx + 0.8) * r, y + r * 0.75),
                fill=mix(petal, "#ffffff", 0.08 * (dx > 0)),
            )
        if near > 0.45:
            draw.ellipse((x - r * 0.28, y - r * 0.28, x + r * 0.28, y + r * 0.28), fill=(34, 18, 20))
