"""What specs want of a source: filters and focal-point keys. Pure, and worked out once for many images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

from wagtail.images.image_operations import BackgroundColorOperation, FormatOperation
from wagtail.images.models import AbstractImage, Filter

from .. import conf
from ..specs import RenditionSpec

#: Operations that an SVG cannot go through.
RASTER_OPERATIONS = (FormatOperation, BackgroundColorOperation)

SVG_REASON = "a raster format without preserve-svg does not apply to an SVG"


class OutputKey(NamedTuple):
    """What tells the renditions of one image apart, in Wagtail's own words."""

    filter_spec: str
    focal_point_key: str


@dataclass(frozen=True)
class Wanted:
    """
    Of one kind of image (these specs, this focal point, raster or SVG): the filter of every output, the ids of
    the specs that want it, and what is skipped with the reason.
    """

    filters: dict[OutputKey, Filter]
    spec_ids: dict[OutputKey, tuple[str, ...]]
    skipped: dict[OutputKey, str]
    inexact: frozenset[str] = frozenset()
    """Filter specs whose output may differ a little from stock's: every spec that wants them says so."""

    @cached_property
    def keys(self) -> frozenset[OutputKey]:
        """What ought to exist."""
        return frozenset(self.filters)


class WantedFilters:
    """
    What a set of specs wants of any image of a model.

    ``model`` is asked through its own ``clean_filter_for_svg``; for plain files it is ``AbstractImage``.
    """

    def __init__(self, specs: Iterable[RenditionSpec], model: type = AbstractImage) -> None:
        self.specs = tuple(specs)
        self._model = model
        self._by_kind: dict[tuple[tuple[Any, ...], bool], Wanted] = {}
        self._cleaned: dict[bool, dict[str, tuple[Filter, list[str]]]] = {}
        vary: dict[str, None] = {}
        for filter_, _ in self._filters(is_svg=False).values():
            for operation in _operations(filter_):
                vary.update(dict.fromkeys(getattr(operation, "vary_fields", ())))
        self.vary_fields = tuple(vary)
        """Attributes of an image that its focal-point keys depend on."""

    def of(self, values: tuple[Any, ...], *, is_svg: bool) -> Wanted:
        """What is wanted of an image with these values of :attr:`vary_fields`."""
        kind = (values, is_svg)
        found = self._by_kind.get(kind)
        if found is None:
            # Focal points are many; what they lead to is cheap to work out again.
            if len(self._by_kind) > 1000:
                self._by_kind.clear()
            found = self._by_kind[kind] = self._work_out(values, is_svg)
        return found

    def of_image(self, image: Any) -> Wanted:
        """What is wanted of one image, or of the stand-in for a plain file."""
        values = tuple(getattr(image, name, "") for name in self.vary_fields)
        return self.of(values, is_svg=image.is_svg())

    def _work_out(self, values: tuple[Any, ...], is_svg: bool) -> Wanted:
        focal = SimpleNamespace(**dict(zip(self.vary_fields, values, strict=True)))
        filters: dict[OutputKey, Filter] = {}
        spec_ids: dict[OutputKey, tuple[str, ...]] = {}
        skipped: dict[OutputKey, str] = {}
        for filter_spec, (filter_, ids) in self._filters(is_svg).items():
            operations = _operations(filter_)
            key = OutputKey(filter_spec, filter_.get_cache_key(focal) if operations else "")
            spec_ids[key] = tuple(ids)
            raster = any(isinstance(operation, RASTER_OPERATIONS) for operation in operations)
            # preserve-svg leaves nothing of a filter spec that only asks for a format.
            if is_svg and (raster or not filter_spec):
                skipped[key] = SVG_REASON
            else:
                filters[key] = filter_
        exact = {spec.id for spec in self.specs if is_exact(spec)}
        inexact = frozenset(key.filter_spec for key, ids in spec_ids.items() if exact.isdisjoint(ids))
        return Wanted(filters, spec_ids, skipped, inexact)

    def _filters(self, is_svg: bool) -> dict[str, tuple[Filter, list[str]]]:
        """Filter specs as stored (after SVG cleaning), each with its filter and the ids that want it."""
        known = self._cleaned.get(is_svg)
        if known is not None:
            return known
        image = SimpleNamespace(is_svg=lambda: is_svg)
        clean = self._model.clean_filter_for_svg  # type: ignore[attr-defined]
        known = self._cleaned[is_svg] = {}
        for spec in self.specs:
            for filter_spec in spec.filters:
                try:
                    filter_ = clean(image, parsed(filter_spec))
                except Exception:  # noqa: BLE001 - a filter that is wrong fails when it is run, with its reason
                    filter_ = parsed(filter_spec)
                filter_ = parsed(filter_.spec) if type(filter_) is Filter else filter_
                ids = known.setdefault(filter_.spec, (filter_, []))[1]
                if spec.id not in ids:
                    ids.append(spec.id)
        return known


def is_exact(spec: RenditionSpec) -> bool:
    """Whether a spec's outputs must be byte for byte stock's: its own word, else the ``EXACT`` setting."""
    return bool(conf.get("EXACT")) if spec.exact is None else spec.exact


@lru_cache(maxsize=1024)
def filters_of(spec: RenditionSpec, model: type = AbstractImage) -> WantedFilters:
    """What one spec wants of any image of a model, worked out once for all pages that show it."""
    return WantedFilters([spec], model)


@lru_cache(maxsize=4096)
def parsed(filter_spec: str) -> Filter:
    """A filter that keeps its operations, shared by everybody: reading them asks every hook each time."""
    return Filter(spec=filter_spec)


def _operations(filter_: Filter) -> list[Any]:
    try:
        return list(filter_.operations)
    except Exception:  # noqa: BLE001 - as above; the system check has named it already
        return []
