"""The overview: the one figure that matters, what moves, what is broken, and the specs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import HeaderButton

from ... import finding
from ...coverage import Figures
from ...models import GenerationRun, RunState
from ...registry import get_registry
from ...specs import RenditionSpec
from .. import access, states
from ..groups import names_of
from ..menu import ICON
from ..runs.standing import Standing
from ..runs.visibility import Sight, Viewer
from ..runs.wording import Words, about
from .columns import TEMPLATES, QuietTable, TemplateColumn
from .failing import visible_failures
from .failurerows import drawn_rows_of
from .kept import Kept, images_besides, kept_for
from .rows import Row, rows_of
from .seen import SeenMixin

#: Failures that are shown; the report shows all.
FAILURES = 3
#: Runs in progress that are shown.
RUNS = 5


@dataclass(frozen=True)
class SpecRow:
    """A spec with its rows of the coverage report, how its renditions stand, and whether some are being made."""

    spec: RenditionSpec
    rows: tuple[Row, ...]
    figures: Figures
    is_being_made: bool
    url: str

    @property
    def names(self) -> list[str | Promise]:
        """What it is for; of collections that are not seen once."""
        return list(dict.fromkeys(row.name for row in self.rows))

    @property
    def is_counted(self) -> bool:
        return any(row.is_counted for row in self.rows)

    @property
    def said(self) -> str | Promise:
        """Such as "2,811 of 2,820, 9 out of date"; why there are no figures, if there are none."""
        if not self.is_counted:
            return self.rows[0].said
        if not self.figures.expected:
            return ""
        ready, expected = intcomma(self.figures.ready), intcomma(self.figures.expected)
        said = [_("%(ready)s of %(expected)s") % {"ready": ready, "expected": expected}]
        for state, words, count in states.besides(self.figures):
            being_made = self.is_being_made and state is states.MISSING
            said.append(_("being made") if being_made else words % {"count": intcomma(count)})
        return ", ".join(said)


@dataclass(frozen=True)
class RunRow:
    """A run in progress, to somebody who may see as much of it as ``standing`` says."""

    standing: Standing
    asked: Any
    """What was asked of it, in words."""

    @property
    def run(self) -> GenerationRun:
        return self.standing.run

    @property
    def left(self) -> str:
        """How long it will still take, where that can be told."""
        seconds = self.standing.seconds_left
        return "" if seconds is None else about(seconds)

    @property
    def is_told(self) -> bool:
        """Whether more of it is seen than how far it is."""
        return self.standing.is_told


def spec_rows(rows: Iterable[Row], kept: Kept, made: frozenset[str]) -> Iterator[SpecRow]:
    """The rows of the coverage report by spec; ``made`` are the ids of those that a run makes just now. Pure."""
    by_spec: dict[RenditionSpec, list[Row]] = {}
    for row in rows:
        if row.spec is not None:
            by_spec.setdefault(row.spec, []).append(row)
    for spec, mine in by_spec.items():
        url = f"{reverse('sourcegroups:coverage')}?{urlencode({'spec': spec.id})}"
        yield SpecRow(spec, tuple(mine), kept.of(spec.id), spec.id in made, url)


def active_runs(viewer: Viewer) -> list[Standing]:
    """Runs that have begun or are about to, and that somebody sees, the newest first. Two queries."""
    runs = GenerationRun.objects.in_state(RunState.QUEUED, RunState.RUNNING, RunState.STALLED)
    shown = runs.with_standing().select_related("started_by").order_by("-pk")
    standings = (Standing(run, viewer.sight(run)) for run in shown)
    return [standing for standing in standings if standing.sight is not Sight.NOTHING]


def failure_columns() -> list[TemplateColumn]:
    """Of those that are shown here, in short."""
    return [
        TemplateColumn("thumbnail", "thumbnail", label=_("Thumbnail"), classname="sg-thumbnail-column"),
        TemplateColumn("image", "failed_image", label=_("Image")),
        TemplateColumn("output", "failed_output", label=_("Rendition")),
        TemplateColumn("reason", "reason", label=_("Reason")),
        TemplateColumn("retry", "retry", label=_("Try again"), classname="sg-actions-column"),
    ]


class Overview(SeenMixin, WagtailAdminTemplateMixin, TemplateView):
    """From the kept figures: so many queries, however many images, specs, runs and failures there are."""

    template_name = f"{TEMPLATES}/overview.html"
    page_title = gettext_lazy("Renditions")
    page_subtitle = gettext_lazy("Overview")
    header_icon = ICON

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": "", "label": self.page_title, "sublabel": self.page_subtitle},
        ]

    @cached_property
    def header_buttons(self) -> list[Any]:
        specs = list(dict.fromkeys(binding.spec.id for binding in get_registry().bindings))
        if not specs or not access.may_generate(self.request.user):
            return []
        url = f"{reverse('sourcegroups:generate')}?{urlencode({'spec': specs}, doseq=True)}"
        return [HeaderButton(_("Generate what is missing"), url=url, icon_name="rotate")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        kept = kept_for(user)
        running = active_runs(Viewer.of(user))
        shown_runs = running[:RUNS]
        words = Words((each.run.question for each in shown_runs), access.known_collections(user))
        failures = visible_failures(user)
        shown = list(failures[:FAILURES])
        told = [standing.run for standing in running if standing.is_told]
        made = frozenset().union(*(run.question.get("specs", ()) for run in told))
        rows = list(spec_rows(self._rows(kept), kept, made))
        return super().get_context_data(
            kept=kept,
            figures=kept.of(),
            states=[
                (state, getattr(kept.of(), state.key), self._url(state=state.key))
                for state in map(states.STATES.__getitem__, finding.STATES)
            ],
            runs=[RunRow(standing, words.of(standing.run)) for standing in shown_runs],
            more_runs=max(len(running) - RUNS, 0),
            failures=QuietTable(failure_columns(), drawn_rows_of(shown, user)) if shown else None,
            failed=failures.count() if len(shown) == FAILURES else len(shown),
            rows=rows,
            has_specs=bool(get_registry().specs),
            only_own=not rows and images_besides(user) > 0,
            may_count=access.may_generate(user),
            may_define=access.may_define(user, "add"),
            may_assign=access.may_assign(user),
            **kwargs,
        )

    def _rows(self, kept: Kept) -> Iterator[Row]:
        bindings = get_registry().bindings
        names = names_of((binding.group for binding in bindings), access.known_collections(self.request.user))
        return rows_of(bindings, kept, names, everything=access.sees_everything(self.request.user))

    @staticmethod
    def _url(**asked: str) -> str:
        return f"{reverse('sourcegroups:coverage')}?{urlencode(asked)}"
