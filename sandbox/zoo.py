"""One picture of every kind that a site meets sooner or later: large, transparent, indexed, animated, turned ..."""

from __future__ import annotations

import math
import struct
from functools import lru_cache
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from .art.kitchen import Table, tomatoes
from .art.landscape import MOODS, paint
from .art.texture import clouds, contrast, mix, rgb
from .pictures import Make, Picture, make_missing

ORIENTATION_TAG = 0x0112
# How to turn an upright picture so that its Exif orientation turns it back.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def make_pictures(directory: Path | str) -> list[Path]:
    """The whole zoo in ``directory``, making what is not there yet. Returns the paths, in the order of ``PICTURES``."""
    return make_missing(PICTURES, Path(directory))


def _large(mood: str, size: tuple[int, int], seed: int) -> Make:
    def make(path: Path) -> None:
        exif = Image.Exif()
        exif[0x010F], exif[0x0110] = "Sandbox", f"Painted camera, {size[0] * size[1] // 1_000_000} megapixels"
        paint(MOODS[mood], size, seed).save(path, quality=90, exif=exif)

    return make


def transparent(path: Path) -> None:
    """A slice of lemon, cut out: RGBA with a soft edge."""
    table = Table((1200, 1200), "#efe7d6", 5)
    table.slice((0, 0), 0.46, "#efbf26", "#f7d95f", 10)
    image = table.done().convert("RGBA")
    mask = Image.new("L", (2400, 2400), 0)
    ImageDraw.Draw(mask).ellipse(table.box((0, 0), 0.459), fill=255)
    image.putalpha(mask.resize(image.size, Image.Resampling.BOX))
    image.save(path, compress_level=4)


def indexed(path: Path) -> None:
    """A map of the tidal flats: twelve colours and no more."""
    size = (1600, 1100)
    heights = contrast(clouds(size, Random(21), scale=1.1), 60, 200).filter(ImageFilter.GaussianBlur(3))
    colours = [
        "#1f4e5f",
        "#2b6676",
        "#3f8088",
        "#6aa39b",
        "#9cc2a9",
        "#e9dfb4",
        "#e2cf95",
        "#c9c583",
        "#9fb36c",
        "#7a9a58",
        "#5c8049",
    ]
    levels = heights.point([value * len(colours) // 256 for value in range(256)])
    image = Image.frombytes("P", size, levels.tobytes())
    image.putpalette([channel for colour in (*colours, "#16323c") for channel in rgb(colour)])
    edges = levels.point([value * 20 for value in range(256)]).filter(ImageFilter.FIND_EDGES)
    image.paste(len(colours), (0, 0, *size), edges.point([0 if value < 12 else 255 for value in range(256)]))
    image.save(path, optimize=True)


def animated(path: Path) -> None:
    """A lighthouse whose beam goes round in sixteen frames."""
    dusk = paint(MOODS["storm"], (720, 480), 31)
    dusk = Image.blend(dusk, Image.new("RGB", dusk.size, "#0c1730"), 0.55)
    frames = []
    for step in range(16):
        frame, turn = dusk.copy(), math.cos(step / 16 * 2 * math.pi)
        beam = Image.new("L", frame.size, 0)
        draw = ImageDraw.Draw(beam)
        reach = 560 * turn
        draw.polygon(
            [(540, 176), (540 + reach, 176 - 70), (540 + reach, 176 + 60)], fill=round(120 + 60 * abs(turn))
        )
        beam = beam.filter(ImageFilter.GaussianBlur(7))
        frame.paste(rgb("#fff0b8"), (0, 0, *frame.size), beam)
        _lighthouse(frame)
        frames.append(frame.quantize(96))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=110, loop=0, optimize=False)


def _lighthouse(frame: Image.Image) -> None:
    draw = ImageDraw.Draw(frame)
    for index in range(5):
        top, bottom = 190 + index * 26, 190 + (index + 1) * 26
        shrink = 0.12
        colour = "#b23a2a" if index % 2 else "#ece5d6"
        draw.polygon(
            [(540 - 14 - (top - 190) * shrink, top), (540 + 14 + (top - 190) * shrink, top),
             (540 + 14 + (bottom - 190) * shrink, bottom), (540 - 14 - (bottom - 190) * shrink, bottom)],
            fill=colour,
        )  # fmt: skip
    draw.rectangle((526, 184, 554, 191), fill="#20242c")
    draw.rectangle((531, 168, 549, 184), fill="#ffe79a")
    draw.polygon([(527, 168), (553, 168), (540, 154)], fill="#7d2418")
    draw.ellipse((440, 312, 640, 372), fill="#10151d")


def for_print(path: Path) -> None:
    """A CMYK JPEG, as it comes back from the printer."""
    tomatoes((2000, 1400), 6).convert("CMYK").save(path, quality=90)


def wide_gamut(path: Path) -> None:
    """A photograph in Display P3, as a phone takes it."""
    paint(MOODS["poppies"], (1800, 1200), 8).save(path, quality=90, icc_profile=display_p3())


def _s15(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def display_p3() -> bytes:
    """A version 2 ICC profile with the primaries of Display P3, adapted to D50, and a gamma of 2.2."""
    name = b"Display P3 (sandbox)\0"
    description = b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(4 + 4 + 2 + 1 + 67)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256))

    def xyz(*values: float) -> bytes:
        return b"XYZ " + bytes(4) + b"".join(map(_s15, values))

    tags = {
        b"desc": description,
        b"cprt": b"text" + bytes(4) + b"Public domain\0",
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.51512, 0.24120, -0.00105),
        b"gXYZ": xyz(0.29198, 0.69225, 0.04189),
        b"bXYZ": xyz(0.15710, 0.06657, 0.78407),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    date = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    header = (
        struct.pack(">I", start + len(body)) + bytes(4) + b"\x02\x40\x00\x00" + b"mntrRGB XYZ " + date + b"acsp"
        + bytes(28) + _s15(0.9642) + _s15(1.0) + _s15(0.8249) + bytes(48)
    )  # fmt: skip
    return header + struct.pack(">I", len(tags)) + table + body


