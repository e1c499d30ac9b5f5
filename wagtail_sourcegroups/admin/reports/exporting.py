"""Spreadsheets of many rows: CSV as it comes, XLSX as long as it fits into memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail.admin.views.mixins import SpreadsheetExportMixin

#: Rows of an XLSX file, which is put together in memory.
XLSX_ROWS = 5000


class BoundedExportMixin(SpreadsheetExportMixin):
    """Rows are what :meth:`export_rows` yields: dictionaries by the names of ``list_export``."""

    request: Any

    def export_rows(self) -> Iterator[dict[str, Any]]:
        raise NotImplementedError

    def rows_at_most(self) -> int:
        """How many that will be, as far as it is known without counting them."""
        raise NotImplementedError

    def to_row_dict(self, item: dict[str, Any]) -> dict[str, Any]:
        return item

    @cached_property
    def has_xlsx(self) -> bool:
        """Whether that may be offered."""
        return self.rows_at_most() <= XLSX_ROWS

    def export(self) -> HttpResponse:
        """The spreadsheet that is asked for."""
        rows: Any = self.export_rows()
        if self.request.GET["export"] == self.FORMAT_XLSX:
            rows = list(islice(rows, XLSX_ROWS + 1))
            if len(rows) > XLSX_ROWS:
                messages.warning(self.request, _("There are too many rows for XLSX. Download CSV instead."))
                asked = self.request.GET.copy()
                del asked["export"]
                return redirect(f"{self.request.path}?{asked.urlencode()}")
        answer: HttpResponse = self.as_spreadsheet(rows, self.request.GET["export"])
        return answer

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        buttons = super().header_more_buttons
        return [button for button in buttons if self.has_xlsx or button.url != self.xlsx_export_url]
