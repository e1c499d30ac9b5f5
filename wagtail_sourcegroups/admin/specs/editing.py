"""The pages on which admins define specs: Wagtail's own, with what a change of filters means for renditions."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail.admin.views.generic import CopyView, CreateView, EditView
from wagtail.admin.widgets.button import Button

from ...exceptions import SourceGroupsError
from ...generation import bound
from ...models import StoredSpec
from ...registry import get_registry
from ...specs import RenditionSpec
from .. import access
from .changes import Change, change
from .offers import MessageButton, generate_address, prune_offer


class SpecCreateView(CreateView):
    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        get_registry().refresh()
        super().setup(request, *args, **kwargs)

    def get_success_buttons(self) -> list[MessageButton]:
        """A new spec is used for nothing yet."""
        buttons: list[MessageButton] = super().get_success_buttons()
        if access.may_assign(self.request.user):
            buttons.insert(0, messages.button(reverse("sourcegroups:assignments"), _("Assign it")))
        return buttons


class SpecCopyView(CopyView):
    """Everything but the id, which nobody else may have."""

    def get_initial_form_instance(self) -> StoredSpec:
        copied: StoredSpec = self.get_object()
        copied.pk, copied.spec_id = None, ""
        return copied


class SpecEditView(EditView):
    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        self.registry = get_registry().refresh()
        self.change = Change()
        super().setup(request, *args, **kwargs)

    def get_object(self, queryset: Any = None) -> StoredSpec:
        found: StoredSpec = super().get_object(queryset)
        self.before = _spec(found)
        return found

    @cached_property
    def is_in_code(self) -> bool:
        """Whether code has set this id since."""
        return self.object.spec_id in self.registry.specs and not self.registry.is_stored(self.object.spec_id)

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        buttons: list[Button] = list(super().header_more_buttons)
        if address := generate_address(self.request.user, self.registry, self.object.spec_id):
            buttons.append(Button(_("Generate"), url=address, icon_name="rotate", priority=5))
        return buttons

    def save_instance(self) -> StoredSpec:
        saved: StoredSpec = super().save_instance()
        now = _spec(saved)
        if self.before is not None and now is not None and not self.is_in_code:
            self.change = change(self.before.filters, now.filters)
            if self.change.dropped and _is_used(self.before):
                # They may have been made by templates alone, which remember nothing.
                bound.remember([self.before])
        return saved

    def get_success_message(self) -> str:
        said: str = super().get_success_message()
        return f"{said} {self.change}" if self.change else said

    def get_success_buttons(self) -> list[MessageButton]:
        user, buttons = self.request.user, []
        if self.change:
            self.registry.refresh()
            address = generate_address(user, self.registry, self.object.spec_id)
            if self.change.new and address:
                buttons.append(messages.button(address, _("Generate what is new")))
            buttons.append(prune_offer(user, self.registry, self.change.dropped))
        return [*filter(None, buttons), *super().get_success_buttons()]


def _spec(row: StoredSpec) -> RenditionSpec | None:
    """What a row stands for, if it is right: code may have written it."""
    try:
        return row.as_spec()
    except SourceGroupsError:
        return None


def _is_used(spec: RenditionSpec) -> bool:
    return any(binding.spec.id == spec.id for binding in get_registry().bindings)
