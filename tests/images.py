"""Pictures, requests and what came of them, for the tests of making."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image as PillowImage

from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation.requests import Request
from wagtail_sourcegroups.generation.sources import source_of


def picture(size: tuple[int, int] = (60, 40), colour: str = "teal", format_: str = "JPEG") -> io.BytesIO:
    """An encoded picture, at its beginning."""
    content = io.BytesIO()
    PillowImage.new("RGB", size, colour).save(content, format_)
    content.seek(0)
    return content


def asks(image: Any, *specs: RenditionSpec, force: bool = False) -> list[Request]:
    return [Request(source_of(image.file), specs, force)]


def rows(image: Any) -> dict[str, Any]:
    """An image's renditions by filter spec."""
    return {rendition.filter_spec: rendition for rendition in image.renditions.all()}


def stored(media_root: Any) -> set[str]:
    """Names of all files below ``images/``."""
    return {
        str(path.relative_to(media_root)) for path in (media_root / "images").rglob("*") if path.is_file()
    }
