"""
How an image was when last seen. Decisions are pure functions of two snapshots; rows are read and written in bulk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import router
from django.utils import timezone

from ..models import GenerationFailure, RenditionRecord, SourceState
from .sources import image_key
from .upsert import upsert

#: Columns of an image that a snapshot is taken from, in this order.
SNAPSHOT_FIELDS = (
    "file",
    "file_size",
    "file_hash",
    "focal_point_x",
    "focal_point_y",
    "focal_point_width",
    "focal_point_height",
    "collection_id",
)

#: Columns of a state that a snapshot holds, in the order of its fields.
STATE_COLUMNS = (
    "file_name",
    "file_size",
    "file_hash",
    "focal_point",
    "collection",
    "groups",
    "stale",
    "orientation",
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    An image as far as its renditions care, from its columns; ``stale`` are ids of outdated renditions.

    ``orientation`` is the EXIF orientation of the file, if it is known. Two snapshots may be equal without it: nobody
    opens a file to find out.
    """

    file_name: str
    file_size: int | None
    file_hash: str
    focal_point: str
    collection: str
    groups: frozenset[str] = frozenset()
    stale: tuple[str, ...] = ()
    orientation: int | None = field(default=None, compare=False)

    @property
    def file(self) -> tuple[str, int | None, str]:
        """What differs when the original does."""
        return self.file_name, self.file_size, self.file_hash

    @property
    def fingerprint(self) -> str:
        return f"{self.file_name}:{self.file_size or ''}:{self.file_hash}"[-64:]


def snapshot_of_values(values: Iterable[Any], groups: Iterable[str] = ()) -> Snapshot:
    """A snapshot from the values of :data:`SNAPSHOT_FIELDS`."""
    file, size, file_hash, x, y, width, height, collection = values
    focal = "" if x is None and y is None else f"{x},{y},{width},{height}"
    name = getattr(file, "name", file) or ""
    return Snapshot(name, size, file_hash or "", focal, str(collection or ""), frozenset(groups))


def snapshot_of(image: Any, groups: Iterable[str] = ()) -> Snapshot:
    """A snapshot of an image in memory, with the keys of the groups it is in."""
    return snapshot_of_values((getattr(image, name) for name in SNAPSHOT_FIELDS), groups)


def file_changed(before: Snapshot, now: Snapshot) -> bool:
    """
    Whether the original is another one.

    Size and hash are filled in late, by whoever needs them first; learning them is no change.
    """
    if before.file_name != now.file_name:
        return True
    size_differs = None not in (before.file_size, now.file_size) and before.file_size != now.file_size
    hash_differs = "" not in (before.file_hash, now.file_hash) and before.file_hash != now.file_hash
    return size_differs or hash_differs


def read_states(model: type, pks: Iterable[Any]) -> dict[str, Snapshot]:
    """The kept snapshots of images, by primary key as text. One query."""
    rows = SourceState.objects.filter(
        content_type=content_type_of(model), object_id__in=[str(pk) for pk in pks]
    ).values_list("object_id", *STATE_COLUMNS)
    return {
        object_id: Snapshot(
            name, size, file_hash, focal_point, collection, frozenset(groups), tuple(stale), orientation
        )
        for object_id, name, size, file_hash, focal_point, collection, groups, stale, orientation in rows.iterator()
    }


def write_states(model: type, snapshots: Mapping[str, Snapshot]) -> None:
    """Keep these snapshots, by primary key as text. One statement, whether rows were there or not."""
    if not snapshots:
        return
    content_type = content_type_of(model)
    now = timezone.now()
    upsert(
        [
            SourceState(
                content_type=content_type,
                object_id=object_id,
                file_name=snapshot.file_name,
                file_size=snapshot.file_size,
                file_hash=snapshot.file_hash,
                focal_point=snapshot.focal_point,
                collection=snapshot.collection,
                groups=sorted(snapshot.groups),
                stale=list(snapshot.stale),
                orientation=snapshot.orientation,
                seen_at=now,
            )
            # Two processes writing the same rows lock them in the same order.
            for object_id, snapshot in sorted(snapshots.items())
        ],
        unique=["content_type", "object_id"],
        update=[*STATE_COLUMNS, "seen_at"],
    )


def now_stale(model: type, pks: Iterable[Any]) -> dict[str, tuple[str, ...]]:
    """The ids of every rendition that images have at this moment, by image: what a new original makes stale."""
    rendition_model = model.get_rendition_model()  # type: ignore[attr-defined]
    found: dict[str, list[str]] = {}
    for image_id, pk in rendition_model.objects.filter(image_id__in=list(pks)).values_list("image_id", "pk"):
        found.setdefault(str(image_id), []).append(str(pk))
    return {image_id: tuple(rendition_pks) for image_id, rendition_pks in found.items()}


def following(snapshot: Snapshot, before: Snapshot, renditions: Iterable[str]) -> Snapshot:
    """
    ``snapshot`` with what is known from the one before it: how the file is turned, if it is the same one, and which
    renditions are stale; a new original makes all of them so.
    """
    if file_changed(before, snapshot):
        return replace(snapshot, stale=tuple(renditions))
    known = before.orientation if snapshot.orientation is None else snapshot.orientation
    return replace(snapshot, stale=before.stale, orientation=known)


def forget_images(model: type, pks: Iterable[Any]) -> None:
    """Drop what was kept of images that were deleted. Two statements."""
    pks = list(pks)
    ids = [str(pk) for pk in pks]
    SourceState.objects.filter(content_type=content_type_of(model), object_id__in=ids).delete()
    GenerationFailure.objects.filter(source_key__in=[image_key(model, pk) for pk in pks]).delete()


def forget_renditions(rendition_model: type, pks: Iterable[Any]) -> None:
    """Drop the records of renditions that were deleted. One statement."""
    RenditionRecord.objects.filter(
        content_type=content_type_of(rendition_model), object_id__in=[str(pk) for pk in pks]
    ).delete()


def content_type_of(model: type) -> ContentType:
    return ContentType.objects.db_manager(router.db_for_read(ContentType)).get_for_model(model)
