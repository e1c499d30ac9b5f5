"""The form of a spec that an admin defines."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.admin.forms.models import WagtailAdminModelForm

from ...exceptions import InvalidSpec
from ...models import StoredSpec
from ...registry import get_registry
from ...specs import RenditionSpec
from .code import where
from .mistakes import mistake


class SpecForm(WagtailAdminModelForm):
    """Its id can be given once: templates, assignments and commands name it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "spec_id" in self.fields:
            self.fields["spec_id"].error_messages["unique"] = _("There is another spec with this id.")

    def clean_spec_id(self) -> str:
        spec_id: str = self.cleaned_data["spec_id"]
        try:
            RenditionSpec(spec_id, "original")
        except InvalidSpec:
            raise ValidationError(
                _(
                    "“%(id)s” cannot be an id. Write letters, digits, “_”, “-” and “.”, in parts that are separated by "
                    "single colons, such as blog:hero."
                ),
                params={"id": spec_id},
            ) from None
        registry = get_registry()
        if spec_id in registry.specs and not registry.is_stored(spec_id):
            raise ValidationError(
                _("“%(id)s” is set in code, at %(where)s. Choose another id."),
                params={"id": spec_id, "where": where(registry.location(spec_id))},
            )
        return spec_id

    def clean_filters(self) -> str:
        patterns = StoredSpec(filters=self.cleaned_data["filters"]).patterns
        if said := mistake(patterns):
            raise ValidationError(said)
        return "\n".join(patterns)
