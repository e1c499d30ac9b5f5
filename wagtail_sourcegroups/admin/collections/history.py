"""Changed assignments in Wagtail's history: one entry for each collection, whatever the number of specs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.log_actions import LogFormatter, log
from wagtail.models import Collection

from ...registry import get_registry
from .places import Change, Place, all_images_in_words

ACTION = "wagtail_sourcegroups.assign"


class Assigned(LogFormatter):
    """Names the specs, as they were called then."""

    label = gettext_lazy("Assign specs")

    def format_message(self, log_entry: Any) -> str:
        sentences = {
            "added": _("Specs assigned: %(specs)s."),
            "removed": _("No longer assigned: %(specs)s."),
        }
        said = [
            sentence % {"specs": get_text_list(log_entry.data[what], _("and"))}
            for what, sentence in sentences.items()
            if log_entry.data.get(what)
        ]
        return " ".join(said)


def register_actions(actions: Any) -> None:
    """Tell Wagtail what to call it."""
    actions.register_action(ACTION)(Assigned)


def note(
    user: Any, added: Iterable[Change], removed: Iterable[Change], collections: Mapping[Any, Collection]
) -> None:
    """
    One entry for each place. What concerns all images is written down with the root collection. Part of the transaction
    of what it is about.
    """
    changed: dict[Place, dict[str, list[str]]] = {}
    for what, changes in (("added", added), ("removed", removed)):
        for spec_id, place in changes:
            changed.setdefault(place, {}).setdefault(what, []).append(_label(spec_id))
    for place, data in changed.items():
        collection = collections.get(place.collection)
        if collection is not None:
            log(instance=collection, action=ACTION, user=user, data=data)
        elif place.collection is None:
            root = Collection.get_first_root_node()
            log(instance=root, action=ACTION, user=user, title=all_images_in_words(place), data=data)


def _label(spec_id: str) -> str:
    spec = get_registry().specs.get(spec_id)
    return spec_id if spec is None else str(spec)
