"""The panel on Wagtail's home page: one line, and nothing at all when all is well."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import BigIntegerField, Func, QuerySet, Subquery
from django.forms import Media
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from wagtail.admin.staticfiles import versioned_static
from wagtail.admin.ui.components import Component

from ...coverage import TOGETHER, Figures
from ...generation.state import content_type_of
from ...models import GenerationFailure, GenerationRun
from ...models.runstates import ACTIVE
from ...stored import is_migrated
from .. import access
from ..menu import ICON
from ..runs.visibility import Sight, Viewer
from .columns import TEMPLATES
from .failing import visible_failures
from .kept import visible_figures


class RenditionsPanel(Component):
    """Share ready, runs in progress, failures: of the images that the user sees."""

    name = "renditions"
    order = 150
    template_name = f"{TEMPLATES}/home.html"

    @property
    def media(self) -> Media:
        return Media(css={"all": [versioned_static("wagtail_sourcegroups/css/admin.css")]})

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        user = parent_context["request"].user
        figures, failures = at_a_glance(user)
        return {"figures": figures, "failures": failures, "runs": runs_in_progress(user), "icon": ICON}

    def render_html(self, parent_context: Any = None) -> SafeString:
        # While a site is brought up to date the home page may be asked for before our tables are there.
        if not access.may_see(parent_context["request"].user) or not is_migrated():
            return SafeString()
        context = self.get_context_data(parent_context)
        figures = context["figures"]
        if figures.ready == figures.expected and not context["failures"] and not context["runs"]:
            return SafeString()
        return render_to_string(self.template_name, context)


def at_a_glance(user: Any) -> tuple[Figures, int]:
    """
    The kept figures of all that this user sees, and how many failures he or she sees now. One query besides
    permissions.
    """
    figures = visible_figures(user).filter(spec_id=TOGETHER, group_key=TOGETHER)
    numbers = [_alone(figures, "SUM", name) for name in Figures.__slots__]
    numbers.append(_alone(visible_failures(user), "COUNT", "pk"))
    # A row that is always there, where these tables are: what it is said beside is of no matter.
    row = ContentType.objects.filter(pk=content_type_of(GenerationFailure).pk)
    *sums, failures = row.values_list(*numbers).get()
    return Figures(*(number or 0 for number in sums)), failures or 0


def _alone(rows: QuerySet[Any], function: str, name: str) -> Subquery:
    """One number of some rows. A function and no aggregate of Django's, which would group."""
    number = Func(name, function=function, output_field=BigIntegerField())
    return Subquery(rows.order_by().annotate(number=number).values("number"))


def runs_in_progress(user: Any) -> int:
    """Runs that have begun or are about to, as far as this user sees them. One query."""
    viewer = Viewer.of(user)
    runs = GenerationRun.objects.filter(state__in=ACTIVE).only("question", "collections", "started_by")
    return sum(viewer.sight(run) is not Sight.NOTHING for run in runs)
