"""What rich text asks for: the image formats of its editor, where a site has rich text that may hold images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from wagtail.blocks import RichTextBlock
from wagtail.fields import RichTextField, StreamField
from wagtail.images import formats
from wagtail.utils.apps import get_app_submodules

from . import sourcelines
from .blocks import every_block
from .uses import Use

TAG = "richtext"


def scan_rich_text() -> Iterator[Use]:
    """One use for each format, at the line that registers it; none on a site without images in rich text."""
    if not _has_images():
        return
    registered = formats.get_image_formats()
    # The site's first: it may have registered one of Wagtail's names anew.
    modules = [*(module for _, module in get_app_submodules("image_formats")), formats]
    for each in registered:
        path, line = sourcelines.of_modules(modules, f'"{each.name}"') or (
            sourcelines.of_modules(modules, f"'{each.name}'") or (type(each).__module__, 0)
        )
        yield Use(path, line, TAG, (each.filter_spec,), each.filter_spec)


def _has_images() -> bool:
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, RichTextField) and _may_hold_images(field):
                return True
            if isinstance(field, StreamField) and any(
                isinstance(block, RichTextBlock) and _may_hold_images(block)
                for block in every_block(field.stream_block)
            ):
                return True
    return False


def _may_hold_images(editor: Any) -> bool:
    """Where no features are named, the site's editor decides, and Wagtail's has images."""
    return editor.features is None or "image" in editor.features
