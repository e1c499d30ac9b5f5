"""What is asked for: some specs of one source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..specs import RenditionSpec
from .sources import Source


@dataclass(frozen=True, slots=True)
class Request:
    """
    Make what these specs want of this source; with ``force``, also what exists.

    ``covered`` are specs that another request of the same round makes and counts for this source.
    """

    source: Source
    specs: tuple[RenditionSpec, ...]
    force: bool = False
    covered: tuple[RenditionSpec, ...] = ()


def merge(requests: Iterable[Request]) -> list[Request]:
    """Each source once, with every spec anybody asked for, in the order of asking."""
    merged: dict[Source, Request] = {}
    for request in requests:
        known = merged.get(request.source)
        if known is None:
            merged[request.source] = request
        else:
            specs = tuple(dict.fromkeys((*known.specs, *request.specs)))
            merged[request.source] = replace(known, specs=specs, force=known.force or request.force)
    return list(merged.values())
