"""Deleting a spec: what uses it is said first, and what it was assigned to goes with it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail.admin.views.generic import DeleteView

from ...coverage import Figures
from ...exceptions import SourceGroupsError
from ...generation import bound
from ...models import GenerationRun
from ...models.runstates import OVER
from ...registry import get_registry
from ..collections.writing import unassign
from ..reports.kept import kept_for
from .offers import prune_offer
from .uses import Uses, uses


class SpecDeleteView(DeleteView):
    template_name = "wagtail_sourcegroups/admin/specs/confirm_delete.html"

    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        self.registry = get_registry().refresh()
        super().setup(request, *args, **kwargs)

    @cached_property
    def is_in_code(self) -> bool:
        """Whether code has set this id since: then nothing depends on the one in the database."""
        # One that cannot be read is in the registry by neither.
        return self.object.spec_id in self.registry.specs and not self.registry.is_stored(self.object.spec_id)

    @property
    def uses(self) -> Uses:
        spec_id = self.object.spec_id
        return uses(self.request.user, self.registry, of=spec_id).get(spec_id, Uses())

    @property
    def figures(self) -> Figures:
        """As they were last counted, of what this user sees."""
        return kept_for(self.request.user).of(self.object.spec_id)

    @property
    def runs(self) -> int:
        """How many runs are to make it and have not come to their end."""
        asked = GenerationRun.objects.exclude(state__in=OVER).values_list("question", flat=True)
        return sum(self.object.spec_id in question.get("specs", ()) for question in asked)

    def delete_action(self) -> None:
        with transaction.atomic():
            if not self.is_in_code:
                used = [b.spec for b in self.registry.bindings if b.spec.id == self.object.spec_id]
                # What it has made may be deleted one day, although nothing will say then who had asked for it.
                bound.remember(used[:1])
                unassign(self.request.user, self.object.spec_id)
            super().delete_action()

    def form_valid(self, form: Any) -> Any:
        is_in_code, filters = self.is_in_code, self._filters()
        response = super().form_valid(form)
        offer = None if is_in_code else prune_offer(self.request.user, self.registry.refresh(), filters)
        if offer is not None:
            messages.info(
                self.request, _("The renditions that it has made are still there."), buttons=[offer]
            )
        return response

    def _filters(self) -> tuple[str, ...]:
        try:
            filters: tuple[str, ...] = self.object.as_spec().filters
        except SourceGroupsError:
            # Code may have written it.
            return ()
        return filters
