"""Photographs that the sandbox paints, small ones."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sandbox.art import kitchen, landscape, texture
from sandbox.pictures import Make, Picture, make_missing

SIZE = (900, 600)
#: What is said of them, and who paints them: a mood of the landscapes, or a dish.
TITLES = {
    "Dunes at four in the afternoon": "dunes",
    "Between the islands": "islands",
    "The pass, closed": "winter",
    "Last light": "dusk",
    "Morning on the lake": "dawn",
    "Rye loaf": "bread",
    "Blood oranges and mint": "citrus",
    "Pea soup with cream": "soup",
    "Plum tart": "plums",
    "Every tomato on the market": "tomatoes",
}


def _make(subject: str, seed: int) -> Make:
    if subject in landscape.MOODS:
        return lambda path: landscape.paint(landscape.MOODS[subject], SIZE, seed).save(path, quality=85)
    return lambda path: kitchen.DISHES[subject](SIZE, seed).save(path, quality=85)


def painted(directory: Path) -> dict[str, Path]:
    """By title; those that are there are not painted again."""
    pictures = [Picture(f"{name}.jpg", _make(name, seed)) for seed, name in enumerate(TITLES.values(), 1)]
    return dict(zip(TITLES, make_missing(pictures, directory), strict=True))


def version() -> str:
    """Changes when they would look otherwise."""
    painters = [kitchen, landscape, texture]
    code = b"".join(Path(str(module.__file__)).read_bytes() for module in painters)
    return hashlib.sha256(code + Path(__file__).read_bytes()).hexdigest()[:12]
