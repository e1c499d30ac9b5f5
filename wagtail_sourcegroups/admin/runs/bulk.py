"""The bulk action of the image listing: for the images that are ticked, or for all that the listing shows."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.forms import Media
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView
from wagtail.admin.staticfiles import versioned_static
from wagtail.images.views.bulk_actions.image_bulk_action import ImageBulkAction

from ...registry import get_registry
from ..starting import start_run
from .asking import CannotBeAsked, choice, image_keys
from .chosen import Chosen, chosen_images, chosen_listing
from .forms import GenerateForm
from .prospects import Prospects, prospects_of


class GenerateBulkAction(ImageBulkAction):
    """
    Starts a run and goes to its page. However many images there are, a number and a few of them are loaded: a run holds
    the question, and never the images of a whole listing.
    """

    display_name = _("Generate renditions")
    aria_label = _("Generate renditions of the selected images")
    action_type = "generate_renditions"
    # Between "Add to collection" and "Delete".
    action_priority = 50
    classes = frozenset({"sg-bulk-action"})
    form_class = GenerateForm
    template_name = "wagtail_sourcegroups/admin/runs/bulk.html"

    @cached_property
    def chosen(self) -> Chosen:
        asked = self.request.GET.getlist("id")
        if "all" in asked:
            return chosen_listing(self.request.user, self.request.META.get("QUERY_STRING", ""))
        try:
            return chosen_images(self.request.user, image_keys(asked))
        except CannotBeAsked:
            raise Http404 from None

    @cached_property
    def prospects(self) -> Prospects:
        get_registry().refresh()
        return prospects_of(self.chosen)

    def get_initial(self) -> dict[str, Any]:
        return {"specs": [each.spec.id for each in self.prospects.specs]}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "offered": self.prospects.offered}

    def get_actionable_objects(self) -> tuple[QuerySet[Any], dict[str, Any]]:
        """For those who listen to bulk actions: the images as a queryset, and never as a list."""
        return self.chosen.images, {"items_with_no_access": self.chosen.left_out_by_name}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # Not Wagtail's own, which loads every image.
        context: dict[str, Any] = FormView.get_context_data(self, **kwargs)
        form = context["form"]
        return {
            **context,
            **choice(self.chosen, self.prospects, form["specs"].value(), form["what"].value()),
            "submit_url": f"{self.request.path}?{self.request.META['QUERY_STRING']}",
            "back": self.next_url,
            "next": self.next_url,
        }

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form) if self.chosen.count else redirect(self.next_url)
        return response

    def get_execution_context(self) -> dict[str, Any]:
        return {"action": self}

    @classmethod
    def execute_action(cls, objects: Any, action: Any = None, **kwargs: Any) -> tuple[int, int]:
        """Within a transaction; the run is handed out once that is through."""
        form = action.cleaned_form
        run = start_run(action.request.user, form.chosen_specs, action.chosen.selection, force=form.force)
        action.next_url = reverse("sourcegroups:run", args=[run.pk])
        return action.chosen.count, 0


class RoomForLabel:
    """For the image listing, where Wagtail cuts the labels of bulk actions at a width of its own."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        context["media"] += Media(css={"all": [versioned_static("wagtail_sourcegroups/css/admin.css")]})
        return context
