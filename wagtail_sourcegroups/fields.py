"""
``ImageSpecField``: a spec and its source group, declared where the image is.

It stands among a model's fields and is none: no column, no migration.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self, overload

from django.apps import AppConfig, apps
from django.core import checks
from django.db.models import Model
from django.db.models.fields.files import FieldFile
from django.db.models.signals import class_prepared

from .exceptions import InvalidSpec
from .registrations import caller, target
from .sourcegroups.fields import ImageFieldSourceGroup
from .specs import Fallback, RenditionSpec

if TYPE_CHECKING:
    from .generation.renditionset import RenditionSet

#: Every field of every model with rows, for the system check.
_declared: list[tuple[type[Model], ImageSpecField]] = []


class ImageSpecField:
    """
    A rendition spec of a model's image, and on instances its :class:`.RenditionSet`.

    ``filters`` and the rest are those of :class:`.RenditionSpec`; ``source`` names the model's ``ImageField``, or
    its ForeignKey to an image model. The spec's id is ``app_label:model:field`` in lower case unless ``id`` says
    otherwise. On an abstract model each concrete child gets a spec and a group; with an ``id`` of one's own they
    share the spec. Multi-table children and proxies share their parent's.

    ``instance.field`` is ``None`` while the source is empty; ``Model.field`` is this object.

    Raises :exc:`.InvalidSpec`, :exc:`.InvalidFilters` or :exc:`.InvalidStrategy` while the model is loaded. Whether
    ``source`` is a field of the right kind is a matter of the system checks.
    """

    name: str

    def __init__(
        self,
        filters: str | Iterable[str],
        source: str,
        *,
        id: str | None = None,  # noqa: A002 - the word of RenditionSpec
        strategy: Any = None,
        label: str = "",
        description: str = "",
        fallback: Fallback = "nearest",
        exact: bool | None = None,
    ) -> None:
        if not isinstance(source, str) or not source:
            raise InvalidSpec(
                f"ImageSpecField has source={source!r}; it must be the name of the model's ImageField, or of its "
                "ForeignKey to an image model."
            )
        self.source = source
        self._id = id
        self._filters = filters if isinstance(filters, str) else tuple(filters)
        self._options: dict[str, Any] = {
            "strategy": strategy,
            "label": label,
            "description": description,
            "fallback": fallback,
            "exact": exact,
        }
        self._location = caller()
        self._specs: dict[type[Model], RenditionSpec] = {}

    def contribute_to_class(self, model: type[Model], name: str) -> None:
        """Called by Django while it makes the class that the field stands in."""
        self.name = name
        setattr(model, name, self)
        if not model._meta.abstract:
            self._register(model)
            return

        def register_child(sender: type[Model], **_kwargs: Any) -> None:
            if issubclass(sender, model) and self._is_owner(sender, model):
                self._register(sender)

        class_prepared.connect(register_child, weak=False)

    def _is_owner(self, child: type[Model], abstract: type[Model]) -> bool:
        """Whether a concrete child has this field from the abstract model itself, and not from another child."""
        # A class of a migration's history, or of a test's own registry, is no model of the site.
        if child._meta.apps is not apps or _attribute(child, self.name) is not self:
            return False
        return not any(
            issubclass(base, abstract) and not base._meta.abstract
            for base in child.__mro__[1:]
            if base is not abstract
        )

    def _register(self, model: type[Model]) -> None:
        meta = model._meta
        if meta.apps is not apps:
            return
        spec_id = self._id or f"{meta.app_label}:{meta.model_name}:{self.name}".lower()
        spec = RenditionSpec(spec_id, self._filters, **self._options)
        self._specs[model] = spec
        _declared.append((model, self))
        # As register does, but told where: what called this is Django, and the site's line is wanted in messages.
        target().add_spec(spec, self._location)
        target().add_group(spec.id, ImageFieldSourceGroup(model, self.source), self._location)

    def spec_of(self, model: type[Model]) -> RenditionSpec:
        """The spec that instances of a model have. Raises ``KeyError`` for a model without rows."""
        owner = next((base for base in model.__mro__ if base in self._specs), model)
        return self._specs[owner]

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Model, owner: type) -> RenditionSet | None: ...
    def __get__(self, instance: Model | None, owner: type) -> RenditionSet | Self | None:
        if instance is None:
            return self
        if not apps.is_installed("wagtail_sourcegroups"):
            # Taken out again: there is no rendition set, as for an object without an image, and pages still work.
            return None
        # Models load before it may be imported.
        from .generation.renditionset import RenditionSet

        value = getattr(instance, self.source)
        file = value if isinstance(value, FieldFile) else getattr(value, "file", None)
        return RenditionSet(self.spec_of(type(instance)), file) if file else None

    def __set__(self, instance: Model, value: Any) -> None:
        raise AttributeError(f"{self.name} is made from {self.source}; set that instead.")

    def check(self, model: type[Model]) -> list[checks.CheckMessage]:
        """The system check of the field on one of its models."""
        problems = ImageFieldSourceGroup(model, self.source).problems(database=False)
        return [
            checks.Error(
                f"The source of {model._meta.label}.{self.name} is no image: {problem}",
                hint=f"Declared at {self._location}.",
                obj=model,
                id="wagtail_sourcegroups.E010",
            )
            for problem in problems
        ]

    def __repr__(self) -> str:
        return f"<ImageSpecField {getattr(self, 'name', '?')}: {self._filters!r} of {self.source}>"


def _attribute(model: type[Model], name: str) -> Any:
    """What a class has under a name, without asking descriptors."""
    return next((vars(base)[name] for base in model.__mro__ if name in vars(base)), None)


@checks.register(checks.Tags.models)
def check_image_spec_fields(
    app_configs: Sequence[AppConfig] | None, **_kwargs: Any
) -> list[checks.CheckMessage]:
    """The checks of every :class:`ImageSpecField`, run with those of the models they stand in."""
    labels = None if app_configs is None else {config.label for config in app_configs}
    return [
        message
        for model, field in _declared
        if labels is None or model._meta.app_label in labels
        for message in field.check(model)
    ]
