"""Source groups by the names that people know them by: a collection's own, and "All images"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from wagtail.models import Collection

from ..policies import image_policy
from ..sourcegroups import CollectionSourceGroup, ImageModelSourceGroup
from ..sourcegroups.base import SourceGroup
from ..sourcegroups.collections import shown


def names_of(groups: Iterable[SourceGroup]) -> dict[str, str | Promise]:
    """Their names, by key. One query where collections are given by id, none otherwise."""
    groups = list(dict.fromkeys(groups))
    ids = {given for group in groups if isinstance(given := _collection(group), int)}
    names = dict(Collection.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
    return {group.key: _name(group, names) for group in groups}


def _collection(group: SourceGroup) -> Any:
    """What a group of a collection was given for it; a collection's row stands for its id."""
    if not isinstance(group, CollectionSourceGroup):
        return None
    given = group.arguments["collection"]
    return given.pk if isinstance(given, Collection) else given


def _name(group: SourceGroup, names: dict[int, str]) -> str | Promise:
    if isinstance(group, ImageModelSourceGroup) and group.model is image_policy().model:
        return _("All images")
    given = _collection(group)
    if given is None or (isinstance(given, int) and given not in names):
        return group.label
    name = names[given] if isinstance(given, int) else shown(given)
    if not group.arguments["include_descendants"]:
        return _("%(collection)s, without those below it") % {"collection": name}
    return name
