"""The listing of specs: Wagtail's own, of rows that need not be in the database."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import BaseColumn, Column, TitleColumn
from wagtail.admin.views.generic import IndexView
from wagtail.admin.widgets.button import Button

from ...registry import get_registry
from .. import access
from .rows import Row, rows


class Cell(Column):
    """A column that draws the whole row with a template of ours."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(name, accessor=lambda row: row, **kwargs)
        self.cell_template_name = f"wagtail_sourcegroups/admin/specs/{name}_cell.html"


class NameColumn(TitleColumn):
    cell_template_name = "wagtail_sourcegroups/admin/specs/name_cell.html"


class SpecIndexView(IndexView):
    """Specs of the admin can be edited, those of code looked at."""

    template_name = "wagtail_sourcegroups/admin/specs/index.html"
    table_classname = "listing sg-spec-listing"
    is_searchable = True
    default_ordering = "label"

    @cached_property
    def columns(self) -> list[BaseColumn]:
        name = self._get_title_column_class(NameColumn)
        return [
            name("label", label=_("Name"), get_url=self.get_url, sort_key="label", width="30%"),
            Cell("makes", label=_("Makes"), width="21%"),
            Cell("uses", label=_("Used for"), width="18%"),
            Column("when", label=_("When"), width="16%"),
            Cell("ready", label=_("Ready"), width="15%"),
        ]

    def get_queryset(self) -> list[Row]:
        """A list: there are never many."""
        found = rows(self.request.user, get_registry().refresh())
        if self.is_searching:
            found = [row for row in found if row.matches(self.search_query)]
        return found[::-1] if self.ordering == "-label" else found

    def get_url(self, row: Row) -> str | None:
        if row.stored is None:
            return reverse("sourcegroups:spec_code", args=[row.id])
        return self.get_edit_url(row)

    def get_edit_url(self, instance: Row) -> str | None:
        return super().get_edit_url(instance.stored) if instance.stored is not None else None

    def get_copy_url(self, instance: Row) -> str | None:
        return super().get_copy_url(instance.stored) if instance.stored is not None else None

    def get_delete_url(self, instance: Row) -> str | None:
        return super().get_delete_url(instance.stored) if instance.stored is not None else None

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        buttons: list[Button] = list(super().header_more_buttons)
        if access.may_prune(self.request.user):
            buttons.append(
                Button(_("Delete what is left over"), url=reverse("sourcegroups:spec_prune"), icon_name="bin")
            )
        return buttons
