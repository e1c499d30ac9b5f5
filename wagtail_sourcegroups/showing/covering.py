"""Which registered specs ask for a filter spec, wherever a template may have found it."""

from __future__ import annotations

from ..generation.prune import as_stored
from ..registry import Registry, get_registry
from ..specs import RenditionSpec

Covering = dict[str, tuple[RenditionSpec, ...]]


def specs_covering(filter_spec: str, *, svg: bool) -> tuple[RenditionSpec, ...]:
    """
    The registered specs that want a filter spec (as stored) of an image, raster or SVG, in their order; none if it is
    nobody's. No query, but for a look every few seconds whether an admin has changed something.
    """
    return _index(get_registry().recent(), svg).get(filter_spec, ())


def _index(registry: Registry, svg: bool) -> Covering:
    """By filter spec, worked out once for as long as the registry says the same."""
    known = _indexes.get(svg)
    if known is None or known[0] is not registry or known[1] != registry.version:
        # Reading may register what hooks have to say, which is another version.
        specs = registry.specs.values()
        known = _indexes[svg] = registry, registry.version, _covering(tuple(specs), svg)
    return known[2]


_indexes: dict[bool, tuple[Registry, int, Covering]] = {}


def _covering(specs: tuple[RenditionSpec, ...], svg: bool) -> Covering:
    found: Covering = {}
    for spec in specs:
        for filter_spec in as_stored(frozenset(spec.filters), svg):
            found[filter_spec] = (*found.get(filter_spec, ()), spec)
    return found
