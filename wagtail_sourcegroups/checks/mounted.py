"""Checks of what Wagtail and other packages bring: caches, the storage of renditions, pages of the admin."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from wagtail.images import get_image_model

from .. import conf
from ..admin.collections.editing import CollectionAssignments
from ..generation.departures import cache_is_per_process
from ..generation.files import overwrites, storage_of, unwrapped
from .said import identified, settings_are_right


def check_rendition_cache(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    if not cache_is_per_process(get_image_model().get_rendition_model()):
        return []
    return [
        checks.Warning(
            "Wagtail keeps renditions in a cache that each process has for itself (LocMemCache), so the file of a "
            "rendition that is made again stays in storage for ORPHAN_GRACE seconds, for the processes that still "
            "name it.",
            hint="Give CACHES a 'renditions' that all processes share, such as Redis or the database cache.",
            id=identified("W002"),
        )
    ]


def check_rendition_storage(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    storage = storage_of(get_image_model().get_rendition_model())
    if not overwrites(storage):
        return []
    return [
        checks.Warning(
            f"The storage of renditions ({type(unwrapped(storage)).__name__}) overwrites a file when another is saved "
            "under its name. Wagtail cuts names of renditions off at 60 characters, so two images may be given one: "
            "those made here get names of their own, but one that a template makes may replace another image's.",
            hint="In the OPTIONS of its entry in STORAGES, set file_overwrite (as S3 calls it) to False.",
            id=identified("W003"),
        )
    ]


def check_collection_panel(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    if not settings_are_right() or not conf.get("COLLECTION_PANEL"):
        return []
    served = {
        "adds": _view_named("wagtailadmin_collections:add"),
        "edits": _view_named("wagtailadmin_collections:edit", 1),
    }
    return [
        checks.Warning(
            f'The panel "Renditions" is not on the page of the admin that {does} a collection: the page is served by '
            f"{view!r}, which does not extend the view that Wagtail mounts.",
            hint=f"Have it extend that view, or set {conf.SETTING}['COLLECTION_PANEL'] to False; specs can be assigned "
            "under Renditions, Assignments all the same.",
            id=identified("W004"),
        )
        for does, view in served.items()
        if view is not None and not (isinstance(view, type) and issubclass(view, CollectionAssignments))
    ]


def _view_named(name: str, *args: Any) -> Any:
    """The class, or the function, that serves a URL; ``None`` where there is no such URL: the admin is not mounted."""
    try:
        function = resolve(reverse(name, args=args)).func
    except (NoReverseMatch, Resolver404):
        return None
    return getattr(function, "view_class", function)
