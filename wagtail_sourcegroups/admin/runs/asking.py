"""The page that asks before renditions are generated: which images, which specs, and how many renditions that is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.utils import get_valid_next_url_from_request
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.images import get_image_model

from ...models import GenerationRun
from ...registry import get_registry
from ...runs.question import selection_from_json
from .. import access
from ..menu import ICON
from ..starting import start_run
from .chosen import Chosen, chosen_collections, chosen_everything, chosen_images, whole_collections
from .forms import AGAIN, MISSING, GenerateForm
from .labels import Labels
from .prospects import Prospects, prospects_of


class CannotBeAsked(Exception):
    """What an address asks for is not there; the message is a sentence for people."""


def chosen_by(user: Any, asked: QueryDict) -> Chosen:
    """The images that a query string means: by collection, by key, or all. Raises :exc:`CannotBeAsked`."""
    collections, images = asked.getlist("collection"), asked.getlist("image")
    if collections:
        pks = {int(pk) for pk in collections if pk.isdecimal() and len(pk) < 19}
        found = access.visible_collections(user).filter(pk__in=pks)
        if found.count() < len(set(collections)):
            raise CannotBeAsked(_("This collection is not there, or none that you may see."))
        return chosen_collections(user, found)
    if images:
        return chosen_images(user, image_keys(images))
    return chosen_everything(user)


def image_keys(given: Iterable[str]) -> tuple[Any, ...]:
    """Keys of the site's image model as they stand in an address. Raises :exc:`CannotBeAsked`."""
    key = get_image_model()._meta.pk
    try:
        keys = dict.fromkeys(key.to_python(pk) for pk in given)
        for each in keys:
            # A number that no column holds is an error to the database.
            key.run_validators(each)
    except ValidationError:
        raise CannotBeAsked(_("This image is not there.")) from None
    return tuple(keys)


def ticked_by(asked: QueryDict, prospects: Prospects) -> list[str]:
    """The ids of specs that a query string names; of all that apply if it names none. Raises :exc:`CannotBeAsked`."""
    named = asked.getlist("spec")
    for spec_id in named:
        if spec_id not in get_registry().specs:
            raise CannotBeAsked(_("There is no spec “%(spec)s” any more.") % {"spec": spec_id})
    return [each.spec.id for each in prospects.specs if not named or each.spec.id in named]


def address(run: GenerationRun) -> str | None:
    """Where the same can be asked again that a run was asked, as far as an address can say it."""
    selection = selection_from_json(run.question.get("selection", {}))
    asked: dict[str, Any] = {"spec": run.question.get("specs", [])}
    if selection.images is not None:
        asked["image"] = selection.images
    else:
        collections = whole_collections(selection)
        if collections is None:
            return None
        asked["collection"] = sorted(collections)
    if run.options.get("force"):
        asked["force"] = "1"
    return f"{reverse('sourcegroups:generate')}?{urlencode(asked, doseq=True)}"


def choice(chosen: Chosen, prospects: Prospects, ticked: Iterable[str], what: str) -> dict[str, Any]:
    """
    What the template of the choice shows. ``ticked`` are ids of specs; ``what`` is one of the form's choices, of which
    the button counts what will happen.
    """
    ticked = set(ticked)
    shown = [each for each in prospects.specs if each.spec.id in ticked]
    lacking, every = sum(each.lacking for each in shown), sum(each.all for each in shown)
    labels = Labels(bound=not prospects.is_exact)
    return {
        "chosen": chosen,
        "prospects": prospects,
        "ticked": ticked,
        "what": what,
        "MISSING": MISSING,
        "AGAIN": AGAIN,
        "lacking": labels.amount(lacking),
        "every": labels.amount(every),
        "button": labels.button(every if what == AGAIN else lacking, again=what == AGAIN),
        "labels": json.dumps(labels.forms),
    }


class GenerateView(WagtailAdminTemplateMixin, FormView):
    """Asks, and starts a run. The images come from the address, so that a form says only what is chosen of them."""

    form_class = GenerateForm
    template_name = "wagtail_sourcegroups/admin/runs/generate.html"
    page_title = gettext_lazy("Generate renditions")
    header_icon = ICON

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        access.require(access.may_generate(request.user))
        get_registry().refresh()
        try:
            # What the address asks for is looked at before anything is done.
            self.ticked  # noqa: B018
        except CannotBeAsked as problem:
            messages.error(request, str(problem))
            return redirect("sourcegroups:runs")
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def chosen(self) -> Chosen:
        return chosen_by(self.request.user, self.request.GET)

    @cached_property
    def prospects(self) -> Prospects:
        return prospects_of(self.chosen)

    @cached_property
    def ticked(self) -> list[str]:
        return ticked_by(self.request.GET, self.prospects)

    def get_page_subtitle(self) -> str:
        return self.chosen.count_in_words

    def get_breadcrumbs_items(self) -> list[Mapping[str, Any]]:
        return []

    def get_initial(self) -> dict[str, Any]:
        again = self.request.GET.get("force") == "1"
        return {"specs": self.ticked, "what": AGAIN if again else MISSING}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "offered": self.prospects.offered}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        form = context["form"]
        return {
            **context,
            **choice(self.chosen, self.prospects, form["specs"].value(), form["what"].value()),
            "back": get_valid_next_url_from_request(self.request) or reverse("sourcegroups:runs"),
        }

    def form_valid(self, form: GenerateForm) -> HttpResponse:
        run = start_run(self.request.user, form.chosen_specs, self.chosen.selection, force=form.force)
        return redirect("sourcegroups:run", run.pk)
