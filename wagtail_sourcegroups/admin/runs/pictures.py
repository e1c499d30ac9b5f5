"""Of a run, what can be looked at: the newest renditions and the failures, of images that somebody may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from wagtail.images import get_image_model

from ...models import GenerationFailure, GenerationRun, RenditionRecord
from ...registry import get_registry
from ...words import in_words
from .. import access
from ..reasons import Reason, reason_of
from ..reports.thumbnails import thumbnails_of
from .visibility import Viewer

#: Renditions and failures that a run's page shows.
NEWEST, FAILED = 8, 20
#: Records in which the newest renditions are looked for: other runs may be at work as well.
LOOKED_AT = 100
#: Pixels across above which a rendition is too much for a thumbnail of itself.
MOST = 800


@dataclass(frozen=True)
class Newest:
    """A rendition that a run has made, of an image; ``thumbnail`` is that rendition or a smaller one of the image."""

    image: Any
    rendition: Any
    thumbnail: Any

    @property
    def size(self) -> str:
        return f"{self.rendition.width} × {self.rendition.height}"

    @property
    def format(self) -> str:
        """As it was asked for; none if it is the original's."""
        return in_words(self.rendition.filter_spec).format


@dataclass(frozen=True)
class Failed:
    """Something that failed; ``image`` is none where it was no image, or is gone."""

    failure: GenerationFailure
    image: Any = None
    thumbnail: Any = None
    is_editable: bool = False

    @property
    def title(self) -> str:
        return str(self.image.title) if self.image is not None else self.failure.source_name

    @property
    def wanted(self) -> str:
        """What could not be made; nothing where the whole image or a group failed."""
        return str(in_words(self.failure.filter_spec)) if self.failure.filter_spec else ""

    @property
    def reason(self) -> Reason:
        return reason_of(self.failure.error)


def newest(run: GenerationRun, viewer: Viewer) -> list[Newest]:
    """
    The newest renditions of the run's specs, made while it was at work, one of an image. Three queries at most.
    """
    model: Any = get_image_model()
    rendition_model = model.get_rendition_model()
    records = RenditionRecord.objects.filter(
        content_type=ContentType.objects.get_for_model(rendition_model), made_at__gte=run.created_at
    )
    if run.finished_at is not None:
        records = records.filter(made_at__lte=run.finished_at)
    latest = list(records.order_by("-made_at", "-pk").values_list("object_id", flat=True)[:LOOKED_AT])
    if not latest:
        return []
    renditions = rendition_model._base_manager.filter(pk__in=latest, filter_spec__in=_filters_of(run))
    if viewer.collections is not None:
        seen = access.visible_images(viewer.user)
        renditions = renditions.filter(image__in=seen.order_by().values("pk"))
    if run.concerned is not None:
        renditions = renditions.filter(image__collection__in=run.concerned)
    by_key = {str(rendition.pk): rendition for rendition in renditions.select_related("image")}
    found: dict[Any, Any] = {}
    for rendition in (by_key[key] for key in latest if key in by_key):
        if len(found) < NEWEST:
            found.setdefault(rendition.image_id, rendition)
    small = thumbnails_of(model, list(found))
    return [
        Newest(rendition.image, rendition, _shown(rendition, small.get(key)))
        for key, rendition in found.items()
    ]


def failures(run: GenerationRun, user: Any) -> tuple[list[Failed], int]:
    """The newest of what failed in a run and was not made since, as far as this user sees it; and their number."""
    seen = access.visible_failures(user).filter(run=run)
    rows = list(seen.order_by("-last_failed_at", "-pk")[:FAILED])
    total = len(rows) if len(rows) < FAILED else seen.count()
    return described(rows, user), total


def described(rows: Sequence[GenerationFailure], user: Any) -> list[Failed]:
    """Failures with their images, of the site's image model. Three queries, none for none."""
    model: Any = get_image_model()
    label = model._meta.label_lower
    keys = {row.pk: row.object_id for row in rows if row.source_key.startswith(f"{label}:")}
    images = {str(image.pk): image for image in _images(model, set(keys.values()))}
    pks = [image.pk for image in images.values()]
    small = thumbnails_of(model, pks)
    editable = access.changeable_among(user, pks) if pks else frozenset()
    found = []
    for row in rows:
        image = images.get(keys.get(row.pk, ""))
        if image is None:
            found.append(Failed(row))
        else:
            found.append(Failed(row, image, small.get(image.pk), image.pk in editable))
    return found


def _images(model: Any, keys: Iterable[str]) -> Iterable[Any]:
    keys = list(keys)
    return model._default_manager.filter(pk__in=keys) if keys else ()


def _filters_of(run: GenerationRun) -> frozenset[str]:
    """The filter specs of a run's specs, as far as they are registered."""
    known = get_registry().specs
    asked = (known[spec_id].filters for spec_id in run.question.get("specs", ()) if spec_id in known)
    return frozenset().union(*asked)


def _shown(rendition: Any, small: Any) -> Any:
    """The rendition itself unless it is large, and there is a smaller one of its image."""
    if small is None or max(rendition.width, rendition.height) <= MOST:
        return rendition
    return small
