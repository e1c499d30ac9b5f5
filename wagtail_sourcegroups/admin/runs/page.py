"""The page of one run: how it stands, drawn anew while somebody looks, and the buttons that steer it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from ...exceptions import RunRefused
from ...models import GenerationRun
from ...runs.working import drive
from .. import access
from ..reports.seen import SeenMixin
from ..starting import selection_for
from . import pictures
from .asking import address
from .standing import Standing
from .visibility import Sight, Viewer, may_steer
from .wording import Asked, Words

_TEMPLATES = "wagtail_sourcegroups/admin/runs"
#: What is drawn anew, each with a template of its own.
REGIONS = ("head", "actions", "progress", "details", "facts")
#: Seconds for which a page that drives a run works on it at a time, and the images in hand.
SECONDS = 2.0


class OneRun(SeenMixin):
    """A run as the user sees it; there is none that he or she sees nothing of."""

    request: HttpRequest
    kwargs: dict[str, Any]

    @cached_property
    def viewer(self) -> Viewer:
        return Viewer.of(self.request.user)

    @cached_property
    def run(self) -> GenerationRun:
        runs = GenerationRun.objects.with_standing().select_related("started_by", "paused_by")
        run = get_object_or_404(runs, pk=self.kwargs["pk"])
        if self.viewer.sight(run) is Sight.NOTHING:
            raise Http404
        return run

    @cached_property
    def standing(self) -> Standing:
        return Standing(self.run, self.viewer.sight(self.run), may_steer(self.request.user, self.run))

    @cached_property
    def asked(self) -> Asked:
        return Words([self.run.question], access.known_collections(self.request.user)).of(self.run)

    def shown(self) -> dict[str, Any]:
        """What the templates of the regions are given."""
        failures, failed = pictures.failures(self.run, self.request.user)
        standing = self.standing
        return {
            "run": self.run,
            "standing": standing,
            "asked": self.asked,
            "sees_everything": standing.is_told,
            "newest": pictures.newest(self.run, self.viewer),
            "failures": failures,
            "failed": failed,
            "failed_besides": failed - len(failures),
            "again_url": address(self.run) if standing.steers and standing.is_over else None,
        }


class RunView(OneRun, WagtailAdminTemplateMixin, TemplateView):
    """Its page."""

    template_name = f"{_TEMPLATES}/run.html"
    header_icon = "rotate"

    def get_page_title(self) -> str:
        return _("Run %(run)s") % {"run": self.run.pk}

    def get_page_subtitle(self) -> str:
        return str(self.asked) if self.standing.is_told else ""

    def get_breadcrumbs_items(self) -> list[Mapping[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("sourcegroups:runs"), "label": _("Runs")},
            {"url": "", "label": self.get_page_title(), "sublabel": self.get_page_subtitle()},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **self.shown()}


class StandingView(OneRun, View):
    """How it stands, for the page's own script."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.answer()

    def answer(self) -> JsonResponse:
        shown = self.shown()
        html = {
            region: render_to_string(f"{_TEMPLATES}/{region}.html", shown, self.request) for region in REGIONS
        }
        return JsonResponse({**self.standing.as_json, "html": html})


# Each image is kept as it is made: a site that wraps its requests in transactions would lose all for one.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class StepView(StandingView):
    """Works on a run that has nobody else, for a moment, and says how it stands then."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        access.require(self.standing.steers)
        if self.standing.drives:
            self.run.take_up()
            drive(self.run.pk, seconds=SECONDS)
            for stale in ("run", "standing"):
                self.__dict__.pop(stale)
        return self.answer()


class SteerView(OneRun, View):
    """Pauses a run, goes on with it or ends it, and shows its page again."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        access.require(self.standing.steers)
        try:
            run = self.steer()
        except RunRefused:
            run = self.run
            # It has moved meanwhile, and its page says where to.
            messages.error(request, self.refusal())
        return redirect("sourcegroups:run", run.pk)

    def steer(self) -> GenerationRun:
        """The run to show. Raises :exc:`.RunRefused`."""
        raise NotImplementedError

    def refusal(self) -> str:
        state = Standing(self.run).shown.label
        return _("That can't be done any more: the run's state is “%(state)s”.") % {"state": state}


class PauseView(SteerView):
    def steer(self) -> GenerationRun:
        self.run.pause(self.request.user)
        return self.run


class ResumeView(SteerView):
    def steer(self) -> GenerationRun:
        self.run.resume()
        return self.run


class CancelView(SteerView):
    def steer(self) -> GenerationRun:
        self.run.cancel()
        return self.run


class RetryView(SteerView):
    """A new run of what failed, narrowed to what this user may change now."""

    def steer(self) -> GenerationRun:
        return self.run.retry_failed(self.request.user, by=selection_for(self.request.user).by)

    def refusal(self) -> str:
        return _("Nothing that failed in this run is left to be tried again.")
