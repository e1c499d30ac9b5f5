"""Failures as they are shown: with the image, its picture, what it was to become, why it did not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _

from ...models import GenerationFailure
from ...policies import image_policy
from ...registry import get_registry
from ...words import in_words
from .. import access
from ..reasons import Reason, reason_of
from .failing import image_keys, is_of_image, spec_ids_in
from .thumbnails import thumbnails_of
from .waiting import is_waiting, promises


@dataclass(frozen=True)
class FailureRow:
    """``image`` is none of other sources, and of images that are gone."""

    failure: GenerationFailure
    specs: str
    reason: Reason
    image: Any = None
    rendition: Any = None
    """A thumbnail."""
    is_changeable: bool = False
    """Whether there is a page for the image that the user may change it on."""
    may_retry: bool = False
    is_waiting: bool = False

    @property
    def name(self) -> str:
        return str(self.image.title) if self.image is not None else self.failure.source_name

    @property
    def output(self) -> str | Lazy:
        """What was not made, in words."""
        if self.failure.filter_spec:
            return str(in_words(self.failure.filter_spec))
        return _("All that is wanted of it")

    @property
    def exported(self) -> dict[str, Any]:
        """As a row of a spreadsheet."""
        failure = self.failure
        return {
            "id": self.image.pk if self.image is not None else "",
            "source": self.name,
            "collection": self.image.collection.name if self.image is not None else "",
            "spec": failure.spec_id,
            "filter_spec": failure.filter_spec,
            "reason": str(self.reason.words),
            "detail": failure.error,
            "attempts": failure.attempts,
            "first_failed_at": failure.first_failed_at,
            "last_failed_at": failure.last_failed_at,
        }


def rows_of(failures: Iterable[GenerationFailure]) -> list[FailureRow]:
    """What a spreadsheet says of them. One query."""
    failures = list(failures)
    images = _images(failures)
    specs = get_registry().specs
    return [
        FailureRow(
            failure,
            ", ".join(str(specs.get(spec_id, spec_id)) for spec_id in spec_ids_in(failure.spec_id)),
            reason_of(failure.error),
            images.get(failure.object_id) if is_of_image(failure) else None,
        )
        for failure in failures
    ]


def drawn_rows_of(failures: Sequence[GenerationFailure], user: Any) -> list[FailureRow]:
    """What a page shows of them to this user. So many queries, however many they are."""
    pks = image_keys(failures)
    changeable = access.changeable_among(user, pks)
    thumbnails = thumbnails_of(image_policy().model, pks)
    everything = bool(failures) and access.sees_everything(user) and access.changes_everything(user)
    known = promises() if failures else []
    rows = []
    for row in rows_of(failures):
        pk, collection = (row.image.pk, row.image.collection_id) if row.image is not None else (None, None)
        rows.append(
            replace(
                row,
                rendition=thumbnails.get(pk),
                is_changeable=pk in changeable,
                may_retry=pk in changeable or everything,
                is_waiting=is_waiting(row.failure, collection, known),
            )
        )
    return rows


def _images(failures: Iterable[GenerationFailure]) -> dict[str, Any]:
    """The images that they are about, by the text of their key."""
    found = image_policy().model._default_manager.select_related("collection").in_bulk(image_keys(failures))
    return {str(pk): image for pk, image in found.items()}
