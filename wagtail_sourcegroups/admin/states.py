"""How a rendition stands, for people: always an icon and a word, never a colour alone. And shares, rounded down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext


class State(NamedTuple):
    """``key`` as in :class:`.coverage.Figures`; ``icon`` is one that Wagtail ships."""

    key: str
    label: str | Promise
    icon: str


READY = State("ready", gettext_lazy("Ready"), "circle-check")
MISSING = State("missing", gettext_lazy("Missing"), "radio-empty")
STALE = State("stale", gettext_lazy("Out of date"), "history")
FAILED = State("failed", gettext_lazy("Failed"), "warning")
#: What somebody has asked for, and nobody has come to yet: no figures count it.
WAITING = State("waiting", gettext_lazy("Waiting"), "time")

STATES = {state.key: state for state in (READY, MISSING, STALE, FAILED, WAITING)}

#: The least width of a part of a bar, in percent: a sliver stays visible.
SLIVER = 1.0


class Part(NamedTuple):
    """A part of a bar: where it begins and how wide it is, in percent."""

    state: State
    start: float
    width: float


def percentage(ready: int, expected: int) -> int:
    """Rounded down: 100 only when nothing is missing. 100 of nothing."""
    return ready * 100 // expected if expected else 100


def parts(figures: Any) -> Iterator[Part]:
    """Ready, out of date and failed, of an object with figures; the rest of a bar is what is missing."""
    if not figures.expected:
        return
    shown = [(state, getattr(figures, state.key)) for state in (READY, STALE, FAILED)]
    widths = [max(SLIVER, count * 100 / figures.expected) if count else 0.0 for _, count in shown]
    # What slivers take more than their share is taken from the widest.
    excess = sum(widths) - (99.0 if figures.missing else 100.0)
    if excess > 0:
        widths[widths.index(max(widths))] -= excess
    start = 0.0
    for (state, _count), width in zip(shown, widths, strict=True):
        if width > 0:
            yield Part(state, round(start, 2), round(width, 2))
        start += width


def in_words(figures: Any) -> str:
    """Such as "2,811 of 2,820 ready, 9 out of date"; numbers as they are, for whoever cannot see a bar."""
    said = [
        _("%(ready)s of %(expected)s ready") % {"ready": figures.ready, "expected": figures.expected},
        *(words % {"count": count} for _state, words, count in besides(figures)),
    ]
    return ", ".join(said)


#: By key: a state is another to a dictionary in each language.
_COUNTED: Mapping[str, Callable[[int], str]] = {
    READY.key: lambda count: ngettext("%(count)s ready", "%(count)s ready", count),
    MISSING.key: lambda count: ngettext("%(count)s missing", "%(count)s missing", count),
    STALE.key: lambda count: ngettext("%(count)s out of date", "%(count)s out of date", count),
    FAILED.key: lambda count: ngettext("%(count)s failed", "%(count)s failed", count),
    WAITING.key: lambda count: ngettext("%(count)s waiting", "%(count)s waiting", count),
}


def counted(state: State, count: int) -> str:
    """Words for so many in a state, with ``%(count)s`` where the number goes."""
    return _COUNTED[state.key](count)


def besides(figures: Any) -> Iterator[tuple[State, str, int]]:
    """What is not ready: the state, words for so many in it, how many. Only of what there is."""
    for state in (MISSING, STALE, FAILED):
        count = getattr(figures, state.key)
        if count:
            yield state, counted(state, count), count
