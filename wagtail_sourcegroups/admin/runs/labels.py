"""Labels with a number in them, for pages that count anew as somebody chooses: each in all of its plural forms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

#: A number of each kind of plural that a language may have, by the names that browsers have for them.
_SAMPLES = {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 11, "other": 100}


class Labels:
    """What stands beside a choice and on the button. ``bound`` says that a number is the most there can be."""

    def __init__(self, *, bound: bool) -> None:
        self._bound = bound

    def amount(self, count: int) -> str:
        return _filled(self._amount, count)

    def button(self, count: int, *, again: bool) -> str:
        """What will happen, with its number unless there is none."""
        if not count:
            return self._nothing(again)
        return _filled(partial(self._button, again=again), count)

    @property
    def forms(self) -> dict[str, Any]:
        """For a script: forms by kind of plural, with ``%(count)s`` where the number goes."""
        return {
            "amount": forms_of(self._amount),
            "missing": forms_of(partial(self._button, again=False)) | {"nothing": self._nothing(False)},
            "again": forms_of(partial(self._button, again=True)) | {"nothing": self._nothing(True)},
        }

    def _amount(self, count: int) -> str:
        if self._bound:
            return ngettext("At most %(count)s rendition", "At most %(count)s renditions", count)
        return ngettext("%(count)s rendition", "%(count)s renditions", count)

    def _button(self, count: int, *, again: bool) -> str:
        if again and self._bound:
            return ngettext(
                "Make up to %(count)s rendition again", "Make up to %(count)s renditions again", count
            )
        if again:
            return ngettext("Make %(count)s rendition again", "Make %(count)s renditions again", count)
        if self._bound:
            return ngettext(
                "Generate up to %(count)s rendition", "Generate up to %(count)s renditions", count
            )
        return ngettext("Generate %(count)s rendition", "Generate %(count)s renditions", count)

    @staticmethod
    def _nothing(again: bool) -> str:
        return _("Make all again") if again else _("Generate what is missing")


def forms_of(form: Callable[[int], str]) -> dict[str, str]:
    """A label in all of its forms, by kind of plural; ``form`` gives it for a number, with ``%(count)s`` in it."""
    return {kind: form(sample) for kind, sample in _SAMPLES.items()}


def _filled(form: Callable[[int], str], count: int) -> str:
    return form(count) % {"count": intcomma(count)}
