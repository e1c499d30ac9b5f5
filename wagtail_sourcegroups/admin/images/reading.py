"""How one image stands, from the database: so many queries, however many specs there are. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import router
from django.db.models import Q, QuerySet

from ...events.reading import read_images
from ...generation.files import is_near
from ...generation.membership import ROW_FIELDS, ImageBatch, ImageRow, Membership
from ...generation.sources import image_key
from ...generation.standing import standings
from ...generation.state import content_type_of
from ...generation.wanted import OutputKey
from ...models import GenerationFailure, GenerationRun, RenditionRecord
from ...registry import get_registry
from ...sourcegroups.base import image_groups
from ...specs import RenditionSpec
from ..reports.thumbnails import LISTED
from .outputs import ImageOutputs, Known, image_outputs


def outputs_of(image: Any) -> ImageOutputs:
    """Everything that is wanted of an image, and how it stands."""
    specs = specs_of(image)
    if not specs:
        return ImageOutputs()
    row = ImageRow([getattr(image, name) for name in ROW_FIELDS], Membership(type(image), specs))
    (standing,) = standings(ImageBatch(type(image), [row], images={image.pk: image}))
    return image_outputs(image, specs, standing, _known(image, standing.wanted.keys))


def specs_of(image: Any) -> tuple[RenditionSpec, ...]:
    """The specs that a group which the image is in wants made. Groups of plain files do not say."""
    model = type(image)
    bindings = get_registry().refresh().bindings
    groups = [
        group for group in image_groups(dict.fromkeys(b.group for b in bindings)) if group.model is model
    ]
    if not groups:
        return ()
    seen = read_images(model, groups, Q(pk=image.pk), using=router.db_for_read(model)).seen
    keys = seen[0].now.groups if seen else frozenset()
    return tuple(dict.fromkeys(spec for spec, group in bindings if group in groups and group.key in keys))


def failures_of(image: Any) -> int:
    """How many of the renditions that are wanted of an image have failed. One query where none has."""
    if not _failures(image).exists():
        return 0
    return outputs_of(image).failed


def runs_of(image: Any) -> QuerySet[GenerationRun]:
    """The runs that work on this image and no other, or are about to, the oldest first."""
    return (
        GenerationRun.objects.in_state("queued", "running")
        .filter(question__selection__images=[str(image.pk)])
        .order_by("pk")
    )


def _known(image: Any, wanted: Iterable[OutputKey]) -> Known:
    rendition_model = type(image).get_rendition_model()
    rows = list(rendition_model._base_manager.filter(image_id=image.pk))
    renditions = {OutputKey(row.filter_spec, row.focal_point_key): row for row in rows}
    shown = [renditions[key] for key in wanted if key in renditions]
    records = {
        record.object_id: record
        for record in RenditionRecord.objects.filter(
            content_type=content_type_of(rendition_model), object_id__in=[str(row.pk) for row in shown]
        )
    }
    by_key = {row.pk: records[str(row.pk)] for row in shown if str(row.pk) in records}
    return Known(
        renditions,
        {row.pk: weight for row in shown if (weight := _weight(row, by_key.get(row.pk))) is not None},
        by_key,
        {failure.filter_spec: failure for failure in _failures(image)},
        runs_of(image).first(),
        renditions.get(OutputKey(LISTED, "")),
    )


def _failures(image: Any) -> Any:
    return GenerationFailure.objects.filter(source_key=image_key(type(image), image.pk))


def _weight(rendition: Any, record: RenditionRecord | None) -> int | None:
    """Of what Wagtail has made itself no record says; its file does, where asking costs nothing."""
    if record is not None:
        return record.bytes
    if not is_near(rendition.file.storage):
        return None
    try:
        return int(rendition.file.size)
    except OSError:
        return None
