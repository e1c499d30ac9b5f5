"""Dishes seen from above: a table, a plate with its shadow, and what is on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .texture import Colour, Size, clouds, contrast, dim, gradient, grain, mix, radial, rgb, tint, vignette

Point = tuple[float, float]


class Table:
    """A picture in the making. Lengths are shares of its height, the middle is (0, 0)."""

    def __init__(self, size: Size, wood: str, seed: int):
        self.random = Random(seed)
        # Drawn at twice the size, for smooth edges.
        self.image = Image.new("RGB", (size[0] * 2, size[1] * 2))
        self.size = size
        self.unit = self.image.height
        self._board(wood)

    def _board(self, wood: str) -> None:
        width, height = self.image.size
        plank = height // 4
        for index in range(5):
            tone = mix(wood, self.random.choice(("#000000", "#ffffff")), self.random.uniform(0.0, 0.07))
            piece = gradient((width, plank), (mix(tone, "#ffffff", 0.05), tone, mix(tone, "#000000", 0.06)))
            fibre = contrast(clouds((width, plank), self.random, scale=14, stretch=14), 70, 190)
            tint(piece, mix(tone, "#000000", 0.4), dim(fibre, 0.35))
            self.image.paste(piece, (0, index * plank))
            ImageDraw.Draw(self.image).line(
                (0, index * plank, width, index * plank),
                fill=mix(wood, "#000000", 0.5),
                width=max(2, height // 500),
            )

    def at(self, point: Point) -> Point:
        return self.image.width / 2 + point[0] * self.unit, self.image.height / 2 + point[1] * self.unit

    def box(self, point: Point, radius: float) -> tuple[float, float, float, float]:
        x, y = self.at(point)
        return x - radius * self.unit, y - radius * self.unit, x + radius * self.unit, y + radius * self.unit

    def disc(self, point: Point, radius: float, colour: str | Colour) -> None:
        ImageDraw.Draw(self.image).ellipse(self.box(point, radius), fill=rgb(colour))

    def shadow(self, point: Point, radius: float, strength: float = 0.5) -> None:
        """A soft shadow to the lower right, drawn at an eighth of the size and enlarged: blur is cheap there."""
        x0, y0, x1, y1 = self.box((point[0] + radius * 0.1, point[1] + radius * 0.14), radius * 1.03)
        margin = radius * self.unit * 0.4 + 16
        edge, inset = max(4, round((x1 - x0 + 2 * margin) / 8)), margin / 8
        small = Image.new("L", (edge, edge), 0)
        ImageDraw.Draw(small).ellipse((inset, inset, edge - inset, edge - inset), fill=round(255 * strength))
        small = small.filter(ImageFilter.GaussianBlur(max(0.8, radius * self.unit / 80)))
        mask = small.resize((edge * 8, edge * 8), Image.Resampling.BICUBIC)
        self._lay("#120a08", mask, (x0 - margin, y0 - margin))

    def sheen(self, point: Point, radius: float, strength: float = 0.35) -> None:
        """Light from the upper left."""
        reach = radius * self.unit * 0.8
        edge = max(2, round(reach * 2))
        x, y = self.at((point[0] - radius * 0.3, point[1] - radius * 0.35))
        mask = dim(radial((edge, edge), (edge / 2, edge / 2), reach), strength)
        self._lay("#ffffff", mask, (x - reach, y - reach))

    def _lay(self, colour: str, mask: Image.Image, corner: Point) -> None:
        x, y = round(corner[0]), round(corner[1])
        self.image.paste(rgb(colour), (x, y, x + mask.width, y + mask.height), mask)

    def plate(self, point: Point, radius: float, colour: str, inner: str | None = None) -> None:
        self.shadow(point, radius)
        self.disc(point, radius, mix(colour, "#000000", 0.08))
        self.disc(point, radius * 0.985, colour)
        self.disc(point, radius * 0.79, mix(colour, "#000000", 0.1))
        self.disc(point, radius * 0.775, inner or mix(colour, "#ffffff", 0.2))

    def leaf(self, point: Point, length: float, angle: float, colour: str | Colour) -> None:
        outline: list[Point] = []
        for index in range(25):
            t = index / 24
            outline.append((t * length, math.sin(math.pi * t) * length * 0.24 * (1.15 - 0.4 * t)))
        outline += [(x, -y) for x, y in reversed(outline)]
        turn = [
            (math.cos(angle) * x - math.sin(angle) * y, math.sin(angle) * x + math.cos(angle) * y)
            for x, y in outline
        ]
        draw = ImageDraw.Draw(self.image)
        draw.polygon([self.at((point[0] + x, point[1] + y)) for x, y in turn], fill=rgb(colour))
        tip = self.at((point[0] + math.cos(angle) * length * 0.9, point[1] + math.sin(angle) * length * 0.9))
        draw.line((self.at(point), tip), fill=mix(colour, "#ffffff", 0.3), width=max(2, self.unit // 600))

    def slice(self, point: Point, radius: float, peel: str, flesh: str, segments: int = 9) -> None:
        """A round of citrus."""
        self.shadow(point, radius, 0.4)
        self.disc(point, radius, peel)
        self.disc(point, radius * 0.93, mix(peel, "#fff8e6", 0.8))
        draw, start = ImageDraw.Draw(self.image), self.random.uniform(0, 360)
        for index in range(segments):
            tone = mix(flesh, self.random.choice(("#ffffff", "#7a0012")), self.random.uniform(0.0, 0.16))
            begin = start + index * 360 / segments
            draw.pieslice(
                self.box(point, radius * 0.85), begin + 2.2, begin + 360 / segments - 2.2, fill=tone
            )
            for _ in range(16):
                angle = math.radians(begin + self.random.uniform(6, 360 / segments - 6))
                inner, outer = sorted((self.random.uniform(0.2, 0.8), self.random.uniform(0.2, 0.8)))
                ends = [
                    self.at(
                        (point[0] + math.cos(angle) * radius * r, point[1] + math.sin(angle) * radius * r)
                    )
                    for r in (inner, outer)
                ]
                draw.line(ends, fill=mix(tone, "#ffffff", 0.22), width=max(2, self.unit // 500))
        self.disc(point, radius * 0.07, mix(peel, "#fff8e6", 0.8))
        self.sheen(point, radius, 0.25)

    def ball(self, point: Point, radius: float, colour: str | Colour) -> None:
        self.shadow(point, radius, 0.45)
        self.disc(point, radius, mix(colour, "#000000", 0.18))
        self.disc((point[0] - radius * 0.05, point[1] - radius * 0.06), radius * 0.92, colour)
        self.sheen(point, radius, 0.55)

    def scatter(self, count: int, reach: float, clear: float = 0.0) -> list[Point]:
        """Places inside a circle, none nearer to the middle than ``clear``."""
        places: list[Point] = []
        while len(places) < count:
            x, y = self.random.uniform(-reach, reach), self.random.uniform(-reach, reach)
            if clear <= math.hypot(x, y) <= reach:
                places.append((x, y))
        return places

    def done(self) -> Image.Image:
        image = self.image.resize(self.size, Image.Resampling.BOX)
        down = Image.linear_gradient("L")
        light = Image.blend(down, down.transpose(Image.Transpose.ROTATE_90), 0.5)
        tint(image, "#1a0f0a", dim(light.resize(image.size, Image.Resampling.BICUBIC), 0.4))
        vignette(image, 0.45)
        return grain(image, self.random, 0.12)


def citrus(size: Size, seed: int) -> Image.Image:
    table = Table(size, "#3f5560", seed)
    table.plate((0.02, 0), 0.42, "#e9e2d4")
    fruit = (("#e2572b", "#b3123b"), ("#f0a02c", "#f5a93a"), ("#e98a2b", "#e4562f"))
    for index, (x, y) in enumerate(
        ((-0.13, -0.12), (0.14, -0.13), (0.02, 0.02), (-0.14, 0.13), (0.17, 0.12), (0.03, 0.21))
    ):
        table.slice((x, y), 0.115 + 0.01 * (index % 2), *fruit[index % 3])
    for x, y in table.scatter(14, 0.28):
        table.leaf(
            (x, y), 0.045, table.random.uniform(0, 6.3), mix("#4d7a4a", "#a9c48a", table.random.random())
        )
    table.slice((-0.6, 0.27), 0.12, "#f0c02c", "#f6d65a")
    table.ball((0.62, -0.3), 0.13, "#e2672b")
    return table.done()


def shakshuka(size: Size, seed: int) -> Image.Image:
    table = Table(size, "#8a6a4c", seed)
    table.shadow((0, 0), 0.45, 0.6)
    ImageDraw.Draw(table.image).rounded_rectangle(
        (*table.at((0.4, -0.055)), *table.at((1.0, 0.055))), radius=table.unit // 22, fill=(24, 24, 26)
    )
    table.disc((0, 0), 0.44, "#1d1d1f")
    table.disc((0, 0), 0.41, "#2c2a2a")
    table.disc((0, 0), 0.385, "#b5301c")
    for x, y in table.scatter(420, 0.37):
        tone = mix(
            "#c83f1f", table.random.choice(("#7d160d", "#f07a3c", "#e2571f")), table.random.uniform(0.2, 0.8)
        )
        table.disc((x, y), table.random.uniform(0.006, 0.022), tone)
    for x, y in ((-0.15, -0.15), (0.16, -0.13), (0.19, 0.15), (-0.06, 0.2), (-0.22, 0.08)):
        for _ in range(9):
            dx, dy = table.random.uniform(-0.035, 0.035), table.random.uniform(-0.035, 0.035)
            table.disc((x + dx, y + dy), table.random.uniform(0.04, 0.065), "#fbf6ea")
        table.disc((x, y), 0.04, "#e58a12")
        table.disc((x, y), 0.036, "#f5a81c")
        table.sheen((x, y), 0.04, 0.6)
    _herbs(table, 46, 0.36)
    return table.done()


def tomatoes(size: Size, seed: int) -> Image.Image:
    table = Table(size, "#cdb89a", seed)
    table.plate((0, 0), 0.44, "#33484f", "#2b3d44")
    reds = ("#c8281c", "#e0492a", "#e8a51f", "#8f1d2c", "#d9691e", "#6f8f2f")
    placed: list[tuple[float, float, float]] = []
    for _ in range(900):
        r = table.random.uniform(0.035, 0.1)
        angle, away = table.random.uniform(0, 6.3), table.random.uniform(0, 0.31)
        x, y = math.cos(angle) * away, math.sin(angle) * away
        if (
            all(math.hypot(x - a, y - b) > (r + c) * 0.94 for a, b, c in placed)
            and math.hypot(x, y) + r < 0.34
        ):
            placed.append((x, y, r))
    for index, (x, y, r) in enumerate(placed):
        if index % 3:
            table.ball((x, y), r, reds[index % 6])
        else:
            table.slice((x, y), r, reds[index % 6], mix(reds[index % 6], "#ffb199", 0.35), 6)  # type: ignore[arg-type]
    _herbs(table, 22, 0.32, 0.055)
    return table.done()


def bread(size: Size, seed: int) -> Image.Image:
    table = Table(size, "#56463b", seed)
    table.shadow((0, 0), 0.4, 0.7)
    table.disc((0, 0), 0.385, "#8f5a2b")
    table.disc((-0.01, -0.012), 0.365, "#b87a3f")
    crust = Image.new("L", table.image.size, 0)
    ImageDraw.Draw(crust).ellipse(table.box((-0.01, -0.012), 0.365), fill=255)
    flour = contrast(clouds(table.image.size, table.random, scale=7), 110, 190)
    tint(table.image, "#f0dcb8", dim(ImageChops.multiply(crust, flour), 0.75))
    for offset in (-0.2, -0.1, 0.0, 0.1, 0.2):
        length = math.sqrt(0.33**2 - offset**2)
        for dy, colour in ((0.0, "#6e3d18"), (0.006, "#f3dfb5")):
            _score(table, offset + dy, length, colour)
    for x, y in table.scatter(160, 0.8, 0.42):
        table.disc(
            (x, y), table.random.uniform(0.001, 0.005), mix("#f0e2c8", "#b87a3f", table.random.random() * 0.6)
        )
    for index in range(3):
        table.leaf((0.56, -0.3 + 0.22 * index), 0.16, -0.4, "#c9a552")
    return table.done()


def soup(size: Size, seed: int) -> Image.Image:
    table = Table(size, "#d9d2c3", seed)
    table.plate((0, 0), 0.4, "#2f5d62", "#5f9a4a")
    table.disc((0, 0), 0.3, "#78ad54")
    draw = ImageDraw.Draw(table.image)
    for turn in range(260):
        t = turn / 260
        angle, away = t * 15, 0.03 + 0.2 * t
        table.disc((math.cos(angle) * away, math.sin(angle) * away), 0.005 + 0.008 * (1 - t), "#f4f0da")
    for x, y in table.scatter(70, 0.26):
        draw.ellipse(
            table.box((x, y), table.random.uniform(0.002, 0.006)),
            fill=mix("#2c3a1c", "#c9d98a", table.random.random()),
        )
    for x, y in ((0.0, 0.0), (0.06, 0.03), (-0.04, 0.05)):
        table.ball((x, y), 0.024, "#9ccb54")
    _herbs(table, 12, 0.12, 0.06)
    table.shadow((0.62, 0.28), 0.1, 0.5)
    table.ball((0.62, 0.28), 0.1, "#d9b13b")
    return table.done()


def plums(size: Size, seed: int) -> Image.Image:
    table = Table(size, "#b9a58c", seed)
    table.plate((0, 0), 0.44, "#d8b98c", "#e8c98f")
    for ring, (count, away) in enumerate(((1, 0.0), (7, 0.115), (13, 0.215), (19, 0.305))):
        for index in range(count):
            angle = index * 2 * math.pi / count + ring * 0.35
            x, y = math.cos(angle) * away, math.sin(angle) * away
            tone = mix("#6b1f4c", table.random.choice(("#c43a5a", "#3a1438")), table.random.uniform(0.1, 0.6))
            table.ball((x, y), 0.05, tone)
            table.disc((x, y), 0.03, mix(tone, "#f2a65a", 0.65))
            table.disc((x, y), 0.013, mix(tone, "#3a1408", 0.5))
    for x, y in table.scatter(300, 0.4):
        table.disc((x, y), table.random.uniform(0.001, 0.003), "#fff6e2")
    _herbs(table, 7, 0.3, 0.05)
    return table.done()


def _score(table: Table, y: float, length: float, colour: str) -> None:
    """A cut across the crust."""
    width = length * 0.97
    points = [(-width + 2 * width * t / 24, y + 0.02 * math.sin(math.pi * t / 24)) for t in range(25)]
    points += [(x, 2 * y - py - 0.004) for x, py in reversed(points)]
    ImageDraw.Draw(table.image).polygon([table.at(point) for point in points], fill=rgb(colour))


def _herbs(table: Table, count: int, reach: float, length: float = 0.04) -> None:
    for x, y in table.scatter(count, reach):
        tone = mix("#2f6b2f", "#8fbf5a", table.random.random())
        table.leaf((x, y), length * table.random.uniform(0.7, 1.3), table.random.uniform(0, 6.3), tone)


DISHES: dict[str, Callable[[Size, int], Image.Image]] = {
    "citrus": citrus, "shakshuka": shakshuka, "tomatoes": tomatoes, "bread": bread, "soup": soup, "plums": plums,
}  # fmt: skip
