"""The page *Assignments*."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from wagtail.admin import messages
from wagtail.admin.forms.search import SearchForm
from wagtail.admin.paginator import WagtailPaginator
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from ...registry import get_registry
from .. import access
from .matrix import Matrix
from .offers import offer
from .paging import named, pages, rows_of_page
from .places import change_named
from .ticks import ticked_before, ticks_in
from .tree import Node
from .wording import cost_forms
from .writing import Written, write


class AssignmentsView(WagtailAdminTemplateMixin, View):
    """
    What is assigned to all images and to each collection. Whoever may assign ticks boxes; only what he or she has
    changed is saved, whatever else is on the page, on other pages, or was changed by others meanwhile.
    """

    request: HttpRequest
    page_title = _("Assignments")
    header_icon = "table"
    template_name = "wagtail_sourcegroups/admin/collections/assignments.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        access.require(access.may_see_assignments(request.user))
        get_registry().refresh()
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = self.render_to_response(self.get_context_data())
        return response

    def post(self, request: HttpRequest) -> HttpResponse:
        ticks = ticks_in(request.POST)
        added, removed = set(map(change_named, ticks.added)), set(map(change_named, ticks.removed))
        gone = {change for change in added | removed if not self.matrix.is_there(change)}
        access.require(all(self.matrix.may_change(place) for _spec, place in (added | removed) - gone))
        written = write(request.user, added - gone, removed - gone)
        self._say(written)
        if gone:
            messages.warning(request, not_there(len(gone)))
        return redirect(request.get_full_path())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = self.request.GET.get("q", "").strip()
        collections = self.matrix.collections
        found = named(self.matrix.tree, collections, words) if words else collections
        columns, first = self.matrix.columns, self.matrix.rows_of_models()
        size = rows_of_page(len(columns), len(first), settings.DATA_UPLOAD_MAX_NUMBER_FIELDS)
        paginator = BranchPaginator(pages(self.matrix.tree, found, size), len(found))
        page = paginator.get_page(self.request.GET.get("p"))
        rows = [*first, *self.matrix.rows_of(page[0])]
        boxes = [cell for row in rows for cell in row.cells if row.may_change and not cell.origin]
        return super().get_context_data(
            columns=columns,
            rows=rows,
            costs=json.dumps(cost_forms()),
            page_obj=page,
            elided_page_range=paginator.get_elided_page_range(page.number),
            filter_form=SearchForm(self.request.GET, placeholder=_("Filter by name…")),
            is_filtered=bool(words),
            is_large=len(collections) > size // 2,
            has_boxes=bool(boxes),
            ticked_before=ticked_before(str(cell.change) for cell in boxes if cell.ticked),
            add_url=reverse("sourcegroups_specs:add") if access.may_define(self.request.user, "add") else "",
            action_url=self.request.get_full_path(),
            submit_button_label=_("Save"),
            submit_button_active_label=_("Saving…"),
            **kwargs,
        )

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    @cached_property
    def matrix(self) -> Matrix:
        """As it was before anything of this request was saved."""
        return Matrix(self.request.user)

    def _say(self, written: Written) -> None:
        if not written:
            messages.info(self.request, gettext("Nothing was changed."))
            return
        get_registry().refresh()
        offered = offer(self.request.user, written.added)
        said = changed(len(written.added) + len(written.removed))
        if offered is None:
            messages.success(self.request, said)
        else:
            messages.success(self.request, f"{said} {offered.sentence}", buttons=[offered.button])


@csrf_exempt
def assignments(request: HttpRequest) -> Any:
    """
    The page, or a message where more boxes were sent than the site takes. Django looks for the token among what was
    sent, and would answer that with a bare error; so it looks here, when it is known that there is something to see.
    """
    try:
        request.POST  # noqa: B018 - reading it is what raises
    except TooManyFieldsSent:
        messages.error(request, too_many(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS or 0))
        return redirect(request.get_full_path())
    return csrf_protect(AssignmentsView.as_view())(request)


def too_many(fields: int) -> str:
    """Why nothing was done."""
    return gettext(
        "Nothing was changed: more boxes are ticked on this page than the site takes at once, which is "
        "%(fields)s (DATA_UPLOAD_MAX_NUMBER_FIELDS). Filter the collections by name, or have this setting raised."
    ) % {"fields": intcomma(fields)}


def changed(count: int) -> str:
    """What was done."""
    return ngettext("%(count)s assignment was changed.", "%(count)s assignments were changed.", count) % {
        "count": intcomma(count)
    }


def not_there(count: int) -> str:
    """What could not be done."""
    return ngettext(
        "%(count)s change was not saved: its spec or collection isn't there any more.",
        "%(count)s changes were not saved: their specs or collections aren't there any more.",
        count,
    ) % {"count": intcomma(count)}


class BranchPaginator(WagtailPaginator):
    """Of lists that are a page each; ``collections`` is how many are in all of them."""

    def __init__(self, pages: list[list[Node]], collections: int) -> None:
        super().__init__(pages, per_page=1)
        self.items_count_label = ngettext("%(count)s collection", "%(count)s collections", collections) % {
            "count": intcomma(collections)
        }
