"""The rows of the coverage report: every spec and group that is registered, with figures or with why there are none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ...coverage import TOGETHER, Figures
from ...registry import Binding
from ...sourcegroups.base import image_groups
from ...specs import RenditionSpec
from .kept import Kept


class Status(Enum):
    """Whether there are figures, and if not why."""

    COUNTED = "counted"
    NOT_YET = "not yet"
    UNKNOWN = "unknown"
    FILES = "files"


#: What is said in the place of figures.
SAID: Mapping[Status, str | Promise] = {
    Status.NOT_YET: _("Not counted yet"),
    Status.UNKNOWN: _("Unknown: this group couldn't say which images are in it"),
    Status.FILES: _("Not counted: a group of files rather than of images"),
}


@dataclass(frozen=True)
class Row:
    """A spec and one of its groups, or all of them together where there is no ``spec``."""

    figures: Figures
    spec: RenditionSpec | None = None
    group: str = TOGETHER
    name: str | Promise = ""
    """Of the group, for people."""
    status: Status = Status.COUNTED

    @property
    def is_counted(self) -> bool:
        return self.status is Status.COUNTED

    @property
    def said(self) -> str | Promise:
        """Why there are no figures."""
        return SAID.get(self.status, "")

    @property
    def percentage(self) -> float | None:
        """Exactly, for whoever computes with it; none of nothing."""
        return self.figures.ready * 100 / self.figures.expected if self.figures.expected else None


def rows_of(
    bindings: Iterable[Binding], kept: Kept, names: Mapping[str, str | Promise], *, everything: bool
) -> Iterator[Row]:
    """
    Pure. Who does not see ``everything`` is shown only where there are images that he or she sees; ``names`` are of all
    groups of the bindings, by key.
    """
    bindings = list(bindings)
    images = set(image_groups(binding.group for binding in bindings))
    for spec, group in bindings:
        figures = kept.of(spec.id, group.key)
        if everything or figures.images:
            if group not in images:
                status = Status.FILES
            elif group.key in kept.unknown:
                status = Status.UNKNOWN
            elif (spec.id, group.key) in kept.counted:
                status = Status.COUNTED
            else:
                status = Status.NOT_YET
            yield Row(figures, spec, group.key, names[group.key], status)
