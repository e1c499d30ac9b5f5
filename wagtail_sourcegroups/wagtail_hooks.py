"""What Wagtail asks this app."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet
from django.urls import include, path
from wagtail import hooks

from . import receivers
from .admin import menu, urls
from .admin.collections import history as assignment_history
from .admin.collections.editing import CollectionAssignments
from .admin.collections.moves import CollectionMoves
from .admin.extending import extend_view
from .admin.images.editing import RenditionsBeside
from .admin.reports.home import RenditionsPanel
from .admin.runs.bulk import GenerateBulkAction, RoomForLabel
from .findspecs import wagtails
from .runs import history
from .showing import anchoring

hooks.register("register_image_operations", anchoring.operations)


@hooks.register("register_admin_urls", order=1000)
def register_urls() -> list[Any]:
    """
    Our pages. Wagtail wraps its views after this hook has run, so that those which are extended here are as protected
    as its own.
    """
    from wagtail.admin.urls import collections
    from wagtail.images import admin_urls as images

    extend_view(collections.urlpatterns, "edit", CollectionMoves)
    extend_view(collections.urlpatterns, "edit", CollectionAssignments)
    extend_view(collections.urlpatterns, "add", CollectionAssignments)
    extend_view(images.urlpatterns, "edit", RenditionsBeside)
    extend_view(images.urlpatterns, "index", RoomForLabel)
    return [path("renditions/", include(urls))]


@hooks.register("register_admin_viewset")
def register_viewsets() -> Any:
    return menu.Renditions()


@hooks.register("register_reports_menu_item")
def register_coverage() -> Any:
    return menu.coverage_entry()


@hooks.register("register_reports_menu_item")
def register_failures() -> Any:
    return menu.failures_entry()


@hooks.register("construct_homepage_panels")
def add_home_panel(request: Any, panels: list[Any]) -> None:
    panels.append(RenditionsPanel())


hooks.register("register_bulk_action", GenerateBulkAction)


@hooks.register("register_icons")
def register_icons(icons: list[str]) -> list[str]:
    return [*icons, "wagtail_sourcegroups/icons/renditions.svg"]


@hooks.register("register_permissions")
def register_permissions() -> QuerySet[Permission]:
    """What can be given to a group: to define specs, and to assign them."""
    ours = Q(codename__in=("add_storedspec", "change_storedspec", "delete_storedspec", "change_assignment"))
    return Permission.objects.filter(ours, content_type__app_label="wagtail_sourcegroups")


@hooks.register("register_log_actions")
def register_log_actions(actions: Any) -> None:
    history.register_actions(actions)
    assignment_history.register_actions(actions)


@hooks.register("register_rendition_specs")
def register_rendition_specs() -> list[Any]:
    return wagtails.admin_specs()


@hooks.register("register_source_groups")
def register_source_groups() -> list[Any]:
    return wagtails.admin_groups()


@hooks.register("before_bulk_action")
def note_bulk_action(request: Any, action_type: str, objects: Any, action: Any) -> None:
    receivers.before_bulk_action(request, action_type, objects, action)
