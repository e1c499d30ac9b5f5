"""What somebody chooses before renditions are generated: specs, and whether what exists is made again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ...registry import get_registry
from ...specs import RenditionSpec

MISSING, AGAIN = "missing", "again"


class GenerateForm(forms.Form):
    """All specs are offered that are registered; which ones apply to the images is the page's to show."""

    specs = forms.MultipleChoiceField(error_messages={"required": _("Choose at least one spec.")})
    what = forms.ChoiceField(
        choices=[(MISSING, _("Missing and out of date only")), (AGAIN, _("Make all again"))],
        widget=forms.RadioSelect,
        initial=MISSING,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known = get_registry().specs
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
