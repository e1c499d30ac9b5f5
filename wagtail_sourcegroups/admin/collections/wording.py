"""What pages of assignments say. Pure."""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...registry import Registry
from ...specs import RenditionSpec
from ..runs.labels import forms_of
from .assigned import Origin

#: Names that are listed; of more, how many there are.
NAMED = 3


def by_name(registry: Registry) -> list[RenditionSpec]:
    """Every spec there is, in the order in which people look for names."""
    return sorted(registry.specs.values(), key=lambda spec: (str(spec).casefold(), spec.id))


def origin_in_words(origin: Origin, known: Several[Any]) -> str:
    """
    Such as "from Blog". ``known`` are the ids of collections that the reader sees: the name of any other is not told.
    """
    if origin.kind == "code":
        return _("in code")
    if origin.kind == "all":
        return _("from All images")
    if origin.above is None or origin.above.pk not in known:
        return _("from a collection above")
    return _("from %(collection)s") % {"collection": origin.above.name}


def cost_forms() -> dict[str, str]:
    """For a script: what ticking a box would cost, by kind of plural, with ``%(count)s`` where the number goes."""
    return forms_of(partial(ngettext, "up to %(count)s to make", "up to %(count)s to make")) | {
        "nothing": _("no images yet")
    }


def names_in_words(names: Sequence[str]) -> str:
    """Such as "Blog, Press and Shop", or "Blog, Press, Shop and 4 more"."""
    more = len(names) - NAMED
    if more <= 0:
        return get_text_list(list(names), _("and"))
    rest = ngettext("%(count)s more", "%(count)s more", more) % {"count": intcomma(more)}
    return get_text_list([*names[:NAMED], rest], _("and"))
