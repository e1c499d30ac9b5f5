"""
The outside references: django-imagekit, libvips, and the pixels' own cost.

They know the filter specs that the sets use: ``width-N``, ``fill-WxH``, ``max-WxH``, each with a ``format-…`` or none,
which is JPEG. Encoders get what Wagtail gives its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from os import environ
from pathlib import Path
from typing import Any

from .cases import Make, Outputs

#: What Wagtail has the encoders do, in Pillow's words.
SAVE: dict[str, dict[str, Any]] = {
    "jpeg": {"quality": 76, "progressive": True, "optimize": True},
    "webp": {"quality": 80},
    "avif": {"quality": 61},
}


class UnknownToPeers(Exception):
    """A filter spec that the peers were not taught."""


@dataclass(frozen=True)
class Wanted:
    """A filter spec taken apart: ``kind`` is ``"width"``, ``"fill"`` or ``"max"``."""

    kind: str
    width: int
    height: int | None
    format: str = "jpeg"

    @classmethod
    def of(cls, filter_spec: str) -> Wanted:
        kind, size, format_name = "", "", "jpeg"
        for operation in filter_spec.split("|"):
            name, _, value = operation.partition("-")
            if name == "format":
                format_name = value
            else:
                kind, size = name, value
        if kind not in ("width", "fill", "max") or format_name not in SAVE:
            raise UnknownToPeers(f"{filter_spec!r} is no width, fill or max in JPEG, WebP or AVIF.")
        width, _, height = size.partition("x")
        return cls(kind, int(width), int(height) if height else None, format_name)


def media() -> Path:
    return Path(environ["SANDBOX_DIR"], "media")


def imagekit(names: Sequence[str], filters: Sequence[str]) -> Make:
    """A cache file for each output, as an ``ImageSpecField`` makes it."""
    from django.core.files import File
    from imagekit import ImageSpec
    from imagekit.cachefiles import ImageCacheFile
    from imagekit.processors import ResizeToFill, ResizeToFit

    def spec_class(wanted: Wanted) -> type[ImageSpec]:
        if wanted.kind == "fill":
            processor = ResizeToFill(wanted.width, wanted.height)
        else:
            processor = ResizeToFit(wanted.width, wanted.height, upscale=False)
        attributes = {
            "processors": [processor],
            "format": wanted.format.upper(),
            "options": SAVE[wanted.format],
        }
        return type("Spec", (ImageSpec,), attributes)

    specs = {filter_spec: spec_class(Wanted.of(filter_spec)) for filter_spec in filters}

    def make() -> Outputs:
        made = {}
        for name in names:
            for filter_spec, spec in specs.items():
                original = f"original_images/{name}"
                with (media() / original).open("rb") as file:
                    output = ImageCacheFile(spec(source=File(file, name=original)))
                    output.generate()
                made[f"{name}|{filter_spec}"] = output.name
        return made

    return make


def libvips(names: Sequence[str], filters: Sequence[str]) -> Make:
    """``vips thumbnail``: shrinks while it decodes. AVIF at the speed that Pillow encodes at."""
    import pyvips

    options = {
        "jpeg": {"Q": 76, "interlace": True, "optimize_coding": True},
        "webp": {"Q": 80},
        "avif": {"Q": 61, "effort": 3, "compression": "av1"},
    }
    wanted = {filter_spec: Wanted.of(filter_spec) for filter_spec in filters}
    unlimited = 10_000_000
    target = media() / "libvips"
    target.mkdir(exist_ok=True)

    def make() -> Outputs:
        made = {}
        for name in names:
            path = str(media() / "original_images" / name)
            for number, (filter_spec, want) in enumerate(wanted.items()):
                image = pyvips.Image.thumbnail(
                    path,
                    want.width,
                    height=want.height or unlimited,
                    size="down",
                    crop="centre" if want.kind == "fill" else "none",
                )
                output = f"libvips/{Path(name).stem}-{number}.{want.format}"
                image.write_to_file(str(media() / output), **options[want.format])
                made[f"{name}|{filter_spec}"] = output
        return made

    return make


def limit(names: Sequence[str], filters: Sequence[str]) -> Make:
    """
    The C work that no exact way can do without: each source decoded once, each size resized once, each file encoded
    once, in memory. No files, no rows, one thread.
    """
    from PIL import Image
    from wagtail.images.models import Filter

    from .cases import images_named

    geometries: dict[str, list[tuple[str, Any, Any, str]]] = {}
    for image in images_named(names):
        for filter_spec in filters:
            transform = Filter(spec=filter_spec).get_transform(image)
            left, top, right, bottom = transform.get_rect().round()
            # Rounding may leave the image.
            box = (max(left, 0), max(top, 0), min(right, image.width), min(bottom, image.height))
            size = tuple(transform.size)
            geometries.setdefault(image.title, []).append(
                (filter_spec, box, size, Wanted.of(filter_spec).format)
            )

    def make() -> Outputs:
        made: dict[str, bytes] = {}
        for name, wanted in geometries.items():
            with Image.open(media() / "original_images" / name) as source:
                source.load()
                extra = {key: source.info[key] for key in ("icc_profile", "exif") if key in source.info}
                whole = (0, 0, *source.size)
                resized: dict[Any, Image.Image] = {}
                encoded: dict[Any, bytes] = {}
                for filter_spec, box, size, format_name in wanted:
                    geometry = (box, size)
                    if geometry not in resized:
                        cropped = source if box == whole else source.crop(box)
                        same = size == cropped.size
                        resized[geometry] = (
                            cropped if same else cropped.resize(size, Image.Resampling.LANCZOS)
                        )
                    if (geometry, format_name) not in encoded:
                        output = BytesIO()
                        resized[geometry].save(output, format_name.upper(), **SAVE[format_name], **extra)
                        encoded[geometry, format_name] = output.getvalue()
                    made[f"{name}|{filter_spec}"] = encoded[geometry, format_name]
        return made

    return make
