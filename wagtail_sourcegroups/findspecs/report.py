"""What a scan comes to beside the specs that there are. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..specs import RenditionSpec
from . import wagtails
from .blocks import IMAGE_BLOCK_TEMPLATE
from .matching import Matcher
from .ourtags import thumbnail_filters
from .uses import Scan, Trouble, Use


@dataclass(frozen=True)
class Asked:
    """A filter spec, the places that ask for it, and the ids of the specs that cover it, or nearly do."""

    filter_spec: str
    uses: tuple[Use, ...]
    covered_by: tuple[str, ...]
    near: tuple[str, ...]


@dataclass(frozen=True)
class Unknown:
    """A place that names a spec which is not registered, and the ids of those that somebody may have meant."""

    use: Use
    near: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What the site asks for; and, apart, what Wagtail's own admin does."""

    asked: tuple[Asked, ...] = ()
    dynamic: tuple[Use, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    admin: tuple[Asked, ...] = ()

    @property
    def uncovered(self) -> tuple[Asked, ...]:
        return tuple(each for each in self.asked if not each.covered_by)

    @property
    def is_complete(self) -> bool:
        """Whether some spec covers everything that is known to be asked for."""
        return not (self.uncovered or self.unknown)


@dataclass
class _Sorted:
    asked: dict[str, list[Use]] = field(default_factory=dict)
    admin: dict[str, list[Use]] = field(default_factory=dict)
    dynamic: list[Use] = field(default_factory=list)
    unknown: list[Use] = field(default_factory=list)


def report(scan: Scan, specs: Mapping[str, RenditionSpec]) -> Report:
    """What was found, by filter spec, in the order in which each is first asked for; ``specs`` are all by their ids."""
    found = _Sorted()
    for use in scan.uses:
        _sort(use, specs, found)
    for filter_spec in wagtails.ADMIN_FILTERS:
        found.admin.setdefault(filter_spec, [])
    matcher = Matcher(specs.values())

    def beside(asked: Mapping[str, list[Use]]) -> tuple[Asked, ...]:
        return tuple(
            Asked(each, tuple(dict.fromkeys(uses)), matcher.covering(each), matcher.near(each))
            for each, uses in asked.items()
        )

    unknown = (
        Unknown(use, tuple(difflib.get_close_matches(use.spec_id, specs, n=3, cutoff=0.75)))
        for use in found.unknown
    )
    return Report(
        beside(found.asked), tuple(found.dynamic), tuple(unknown), scan.troubles, beside(found.admin)
    )


def _sort(use: Use, specs: Mapping[str, RenditionSpec], found: _Sorted) -> None:
    if wagtails.is_own_template(use.template):
        # What blocks are drawn with is the site's to include: it is said of them.
        if not use.is_dynamic and not use.template.endswith(IMAGE_BLOCK_TEMPLATE):
            for filter_spec in use.filter_specs:
                found.admin.setdefault(filter_spec, []).append(use)
        return
    spec = specs.get(use.spec_id)
    if use.spec_id and spec is None:
        found.unknown.append(use)
        return
    filter_specs = use.filter_specs
    if spec is not None:
        filter_specs = thumbnail_filters(use.thumbnail, spec) if use.thumbnail else spec.filters
    if not filter_specs:
        found.dynamic.append(use)
    for filter_spec in filter_specs:
        found.asked.setdefault(filter_spec, []).append(use)
