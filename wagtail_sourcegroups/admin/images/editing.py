"""The panel "Renditions" beside the form that edits an image."""

from __future__ import annotations

from typing import Any

from django.forms import Media
from django.template.loader import select_template
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.staticfiles import versioned_static
from wagtail.admin.ui.side_panels import BaseSidePanel

from .. import access
from ..menu import ICON
from .reading import failures_of


class RenditionsSidePanel(BaseSidePanel):
    """Empty until it is shown: Wagtail opens the panel that was open last on every page."""

    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        aria_label = _("Toggle renditions")
        icon_name = ICON
        counter_classname = "w-bg-critical-200"

        def get_context_data(self, parent_context: Any) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            return {**context, "count": failures_of(self.panel.object)}

    name = "renditions"
    title = _("Renditions")
    template_name = "wagtail_sourcegroups/admin/images/side_panel.html"
    order = 200

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(parent_context)
        return {**context, "url": reverse("sourcegroups:image_panel", args=[self.object.pk])}

    @property
    def media(self) -> Media:
        return Media(
            css={"all": [versioned_static("wagtail_sourcegroups/css/admin.css")]},
            js=[versioned_static("wagtail_sourcegroups/js/image-panel.js")],
        )


class RenditionsBeside:
    """For the view that edits an image: one more panel, for which the form makes room."""

    object: Any
    request: Any

    def get_side_panels(self) -> Any:
        panels = super().get_side_panels()  # type: ignore[misc]
        if access.may_see_image(self.request.user, self.object):
            panels.append(RenditionsSidePanel(self.object, self.request))
        return panels

    def get_template_names(self) -> list[str]:
        return ["wagtail_sourcegroups/admin/images/edit.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # Wagtail's template, or what another package has put in its place.
        names = super().get_template_names()  # type: ignore[misc]
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {**context, "stock_template": select_template(names)}
