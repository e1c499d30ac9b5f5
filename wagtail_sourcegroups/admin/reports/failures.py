"""The failures report: what could not be made, why, and having it tried again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import DateColumn
from wagtail.admin.views.reports import ReportView

from ...models import GenerationFailure
from .. import access
from .columns import TEMPLATES, TemplateColumn
from .exporting import BoundedExportMixin
from .failing import of_spec, retryable_failures, visible_failures
from .failurerows import drawn_rows_of, rows_of
from .filters import FailureFilterSet
from .seen import SeenMixin

#: Failures of an export that are looked up at once.
AT_ONCE = 500


class FailuresReport(SeenMixin, BoundedExportMixin, ReportView):
    """What failed last comes first."""

    model = GenerationFailure
    permission_policy = None
    page_title = gettext_lazy("Rendition failures")
    header_icon = "warning"
    template_name = f"{TEMPLATES}/failures.html"
    results_template_name = f"{TEMPLATES}/failures_results.html"
    index_url_name = "sourcegroups:failures"
    index_results_url_name = "sourcegroups:failures_results"
    filterset_class = FailureFilterSet
    table_classname = "listing sg-stack"
    default_ordering = "-last_failed_at"
    verbose_name = gettext_lazy("failure")
    verbose_name_plural = gettext_lazy("failures")
    export_filename = "rendition-failures"
    export_headings = {
        "id": gettext_lazy("Image id"),
        "source": gettext_lazy("Source"),
        "collection": gettext_lazy("Collection"),
        "spec": gettext_lazy("Spec id"),
        "filter_spec": gettext_lazy("Filter spec"),
        "reason": gettext_lazy("Reason"),
        "detail": gettext_lazy("Detail"),
        "attempts": gettext_lazy("Tries"),
        "first_failed_at": gettext_lazy("First try"),
        "last_failed_at": gettext_lazy("Last try"),
    }
    list_export = list(export_headings)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.export() if self.is_export else super().get(request, *args, **kwargs)

    def get_base_queryset(self) -> QuerySet[GenerationFailure]:
        return visible_failures(self.request.user, self.filters.chosen("collection"))

    def order_queryset(self, queryset: QuerySet[GenerationFailure]) -> QuerySet[GenerationFailure]:
        return queryset.order_by(self.ordering, "-pk")

    def filter_queryset(self, queryset: QuerySet[GenerationFailure]) -> QuerySet[GenerationFailure]:
        spec = self.filters.chosen("spec")
        return of_spec(queryset, spec) if spec else queryset

    def get_filtered_queryset(self) -> QuerySet[GenerationFailure]:
        return self.get_queryset()

    @cached_property
    def retryable(self) -> int:
        """How many of those that are shown, on this page and on others, this user may have tried again."""
        if not access.may_generate(self.request.user):
            return 0
        failures = retryable_failures(self.request.user, self.filters.chosen("collection"))
        return self.filter_queryset(failures).count()

    @cached_property
    def columns(self) -> list[Any]:
        columns = [
            TemplateColumn("thumbnail", "thumbnail", label="", classname="sg-thumbnail-column"),
            TemplateColumn("image", "failed_image", label=_("Image")),
            TemplateColumn("output", "failed_output", label=_("Rendition")),
            TemplateColumn("reason", "reason", label=_("Reason")),
            TemplateColumn(
                "attempts",
                "attempts",
                label=_("Tries"),
                sort_key="attempts",
                classname="sg-figure",
            ),
            DateColumn(
                "last_failed_at",
                label=_("Last try"),
                accessor="failure.last_failed_at",
                sort_key="last_failed_at",
            ),
        ]
        if self.retryable:
            columns.insert(0, SelectColumn("select", "select", label=""))
            columns.append(TemplateColumn("retry", "retry", label="", classname="sg-actions-column"))
        return columns

    def get_table(self, object_list: Any) -> Any:
        return super().get_table(drawn_rows_of(list(object_list), self.request.user))

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(*args, **kwargs)
        return {
            **context,
            "retryable": self.retryable,
            "has_xlsx": self.has_xlsx,
            "asked": {name: self.request.GET.get(name, "") for name in ("spec", "collection")},
        }

    # The spreadsheet -------------------------------------------------------------------------------------

    def rows_at_most(self) -> int:
        return self.get_queryset().count()

    def export_rows(self) -> Iterator[dict[str, Any]]:
        failures = self.get_queryset().iterator(chunk_size=AT_ONCE)
        while some := list(islice(failures, AT_ONCE)):
            for row in rows_of(some):
                yield row.exported


class SelectColumn(TemplateColumn):
    """Boxes to tick failures by, and one that ticks them all."""

    header_template_name = f"{TEMPLATES}/cells/select_all.html"
