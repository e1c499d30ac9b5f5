"""Which filter specs were ever bound: only these may be pruned, one day."""

from __future__ import annotations

from collections.abc import Iterable

from ..models import BoundFilterSpec
from ..specs import RenditionSpec, ThumbnailSpec


def remember(specs: Iterable[RenditionSpec]) -> None:
    """Note the filter specs of bound specs, which those of thumbnails are not. One query where all are known."""
    bound = (spec for spec in specs if not isinstance(spec, ThumbnailSpec))
    wanted = {filter_spec for spec in bound for filter_spec in spec.filters}
    if not wanted:
        return
    # As stored: preserve-svg is a word for the renderer and in no row.
    wanted |= {"|".join(part for part in each.split("|") if part != "preserve-svg") for each in wanted}
    known = BoundFilterSpec.objects.filter(filter_spec__in=wanted).values_list("filter_spec", flat=True)
    BoundFilterSpec.objects.bulk_create(
        [BoundFilterSpec(filter_spec=each) for each in sorted(wanted - {"", *known})], ignore_conflicts=True
    )
