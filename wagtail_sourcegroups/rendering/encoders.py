"""Which formats this server can write: Pillow may have been built without AVIF, and HEIC needs a package of its own."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image
from wagtail.images.models import Filter

from wagtail_sourcegroups.rendering.engine import render
from wagtail_sourcegroups.rendering.outputs import RenderFailure
from wagtail_sourcegroups.rendering.plain import PlainImage


@cache
def can_write(format_name: str) -> bool:
    """Whether a picture can be written in this format, by Wagtail's name of it: one of one pixel is."""
    source = io.BytesIO()
    Image.new("RGB", (1, 1)).save(source, "PNG")
    (result,) = render(PlainImage("probe.png"), source, [Filter(spec=f"format-{format_name}")])
    if isinstance(result, RenderFailure):
        return False
    result.file.close()
    return True
