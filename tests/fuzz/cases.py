"""Cases: one broken picture each, the same for the same number and seed on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .damage import DAMAGES, believed, cut
from .layout import layout
from .seeds import EXTENSIONS, SEEDS, seed

FORMATS = tuple(SEEDS)
FILTERS = (
    "original",
    "original|format-webp",
    "width-160|format-jpeg",
    "width-90|format-jpeg|jpegquality-60",
    "width-80",
    "fill-60x60",
    "fill-120x90-c50|format-jpeg",
    "max-100x100|format-webp",
    "height-80|format-png",
    "scale-50",
    "width-70|format-avif",
    "width-90|bgcolor-fff|format-gif",
    "min-50x50|format-webp-lossless",
    "max-60x60|preserve-svg",
)
FILTERS_OF_SVG = tuple(spec for spec in FILTERS if "|" not in spec)
ROWS = ((160, 120), (160, 120), (160, 120), (1, 1), (0, 0), (100_000, 100_000), (120, 160))
"""What the image's row says of its size; it need not be so."""
CUT_EVERY = 4
"""So many cases in all for each file that only ends early."""


@dataclass(frozen=True, slots=True)
class Case:
    number: int
    image_format: str
    picture: str
    """Which seed it was."""
    damage: str
    data: bytes
    name: str
    """Of the file. Its ending need not be that of the format."""
    row: tuple[int, int]
    filters: tuple[str, ...]

    def __str__(self) -> str:
        return f"case {self.number}: {self.image_format} {self.picture!r}, {self.damage}, as {self.name}"


def case(number: int, start: int = 1) -> Case:
    """The case of a number. ``start`` starts chance anew."""
    image_format, turn = FORMATS[number % len(FORMATS)], number // len(FORMATS)
    chance = Random(f"{start}:{number}")
    pictures = list(SEEDS[image_format])
    if turn % CUT_EVERY == 0:
        # In turn, so that every picture ends once at each hundredth.
        cuts = turn // CUT_EVERY
        percent = cuts % 100
        picture = pictures[(cuts // 100 + cuts) % len(pictures)]
        damage, data = f"cut at {percent} %", cut(seed(image_format, picture), percent)
    else:
        picture = chance.choice(pictures)
        break_ = chance.choice(DAMAGES)
        valid = seed(image_format, picture)
        damage = break_.__name__
        data = believed(
            image_format, break_(valid, layout(image_format, valid), image_format, chance), chance
        )
    # Asked for another format, an SVG is refused before it is looked at.
    filters = FILTERS_OF_SVG if image_format == "svg" and chance.random() < 0.9 else FILTERS
    named_after = image_format if chance.random() < 0.95 else chance.choice(FORMATS)
    return Case(
        number=number,
        image_format=image_format,
        picture=picture,
        damage=damage,
        data=data,
        name=f"broken.{EXTENSIONS.get(named_after, named_after)}",
        row=chance.choice(ROWS),
        filters=tuple(chance.sample(filters, 3)),
    )


def cut_cases(image_format: str) -> range:
    """Numbers of cases of one format that hold a file cut at each hundredth, once."""
    step = len(FORMATS) * CUT_EVERY
    first = FORMATS.index(image_format)
    return range(first, first + 100 * step, step)


def damaged_cases(image_format: str, count: int) -> list[int]:
    """Numbers of so many cases of one format that are broken otherwise."""
    first = FORMATS.index(image_format)
    turns = [turn for turn in range(2 * count) if turn % CUT_EVERY]
    return [first + turn * len(FORMATS) for turn in turns[:count]]
