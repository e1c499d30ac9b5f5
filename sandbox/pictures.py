"""What a picture of the sandbox is: how it is made, what it is called and where it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

Make = Callable[[Path], None]


@dataclass(frozen=True)
class Picture:
    """``make`` writes the file; the rest is what an editor fills in. ``focal`` is a point in shares of the size."""

    name: str
    make: Make
    collection: str = ""
    title: str = ""
    alt: str = ""
    tags: tuple[str, ...] = ()
    focal: tuple[float, float] | None = None


def make_missing(pictures: Iterable[Picture], directory: Path) -> list[Path]:
    """The pictures' paths in ``directory``; those not there yet are made, the others are not opened."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for picture in pictures:
        path = directory / picture.name
        if not path.exists():
            # Under another name first: a run killed half-way must not leave half a picture behind.
            unfinished = path.with_stem(f".{path.stem}")
            picture.make(unfinished)
            unfinished.replace(path)
        paths.append(path)
    return paths
