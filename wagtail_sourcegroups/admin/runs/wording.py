"""What runs are about, in words; durations and rates, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Exists, OuterRef, QuerySet
from django.http import QueryDict
from django.utils.formats import date_format, number_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.models import Collection

from ...listing import canonical
from ...models import GenerationRun
from ...registry import get_registry
from ...runs.question import Question, selection_from_json
from ...selection import Selection

#: Specs or collections that are named; of more only their number is said.
NAMED = 3


@dataclass(frozen=True)
class Place:
    """A collection; ``is_known`` says whether its name is told."""

    name: str
    path: str
    is_known: bool


@dataclass(frozen=True)
class Asked:
    """What was asked of a run: which ``specs``, of which images (``scope``), and ``how``."""

    specs: str
    scope: str
    how: str

    def __str__(self) -> str:
        return f"{self.specs}, {self.scope}"


class Words:
    """
    Says what runs are about to somebody who knows some collections (:func:`.access.known_collections`): others have no
    name. One query for the collections that any of them names, none if there are none.
    """

    def __init__(self, questions: Iterable[Mapping[str, Any]], known: QuerySet[Collection]) -> None:
        self._known = known
        selections = [selection_from_json(asked.get("selection", {})) for asked in questions]
        self._ids = frozenset().union(*(named_collections(selection) for selection in selections))

    @cached_property
    def _places(self) -> dict[str, Place]:
        if not self._ids:
            return {}
        is_known = Exists(self._known.order_by().filter(pk=OuterRef("pk")))
        found = Collection.objects.filter(pk__in=self._ids).annotate(is_known=is_known)
        rows = found.values_list("pk", "name", "path", "is_known")
        return {str(pk): Place(name, path, is_known) for pk, name, path, is_known in rows}

    def of(self, run: GenerationRun) -> Asked:
        question = Question.from_json(run.question)
        how = _("made again") if run.options.get("force") else _("missing only")
        return Asked(specs_in_words(question.specs), self.scope(question.selection), how)

    def scope(self, selection: Selection) -> str:
        """The images that are meant, such as "Recipes and those below" or "3 images"."""
        said = list(self._narrowed(selection))
        if selection.since is not None:
            said.append(_("added since %(day)s") % {"day": date_format(selection.since)})
        if selection.failed_in is not None:
            said.append(_("what failed in run %(run)s") % {"run": selection.failed_in})
        elif selection.only_failed:
            said.append(_("what failed before"))
        if not said:
            return _("all images") if selection.by is None else _("all images that may be changed")
        return ", ".join(said)

    def _narrowed(self, selection: Selection) -> Iterable[str]:
        if selection.listing is not None:
            yield self.listing(selection.listing)
        if selection.collections is not None:
            yield self.collections(selection.collections)
        if selection.images is not None:
            yield images_in_words(len(selection.images))

    def collections(self, ids: Iterable[Any]) -> str:
        """
        Those that are not below another one by name, and whether there are others below them. Of those that have no
        name for the reader it is said that there are some.
        """
        every = [self._places[str(pk)] for pk in ids if str(pk) in self._places]
        places = sorted((place for place in every if place.is_known), key=_by_path)
        tops = [place for place in places if not any(_is_below(place, other) for other in places)]
        if not every:
            return _("collections that are gone")
        if not places:
            return _("collections that you don't see")
        if len(tops) > NAMED:
            return _("%(count)s collections") % {"count": intcomma(len(every))}
        said = get_text_list([place.name for place in tops], _("and"))
        if len(places) > len(tops):
            said = _("%(collections)s and those below") % {"collections": said}
        if len(every) > len(places):
            said = _("%(collections)s, and others that you don't see") % {"collections": said}
        return said

    def listing(self, query: str) -> str:
        """What the listing of images is narrowed to, such as "images with Collection: Recipes"."""
        asked = QueryDict(canonical(query))
        said = []
        for name, values in asked.lists():
            if name == "collection_id":
                values = [self._name(value) for value in values]
            said.append(
                _("%(name)s: %(values)s") % {"name": _listing_word(name), "values": ", ".join(values)}
            )
        if not said:
            return _("all images of the listing")
        return _("images of the listing with %(filters)s") % {"filters": _("; ").join(said)}

    def _name(self, pk: str) -> str:
        place = self._places.get(pk)
        if place is None:
            return "?"
        return place.name if place.is_known else _("one that you don't see")


def named_collections(selection: Selection) -> frozenset[Any]:
    """Ids of the collections that a selection names."""
    named = set(selection.collections or ())
    if selection.listing is not None:
        asked = QueryDict(canonical(selection.listing)).getlist("collection_id")
        named |= {int(pk) for pk in asked if pk.isdecimal()}
    return frozenset(named)


def specs_in_words(ids: Sequence[str]) -> str:
    """Their labels; of many their number."""
    known = get_registry().specs
    if len(ids) > NAMED:
        return _("All specs") if set(ids) >= set(known) else _("%(count)s specs") % {"count": len(ids)}
    return get_text_list([str(known.get(spec_id, spec_id)) for spec_id in ids], _("and"))


def images_in_words(count: int) -> str:
    return ngettext("%(count)s image", "%(count)s images", count) % {"count": intcomma(count)}


def renditions_in_words(count: int) -> str:
    return ngettext("%(count)s rendition", "%(count)s renditions", count) % {"count": intcomma(count)}


def duration(seconds: float) -> str:
    """Such as "40 s", "1 min 52 s" or "2 h 5 min": the two largest units that say something."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [
        _("%(hours)s h") % {"hours": intcomma(hours)} if hours else "",
        _("%(minutes)s min") % {"minutes": minutes} if minutes else "",
        _("%(seconds)s s") % {"seconds": rest} if (rest and not hours) or not (hours or minutes) else "",
    ]
    return " ".join(filter(None, parts))


def about(seconds: float) -> str:
    """A duration that is a guess: no more exact than anybody can tell."""
    coarse = 60 if seconds >= 600 else 10
    return _("about %(duration)s") % {"duration": duration(max(round(seconds / coarse), 1) * coarse)}


def pace(rate: float) -> str:
    """A rate to one place behind the comma, as long as that says something."""
    return number_format(round(rate, 1), decimal_pos=1) if rate < 100 else intcomma(round(rate))


def _listing_word(name: str) -> str:
    """What a name in the listing's query string is called there; that of a site's own filter as it is."""
    known = {
        "q": _("Search"),
        "collection_id": _("Collection"),
        "tag": _("Tag"),
        "usage_count_min": _("Usage count from"),
        "usage_count_max": _("Usage count up to"),
    }
    return known.get(name, name.replace("_", " ").capitalize())


def _by_path(place: Place) -> str:
    return place.path


def _is_below(place: Place, other: Place) -> bool:
    return place.path != other.path and place.path.startswith(other.path)
