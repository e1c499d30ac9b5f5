"""Blocks that show an image by themselves, in Wagtail's way, where a page includes them and they have no template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from wagtail.blocks import StructBlock
from wagtail.fields import StreamField
from wagtail.images.blocks import ImageBlock, ImageChooserBlock

from . import sourcelines
from .uses import Use

#: What an ``ImageBlock`` is drawn with unless it is given a template, and what that asks for.
IMAGE_BLOCK_TEMPLATE = "wagtailimages/widgets/image.html"
CHOOSER_BLOCK_FILTER = "original"


def scan_blocks() -> Iterator[Use]:
    """
    Dynamic uses: whether a page's template includes such a block as it is, or takes the image out of it, is known when
    the page is rendered.
    """
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, StreamField):
                path, line = sourcelines.of_classes(
                    model.__mro__, f"    {field.name} = ", f"    {field.name}: "
                )
                for kind, asks in dict.fromkeys(_shown_by_themselves(field.stream_block)):
                    note = f"{model._meta.label}.{field.name}: {asks} where the block is included without a template"
                    yield Use(path, line, kind, note=note)


def every_block(block: Any) -> Iterator[Any]:
    """A block, and all that it is made of."""
    seen: set[int] = set()
    waiting = [block]
    while waiting:
        found = waiting.pop()
        if id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting += _children(found)


def _children(block: Any) -> list[Any]:
    children = list(getattr(block, "child_blocks", {}).values())
    if getattr(block, "child_block", None) is not None:
        children.append(block.child_block)
    return children


def _shown_by_themselves(block: Any) -> Iterator[tuple[str, str]]:
    """The class of each such block, and the filter spec, or the template, that it is shown with."""
    template = getattr(block.meta, "template", None)
    if isinstance(block, ImageBlock):
        if template == IMAGE_BLOCK_TEMPLATE:
            yield type(block).__name__, f"what {template} asks for"
        elif not template:
            yield type(block).__name__, CHOOSER_BLOCK_FILTER
    elif isinstance(block, ImageChooserBlock):
        if not template:
            yield type(block).__name__, CHOOSER_BLOCK_FILTER
    elif not (template and isinstance(block, StructBlock)):
        # The template of a struct takes the image out; that of a list or a stream includes what is in it.
        for child in _children(block):
            yield from _shown_by_themselves(child)
