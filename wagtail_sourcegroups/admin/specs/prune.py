"""The page that deletes what specs have left behind: what that is, and then in the background or bit by bit."""

from __future__ import annotations

from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.images import get_image_model

from ...pruning import ask, sweep
from ...queueing import is_inline
from ...registry import get_registry
from .. import access
from ..starting import selection_for
from .leftovers import Leftover, address, leftovers

#: Seconds for which a request deletes where there is no worker.
PATIENCE = 5.0


class PruneView(WagtailAdminTemplateMixin, TemplateView):
    """Names the filters whose renditions go; with POST they go."""

    template_name = "wagtail_sourcegroups/admin/specs/prune.html"
    page_title = gettext_lazy("Delete what is left over")
    header_icon = "bin"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        access.require(access.may_prune(request.user))
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def given(self) -> QueryDict:
        return self.request.POST if self.request.method == "POST" else self.request.GET

    @cached_property
    def leftovers(self) -> list[Leftover]:
        return leftovers(self.request.user, get_registry().refresh(), self.given.getlist("filter"))

    @cached_property
    def after(self) -> str:
        """The key of the image to go on after, if it is one."""
        try:
            get_image_model()._meta.pk.to_python(self.given.get("after"))
        except ValidationError:
            return ""
        return self.given.get("after", "")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        specs = {"url": reverse("sourcegroups_specs:index"), "label": _("Specs")}
        return [*self.breadcrumbs_items, specs, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        renditions = sum(leftover.renditions for leftover in self.leftovers)
        return super().get_context_data(
            leftovers=self.leftovers,
            renditions=renditions,
            elsewhere=any(leftover.asked_elsewhere for leftover in self.leftovers),
            after=self.after,
            index_url=reverse("sourcegroups_specs:index"),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        filter_specs = [leftover.filter_spec for leftover in self.leftovers]
        if not filter_specs:
            messages.success(request, _("There is nothing to delete."))
            return redirect("sourcegroups_specs:index")
        selection = selection_for(request.user)
        if not is_inline():
            ask(filter_specs, selection.by)
            messages.success(request, _("What is left over is being deleted in the background."))
            return redirect("sourcegroups_specs:index")
        swept = sweep(filter_specs, selection, self.after, seconds=PATIENCE)
        said = ngettext("%(count)s rendition deleted.", "%(count)s renditions deleted.", swept.deleted) % {
            "count": intcomma(swept.deleted)
        }
        if swept.after is None:
            messages.success(request, said)
            return redirect("sourcegroups_specs:index")
        more = _("There are more of them: go on.")
        messages.warning(request, f"{said} {more}")
        return redirect(address(filter_specs, swept.after))
