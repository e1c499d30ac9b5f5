"""What a run would make: of each spec so many renditions, counted exactly where that is quick, else at most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Sum

from ...coverage import TOGETHER, Figures, coverage
from ...models import CoverageCount, CoverageFigure
from ...registry import get_registry
from ...sourcegroups.base import image_groups
from ...specs import RenditionSpec
from .. import access
from ..starting import Estimate, estimates
from .chosen import Chosen, whole_collections

#: Images that are looked at one by one while somebody waits; of more the kept figures tell, or nothing does.
LIVE = 500


@dataclass(frozen=True)
class Prospect:
    """
    One spec: ``images`` that it applies to, at most so many renditions ``wanted`` of them; ``figures`` say how many are
    ready, as far as that is known. ``files`` says that it is for sources that are no images of the site's model, which
    nobody has counted.
    """

    spec: RenditionSpec
    images: int
    wanted: int
    figures: Figures | None = None
    is_exact: bool = False
    files: bool = False

    @property
    def lacking(self) -> int:
        """Renditions to make if only what is missing and out of date is."""
        return max(self.all - (self.figures.ready if self.figures is not None else 0), 0)

    @property
    def all(self) -> int:
        """Renditions to make if all are made again."""
        return self.figures.expected if self.figures is not None and self.is_exact else self.wanted


@dataclass(frozen=True)
class Prospects:
    """The specs that apply. ``counted_at`` is when kept figures were counted; ``None`` for what is true now."""

    specs: tuple[Prospect, ...] = ()
    counted_at: datetime | None = None

    @property
    def offered(self) -> tuple[RenditionSpec, ...]:
        return tuple(each.spec for each in self.specs)

    @property
    def is_exact(self) -> bool:
        """Whether the numbers may be added up; what two specs want would count twice."""
        counted = [each for each in self.specs if not each.files]
        wanted = Counter(filter_spec for each in counted for filter_spec in each.spec.filters)
        return all(each.is_exact for each in counted) and max(wanted.values(), default=1) == 1

    @property
    def nothing_lacks(self) -> bool:
        """Whether everything is ready, for certain."""
        return all(each.is_exact and not each.lacking for each in self.specs)

    @property
    def leave_out_files(self) -> bool:
        """Whether the numbers are of images only, and there may be other files."""
        return any(each.files for each in self.specs)

    @property
    def are_known(self) -> bool:
        """Whether it is known how much is ready."""
        return any(each.figures is not None for each in self.specs)


def prospects_of(chosen: Chosen) -> Prospects:
    """What the specs that apply to some images want. So many queries, however many images there are."""
    registry = get_registry()
    found = estimates(registry.specs.values(), chosen.images)
    applying = [estimate for estimate in found if estimate.images]
    counted_at = None
    if applying and chosen.count <= LIVE:
        figures = _counted_now(chosen, [estimate.spec for estimate in applying])
    else:
        figures, counted_at = _kept(chosen)
    exact = counted_at is None
    specs = [_prospect(estimate, figures.get(estimate.spec.id), exact) for estimate in applying]
    if chosen.selection.everything:
        others = [estimate.spec for estimate in found if not estimate.images]
        specs += [Prospect(spec, 0, 0, files=True) for spec in others if _wants_others(spec, chosen)]
    return Prospects(tuple(specs), counted_at)


def _wants_others(spec: RenditionSpec, chosen: Chosen) -> bool:
    """Whether a spec is also for what is no image of the site's model."""
    groups = [binding.group for binding in get_registry().bindings if binding.spec == spec]
    mine = [group for group in image_groups(groups) if group.model is chosen.images.model]
    return len(mine) < len(groups)


def _prospect(estimate: Estimate, figures: Figures | None, exact: bool) -> Prospect:
    is_exact = exact and figures is not None
    return Prospect(estimate.spec, estimate.images, estimate.renditions, figures, is_exact)


def _counted_now(chosen: Chosen, specs: Sequence[RenditionSpec]) -> dict[str, Figures]:
    bindings, asked = get_registry().bindings, frozenset(specs)
    mine = [binding for binding in bindings if binding.spec in asked]
    return coverage(mine, bindings, chosen.selection).specs


def _kept(chosen: Chosen) -> tuple[dict[str, Figures], datetime | None]:
    """
    Kept figures of whole collections of which the user may change every image, and when they were counted; none where
    there are none. What is ready of images that others have added makes nobody's own any fewer: "up to" stays true.
    Two queries besides permissions.
    """
    collections = whole_collections(chosen.selection)
    row = CoverageCount.objects.filter(pk=1, counted_at__isnull=False).first()
    if collections is None or row is None:
        return {}, None
    theirs: Any = CoverageFigure.objects.filter(
        group_key=TOGETHER, image_model=chosen.images.model._meta.label_lower
    )
    if not access.changes_everything(chosen.user):
        theirs = theirs.filter(collection__in=access.changeable_collections(chosen.user).values("pk"))
    if collections:
        theirs = theirs.filter(collection__in=collections)
    rows = (
        theirs.exclude(spec_id=TOGETHER)
        .order_by()
        .values_list("spec_id")
        .annotate(*(Sum(name) for name in Figures.__slots__))
    )
    found = {spec_id: Figures(*numbers) for spec_id, *numbers in rows}
    return (found, row.counted_at) if found else ({}, None)
