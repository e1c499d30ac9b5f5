"""What a change of a spec's filters means for renditions: which are new, and which nothing asks for any more. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.utils.translation import ngettext


class Change(NamedTuple):
    """Filter specs that were not there, and those that were."""

    new: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.dropped)

    def __str__(self) -> str:
        """Such as "2 renditions of each image are new, 1 is not asked for any more."; empty for no change."""
        new, dropped = len(self.new), len(self.dropped)
        said = []
        if new:
            said.append(
                ngettext(
                    "%(count)s rendition of each image is new",
                    "%(count)s renditions of each image are new",
                    new,
                )
                % {"count": new}
            )
        if dropped:
            said.append(
                ngettext(
                    "%(count)s is not asked for any more", "%(count)s are not asked for any more", dropped
                )
                % {"count": dropped}
                if new
                else ngettext(
                    "%(count)s rendition of each image is not asked for any more",
                    "%(count)s renditions of each image are not asked for any more",
                    dropped,
                )
                % {"count": dropped}
            )
        return f"{', '.join(said)}." if said else ""


def change(before: Iterable[str], now: Iterable[str]) -> Change:
    """Between two sets of filter specs, in their orders."""
    before, now = tuple(before), tuple(now)
    return Change(
        tuple(each for each in now if each not in before), tuple(each for each in before if each not in now)
    )
