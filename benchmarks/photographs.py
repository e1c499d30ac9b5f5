"""What is measured on: photographs of about one megapixel, and the same enlarged to what a camera takes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

#: 12 to 24 megapixels.
CAMERA_SIZES = ((4000, 3000), (4608, 3456), (5184, 3456), (5472, 3648), (5616, 3744), (6000, 4000))
WEB_PIXELS = 1_500_000
#: Columns and rows taken off a photograph before it is enlarged.
OFF_GRID = (3, 5)


class NoPhotographs(Exception):
    """The directory holds none that could be measured on."""


@dataclass(frozen=True)
class Photographs:
    """
    JPEG files of a directory, or painted by the sandbox, and made ready in ``cache``, once.

    A directory that has too few gives fewer for the web, and enlarges the same again for the camera.
    """

    cache: Path
    directory: Path | None = None

    def web(self, count: int) -> list[Path]:
        """About one megapixel each, as they stand where they are no larger."""
        return [self._web(original) for original in self._originals(count)]

    def camera(self, count: int, sizes: Sequence[tuple[int, int]] = CAMERA_SIZES) -> list[Path]:
        """Enlarged to 12 to 24 megapixels."""
        originals = self._originals(count)
        return [
            self._camera(originals[index % len(originals)], sizes[index % len(sizes)])
            for index in range(count)
        ]

    def small(self) -> Path:
        """A tiny one, on which a process warms up."""
        path = self.cache / "small.jpg"
        if not path.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            Image.effect_mandelbrot((240, 180), (-2, -1, 1, 1), 30).convert("RGB").save(path, quality=90)
        return path

    def _originals(self, count: int) -> list[Path]:
        if self.directory is None:
            return self._painted(count)
        files = sorted(path for path in self.directory.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))
        fitting = [path for path in files if _is_photograph(path)]
        if not fitting:
            raise NoPhotographs(
                f"{self.directory} has no JPEG photograph of at least half a megapixel; "
                "name another directory, or none to have them painted."
            )
        return fitting[:count]

    def _painted(self, count: int) -> list[Path]:
        from sandbox.album import PHOTOGRAPHS
        from sandbox.pictures import make_missing

        return make_missing(PHOTOGRAPHS[:count], self.cache / "painted")

    def _web(self, original: Path) -> Path:
        with Image.open(original) as image:
            turned = image.getexif().get(0x0112, 1) != 1
            if image.width * image.height <= WEB_PIXELS and not turned and image.mode == "RGB":
                return original
            made = self._named(original, "web")
            if not made.exists():
                upright = ImageOps.exif_transpose(image).convert("RGB")
                shrink = min(1.0, (1_000_000 / (upright.width * upright.height)) ** 0.5)
                size = (round(upright.width * shrink), round(upright.height * shrink))
                _save(upright.resize(size, Image.Resampling.LANCZOS), made)
        return made

    def _camera(self, original: Path, size: tuple[int, int]) -> Path:
        made = self._named(original, "{}x{}-off-grid".format(*size))
        if not made.exists():
            with Image.open(original) as image:
                upright = ImageOps.exif_transpose(image).convert("RGB")
            # Otherwise one that is made as small as it was lies in the blocks it was once compressed in, which no
            # photograph of a camera does.
            fresh = upright.crop((*OFF_GRID, *upright.size))
            _save(ImageOps.fit(fresh, size, Image.Resampling.LANCZOS), made)
        return made

    def _named(self, original: Path, kind: str) -> Path:
        self.cache.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(original.read_bytes()).hexdigest()[:10]
        return self.cache / f"{original.stem}-{digest}-{kind}.jpg"


def _is_photograph(path: Path) -> bool:
    with Image.open(path) as image:
        return image.format == "JPEG" and image.width * image.height >= 500_000


def _save(image: Image.Image, path: Path) -> None:
    # Under another name first: half a photograph must not stay behind.
    unfinished = path.with_stem(f".{path.stem}")
    image.save(unfinished, "JPEG", quality=90)
    unfinished.replace(path)
