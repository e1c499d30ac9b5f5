"""What somebody chooses before renditions are generated: specs, and whether what exists is made again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ...specs import RenditionSpec

MISSING, AGAIN = "missing", "again"


class GenerateForm(forms.Form):
    """``offered`` are the specs that apply to the images: of any other a run would have nothing to do."""

    specs = forms.MultipleChoiceField(
        error_messages={
            "required": _("Choose at least one spec."),
            "invalid_choice": _("“%(value)s” does not apply to these images."),
        }
    )
    what = forms.ChoiceField(
        choices=[(MISSING, _("Missing and out of date only")), (AGAIN, _("Make all again"))],
        widget=forms.RadioSelect,
        initial=MISSING,
    )

    def __init__(self, *args: Any, offered: Iterable[RenditionSpec], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known = {spec.id: spec for spec in offered}
        choices: Any = [(spec.id, str(spec)) for spec in self._known.values()]
        self.fields["specs"].choices = choices  # type: ignore[attr-defined]

    def clean_specs(self) -> list[RenditionSpec]:
        return [self._known[spec_id] for spec_id in self.cleaned_data["specs"]]

    @property
    def chosen_specs(self) -> list[RenditionSpec]:
        found: list[RenditionSpec] = self.cleaned_data["specs"]
        return found

    @property
    def force(self) -> bool:
        return bool(self.cleaned_data["what"] == AGAIN)
