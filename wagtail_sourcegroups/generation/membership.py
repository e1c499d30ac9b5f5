"""What an image belongs to: one object for all images that are alike in this."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist

from ..specs import RenditionSpec, ThumbnailSpec
from .requests import Request
from .sources import ImageSource
from .state import SNAPSHOT_FIELDS
from .wanted import OutputKey, Wanted, WantedFilters

#: Columns a walk reads of every image, before those of its own.
ROW_FIELDS = ("pk", "title", *SNAPSHOT_FIELDS)


class Membership:
    """
    The specs wanted of an image of ``model``, and the keys of the groups it is in (``None``: not looked at).

    ``covered`` are specs that another part of the same walk makes and counts for this image.
    """

    def __init__(
        self,
        model: type,
        specs: Iterable[RenditionSpec],
        groups: Iterable[str] | None = None,
        covered: Iterable[RenditionSpec] = (),
    ) -> None:
        self.model = model
        self.covered = tuple(covered)
        self.specs = tuple(spec for spec in dict.fromkeys(specs) if spec not in self.covered)
        self.groups = None if groups is None else frozenset(groups)

    @cached_property
    def wanted(self) -> WantedFilters:
        return WantedFilters(self.specs, self.model)

    def is_thumbnail(self, key: OutputKey, wanted: Wanted) -> bool:
        """Whether a template's thumbnail asks for an output, and no binding does."""
        thumbnails = {spec.id for spec in self.specs if isinstance(spec, ThumbnailSpec)}
        return bool(thumbnails) and thumbnails.issuperset(wanted.spec_ids[key])

    @cached_property
    def covered_filter_specs(self) -> frozenset[str]:
        return frozenset(filter_spec for spec in self.covered for filter_spec in spec.filters)


class ImageRow(NamedTuple):
    """One image of a batch: the values of :func:`row_fields`, and what it belongs to."""

    values: Sequence[Any]
    membership: Membership

    @property
    def pk(self) -> Any:
        return self.values[0]

    @property
    def title(self) -> str:
        return str(self.values[1])

    @property
    def snapshot_values(self) -> Sequence[Any]:
        return self.values[2 : 2 + len(SNAPSHOT_FIELDS)]


class Settled(NamedTuple):
    """So many images that are alike, of which all that is wanted exists: to be counted, and not read."""

    membership: Membership
    wanted: Wanted
    images: int


@dataclass(slots=True)
class ImageBatch:
    """
    Some images of one model: ``rows`` of those to be looked at, and how many are ``settled`` without. ``images``
    are those already in memory, by primary key.
    """

    model: type
    rows: list[ImageRow]
    fields: tuple[str, ...] = ROW_FIELDS
    images: dict[Any, Any] = field(default_factory=dict)
    force: bool = False
    upto: Any = None
    """The key up to which all images have been given with this batch; none in the middle of a page."""
    settled: list[Settled] = field(default_factory=list)
    failed: bool = True
    """Whether a failure may be on record of some of them."""

    @property
    def size(self) -> int:
        """How many sources it is about."""
        return len(self.rows) + sum(settled.images for settled in self.settled)


@dataclass(slots=True)
class FileBatch:
    """Some sources that are no images, each with the specs wanted of it, and the keys of its groups."""

    requests: list[Request]
    groups: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many sources it is about."""
        return len(self.requests)


Batch = ImageBatch | FileBatch


def row_fields(model: type, specs: Iterable[RenditionSpec]) -> tuple[str, ...]:
    """The columns that a walk over ``model`` reads for these specs: a site's operations may vary by others."""
    extra = []
    for name in WantedFilters(specs, model).vary_fields:
        try:
            concrete = model._meta.get_field(name).concrete  # type: ignore[attr-defined]
        except FieldDoesNotExist:
            concrete = False
        if concrete and name not in ROW_FIELDS:
            extra.append(name)
    return (*ROW_FIELDS, *extra)


def batches_of(requests: Iterable[Request]) -> list[Batch]:
    """Requests as batches: images by model, and by whether what exists is made again; files apart."""
    images: dict[tuple[type, bool], ImageBatch] = {}
    memberships: dict[tuple[type, tuple[RenditionSpec, ...]], Membership] = {}
    files: list[Request] = []
    for request in requests:
        source = request.source
        if not isinstance(source, ImageSource):
            files.append(request)
            continue
        image = source.image
        batch = images.setdefault(
            (source.model, request.force), ImageBatch(source.model, [], force=request.force)
        )
        membership = memberships.setdefault(
            (source.model, request.specs), Membership(source.model, request.specs)
        )
        batch.rows.append(ImageRow([getattr(image, name) for name in ROW_FIELDS], membership))
        batch.images[image.pk] = image  # type: ignore[union-attr]
    return [*images.values(), *([FileBatch(files)] if files else [])]
