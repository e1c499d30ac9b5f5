"""Where our pages are found: the group "Renditions" in the menu, and two entries under Reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSetGroup

from . import access
from .specs.viewset import SpecViewSet

ICON = "renditions"


class Entry(MenuItem):
    """A menu entry for whoever ``allowed`` lets, asked at every page."""

    def __init__(
        self, label: str | Promise, url_name: str, allowed: Callable[[Any], bool], **kwargs: Any
    ) -> None:
        super().__init__(label, reverse_lazy(f"sourcegroups:{url_name}"), **kwargs)
        self._allowed = allowed

    def is_shown(self, request: Any) -> bool:
        return self._allowed(request.user)


class Renditions(ViewSetGroup):
    """*Overview*, *Specs*, *Assignments* and *Runs*."""

    menu_label = _("Renditions")
    menu_name = "renditions"
    menu_icon = ICON
    # After Images.
    menu_order = 310
    items = (SpecViewSet,)

    def get_submenu_items(self) -> list[MenuItem]:
        return [
            Entry(_("Overview"), "overview", access.may_see, icon_name="view", order=1),
            *(registerable.get_menu_item(order=2) for registerable in self.registerables),
            Entry(_("Assignments"), "assignments", access.may_see_assignments, icon_name="table", order=3),
            Entry(_("Runs"), "runs", access.may_see, icon_name="rotate", order=4),
        ]


def coverage_entry() -> Entry:
    """For Wagtail's own menu of reports, as is the next."""
    return Entry(_("Rendition coverage"), "coverage", access.may_see, icon_name=ICON, order=1100)


def failures_entry() -> Entry:
    return Entry(_("Rendition failures"), "failures", access.may_see, icon_name="warning", order=1110)
