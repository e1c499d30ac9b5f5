"""The images behind a figure of the coverage report: those with a rendition of a spec in some state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.ui.tables import Table
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import HeaderButton
from wagtail.images import get_image_model

from ... import finding
from ...coverage import TOGETHER
from ...finding import Found
from ...generation.standing import Standing
from ...generation.wanted import OutputKey
from ...registry import Binding, get_registry
from ...words import in_words
from .. import access, states
from ..groups import code_of, names_of
from ..menu import ICON
from .columns import TEMPLATES, TemplateColumn
from .exporting import BoundedExportMixin
from .kept import Kept, images_besides, kept_for
from .searching import Search
from .seen import SeenMixin
from .thumbnails import thumbnails_of

#: Images on a page.
PAGE = 50


class Question(forms.Form):
    """
    What the query string asks: images of a spec, of one of its groups (:func:`.code_of` its key), of a collection, in a
    state.
    """

    spec = forms.CharField()
    group = forms.CharField(required=False)
    collection: Any = forms.ModelChoiceField(None, required=False)
    state = forms.ChoiceField(choices=[(name, name) for name in finding.STATES])

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["collection"].queryset = access.visible_collections(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        asked: dict[str, Any] = super().clean() or {}
        asked["bindings"] = [
            binding
            for binding in get_registry().bindings
            if binding.spec.id == asked.get("spec") and asked.get("group") in ("", code_of(binding.group.key))
        ]
        if not asked["bindings"]:
            self.add_error("spec", _("This spec isn't there any more, or not for this group."))
        return asked


@dataclass(frozen=True)
class ImageRow:
    """An image, as it is listed; ``image`` and ``rendition`` (a thumbnail) are rows."""

    image: Any
    state: states.State
    standing: Standing
    rendition: Any = None
    is_changeable: bool = False

    @property
    def outputs(self) -> list[str]:
        """Those in the state that is asked for, in words."""
        return [str(in_words(key.filter_spec)) for key in self._ordered(self.state.key)]

    @property
    def ready(self) -> int:
        return len(self.standing.ready)

    @property
    def expected(self) -> int:
        return len(self.standing.wanted.keys)

    @property
    def exported(self) -> dict[str, Any]:
        """As a row of a spreadsheet: filter specs as they are written."""
        return {
            "id": self.image.pk,
            "title": self.image.title,
            "collection": self.image.collection.name,
            **{name: "; ".join(key.filter_spec for key in self._ordered(name)) for name in finding.STATES},
        }

    def _ordered(self, state: str) -> list[OutputKey]:
        """In the order of the spec."""
        inside = getattr(self.standing, state)
        return [key for key in self.standing.wanted.filters if key in inside]


def rows_of(model: type[Model], found: Iterable[Found], state: states.State) -> Iterator[ImageRow]:
    """In their order, without what has gone since. One query."""
    found = list(found)
    images = model._default_manager.select_related("collection").in_bulk([each.pk for each in found])
    for each in found:
        if each.pk in images:
            yield ImageRow(images[each.pk], state, each.standing)


class ImagesByState(SeenMixin, BoundedExportMixin, WagtailAdminTemplateMixin, TemplateView):
    """
    Live: how the renditions stand now, where the report says how they stood when they were counted.

    From a key on, with no count of all there are: each page costs the same, wherever it is.
    """

    template_name = f"{TEMPLATES}/images.html"
    page_title = gettext_lazy("Rendition coverage")
    header_icon = ICON
    export_filename = "rendition-coverage-images"
    export_headings = {
        "id": gettext_lazy("Image id"),
        "title": gettext_lazy("Title"),
        "collection": gettext_lazy("Collection"),
        **{name: states.STATES[name].label for name in finding.STATES},
    }
    list_export = list(export_headings)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.question = Question(request.GET, user=request.user)
        if not self.question.is_valid():
            wrong = _("These images can't be listed: their spec, group, collection or state isn't there.")
            messages.error(request, wrong)
            return redirect("sourcegroups:coverage")
        self.asked = self.question.cleaned_data
        if self.is_export:
            return self.export()
        return super().get(request, *args, **kwargs)

    @cached_property
    def bindings(self) -> list[Binding]:
        return self.asked["bindings"]

    @cached_property
    def state(self) -> states.State:
        return states.STATES[self.asked["state"]]

    @cached_property
    def search(self) -> Search:
        return Search(self.bindings, self.state.key, self.request.user, self.asked["collection"])

    @cached_property
    def kept(self) -> Kept:
        return kept_for(self.request.user, self.asked["collection"])

    @cached_property
    def figures(self) -> Any:
        group = self.bindings[0].group.key if self.asked["group"] else TOGETHER
        return self.kept.of(self.asked["spec"], group)

    @cached_property
    def besides(self) -> int:
        """How many images may be listed that no figure counts."""
        return images_besides(self.request.user, self.asked["collection"])

    # The page ------------------------------------------------------------------------------------------

    def get_page_subtitle(self) -> str:
        return _("%(spec)s: %(state)s") % {"spec": self.bindings[0].spec, "state": self.state.label}

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("sourcegroups:coverage"), "label": self.page_title},
            {"url": "", "label": self.get_page_subtitle()},
        ]

    @cached_property
    def header_buttons(self) -> list[Any]:
        if self.state is states.READY or not access.may_generate(self.request.user):
            return []
        asked = {"spec": self.asked["spec"]}
        if self.asked["collection"] is not None:
            asked["collection"] = self.asked["collection"].pk
        url = f"{reverse('sourcegroups:generate')}?{urlencode(asked)}"
        return [HeaderButton(_("Generate what is missing"), url=url, icon_name="rotate")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        after = self.request.GET.get("after", "")
        model, came_to, cursor = self.search.page(after, PAGE)
        rows = self._listed(model, came_to.found) if model is not None else []
        table = Table(self.columns, rows, classname="listing sg-stack")
        return {
            **context,
            "asked": self.asked,
            "state": self.state,
            "table": table,
            "media": table.media,
            "rows": rows,
            "looked_at": came_to.looked_at,
            "is_unknown": self.search.is_unknown,
            "is_full": len(came_to.found) == PAGE,
            "next_url": self._url(after=cursor) if cursor else "",
            "first_url": self._url() if after else "",
            "states": [
                (each, None if self.besides else getattr(self.figures, each.key), self._url(state=each.key))
                for each in map(states.STATES.__getitem__, finding.STATES)
            ],
            "names": list(dict.fromkeys(self._names())),
            "has_figures": not self.besides,
            "kept": self.kept,
            "figures": self.figures,
            "has_xlsx": self.has_xlsx,
        }

    @cached_property
    def columns(self) -> list[Any]:
        return [
            TemplateColumn("thumbnail", "thumbnail", label="", classname="sg-thumbnail-column"),
            TemplateColumn("image", "image", label=_("Image")),
            TemplateColumn("outputs", "outputs", label=self.state.label),
            TemplateColumn("ready", "ready", label=states.READY.label, classname="sg-figure"),
        ]

    def _listed(self, model: type[Model], found: Iterable[Found]) -> list[ImageRow]:
        """With what is drawn of them. Three queries."""
        rows = list(rows_of(model, found, self.state))
        pks = [row.image.pk for row in rows]
        thumbnails: Mapping[Any, Any] = thumbnails_of(model, pks)
        changeable = access.changeable_among(self.request.user, pks) if model is get_image_model() else set()
        return [
            replace(row, rendition=thumbnails.get(row.image.pk), is_changeable=row.image.pk in changeable)
            for row in rows
        ]

    def _names(self) -> Iterable[Any]:
        known = access.known_collections(self.request.user)
        return names_of((binding.group for binding in self.bindings), known).values()

    def _url(self, **changed: str) -> str:
        asked = {name: self.request.GET.get(name, "") for name in self.question.fields}
        return f"{self.request.path}?{urlencode({**asked, **changed})}"

    # The spreadsheet -------------------------------------------------------------------------------------

    def rows_at_most(self) -> int:
        """As many images as renditions, if each of these is another image's; as they were counted."""
        return min(self.figures.images, getattr(self.figures, self.state.key)) + self.besides

    def export_rows(self) -> Iterator[dict[str, Any]]:
        for model, found in self.search.every():
            for row in rows_of(model, found, self.state):
                yield row.exported
