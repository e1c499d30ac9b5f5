"""What the form of a spec is made of, and the page of one that code has set."""

from __future__ import annotations

from typing import Any

from django import forms
from django.middleware.csrf import get_token
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, ObjectList, Panel
from wagtail.admin.staticfiles import versioned_static
from wagtail.admin.widgets import AdminAutoHeightTextInput
from wagtail.images.widgets import AdminImageChooser

from ...models import StoredSpec
from .form import SpecForm
from .shown import shown

FIXED_ID = _(
    "Templates, assignments and commands name it, so it stays as it is. To have it under another id, copy the spec."
)


class FiltersPanel(FieldPanel):
    """One pattern a line, also where they cannot be written."""

    read_only_output_template_name = "wagtail_sourcegroups/admin/specs/filters.html"


class PreviewPanel(Panel):
    """What the filters make of a sample, redrawn as they are written."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "wagtail_sourcegroups/admin/specs/preview_panel.html"

        @property
        def media(self) -> forms.Media:
            return AdminImageChooser().media + forms.Media(
                css={"all": [versioned_static("wagtail_sourcegroups/css/admin.css")]},
                js=[versioned_static("wagtail_sourcegroups/js/spec-preview.js")],
            )

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            """The first drawing has no pictures: these are asked for once the page is there."""
            context: dict[str, Any] = super().get_context_data(parent_context)
            field = self.form["filters"] if "filters" in self.form.fields else None
            text = field.value() if field is not None else self.instance.filters
            context.update(shown(self.request, text or "", pictures=False))
            context.update(field=field, text=text, token=get_token(self.request))
            return context


def panels(*, with_id: bool = True, read_only: bool = False) -> ObjectList:
    """``with_id`` lets the id be written, which is done once; ``read_only`` lets nothing be."""
    filters = AdminAutoHeightTextInput(
        attrs={"rows": 3, "class": "sg-filters", "spellcheck": "false", "autocapitalize": "off"}
    )
    fixed: dict[str, Any] = {"read_only": True} if read_only else {}
    return ObjectList(
        [
            FieldPanel("label", icon="title", **fixed),
            FieldPanel(
                "spec_id", icon="key", **(fixed if with_id else {"read_only": True, "help_text": FIXED_ID})
            ),
            FiltersPanel("filters", icon="code", widget=filters, **fixed),
            PreviewPanel(heading=_("What this makes"), icon="view"),
            FieldPanel("strategy", icon="time", classname="sg-when", **fixed),
            FieldPanel("description", icon="pilcrow", **fixed),
        ],
        base_form_class=SpecForm,
    ).bind_to_model(StoredSpec)
