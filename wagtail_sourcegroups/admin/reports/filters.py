"""What the reports can be filtered by: collection, spec and state, by choices only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import CollectionFilter, WagtailFilterSet

from ...finding import STATES
from ...models import CoverageFigure, GenerationFailure
from ...registry import get_registry
from .. import access, states


class ReportFilterSet(WagtailFilterSet):
    """
    What is asked for; what that means for their rows is the reports' own matter.

    Only specs that are registered and collections that the user sees can be chosen, and collections only where there
    are several.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        collections = access.visible_collections(self.request.user)
        if collections.count() > 1:
            self.filters["collection"] = CollectionFilter(label=_("Collection"), queryset=collections)
        specs = get_registry().specs.values()
        self.filters["spec"] = _choice(_("Spec"), ((spec.id, str(spec)) for spec in specs))

    def chosen(self, name: str) -> Any:
        """What was chosen; ``None`` for nothing, and for what is no choice."""
        return self.form.cleaned_data.get(name) or None if self.is_valid() else None


class CoverageFilterSet(ReportFilterSet):
    """Also by state: rows that have something in it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["state"] = _choice(_("State"), ((name, states.STATES[name].label) for name in STATES))

    class Meta:
        model = CoverageFigure
        fields: list[str] = []


class FailureFilterSet(ReportFilterSet):
    class Meta:
        model = GenerationFailure
        fields: list[str] = []


def _choice(label: str | Promise, choices: Iterable[tuple[str, str | Promise]]) -> Any:
    return django_filters.ChoiceFilter(
        label=label, choices=list(choices), empty_label=_("All"), widget=forms.RadioSelect
    )
