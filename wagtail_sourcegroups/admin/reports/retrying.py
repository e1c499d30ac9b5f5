"""Having what failed tried again: one failure, some, or all that the report shows. By a run, as everything is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views import View
from wagtail.admin import messages

from ...models import GenerationFailure
from ...registry import get_registry
from ...specs import RenditionSpec
from .. import access
from ..starting import selection_for, start_run
from .failing import image_keys, is_of_image, of_spec, retryable_failures, spec_ids_in
from .seen import SeenMixin


class Numbers(forms.MultipleChoiceField):
    """Keys of failures. Which of them there are is asked of the database, with what the user may do."""

    def valid_value(self, value: str) -> bool:
        return value.isdecimal() and len(value) < 19


class Chosen(forms.Form):
    """``one`` failure, or ``some``, or ``all`` of those that are filtered by spec and collection."""

    one = forms.IntegerField(required=False)
    some = Numbers(required=False)
    all = forms.BooleanField(required=False)
    spec = forms.CharField(required=False)
    collection: Any = forms.ModelChoiceField(None, required=False)

    def __init__(self, data: Any, *, user: Any) -> None:
        super().__init__(data)
        self.user = user
        self.fields["collection"].queryset = access.visible_collections(user)  # type: ignore[attr-defined]

    def failures(self) -> QuerySet[GenerationFailure]:
        """Those that are meant, and that the user may have tried again."""
        asked = self.cleaned_data
        if asked["one"] is not None:
            return retryable_failures(self.user).filter(pk=asked["one"])
        if not asked["all"]:
            return retryable_failures(self.user).filter(pk__in=asked["some"])
        failures = retryable_failures(self.user, asked["collection"])
        return of_spec(failures, asked["spec"]) if asked["spec"] else failures

    def specs(self, failures: QuerySet[GenerationFailure]) -> list[RenditionSpec]:
        """Those that these failures are tried again of."""
        named: Any = failures.order_by().values_list("spec_id", flat=True).distinct()
        if self.cleaned_data["all"] and self.cleaned_data["spec"] and named.exists():
            named = [self.cleaned_data["spec"]]
        return specs_to_retry(named, get_registry().specs)

    def narrowed(self, failures: QuerySet[GenerationFailure]) -> dict[str, Any]:
        """The selection that tries these failures again, as fields of :class:`.Selection`."""
        if not self.cleaned_data["all"]:
            return narrowed(failures)
        # However many they are: what failed is on record.
        narrow: dict[str, Any] = {"only_failed": only_outputs(failures)}
        collection = self.cleaned_data["collection"]
        if collection is not None:
            below = collection.get_descendants(inclusive=True).values_list("pk", flat=True)
            narrow["collections"] = frozenset(below)
        return narrow


def specs_to_retry(named: Iterable[str], known: Mapping[str, RenditionSpec]) -> list[RenditionSpec]:
    """The specs that failures name; all that there are where one names none that is left. Pure."""
    found: dict[str, RenditionSpec] = {}
    for text in named:
        mine = {spec_id: known[spec_id] for spec_id in spec_ids_in(text) if spec_id in known}
        if not mine:
            return list(known.values())
        found.update(mine)
    return list(found.values())


def narrowed(failures: QuerySet[GenerationFailure]) -> dict[str, Any]:
    """
    The selection that tries some failures again, as fields of :class:`.Selection`.

    A run knows images by their keys; other sources that failed are known as such only, all together.
    """
    chosen = list(failures)
    if all(is_of_image(failure) for failure in chosen):
        return {"images": tuple(image_keys(chosen)), "only_failed": True}
    return {"only_failed": only_outputs(failures)}


def only_outputs(failures: QuerySet[GenerationFailure]) -> bool:
    """Whether outputs have failed and nothing else: what a group or a task could not do may be anything."""
    return not failures.filter(filter_spec="", object_id="").exists()


class Retry(SeenMixin, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        access.require(access.may_generate(request.user))
        form = Chosen(request.POST, user=request.user)
        failures = form.failures() if form.is_valid() else None
        specs = form.specs(failures) if failures is not None else []
        if failures is None or not specs:
            messages.error(request, _("Nothing of that is left to be tried again."))
            return redirect("sourcegroups:failures")
        run = start_run(request.user, specs, selection_for(request.user, **form.narrowed(failures)))
        return redirect("sourcegroups:run", run.pk)
