from __future__ import annotations

from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

import PIL.Image
import pytest
from django.core.files.base import ContentFile
from django.db.models import Case, Model, Value, When
from wagtail.images import get_image_model
from wagtail.models import Collection

from wagtail_sourcegroups.sourcegroups import QuerySetSourceGroup


@cache
def png_bytes() -> bytes:
    stream = BytesIO()
    PIL.Image.new("RGB", (8, 6), "teal").save(stream, "PNG")
    return stream.getvalue()


def png(name: str = "picture.png") -> ContentFile[bytes]:
    return ContentFile(png_bytes(), name=name)


@pytest.fixture
def make_image(db: None) -> Callable[..., Any]:
    """``make_image(title="", model=None, tags=(), **fields)``: a saved image with a small file."""

    def make(title: str = "An image", model: Any = None, tags: Any = (), **fields: Any) -> Any:
        image = (model or get_image_model())(title=title, file=png(), **fields)
        image.save()
        if tags:
            image.tags.add(*tags)
        return image

    return make


@pytest.fixture
def make_collection(db: None) -> Callable[..., Collection]:
    """``make_collection("Press", parent=None)``: a collection below another, or below the root."""

    def make(name: str, parent: Collection | None = None) -> Collection:
        above = parent or Collection.get_first_root_node()
        # Treebeard counts the children of the object it was given, which may have had others since.
        return Collection.objects.get(pk=above.pk).add_child(name=name)

    return make


def images_of(group: QuerySetSourceGroup) -> set[Any]:
    """The images of a group as all its ways of telling agree on them, or a failed assertion."""
    walked = [file.instance.pk for file in group.files()]
    assert len(walked) == len(set(walked)), "an image was served twice"
    assert set(group.get_queryset().values_list("pk", flat=True)) == set(walked)
    rows = group.model._base_manager.all()
    condition = group.condition()
    if condition is not None:
        assert set(rows.filter(condition).values_list("pk", flat=True)) == set(walked)
        flag = Case(When(condition, then=Value(True)), default=Value(False))
        flagged = rows.annotate(is_in=flag).values_list("pk", "is_in")
        assert {pk for pk, is_in in flagged if is_in} == set(walked)
        assert len(flagged) == rows.count(), "the condition repeats rows"
    assert {image.pk for image in rows if group.contains(image)} == set(walked)
    return set(walked)


def keys(*objects: Model) -> set[Any]:
    return {each.pk for each in objects}
