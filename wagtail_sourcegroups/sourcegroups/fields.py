"""Images that a field of other models names: a ForeignKey to an image model, or Django's own ``ImageField``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, Field, ForeignKey, ImageField, Model, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from .. import conf
from ..exceptions import InvalidSourceGroup
from .base import Condition, QuerySetSourceGroup, nothing, overridable
from .families import declared, find_image_model, find_model, holders, model_label, tables
from .naming import short
from .watches import FieldWatch, Watch

if TYPE_CHECKING:
    from django.db.models.fields.files import FieldFile
    from wagtail.images.models import AbstractImage

#: An annotation under which the walk of an ``ImageField`` fetches file names.
_FILE_NAME = "_sourcegroups_file_name"


class ImageFieldSourceGroup(QuerySetSourceGroup):
    """
    Images that a field of a model names, in any row; rows whose field is empty are left out.

    ``model``
        A model class, or ``"app.Model"``. An abstract model stands for every concrete model that inherits the
        field from it, a concrete one for its own rows and those of its multi-table children.
    ``field``
        Its ForeignKey (or OneToOneField) to an image model, or its ``ImageField``.

    Of a ForeignKey this is a group of Wagtail images like others (:attr:`of_images`). Of an ``ImageField`` the
    sources are the rows' field files, and only :meth:`files` and :meth:`source_of` mean anything. Which of the
    two it is can be told once models are loaded; until then nothing but the names is looked at.
    """

    indexed = True

    def __init__(self, model: type[Model] | str, field: str) -> None:
        self._holder = model
        self._holder_label = model_label(model)
        if not isinstance(field, str) or not field:
            raise InvalidSourceGroup(
                f"{field!r} is no field of {self._holder_label}; give the name of a field."
            )
        self.field = field

    @property
    def arguments(self) -> Mapping[str, Any]:
        return {"model": self._holder_label, "field": self.field}

    @overridable
    def key(self) -> str:
        return short(f"field:{self._holder_label}.{self.field}")

    @overridable
    def label(self) -> str:
        holder = self.holder
        names = {"field": self._column().verbose_name, "objects": holder._meta.verbose_name_plural}
        return _("%(field)s of %(objects)s") % names

    @property
    def holder(self) -> type[Model]:
        """The model that has the field. Raises :exc:`.InvalidSourceGroup` if there is none."""
        return find_model(self._holder)

    @overridable
    def of_images(self) -> bool:
        try:
            return isinstance(self._column(), ForeignKey)
        except InvalidSourceGroup:
            return False

    @overridable
    def model(self) -> type[AbstractImage]:
        """The image model that the ForeignKey points to. Raises :exc:`.InvalidSourceGroup` for an ``ImageField``."""
        column = self._column()
        if not isinstance(column, ForeignKey):
            raise InvalidSourceGroup(f"{self._name()} is an ImageField: its files belong to no image model.")
        chosen: type[AbstractImage] = find_image_model(column.remote_field.model)
        return chosen

    @overridable
    def watches(self) -> tuple[Watch, ...]:
        return (FieldWatch(holders(self.holder, self.field), self.field),)

    def files(self) -> Iterator[Any]:
        """
        Yield ``image.file`` of every image the ForeignKey names, or the field file of every row of an ``ImageField``.

        Opens nothing. Raises :exc:`.InvalidSourceGroup` if there is no such model or field.
        """
        if self.of_images:
            yield from super().files()
            return
        self._column()
        for table in tables(self.holder, self.field):
            yield from self._files_of(table)

    def _files_of(self, table: type[Model]) -> Iterator[FieldFile]:
        rows = table._default_manager.exclude(**{f"{self.field}__isnull": True}).exclude(**{self.field: ""})
        # Django opens the file of a loaded row that lacks its dimensions; a deferred field is left alone.
        rows = rows.annotate(**{_FILE_NAME: F(self.field)}).defer(self.field)
        for row in rows.iterator(chunk_size=conf.get("BATCH_SIZE")):
            setattr(row, self.field, getattr(row, _FILE_NAME))
            yield getattr(row, self.field)

    def source_of(self, instance: Model) -> FieldFile | None:
        """The source that an object of the model is to a group of an ``ImageField``; ``None`` if it has no file."""
        file: FieldFile | None = getattr(instance, self.field, None)
        return file or None

    def get_queryset(self) -> QuerySet[AbstractImage]:
        return self.model._base_manager.filter(self._named())

    def condition(self) -> Condition:
        try:
            return self._named()
        except InvalidSourceGroup:
            # A check says so at every start; an ImageField names no image.
            return nothing()

    def contains(self, image: Model) -> bool:
        return self.of_images and super().contains(image)

    def _named(self) -> Q:
        image_model = self.model
        named = nothing()
        for table in tables(self.holder, self.field):
            column = declared(table, self.field)
            if isinstance(column, ForeignKey) and column.remote_field.model is image_model:
                target = column.target_field.attname
                named |= Q(Exists(table._default_manager.filter(**{self.field: OuterRef(target)})))
        return named

    def _column(self) -> Field[Any, Any]:
        """The field, of the right kind. Raises :exc:`.InvalidSourceGroup`."""
        holder = self.holder
        # An abstract model's own field does not know yet which model it points to.
        first = next(iter(tables(holder, self.field)), holder)
        column = declared(first, self.field)
        if isinstance(column, ForeignKey):
            find_image_model(column.remote_field.model)
        elif not isinstance(column, ImageField):
            raise InvalidSourceGroup(
                f"{self._name()} is a {type(column).__name__}; "
                "it must be an ImageField, or a ForeignKey to an image model."
            )
        return column

    def _name(self) -> str:
        return f"{self.holder._meta.label}.{self.field}"

    def problems(self, *, database: bool) -> list[str]:
        try:
            column = self._column()
            columns = [declared(table, self.field) for table in tables(self.holder, self.field)]
        except InvalidSourceGroup as error:
            return [str(error)]
        targets = {other.related_model if isinstance(other, ForeignKey) else None for other in columns}
        if len(targets) > 1:
            names = ", ".join(f"{other.model._meta.label}.{self.field}" for other in columns)
            return [
                f"{self._name()} means different things in different models ({names}); "
                "make an ImageFieldSourceGroup for each of them."
            ]
        return super().problems(database=database) if isinstance(column, ForeignKey) else []
