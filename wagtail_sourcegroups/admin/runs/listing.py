"""The listing of runs: what was asked, by whom and when, and how far it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.utils import get_user_display_name
from wagtail.admin.views.generic.base import BaseListingView

from ...models import GenerationRun, RunState
from .. import access
from ..reports.seen import SeenMixin
from .standing import Standing
from .visibility import Sight, Viewer
from .wording import Asked, Words

#: In the place of a user: whoever had a terminal.
COMMAND = "command"


class RunFilterSet(WagtailFilterSet):
    """
    By choices only: Wagtail's date chooser has a script of its own in the page. Who has started a run is told of
    ``told_runs`` only, and filtering must not tell it of others.
    """

    def __init__(self, *args: Any, told_runs: QuerySet[GenerationRun], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._told_runs = told_runs
        states = [(state.value, capfirst(state.label)) for state in RunState]
        starters = list(self._starters())
        self.filters["state"] = _choice(gettext_lazy("State"), states, _in_state)
        self.filters["started_by"] = _choice(gettext_lazy("Started by"), starters, self._started_by)

    def _starters(self) -> Iterable[tuple[str, str]]:
        """Those who have started a run, as far as that is told. Two queries."""
        # Not within one: users may be read from a replica, and runs never are.
        starters = set(self._told_runs.order_by().values_list("started_by", flat=True).distinct())
        for user in get_user_model()._default_manager.filter(pk__in=starters - {None}):
            yield str(user.pk), get_user_display_name(user)
        yield COMMAND, _("Command line")

    def _started_by(self, runs: Any, name: str, who: str) -> Any:
        if who == COMMAND:
            started = self._told_runs.filter(started_from=GenerationRun.Origin.COMMAND)
        else:
            started = self._told_runs.filter(started_by__pk=who)
        return runs.filter(pk__in=started.order_by().values("pk"))

    class Meta:
        model = GenerationRun
        fields: list[str] = []


def _choice(label: Any, choices: list[tuple[str, Any]], method: Any) -> Any:
    return django_filters.ChoiceFilter(
        label=label, choices=choices, method=method, empty_label=gettext_lazy("All"), widget=forms.RadioSelect
    )


def _in_state(runs: Any, name: str, state: str) -> Any:
    return runs.in_state(state)


@dataclass(frozen=True)
class Row:
    """A run as it is listed; ``asked`` is none where only its progress is shown."""

    run: GenerationRun
    standing: Standing
    asked: Asked | None

    @property
    def url(self) -> str:
        return reverse("sourcegroups:run", args=[self.run.pk])


class CellColumn(Column):
    """A cell with a template of ours, which is given the row as ``value``."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(name, accessor=lambda row: row, **kwargs)
        self.cell_template_name = f"wagtail_sourcegroups/admin/runs/cells/{name}.html"


class RunsView(SeenMixin, BaseListingView):
    """So many queries, however many runs are listed."""

    model = GenerationRun
    page_title = gettext_lazy("Runs")
    header_icon = "rotate"
    index_url_name = "sourcegroups:runs"
    index_results_url_name = "sourcegroups:runs_results"
    template_name = "wagtail_sourcegroups/admin/runs/runs.html"
    results_template_name = "wagtail_sourcegroups/admin/runs/runs_results.html"
    table_classname = "listing sg-runs"
    filterset_class = RunFilterSet
    default_ordering = "-pk"
    paginate_by = 20
    verbose_name_plural = gettext_lazy("runs")
    columns = [
        CellColumn("asked", label=gettext_lazy("Asked for"), width="35%"),
        CellColumn("state", label=gettext_lazy("State")),
        CellColumn("progress", label=gettext_lazy("Progress"), width="25%"),
        CellColumn("starter", label=gettext_lazy("Started by")),
        DateColumn("created", label=gettext_lazy("Started"), accessor="run.created_at"),
    ]

    @cached_property
    def viewer(self) -> Viewer:
        return Viewer.of(self.request.user)

    @cached_property
    def visible(self) -> QuerySet[GenerationRun]:
        return self.viewer.runs()

    def get_base_queryset(self) -> QuerySet[GenerationRun]:
        return self.visible.with_standing().select_related("started_by")  # type: ignore[attr-defined]

    def get_filterset_kwargs(self) -> dict[str, Any]:
        return {
            **super().get_filterset_kwargs(),
            "queryset": self.visible,
            "told_runs": self.viewer.told_runs(),
        }

    def get_valid_orderings(self) -> list[str]:
        return [self.default_ordering]

    def get_table(self, object_list: Any) -> Any:
        runs = list(object_list)
        words = Words([run.question for run in runs], access.known_collections(self.request.user))
        return super().get_table([self.row(run, words) for run in runs])

    def row(self, run: GenerationRun, words: Words) -> Row:
        sight = self.viewer.sight(run)
        return Row(run, Standing(run, sight), words.of(run) if sight is Sight.EVERYTHING else None)
