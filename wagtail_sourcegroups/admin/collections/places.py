"""What a spec can be assigned to: a collection with those below it, or all images of a model."""

from __future__ import annotations

from typing import NamedTuple

from django.apps import apps
from django.db.models import Model
from django.utils.translation import gettext as _
from wagtail.images import get_image_model


class Place(NamedTuple):
    """As a row of :class:`.Assignment` has it: the id of a collection, or the label of an image model."""

    collection: int | None = None
    image_model: str = ""

    def __str__(self) -> str:
        """What names it in a form; :func:`place_named` reads it."""
        return self.image_model if self.collection is None else str(self.collection)

    @property
    def model(self) -> type[Model] | None:
        """The image model, where all images of it are meant and it exists."""
        try:
            return apps.get_model(self.image_model)
        except (LookupError, ValueError):
            return None


class Change(NamedTuple):
    """A spec, and what it is assigned to, or is no longer."""

    spec_id: str
    place: Place

    def __str__(self) -> str:
        """What names it in a form; :func:`change_named` reads it."""
        return f"{self.place}:{self.spec_id}"


def place_named(name: str) -> Place:
    # A longer number is no key, and may be more than Python reads.
    return Place(int(name)) if name.isdecimal() and len(name) < 19 else Place(None, name)


def change_named(name: str) -> Change:
    place, _colon, spec_id = name.partition(":")
    return Change(spec_id, place_named(place))


def site_images() -> Place:
    """All images of the site's image model."""
    return Place(None, get_image_model()._meta.label_lower)


def all_images_in_words(place: Place) -> str:
    """Such as "All images"; those of a model beside the site's by their own name."""
    if place == site_images():
        return _("All images")
    if place.model is None:
        return place.image_model
    return _("All %(images)s") % {"images": place.model._meta.verbose_name_plural}
