"""How images are before something happens that may change which groups they are in: afterwards nobody could tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connections
from django.db.models import Q
from wagtail.models import Collection

from .. import conf
from ..rendering import orientation_in_header
from .facts import About, Fact, ImageFact, Question, Seen
from .reading import read_images
from .watching import watching


def can_ask(using: str) -> bool:
    """Not in a transaction that has failed already: whatever comes next will not last."""
    return not connections[using].needs_rollback


def seen_now(model: type, where: Q, using: str, limit: int | None = None) -> list[Seen]:
    """Images as the database has them, with their groups. One query; raises :exc:`.NotMigrated`."""
    return read_images(model, watching().images.get(model, ()), where, using=using, limit=limit).seen


def orientation_of_upload(image: Any) -> int | None:
    """
    The EXIF orientation of the file that an image is about to be saved with, if it is a new one. It is at hand now:
    once it is saved, storage would have to be asked.
    """
    file = image.file
    return None if not file or file._committed or file.closed else orientation_in_header(file.file)


def touched(model: type, seen: Seen, about: About) -> ImageFact:
    """Something is about to happen to an image, which is like this yet."""
    return ImageFact(model=model, pk=seen.image.pk, about=about, before=seen.state or seen.now)


def all_touched(model: type, where: Q, about: About, using: str, question: Question) -> list[Fact]:
    """Something is about to happen to images; if they are more than a batch, the ``question`` which they are."""
    if not can_ask(using):
        return []
    size = conf.get("BATCH_SIZE")
    seen = seen_now(model, where, using, limit=size + 1)
    if len(seen) > size:
        return [question]
    return [touched(model, each, about) for each in seen]


def images_of_collection(pk: Any, path: str, using: str) -> Iterator[Fact]:
    """Something is about to happen to a collection, and so to the images in and below it."""
    for model in watching().collections:
        question = Question(model._meta.label_lower, collection=str(pk))  # type: ignore[attr-defined]
        yield from all_touched(model, Q(collection__path__startswith=path), "collections", using, question)


def collection_renamed(collection: Any, using: str, update_fields: Any) -> list[Fact]:
    """What a new name means: groups that find their collection by name may find it now, or another."""
    if update_fields is not None and "name" not in update_fields:
        return []
    stored = Collection.objects.using(using).filter(pk=collection.pk).values_list("name", "path").first()
    if stored is None or stored[0] == collection.name:
        return []
    return list(images_of_collection(collection.pk, stored[1], using))
