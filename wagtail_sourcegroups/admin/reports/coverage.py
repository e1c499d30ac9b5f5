"""The coverage report: how much of what is wanted is there, by spec and group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from wagtail.admin import messages
from wagtail.admin.views.reports import ReportView

from ... import counting
from ...registry import get_registry
from .. import access, states
from ..groups import code_of, names_of
from ..menu import ICON
from .columns import TEMPLATES, TemplateColumn, TotalTable
from .filters import CoverageFilterSet
from .kept import Kept, images_besides, kept_for
from .rows import Row, rows_of
from .seen import SeenMixin

#: States whose counts are work to be done: they lead to the images.
TO_DO = (states.MISSING, states.STALE, states.FAILED)


class CoverageReport(SeenMixin, ReportView):
    """From the kept figures alone: so many queries, however many images there are."""

    page_title = gettext_lazy("Rendition coverage")
    header_icon = ICON
    template_name = f"{TEMPLATES}/report.html"
    results_template_name = f"{TEMPLATES}/coverage_results.html"
    index_url_name = "sourcegroups:coverage"
    index_results_url_name = "sourcegroups:coverage_results"
    filterset_class = CoverageFilterSet
    table_class = TotalTable
    export_filename = "rendition-coverage"
    export_headings = {
        "id": gettext_lazy("Spec id"),
        "spec": gettext_lazy("Spec"),
        "group": gettext_lazy("Group"),
        "images": gettext_lazy("Images"),
        "expected": gettext_lazy("Expected"),
        "ready": states.READY.label,
        "missing": states.MISSING.label,
        "stale": states.STALE.label,
        "failed": states.FAILED.label,
        "bytes": gettext_lazy("Bytes, of what was made here"),
        "percentage": gettext_lazy("Ready, in percent"),
        "note": gettext_lazy("Note"),
    }
    list_export = list(export_headings)

    @cached_property
    def collection(self) -> Any:
        """The one that is filtered by."""
        return self.filters.chosen("collection")

    @cached_property
    def kept(self) -> Kept:
        return kept_for(self.request.user, self.collection)

    def get_queryset(self) -> list[Row]:
        bindings = get_registry().bindings
        spec, state = self.filters.chosen("spec"), self.filters.chosen("state")
        chosen = [binding for binding in bindings if spec in (None, binding.spec.id)]
        rows = rows_of(
            chosen,
            self.kept,
            names_of((binding.group for binding in chosen), access.known_collections(self.request.user)),
            everything=self.collection is None and access.sees_everything(self.request.user),
        )
        return [row for row in rows if state is None or getattr(row.figures, state)]

    def get_filtered_queryset(self) -> list[Row]:
        return self.get_queryset()

    @cached_property
    def total(self) -> Row:
        """Each image and each rendition once; of one spec, if one is filtered by."""
        return Row(self.kept.of(self.filters.chosen("spec") or ""))

    @cached_property
    def columns(self) -> list[Any]:
        return [
            TemplateColumn("spec", "spec", label=_("Spec")),
            _figures("expected", _("Expected")),
            _figures("ready", states.READY.label),
            *(_figures(state.key, state.label, self._images_url) for state in TO_DO),
            TemplateColumn("bytes", "bytes", label=_("Weight"), classname="sg-figure"),
            TemplateColumn("share", "share", label=_("Share ready"), classname="sg-share-column"),
        ]

    def get_table_kwargs(self) -> dict[str, Any]:
        return {**super().get_table_kwargs(), "total": self.total}

    def _images_url(self, row: Row, state: str) -> str:
        asked = {"spec": row.spec.id if row.spec else "", "group": code_of(row.group), "state": state}
        if self.collection is not None:
            asked["collection"] = self.collection.pk
        return f"{reverse('sourcegroups:coverage_images')}?{urlencode(asked)}"

    def to_row_dict(self, item: Row) -> dict[str, Any]:
        counts: dict[str, Any] = dict.fromkeys(self.list_export, "")
        if item.is_counted:
            counts.update((name, getattr(item.figures, name)) for name in item.figures.__slots__)
            counts["percentage"] = item.percentage
        counts.update(id=item.spec.id if item.spec else "", spec=str(item.spec), group=str(item.name))
        return {**counts, "note": str(item.said)}

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(*args, **kwargs)
        user = self.request.user
        return {
            **context,
            "kept": self.kept,
            "has_specs": bool(get_registry().specs),
            "only_own": not context["object_list"] and images_besides(user, self.collection) > 0,
            "may_count": access.may_generate(user),
            "may_define": access.may_define(user, "add"),
        }


def _figures(name: str, label: Any, url: Any = None) -> TemplateColumn:
    """Of one kind; what needs work links to its images."""

    def shown(row: Row) -> Mapping[str, Any]:
        count = getattr(row.figures, name)
        linked = url is not None and count and row.spec is not None
        return {"count": count, "link": url(row, name) if linked else ""}

    return TemplateColumn(name, "figure", shown, label=label, classname="sg-figure")


class CountAgain(SeenMixin, View):
    """Has the figures counted anew, in the background."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        access.require(access.may_generate(request.user))
        if counting.ask():
            messages.success(request, _("The renditions are being counted."))
        else:
            messages.info(request, _("The renditions are being counted already; another count follows."))
        return redirect("sourcegroups:coverage")
