"""The panel "Renditions" on Wagtail's own pages that add and edit a collection, under the same Save."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.template.loader import select_template
from django.utils.translation import gettext as _
from wagtail.admin import messages

from ... import conf
from ...exceptions import SourceGroupsError
from ...registry import get_registry
from .. import access
from .offers import Offer, offer
from .panel import Panel, panel_for, panel_for_new
from .places import Change, Place
from .ticks import NOTHING, Ticks, ticks_in
from .writing import Written, write

logger = logging.getLogger("wagtail_sourcegroups")


class CollectionAssignments:
    """
    For the views that add and edit a collection. Whatever else is in the form stays as it is, whichever package has
    put it there: the boxes are beside it, and a request without them changes no assignment.
    """

    request: HttpRequest
    form: Any
    object: Any

    _written = Written()

    def get_template_names(self) -> list[str]:
        names: list[str] = super().get_template_names()  # type: ignore[misc]
        return ["wagtail_sourcegroups/admin/collections/edit.html"] if is_on() else names

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # Wagtail's template, or what another package has put in its place.
        names = super().get_template_names()  # type: ignore[misc]
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        if not is_on():
            return context
        return {**context, "stock_template": select_template(names), "sourcegroups_panel": self._panel()}

    def save_instance(self) -> Any:
        # Inside the view's transaction.
        collection = super().save_instance()  # type: ignore[misc]
        if is_on():
            self._written = self._write(collection, ticks_in(self.request.POST))
        return collection

    def get_success_message(self, *args: Any) -> Any:
        message = super().get_success_message(*args)  # type: ignore[misc]
        if message is None or self._offer is None:
            return message
        return f"{message} {self._offer.sentence}"

    def get_success_buttons(self) -> list[Any]:
        buttons: list[Any] = super().get_success_buttons()  # type: ignore[misc]
        return buttons if self._offer is None else [*buttons, self._offer.button]

    @cached_property
    def _offer(self) -> Offer | None:
        if not self._written.added:
            return None
        get_registry().refresh()
        return offer(self.request.user, self._written.added)

    def _panel(self) -> Panel | None:
        """Nothing where what is registered cannot be read: the page is Wagtail's, and has to work."""
        collection, user = self.form.instance, self.request.user
        ticks = ticks_in(self.request.POST) if self.form.is_bound else NOTHING
        try:
            get_registry().refresh().read()
        except SourceGroupsError:
            logger.exception("What is registered for renditions cannot be read, so no collection shows it.")
            return None
        if collection.pk is not None:
            return panel_for(user, collection, ticks)
        parent = getattr(self.form, "cleaned_data", {}).get("parent")
        return panel_for_new(user, self.form.fields["parent"].queryset, parent, ticks)

    def _write(self, collection: Any, ticks: Ticks) -> Written:
        if ticks == NOTHING:
            return Written()
        if not access.assignable_collections(self.request.user).filter(pk=collection.pk).exists():
            messages.warning(
                self.request,
                _("No spec was assigned: you may not assign specs to the collection “%(collection)s”.")
                % {"collection": collection},
            )
            return Written()
        known = get_registry().refresh().specs
        for spec_id in sorted(ticks.added - known.keys()):
            messages.warning(
                self.request,
                _("The spec “%(spec)s” isn't there any more, so it was not assigned.") % {"spec": spec_id},
            )
        place = Place(collection.pk)
        return write(
            self.request.user,
            [Change(spec_id, place) for spec_id in ticks.added & known.keys()],
            [Change(spec_id, place) for spec_id in ticks.removed],
        )


def is_on() -> bool:
    """Whether the site wants the panel."""
    return bool(conf.get("COLLECTION_PANEL"))
