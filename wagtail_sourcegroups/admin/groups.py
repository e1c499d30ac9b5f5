"""
Source groups by the names that people know them by: a collection's own, and "All images".

A collection that somebody does not meet in the admin has no name for him or her, wherever it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.models import Collection

from ..policies import image_policy
from ..sourcegroups import CollectionSourceGroup, ImageModelSourceGroup
from ..sourcegroups.base import SourceGroup
from ..sourcegroups.collections import shown

#: In the place of a name that is not told.
HIDDEN = gettext_lazy("A collection that you don't see")


def names_of(groups: Iterable[SourceGroup], known: QuerySet[Collection]) -> dict[str, str | Promise]:
    """
    Their names, by key, for somebody who knows some collections (:func:`.access.known_collections`); :data:`HIDDEN` of
    any other. One query where there are collections among them, none otherwise.
    """
    groups = list(dict.fromkeys(groups))
    given = [_given(group) for group in groups if isinstance(group, CollectionSourceGroup)]
    told = _told(given, known)
    return {group.key: _name(group, told) for group in groups}


def code_of(key: str) -> str:
    """A group's key as an address says it: the key of a collection that code calls by its name holds that name."""
    return sha256(key.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Told:
    """``names`` by the ids of collections that somebody knows; ids and names of others, which are not told."""

    names: Mapping[Any, str]
    hidden_ids: frozenset[Any]
    hidden_names: frozenset[str]

    def path(self, path: tuple[str, ...]) -> str:
        """What is told of a path: from below the last name that is not; empty if that is its end. Pure."""
        below = path
        for position, name in enumerate(path, start=1):
            if name in self.hidden_names:
                below = path[position:]
        return shown(below) if below else ""


def _given(group: CollectionSourceGroup) -> Any:
    """The id of the collection of a group, or a tuple of names."""
    given = group.arguments["collection"]
    return given.pk if isinstance(given, Collection) else given


def _told(given: list[Any], known: QuerySet[Collection]) -> Told:
    ids = {each for each in given if isinstance(each, int)}
    names = {name for each in given if not isinstance(each, int) for name in each}
    found = Collection.objects.filter(Q(pk__in=ids) | Q(name__in=names)).annotate(
        is_known=Exists(known.order_by().filter(pk=OuterRef("pk")))
    )
    rows = list(found.values_list("pk", "name", "is_known")) if given else []
    told = {pk: name for pk, name, is_known in rows if is_known}
    others = {pk: name for pk, name, is_known in rows if not is_known}
    return Told(told, frozenset(others), frozenset(others.values()) - frozenset(told.values()))


def _name(group: SourceGroup, told: Told) -> str | Promise:
    if isinstance(group, ImageModelSourceGroup) and group.model is image_policy().model:
        return _("All images")
    if not isinstance(group, CollectionSourceGroup):
        return group.label
    given = _given(group)
    name = told.names.get(given) if isinstance(given, int) else told.path(given)
    if not name:
        if not isinstance(given, int) or given in told.hidden_ids:
            return HIDDEN
        # It is gone, and the name that it had with it.
        return CollectionSourceGroup(given, bool(group.arguments["include_descendants"])).label
    if not group.arguments["include_descendants"]:
        return _("%(collection)s, without those below it") % {"collection": name}
    return name
