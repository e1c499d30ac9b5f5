"""What has failed, as far as somebody may see it, or may have it tried again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from ...generation.failures import failures_of
from ...generation.state import content_type_of
from ...models import GenerationFailure
from ...policies import changeable_images, image_policy
from .. import access

#: Between the ids of specs where a source failed for several.
BETWEEN = ", "


def visible_failures(user: Any, collection: Any = None) -> QuerySet[GenerationFailure]:
    """Those that this user sees, of a collection and those below it if one is given."""
    if collection is None:
        return access.visible_failures(user)
    return failures_of(_inside(access.visible_images(user), collection))


def retryable_failures(user: Any, collection: Any = None) -> QuerySet[GenerationFailure]:
    """Those of images that this user may change; any, for who sees and changes everything."""
    if collection is None and access.sees_everything(user) and access.changes_everything(user):
        return GenerationFailure.objects.all()
    return failures_of(_inside(changeable_images(user), collection))


def of_spec(failures: QuerySet[GenerationFailure], spec_id: str) -> QuerySet[GenerationFailure]:
    """Those that a spec was named for, be it among others."""
    return failures.filter(
        Q(spec_id=spec_id)
        | Q(spec_id__startswith=f"{spec_id}{BETWEEN}")
        | Q(spec_id__endswith=f"{BETWEEN}{spec_id}")
        | Q(spec_id__contains=f"{BETWEEN}{spec_id}{BETWEEN}")
    )


def spec_ids_in(text: str) -> list[str]:
    """The ids that the ``spec_id`` of a failure names. Pure."""
    return [spec_id for spec_id in text.split(BETWEEN) if spec_id]


def is_of_image(failure: GenerationFailure) -> bool:
    """Whether it is of an image of the site's own model."""
    return bool(failure.content_type_id == content_type_of(image_policy().model).pk and failure.object_id)


def image_keys(failures: Iterable[GenerationFailure]) -> list[Any]:
    """The keys of the images of the site's model that are among the sources, each once."""
    key: Any = image_policy().model._meta.pk
    return list(dict.fromkeys(key.to_python(each.object_id) for each in failures if is_of_image(each)))


def _inside(images: QuerySet[Any], collection: Any) -> QuerySet[Any]:
    """Those of some images that are in a collection or below it; all, if none is given."""
    if collection is None:
        return images
    return images.filter(collection__in=collection.get_descendants(inclusive=True).values("pk"))
