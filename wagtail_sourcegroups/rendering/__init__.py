"""Pixels: one open source in, many encoded outputs out. No database, no storage.

Import it from code that runs once Django's apps are loading; it needs Wagtail's image models.
"""

from __future__ import annotations

from wagtail_sourcegroups.rendering.engine import render
from wagtail_sourcegroups.rendering.header import orientation_in_header
from wagtail_sourcegroups.rendering.limits import bomb_warnings_off
from wagtail_sourcegroups.rendering.outputs import Output, RenderFailure
from wagtail_sourcegroups.rendering.plain import PlainImage
from wagtail_sourcegroups.rendering.side import Side

__all__ = [
    "Output",
    "PlainImage",
    "RenderFailure",
    "Side",
    "bomb_warnings_off",
    "orientation_in_header",
    "render",
]
