"""
What a site's own image model mixes in, so that Wagtail's own tags obey the strategies: ``image``, ``picture`` and
``srcset_image``, Jinja's globals, rich text, ``ImageBlock``, fields of the API, and whatever else asks an image for a
rendition.

It is imported where models are defined, before there are any of ours; while the app is not installed, it does nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import DatabaseError
from wagtail.images.exceptions import InvalidFilterSpecError, UnknownOutputImageFormatError
from wagtail.images.models import Filter, SourceImageIOError

if TYPE_CHECKING:
    from wagtail.images.models import AbstractImage as _Base

    from .showing.asked import Made
else:
    _Base = object

logger = logging.getLogger("wagtail_sourcegroups")

#: Errors that say nothing of the picture: of whoever wrote the filter spec, or of the database.
NOT_THE_PICTURES = (InvalidFilterSpecError, UnknownOutputImageFormatError, DatabaseError)


class SourceGroupImageMixin(_Base):
    """
    To be named before ``AbstractImage``: ``class CustomImage(SourceGroupImageMixin, AbstractImage)``.

    A rendition that a registered spec covers is made while somebody waits only if the strategy of such a spec makes it
    then; otherwise something else is shown in its place, as the spec's ``fallback`` says: an unsaved rendition, of the
    filter spec and the size that were asked for. One that no spec covers is made as ever, except on a read-only head.
    """

    def get_rendition(self, filter: Filter | str) -> Any:  # noqa: A002 - Wagtail's word
        """
        As Wagtail's. Raises ``SourceImageIOError`` for a damaged original as for one that is gone, so that tags show it
        as not found, and ``InvalidFilterSpecError``.
        """
        if self._is_left_to_wagtail:
            return super().get_rendition(filter)
        from .showing.asked import as_stored, renditions_for

        wanted = as_stored(self, filter)
        return renditions_for(self, [wanted], self._make_as_ever)[wanted.spec]

    def get_renditions(self, *filters: Filter | str) -> dict[str, Any]:
        """
        As Wagtail's: by filter spec, in the order of asking. What cannot be made costs the others nothing, and what has
        nothing to show is not listed. Raises as :meth:`get_rendition` if there is nothing to show at all.
        """
        if self._is_left_to_wagtail:
            return super().get_renditions(*filters)
        from .showing import standins
        from .showing.asked import as_stored, renditions_for

        wanted = {each.spec: each for each in (as_stored(self, filter_) for filter_ in filters)}
        return standins.listed(renditions_for(self, list(wanted.values()), self._make_as_ever))

    @property
    def _is_left_to_wagtail(self) -> bool:
        return self.pk is None or "wagtail_sourcegroups" not in apps.app_configs

    def _make_as_ever(self, filters: Sequence[Filter]) -> Made:
        """Make renditions in Wagtail's way, or the model's own; if that fails, one by one, to save the others."""
        if not filters:
            return {}, {}
        try:
            if len(filters) == 1:
                made = {filters[0].spec: self.create_rendition(filters[0])}
            else:
                made = {each.spec: rendition for each, rendition in self.create_renditions(*filters).items()}
        except NOT_THE_PICTURES:
            raise
        except Exception as error:
            if len(filters) > 1:
                return _together(self._make_as_ever([each]) for each in filters)
            if not isinstance(error, SourceImageIOError):
                logger.exception("The rendition %r of %s cannot be made.", filters[0].spec, self.file.name)
            return {}, {filters[0].spec: error}
        self._keep(made)
        return made, {}

    def _keep(self, made: Mapping[str, Any]) -> None:
        """As Wagtail does: for whoever asks this object again, and for everybody else."""
        model = self.get_rendition_model()
        entries = {}
        for rendition in made.values():
            self._add_to_prefetched_renditions(rendition)
            key = model.construct_cache_key(self, rendition.focal_point_key, rendition.filter_spec)
            entries[key] = rendition
        model.cache_backend.set_many(entries)


def _together(parts: Iterable[Made]) -> Made:
    made: dict[str, Any] = {}
    errors: dict[str, Exception] = {}
    for some, failed in parts:
        made |= some
        errors |= failed
    return made, errors
