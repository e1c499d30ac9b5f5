"""Images that carry tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Exists, Field, IntegerField, OuterRef, Q, QuerySet, UUIDField
from django.utils.translation import gettext as _

from ..exceptions import InvalidSourceGroup
from .base import Condition, nothing, overridable
from .content_types import content_types_of, key_field
from .images import ChosenModel
from .naming import short
from .watches import TagsWatch, Watch

if TYPE_CHECKING:
    from django.contrib.contenttypes.fields import GenericForeignKey
    from wagtail.images.models import AbstractImage


class TagSourceGroup(ChosenModel):
    """
    Images carrying any of some tags, given by name: ``TagSourceGroup("hero", "press")``.

    Upper and lower case matter unless ``TAGGIT_CASE_INSENSITIVE`` is set. A tag need not exist yet. Raises
    :exc:`.InvalidSourceGroup` if no tag is named.
    """

    indexed = True
    watches: tuple[Watch, ...] = (TagsWatch(),)

    def __init__(self, *tags: str | Iterable[str], model: type[AbstractImage] | str | None = None) -> None:
        super().__init__(model)
        names = [name for given in tags for name in ([given] if isinstance(given, str) else given)]
        wrong = [name for name in names if not isinstance(name, str) or not name.strip()]
        if wrong or not names:
            raise InvalidSourceGroup(
                f"A TagSourceGroup was given {', '.join(map(repr, wrong or tags)) or 'no tag'}; "
                "it takes the names of tags, at least one."
            )
        #: Each once, sorted: their order means nothing.
        self.tags = tuple(sorted(set(names)))

    @property
    def arguments(self) -> Mapping[str, Any]:
        return {"tags": self.tags, **super().arguments}

    @overridable
    def key(self) -> str:
        names = ",".join(name.replace("\\", r"\\").replace(",", r"\,") for name in self.tags)
        return short(f"tags:{names}{self._suffix}")

    @overridable
    def label(self) -> str:
        quoted = (_("“%(name)s”") % {"name": name} for name in self.tags)
        return _("Images tagged %(tags)s") % {"tags": ", ".join(quoted)}

    def get_queryset(self) -> QuerySet[AbstractImage]:
        return self.model._base_manager.filter(self._carried())

    def condition(self) -> Condition:
        try:
            return self._carried()
        except InvalidSourceGroup:
            # A check says so at every start.
            return nothing()

    def _carried(self) -> Exists | Q:
        """
        Whether a row of the tags' through table joins the image to one of the tags.

        Not ``tags__name__in``: taggit would ask for a content type first, and joins repeat rows.
        """
        through, generic = self._through()
        if getattr(settings, "TAGGIT_CASE_INSENSITIVE", False):
            named = Q()
            for name in self.tags:
                named |= Q(tag__name__iexact=name)
        else:
            named = Q(tag__name__in=self.tags)
        if generic is None:
            return Exists(through._default_manager.filter(named, content_object=OuterRef("pk")))
        image_model = self.model._meta.concrete_model
        types = content_types_of([image_model])
        return Exists(
            through._default_manager.filter(
                named, **{f"{generic.ct_field}__in": types, generic.fk_field: OuterRef("pk")}
            )
        )

    def _through(self) -> tuple[Any, GenericForeignKey | None]:
        """The through model of the image model's tags, and its generic key if it has one."""
        from django.contrib.contenttypes.fields import GenericForeignKey

        model = self.model
        try:
            through = model._meta.get_field("tags").remote_field.through
        except (FieldDoesNotExist, AttributeError):
            raise InvalidSourceGroup(
                f"{model._meta.label} has no tags; a TagSourceGroup needs an image model with a tag manager `tags`."
            ) from None
        generic = through._meta.get_field("content_object")
        if not isinstance(generic, GenericForeignKey):
            return through, None
        if _kind(through._meta.get_field(generic.fk_field)) is not _kind(key_field(model)):
            raise InvalidSourceGroup(
                f"{through._meta.label} cannot hold tags of {model._meta.label}, whose primary key is of another type; "
                "give the image model a through model of its own (see taggit's 'Customizing taggit')."
            )
        return through, generic

    def problems(self, *, database: bool) -> list[str]:
        found = super().problems(database=database)
        if not found:
            try:
                self._through()
            except InvalidSourceGroup as error:
                found.append(str(error))
        return found


def _kind(field: Field[Any, Any]) -> type:
    """What a database compares without a cast."""
    return next((kind for kind in (IntegerField, UUIDField) if isinstance(field, kind)), str)
