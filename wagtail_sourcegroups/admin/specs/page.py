"""The page of a spec that code has set: as that of an admin's, and nothing on it can be changed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import Button

from ...registry import get_registry
from ...specs import RenditionSpec
from .. import access
from .code import as_row, where
from .offers import generate_address
from .panels import panels
from .uses import Uses, uses


class CodeSpecView(WagtailAdminTemplateMixin, TemplateView):
    template_name = "wagtail_sourcegroups/admin/specs/code.html"
    header_icon = "renditions"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        access.require(access.may_see_specs(request.user))
        self.registry = get_registry().refresh()
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def spec(self) -> RenditionSpec:
        spec_id = self.kwargs["spec_id"]
        found = self.registry.specs.get(spec_id)
        if found is None or self.registry.is_stored(spec_id):
            raise Http404
        return found

    def get_page_title(self) -> str:
        return _("Spec in code")

    def get_page_subtitle(self) -> str:
        return str(self.spec)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        specs = {"url": reverse("sourcegroups_specs:index"), "label": _("Specs")}
        return [*self.breadcrumbs_items, specs, {"url": "", "label": str(self.spec)}]

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        address = generate_address(self.request.user, self.registry, self.spec.id)
        return [Button(_("Generate"), url=address, icon_name="rotate")] if address else []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        panel = panels(read_only=True).get_bound_panel(
            instance=as_row(self.spec), request=self.request, form=forms.Form()
        )
        context: dict[str, Any] = super().get_context_data(
            panel=panel,
            media=panel.media,
            where=where(self.registry.location(self.spec.id)),
            uses=uses(self.request.user, self.registry, of=self.spec.id).get(self.spec.id, Uses()),
            **kwargs,
        )
        return context
