"""Tags of images: what it changes that an image gets one or loses one, or that a tag goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q

from ..generation.state import content_type_of
from . import notes
from .before import all_touched, can_ask, seen_now, touched
from .facts import Fact, ImageFact, Question
from .watching import watching


def related(through: Any, instance: Any, *, before: bool, using: str) -> Iterator[Fact]:
    """Of an image whose tags change: ``before``, how it is, in one query; afterwards, that they did."""
    tables = watching()
    if through not in tables.through:
        return
    for model in tables.models_of(type(instance)):
        if model not in tables.tags:
            continue
        if not before:
            yield ImageFact(model=model, pk=instance.pk, about="tags")
        elif not notes.knows(using, model, instance.pk) and can_ask(using):
            seen = seen_now(model, Q(pk=instance.pk), using)
            yield from (touched(model, each, "tags") for each in seen)


def of_all_tagged(tag: Any, using: str) -> Iterator[Fact]:
    """Of the images that have a tag, before it is deleted, which no signal says of each: how they are."""
    tables = watching()
    for model in tables.tags:
        for relation in model._meta.many_to_many:  # type: ignore[attr-defined]
            if relation.remote_field.model is type(tag):
                meant = Q(**{relation.name: tag})
                question = Question(model._meta.label_lower)  # type: ignore[attr-defined]
                yield from all_touched(model, meant, "tags", using, question)


def of_one_tagged(through: Any, row: Any) -> list[Fact]:
    """Of the image that a row between images and tags, which has been deleted, was about."""
    return [ImageFact(model=model, pk=pk, about="tags") for model, pk in _tagged(through, row)]


def _tagged(through: Any, row: Any) -> list[tuple[type, Any]]:
    tables = watching()
    if hasattr(row, "content_object_id"):
        return [(model, row.content_object_id) for model in tables.tags if _joins(through, model)]
    return [
        (model, model._meta.pk.to_python(row.object_id))  # type: ignore[attr-defined]
        for model in tables.tags
        if getattr(row, "content_type_id", None) == content_type_of(model).pk
    ]


def _joins(through: Any, model: type) -> bool:
    return issubclass(model, through._meta.get_field("content_object").related_model)
