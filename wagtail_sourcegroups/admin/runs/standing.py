"""How a run stands, as its page and the listing say it to somebody: no more than he or she sees of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.humanize.templatetags.humanize import intcomma
from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.utils import get_user_display_name

from ...models import RunState
from ...models.runstates import Action, may
from . import wording
from .progress import Progress
from .visibility import Sight

#: Milliseconds after which a page that watches asks again: while something moves, and while it rests.
SOON, LATER = 2000, 10_000


class Shown(NamedTuple):
    """A state of a run for people: always an icon and a word; ``tone`` is the icon's colour, if it has one."""

    key: str
    label: str | Promise
    icon: str
    tone: str = ""


class Figure(NamedTuple):
    """A number, and what it is of."""

    value: str
    label: str


#: Begun or not, and with nobody to go on by himself: what an open page is for.
WAITING = Shown("waiting", gettext_lazy("Waiting"), "time")
_LOOKS = {
    RunState.QUEUED: ("time", ""),
    RunState.RUNNING: ("spinner", ""),
    RunState.PAUSED: ("minus", ""),
    RunState.STALLED: ("warning", "warning"),
    RunState.FINISHED: ("circle-check", "positive"),
    RunState.FAILED: ("warning", "critical"),
    RunState.CANCELLED: ("cross", ""),
}


@dataclass(frozen=True)
class Standing(Progress):
    """A run to somebody who sees so much of it, and ``steers`` it or not."""

    sight: Sight = Sight.EVERYTHING
    steers: bool = False

    @property
    def is_told(self) -> bool:
        """Whether more of it is told than its state and percentage."""
        return self.sight is Sight.EVERYTHING

    # Its state ----------------------------------------------------------------------------------------

    @property
    def shown(self) -> Shown:
        if self.waits_for_a_page and self.state in (RunState.QUEUED, RunState.STALLED):
            return WAITING
        icon, tone = _LOOKS[self.state]
        if self.is_finished and self.failed and self.is_told:
            icon = tone = "warning"
        return Shown(self.state.value, capfirst(self.state.label), icon, tone)

    @property
    def drives(self) -> bool:
        """Whether the page of this viewer does the next batch."""
        return self.steers and self.waits_for_a_page

    @property
    def asks_again(self) -> int | None:
        """Milliseconds until the page looks again; ``None`` if nothing will change any more."""
        if self.is_over:
            return None
        return SOON if self.run.is_active else LATER

    # In words -----------------------------------------------------------------------------------------

    @property
    def headline(self) -> str:
        """The one figure that matters."""
        if not self.is_finished or not self.is_told:
            return self._percentage
        if not self.share.expected:
            return _("Nothing to make")
        ready, expected = intcomma(self.share.ready), intcomma(self.share.expected)
        return _("%(ready)s of %(expected)s") % {"ready": ready, "expected": expected}

    @property
    def sentence(self) -> str:
        """The state in one short sentence, such as "62%, 2 failed": what a screen reader says."""
        said = self._percentage
        if not self.is_running:
            said = str(self.shown.label) if self.is_finished else f"{self.shown.label}, {said}"
        if self.failed and self.is_told:
            said = f"{said}, {self.failed_in_words}"
        return said

    @property
    def _percentage(self) -> str:
        return _("%(percent)s%%") % {"percent": self.percent}

    @property
    def failed_in_words(self) -> str:
        return ngettext("%(count)s failed", "%(count)s failed", self.failed) % {
            "count": intcomma(self.failed)
        }

    @property
    def remark(self) -> str:
        """What there is to say of the state itself; by whom, and how much that is, where all of the run is seen."""
        if self.state is RunState.PAUSED:
            if self.run.paused_by is None or not self.is_told:
                return _("Nothing is lost.")
            return _("Paused by %(user)s, nothing is lost.") % {
                "user": get_user_display_name(self.run.paused_by)
            }
        if self.state is RunState.CANCELLED and not self.is_told:
            return _("Cancelled at %(percent)s%%; what is made is kept.") % {"percent": self.percent}
        if self.state is RunState.CANCELLED:
            kept = ngettext(
                "Cancelled at %(percent)s%%; the %(count)s made is kept.",
                "Cancelled at %(percent)s%%; the %(count)s made are kept.",
                self.made,
            )
            return kept % {"percent": self.percent, "count": intcomma(self.made)}
        if self.state is RunState.STALLED and not self.waits_for_a_page:
            return _("Nobody has worked on it for a while. What is made is kept; resume it to go on.")
        return ""

    @property
    def figures(self) -> list[Figure]:
        return self._figures_at_the_end if self.is_over else self._figures_on_the_way

    @property
    def _figures_on_the_way(self) -> list[Figure]:
        done = ngettext("image done, of %(in_all)s", "images done, of %(in_all)s", self.done)
        figures = [
            Figure(intcomma(self.done), done % {"in_all": intcomma(self.in_all)}),
            Figure(intcomma(self.failed), _("failed")),
        ]
        if self.is_running and self.run.rate:
            figures.append(Figure(wording.pace(self.run.rate), _("images a second")))
        if self.seconds_left is not None:
            figures.append(Figure(wording.about(self.seconds_left), _("left")))
        return figures

    @property
    def _figures_at_the_end(self) -> list[Figure]:
        return [
            Figure(intcomma(self.made), ngettext("made", "made", self.made)),
            Figure(filesizeformat(self.counts["bytes"]), _("written")),
            Figure(intcomma(self.failed), _("failed")),
            Figure(wording.duration(self.seconds_in_all), _("in all")),
        ]

    @property
    def where(self) -> str:
        """Who works on it, and what that means for whoever looks."""
        if self.waits_for_a_page:
            resume = f"generateimages --resume {self.run.pk}"
            if self.steers:
                said = _(
                    "Here: it goes on while this page is open, or when %(command)s runs, and waits otherwise."
                )
            else:
                said = _("It goes on while whoever started it has this page open, or when %(command)s runs.")
            return said % {"command": resume}
        if not self.run.is_active or self.state is RunState.STALLED:
            return ""
        if not self.run.by_workers and self.is_told:
            return _("On the command line. You can close this page.")
        return _("In the background. You can close this page.")

    # What may be done to it ---------------------------------------------------------------------------

    @property
    def may_pause(self) -> bool:
        # A run that waits for its page is not seen to be stalled.
        return self.steers and may(Action.PAUSE, self.state) and not self.may_resume

    @property
    def may_resume(self) -> bool:
        return self.steers and may(Action.RESUME, self.state) and not self.waits_for_a_page

    @property
    def may_cancel(self) -> bool:
        return self.steers and may(Action.CANCEL, self.state)

    @property
    def may_retry(self) -> bool:
        """Where something of what failed is still left to be tried."""
        return self.steers and self.state in (RunState.FINISHED, RunState.CANCELLED)

    # For programs -------------------------------------------------------------------------------------

    @property
    def as_json(self) -> dict[str, Any]:
        """What the page's own script reads."""
        seen: dict[str, Any] = {
            "state": self.shown.key,
            "percent": self.percent,
            "sentence": self.sentence,
            "over": self.is_over,
            "drives": self.drives,
            "next": self.asks_again,
        }
        if self.is_told:
            seen["figures"] = {
                "done": self.done,
                "in_all": self.in_all,
                "made": self.made,
                "failed": self.failed,
                "rate": self.run.rate,
                "seconds_left": self.seconds_left,
            }
        return seen
