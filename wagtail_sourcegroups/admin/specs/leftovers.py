"""What specs have left behind: renditions of filters that were bound once, and that nothing asks for any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from django.db.models import Count
from django.urls import reverse
from django.utils.http import urlencode

from ...generation.prune import as_stored
from ...pruning import bound_as_stored
from ...registry import Registry
from ...specs import RenditionSpec
from ..starting import images_of, selection_for

#: Characters of an address that no server takes for too long.
LONGEST_ADDRESS = 1500


class Leftover(NamedTuple):
    """
    Renditions of one filter spec, written as their rows have it. Where a binding asks for it elsewhere, some of them
    may be wanted still.
    """

    filter_spec: str
    renditions: int
    asked_elsewhere: bool


def leftovers(user: Any, registry: Registry, asked: Collection[str] = ()) -> list[Leftover]:
    """
    Of images that this user may change: what is left of these filter specs, or of all that nothing asks for. Two
    queries besides permissions.
    """
    specs = [binding.spec for binding in registry.bindings]
    bound, wanted = bound_as_stored(specs), in_rows(specs)
    filter_specs = bound.intersection(asked) if asked else bound - wanted
    selection = selection_for(user)
    images = images_of(selection)
    renditions = images.model.get_rendition_model()._base_manager.filter(filter_spec__in=filter_specs)
    if not selection.everything:
        renditions = renditions.filter(image_id__in=images.order_by().values("pk"))
    counted = renditions.order_by().values_list("filter_spec").annotate(Count("pk"))
    return [Leftover(filter_spec, count, filter_spec in wanted) for filter_spec, count in sorted(counted)]


def in_rows(specs: Iterable[RenditionSpec]) -> frozenset[str]:
    """The filter specs of specs, as rows of renditions have them."""
    written = frozenset(filter_spec for spec in specs for filter_spec in spec.filters)
    return as_stored(written, False) | as_stored(written, True)


def address(filter_specs: Iterable[str], after: str = "") -> str:
    """
    The page that deletes what is left of these, or of all there is where naming them would be too long; ``after`` is
    the key of the image to go on after.
    """
    page = reverse("sourcegroups:spec_prune")
    going_on = {"after": after} if after else {}
    named = f"{page}?{urlencode({'filter': sorted(filter_specs), **going_on}, doseq=True)}"
    return named if len(named) <= LONGEST_ADDRESS else page
