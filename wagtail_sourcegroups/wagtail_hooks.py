"""What Wagtail asks this app."""

from __future__ import annotations

from typing import Any

from wagtail import hooks

from . import receivers
from .admin.views import CollectionMoves, extend_view


@hooks.register("register_admin_urls", order=1000)
def extend_collection_views() -> list[Any]:
    """Wagtail wraps its views after this hook has run, so that the extended one is as protected as its own."""
    from wagtail.admin.urls import collections

    extend_view(collections.urlpatterns, "edit", CollectionMoves)
    return []


@hooks.register("before_bulk_action")
def note_bulk_action(request: Any, action_type: str, objects: Any, action: Any) -> None:
    receivers.before_bulk_action(request, action_type, objects, action)
