"""The specs that admins define, in Wagtail's own pages."""

from __future__ import annotations

from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import ObjectList
from wagtail.admin.viewsets.model import ModelViewSet

from ...models import StoredSpec
from .deleting import SpecDeleteView
from .editing import SpecCopyView, SpecCreateView, SpecEditView
from .listing import SpecIndexView
from .panels import panels


class SpecViewSet(ModelViewSet):
    model = StoredSpec
    name = "sourcegroups_specs"
    url_prefix = "renditions/specs"
    icon = "renditions"
    menu_label = _("Specs")
    #: What uses a spec is no reference of a row.
    add_to_reference_index = False
    index_view_class = SpecIndexView
    add_view_class = SpecCreateView
    copy_view_class = SpecCopyView
    edit_view_class = SpecEditView
    delete_view_class = SpecDeleteView
    delete_template_name = SpecDeleteView.template_name
    edit_template_name = "wagtail_sourcegroups/admin/specs/edit.html"
    index_template_name = SpecIndexView.template_name

    def get_edit_handler(self) -> ObjectList:
        return panels()

    @cached_property
    def _panels_without_id(self) -> ObjectList:
        return panels(with_id=False)

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        kwargs = super().get_common_view_kwargs(**kwargs)
        # It would count references, of which there are none, and say that the spec is not used.
        kwargs.pop("usage_url_name", None)
        return kwargs

    def get_edit_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        panel = self._panels_without_id
        given: dict[str, Any] = super().get_edit_view_kwargs(**kwargs)
        return {**given, "panel": panel, "form_class": panel.get_form_class()}

    def get_urlpatterns(self) -> list[Any]:
        return [pattern for pattern in super().get_urlpatterns() if pattern.name != "usage"]
