"""What every process of a site with workers wants of every image. Found by Wagtail, where this package is an app."""

from __future__ import annotations

from typing import Any

from wagtail import hooks

from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup
from wagtail_sourcegroups.strategies import Optimistic

#: Small enough for a burst of small pictures.
BURST = ("width-200", "fill-120x120", "width-320|format-webp")


@hooks.register("register_rendition_specs")
def specs() -> list[Any]:
    return [RenditionSpec("burst", BURST, strategy=Optimistic())]


@hooks.register("register_source_groups")
def groups() -> list[Any]:
    return [("burst", ImageModelSourceGroup())]
