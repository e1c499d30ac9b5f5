"""Pictures and image rows for the tests of making."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.images import ImageFile
from PIL import Image as PillowImage
from wagtail.images import get_image_model

from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation.requests import Request
from wagtail_sourcegroups.generation.sources import source_of


def picture(size: tuple[int, int] = (60, 40), colour: str = "teal", format_: str = "JPEG") -> io.BytesIO:
    """An encoded picture, at its beginning."""
    content = io.BytesIO()
    PillowImage.new("RGB", size, colour).save(content, format_)
    content.seek(0)
    return content


@pytest.fixture
def make_image(db: None) -> Callable[..., Any]:
    """Makes an image row with its file, of the site's image model unless told otherwise."""

    def make(
        name: str = "one.jpg", content: io.BytesIO | None = None, model: Any = None, **fields: Any
    ) -> Any:
        model = model or get_image_model()
        file = ImageFile(content or picture(), name=name)
        return model.objects.create(title=name.partition(".")[0], file=file, **fields)

    return make


@pytest.fixture
def spec() -> RenditionSpec:
    """Two renditions, one of which depends on the focal point."""
    return RenditionSpec("test:spec", ["width-20", "fill-10x10"])


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