def vector(path: Path) -> None:
    """A compass rose, as SVG."""
    points = []
    for index in range(16):
        long, wide = ((300, 46), (210, 38), (210, 38), (210, 38))[index % 4] if index % 2 == 0 else (140, 20)
        turn = f'transform="rotate({index * 22.5})"'
        light, dark = ("#c2553a", "#7f2f20") if index == 0 else ("#f0e4c6", "#274c56")
        points.append(
            f'<g {turn}><path d="M0 {-long}L{wide} {-wide}L0 0Z" fill="{dark}"/>'
            f'<path d="M0 {-long}L{-wide} {-wide}L0 0Z" fill="{light}"/></g>'
        )
    ticks = "".join(
        f'<path d="M0 -352v{22 if step % 3 else 34}" transform="rotate({step * 7.5})"/>' for step in range(48)
    )
    order = [*points[1::2], *points[2::4], *points[0::4]]
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="800" viewBox="-400 -400 800 800">\n'
        '<rect x="-400" y="-400" width="800" height="800" fill="#16323c"/>\n'
        '<circle r="352" fill="#1f4450" stroke="#d9b36a" stroke-width="6"/>\n'
        f'<g stroke="#d9b36a" stroke-width="3">{ticks}</g>\n'
        '<circle r="250" fill="none" stroke="#d9b36a" stroke-width="2"/>\n'
        + "\n".join(order)
        + '\n<circle r="22" fill="#d9b36a"/>\n</svg>\n',
        encoding="utf-8",
    )


@lru_cache(maxsize=1)
def _islands() -> Image.Image:
    return paint(MOODS["islands"], (1500, 1000), 12)


def _turned(orientation: int) -> Make:
    def make(path: Path) -> None:
        image = _islands().copy()
        draw = ImageDraw.Draw(image)
        ink = mix("#fff6df", MOODS["islands"].sky[0], 0.08)
        draw.text((96, 60), str(orientation), fill=ink, font=ImageFont.load_default(170))
        draw.polygon([(1360, 90), (1410, 170), (1310, 170)], fill=ink)
        draw.rectangle((1345, 168, 1375, 260), fill=ink)
        if orientation in TURNS:
            image = image.transpose(TURNS[orientation])
        exif = Image.Exif()
        exif[ORIENTATION_TAG] = orientation
        image.save(path, quality=88, exif=exif)

    return make


PICTURES: tuple[Picture, ...] = (
    Picture(
        "estuary-24mp.jpg",
        _large("dawn", (6000, 4000), 1),
        "Blog/Travel",
        "Estuary at first light",
        "A small sailing boat on still water before sunrise",
        ("coast", "postcard"),
        (0.33, 0.66),
    ),
    Picture(
        "larches-12mp.jpg",
        _large("alps", (4000, 3000), 7),
        "Blog/Travel",
        "Larches above the lake",
        "A wooded shore and snowy mountains mirrored in a lake",
        ("mountains", "postcard"),
    ),
    Picture("lemon-alpha.png", transparent, "Odd formats", "Lemon, cut out", "A slice of lemon", ("alpha",)),
    Picture(
        "tidal-flats-palette.png",
        indexed,
        "Odd formats",
        "Map of the tidal flats",
        "A contour map in twelve colours",
    ),
    Picture(
        "dusk.webp",
        lambda path: paint(MOODS["dusk"], (1800, 1200), 4).save(path, quality=88),
        "Odd formats",
        "Dusk over the pass (WebP)",
        "A low sun over hills and dark woods",
        ("postcard",),
    ),
    Picture(
        "aurora.avif",
        lambda path: paint(MOODS["aurora"], (1800, 1200), 9).save(path, quality=75, speed=9),
        "Odd formats",
        "Northern lights (AVIF)",
        "Green light in the sky above black woods",
        ("night",),
    ),
    Picture(
        "lighthouse.gif",
        animated,
        "Odd formats",
        "Lighthouse (animated)",
        "A lighthouse with a turning beam",
        ("animated",),
    ),
    Picture(
        "tomatoes-cmyk.jpg",
        for_print,
        "Odd formats",
        "Tomatoes, printer's proof (CMYK)",
        "A plate of tomatoes of many colours",
    ),
    Picture(
        "poppies-display-p3.jpg",
        wide_gamut,
        "Odd formats",
        "Poppies (Display P3)",
        "A field of poppies below green hills",
        ("postcard",),
    ),
    Picture("compass.svg", vector, "Odd formats", "Compass rose (SVG)", "A compass rose"),
    *(
        Picture(
            f"islands-orientation-{orientation}.jpg",
            _turned(orientation),
            "Odd formats/Turned",
            f"Islands, Exif orientation {orientation}",
            "Islands and a sailing boat, the right way up",
            ("exif",),
        )
        for orientation in range(1, 9)
    ),
)
