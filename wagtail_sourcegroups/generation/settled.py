"""
Images of which nothing is missing, told by the database: nobody reads them.

Of every image of a page a few short columns say what :func:`.plan_images` would find out by reading four tables.
Images with equal columns are of one kind, and a kind is judged once. This may only say that there is nothing to do
and nothing to remember; whatever is not certain is read, compared and decided as ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connections, router
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Func,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, Right
from django.db.models.lookups import IsNull

from ..models import GenerationFailure, SourceState
from ..specs import RenditionSpec
from .membership import Membership
from .plan import is_svg
from .sources import image_key
from .state import content_type_of
from .wanted import OutputKey, Wanted, WantedFilters

#: Databases that take two texts for equal only where Python does.
EXACT_TEXT = frozenset({"sqlite", "postgresql"})

#: Outputs that one column tells of: it is a signed integer of 64 bits.
BITS = 62

#: Failures on record that are all read rather than looked for.
FEW = 1000

#: What no file has for its size, and no sum of bits is.
_UNKNOWN = -1


class Told(NamedTuple):
    """Of images of one kind: what is wanted of each, and which of the outputs of all specs exist."""

    wanted: Wanted
    existing: frozenset[OutputKey]


class Evidence:
    """
    Which columns to ask of images of ``model``, given the specs of a whole walk, and what they say.

    In the order of :attr:`columns`: the groups kept of an image, as JSON, or ``NULL`` if its state is not as it was
    kept; how the name of its file ends; and, a bit for each, which of the wanted outputs exist, or ``NULL`` if the
    image has a focal point that some of them depend on.
    """

    def __init__(self, model: type[Model], specs: Iterable[RenditionSpec]) -> None:
        filters = WantedFilters(specs, model)
        outputs: dict[OutputKey, None] = {}
        for svg in (False, True):
            outputs.update(dict.fromkeys(_usual(filters, svg=svg).filters))
        self._chunks = [list(outputs)[first : first + BITS] for first in range(0, len(outputs), BITS)]
        self._model = model
        self._vary_fields = filters.vary_fields

    @property
    def available(self) -> bool:
        """Whether this model, its renditions and their database allow it; if not, every image has to be read."""
        model = self._model
        renditions = model.get_rendition_model()  # type: ignore[attr-defined]
        using = {router.db_for_read(each) for each in (model, renditions, SourceState, GenerationFailure)}
        if len(using) > 1:
            return False
        connection = connections[using.pop()]
        return (
            connection.vendor in EXACT_TEXT
            # Text of a key is what Python makes of it.
            and not (_is_uuid(model) and not connection.features.has_native_uuid_field)
            # Without a key for each output a sum of bits says nothing.
            and _is_unique(renditions, {"image", "filter_spec", "focal_point_key"})
            # A column, so that the database knows whether the image has one.
            and set(self._vary_fields) <= {field.name for field in model._meta.concrete_fields}
        )

    @property
    def columns(self) -> dict[str, Any]:
        """Expressions to annotate images with."""
        found = {"as_kept": self._as_kept(), "file_ending": Right("file", 4)}
        for number, chunk in enumerate(self._chunks):
            found[f"outputs_{number}"] = self._outputs(chunk)
        return found

    def settled(self, membership: Membership, values: Sequence[Any]) -> Wanted | None:
        """
        What is wanted of images that are in these groups and have these ``values`` of :attr:`columns`, if all
        of it exists and there is nothing to remember; ``None`` if that is not certain.
        """
        told = self.told(membership, values)
        return told.wanted if told is not None and told.wanted.keys <= told.existing else None

    def told(self, membership: Membership, values: Sequence[Any]) -> Told | None:
        """What is wanted of such images and what exists, none of it stale; ``None`` if that is not certain."""
        groups, ending, *outputs = values
        if groups is None or None in outputs:
            return None
        if membership.groups is not None and membership.groups != frozenset(json.loads(groups)):
            return None
        there = frozenset(
            output
            for chunk, bits in zip(self._chunks, map(int, outputs), strict=True)
            for number, output in enumerate(chunk)
            if bits >> number & 1
        )
        return Told(_usual(membership.wanted, svg=is_svg(ending)), there)

    def unsettled(self, images: QuerySet[Any], membership: Membership) -> QuerySet[Any]:
        """
        Those of some images, annotated with :attr:`columns`, of which it is not certain that nothing is stale and that
        all exists that is wanted in these groups.
        """
        wanted = _usual(membership.wanted, svg=False).keys
        settled = Q(as_kept__isnull=False)
        for number, chunk in enumerate(self._chunks):
            images = images.alias(**{f"existing_{number}": Coalesce(f"outputs_{number}", _UNKNOWN)})
            all_bits = sum(1 << bit for bit, output in enumerate(chunk) if output in wanted)
            settled &= Q(**{f"existing_{number}": all_bits})
        return images.filter(~settled)

    def failed(self, pks: Iterable[Any]) -> frozenset[Any]:
        """
        Those of these images with a failure on record. One query, or two where failures are many.

        No column: PostgreSQL would go through a small table once for each image.
        """
        prefix = image_key(self._model, "")
        failures = GenerationFailure.objects.order_by().values_list("source_key", flat=True)
        known = frozenset(failures.filter(source_key__startswith=prefix)[: FEW + 1])
        if not known:
            return known
        keys = {image_key(self._model, pk): pk for pk in pks}
        if len(known) > FEW:
            known = frozenset(failures.filter(source_key__in=list(keys)))
        return frozenset(keys[key] for key in known & keys.keys())

    def _as_kept(self) -> Any:
        """What :func:`.snapshot_of_values` takes from an image, held against its state by the database."""
        states = SourceState._base_manager.filter(
            content_type=content_type_of(self._model),
            object_id=_text("pk"),
            file_name=OuterRef("file"),
            file_hash=OuterRef("file_hash"),
            focal_point=Case(
                When(Q(_is_null("focal_point_x"), _is_null("focal_point_y")), then=Value("")),
                default=_focal_point(),
            ),
            collection=_text("collection_id"),
            stale=[],
        )
        states = states.alias(size=Coalesce("file_size", _UNKNOWN)).filter(
            size=Coalesce(OuterRef("file_size"), _UNKNOWN)
        )
        return Subquery(states.values_list(Cast("groups", TextField()))[:1])

    def _outputs(self, outputs: Sequence[OutputKey]) -> Any:
        renditions = self._model.get_rendition_model()._base_manager  # type: ignore[attr-defined]
        bit = Case(
            *(
                When(filter_spec=filter_spec, focal_point_key=key, then=Value(1 << number))
                for number, (filter_spec, key) in enumerate(outputs)
            ),
            default=Value(0),
            output_field=BigIntegerField(),
        )
        # A function and no aggregate of Django's, which would group. A value and neither EXISTS nor a join, for which
        # PostgreSQL may read all of that table once for each page: a value is looked up by index for each image.
        together = Coalesce(Func(bit, function="SUM", output_field=BigIntegerField()), 0)
        rows = renditions.filter(image=OuterRef("pk")).order_by().annotate(outputs=together)
        there = Subquery(rows.values("outputs"))
        if not self._vary_fields:
            return there
        return Case(When(Q(**{f"{name}__isnull": True for name in self._vary_fields}), then=there))


def _usual(filters: WantedFilters, *, svg: bool) -> Wanted:
    """What is wanted of an image without a focal point."""
    return filters.of((None,) * len(filters.vary_fields), is_svg=svg)


def _text(name: str) -> Any:
    """A column of the image, as Python's ``str`` writes a key."""
    return Cast(OuterRef(name), CharField())


def _is_null(name: str) -> Any:
    return IsNull(OuterRef(name), True)


def _focal_point() -> Any:
    """As a snapshot writes it."""
    parts: list[Any] = []
    for name in ("focal_point_x", "focal_point_y", "focal_point_width", "focal_point_height"):
        parts += [Value(","), Coalesce(_text(name), Value("None"))]
    return Concat(*parts[1:])


def _is_unique(model: type[Model], fields: set[str]) -> bool:
    """Whether the database keeps rows from being equal in these fields."""
    together = [*model._meta.unique_together, *(each.fields for each in model._meta.total_unique_constraints)]
    return any(set(each) <= fields for each in together)


def _is_uuid(model: type[Model]) -> bool:
    field: Any = model._meta.pk
    while field.remote_field:
        field = field.target_field
    return isinstance(field, UUIDField)
