"""Columns and the table of the reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import cached_property
from wagtail.admin.ui.tables import Column, Table

TEMPLATES = "wagtail_sourcegroups/admin/reports"


class TemplateColumn(Column):
    """A cell of a template of ours, which is given the row as ``value``, and besides it ``extra``."""

    def __init__(
        self,
        name: str,
        template: str,
        extra: Callable[[Any], Mapping[str, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, accessor=lambda row: row, **kwargs)
        self.cell_template_name = f"{TEMPLATES}/cells/{template}.html"
        self._extra = extra

    def get_cell_context_data(self, instance: Any, parent_context: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_cell_context_data(instance, parent_context)
        return context | dict(self._extra(instance) if self._extra is not None else {})


class TotalTable(Table):
    """A table with a last row of what all come to."""

    template_name = f"{TEMPLATES}/total_table.html"
    classname = "listing sg-coverage"

    def __init__(self, *args: Any, total: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.total = total

    @cached_property
    def total_row(self) -> Any:
        return Table.Row(self, self.total, len(self.data))


class QuietTable(Table):
    """A table whose headings are there for who does not see what stands below them."""

    classname = "listing sg-rows sg-stack"
    header_row_classname = "w-sr-only"
