"""The photographs of the sandbox's own writers: journeys, dishes, press pictures, portraits."""

from __future__ import annotations

from pathlib import Path

from PIL import ImageDraw, ImageFont

from .art.kitchen import DISHES
from .art.landscape import MOODS, paint
from .art.portrait import SITTERS, portrait
from .pictures import Make, Picture


def _view(mood: str, seed: int, size: tuple[int, int] = (2400, 1600)) -> Make:
    return lambda path: paint(MOODS[mood], size, seed).save(path, quality=88)


def _dish(name: str, seed: int) -> Make:
    return lambda path: DISHES[name]((2000, 1334), seed).save(path, quality=88)


def _sitter(name: str, size: tuple[int, int] = (800, 1000)) -> Make:
    return lambda path: portrait(SITTERS[name], size, len(name)).save(path, quality=90)


def _poster(mood: str, seed: int, line: str) -> Make:
    def make(path: Path) -> None:
        image = paint(MOODS[mood], (1600, 2000), seed)
        draw = ImageDraw.Draw(image)
        draw.rectangle((60, 60, 1540, 1940), outline="#fff6e0", width=4)
        draw.text((800, 250), "Saltmarsh", anchor="mm", fill="#fff6e0", font=ImageFont.load_default(190))
        draw.text((800, 400), line, anchor="mm", fill="#fff6e0", font=ImageFont.load_default(62))
        image.save(path, quality=90)

    return make


PHOTOGRAPHS: tuple[Picture, ...] = (
    Picture(
        "dunes.jpg",
        _view("dunes", 6),
        "Blog/Travel",
        "The dunes at four in the afternoon",
        "Sand dunes in warm light",
        ("desert", "postcard"),
    ),
    Picture(
        "islands.jpg",
        _view("islands", 17),
        "Blog/Travel",
        "Between the islands",
        "A sailing boat between islands",
        ("coast", "postcard"),
    ),
    Picture(
        "winter-pass.jpg",
        _view("winter", 10),
        "Blog/Travel",
        "The pass, closed",
        "Snowy ridges and bare woods",
        ("mountains",),
    ),
    Picture(
        "storm-coming.jpg",
        _view("storm", 9),
        "Blog/Travel",
        "Weather from the west",
        "A boat under a dark sky",
        ("coast",),
        (0.32, 0.68),
    ),
    Picture(
        "last-light.jpg",
        _view("dusk", 5),
        "Blog/Travel",
        "Last light",
        "The sun going down behind wooded hills",
        ("mountains", "postcard"),
    ),
    Picture(
        "night-sky.jpg",
        _view("aurora", 14),
        "Blog/Travel",
        "The night the sky turned green",
        "Northern lights over a lake",
        ("night",),
    ),
    Picture(
        "blood-oranges.jpg",
        _dish("citrus", 3),
        "Blog/Recipes",
        "Blood oranges and mint",
        "Slices of orange on a white plate",
        ("fruit", "postcard"),
    ),
    Picture(
        "shakshuka.jpg",
        _dish("shakshuka", 4),
        "Blog/Recipes",
        "Shakshuka for five",
        "Eggs in tomato sauce in an iron pan",
        ("supper",),
    ),
    Picture(
        "tomatoes.jpg",
        _dish("tomatoes", 5),
        "Blog/Recipes",
        "Every tomato on the market",
        "Tomatoes of many colours on a dark plate",
        ("supper", "postcard"),
    ),
    Picture(
        "rye-loaf.jpg",
        _dish("bread", 6),
        "Blog/Recipes",
        "Rye loaf",
        "A round loaf with five cuts, dusted with flour",
        ("bread",),
    ),
    Picture(
        "pea-soup.jpg",
        _dish("soup", 7),
        "Blog/Recipes",
        "Pea soup with cream",
        "Green soup with a spiral of cream",
        ("supper",),
    ),
    Picture(
        "plum-tart.jpg",
        _dish("plums", 8),
        "Blog/Recipes",
        "Plum tart",
        "A tart covered with halved plums",
        ("fruit",),
    ),
    Picture(
        "exhibition-hall.jpg",
        _view("poppies", 23),
        "Press/2026",
        "Invitation: ten summers",
        "A field of poppies below green hills",
    ),
    Picture(
        "jury.jpg", _view("islands", 29), "Press/2026", "The jury's choice", "A sailing boat between islands"
    ),
)

# The press kit: files in a directory, with no image row in the database.
PRESS_KIT: tuple[Picture, ...] = (
    Picture("poster-dawn.jpg", _poster("dawn", 41, "ten summers on the coast")),
    Picture("poster-night.jpg", _poster("aurora", 42, "an evening of slides")),
    Picture("poster-poppies.jpg", _poster("poppies", 43, "recipes for a warm June")),
)

# Files of plain ImageFields.
PORTRAITS: dict[str, Picture] = {name: Picture(f"{name}.jpg", _sitter(name)) for name in SITTERS}
