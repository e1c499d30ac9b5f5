"""Every image of an image model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ..exceptions import InvalidSourceGroup
from .base import Condition, QuerySetSourceGroup, overridable
from .families import find_image_model, model_label
from .watches import Watch

if TYPE_CHECKING:
    from wagtail.images.models import AbstractImage


class ChosenModel(QuerySetSourceGroup):
    """
    Base of groups that are told their image model: a class, ``"app.Model"``, or ``None`` for the site's.

    Raises :exc:`.InvalidSourceGroup` at once for what can be no model; whether it exists is asked when needed.
    """

    def __init__(self, model: type[AbstractImage] | str | None = None) -> None:
        self._model = model
        self._model_label = None if model is None else model_label(model)

    @property
    def arguments(self) -> Mapping[str, Any]:
        return {"model": self._model_label}

    @overridable
    def model(self) -> type[AbstractImage]:
        chosen: type[AbstractImage] = find_image_model(self._model)
        return chosen

    @property
    def _suffix(self) -> str:
        """What tells the keys of two groups apart that differ in their image model only."""
        return "" if self._model_label is None else f"@{self._model_label}"

    def problems(self, *, database: bool) -> list[str]:
        try:
            find_image_model(self._model)
        except InvalidSourceGroup as error:
            return [str(error)]
        return super().problems(database=database)


class ImageModelSourceGroup(ChosenModel):
    """Every image of an image model: by default of the site's."""

    watches: tuple[Watch, ...] = ()

    @overridable
    def key(self) -> str:
        from wagtail.images import get_image_model_string

        return f"images:{self._model_label or get_image_model_string().lower()}"

    @overridable
    def label(self) -> str:
        return _("All %(images)s") % {"images": self.model._meta.verbose_name_plural}

    def get_queryset(self) -> QuerySet[AbstractImage]:
        return self.model._base_manager.all()

    def condition(self) -> Condition:
        return None
