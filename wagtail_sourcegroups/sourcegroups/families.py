"""
Models by name, and the models that come with one: concrete children of an abstract one, multi-table children, proxies.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model

from ..exceptions import InvalidSourceGroup


def model_label(given: Any) -> str:
    """
    ``app.model`` in lower case for a model class or an ``"app.Model"`` string.

    Needs no loaded models. Raises :exc:`.InvalidSourceGroup` for anything else.
    """
    if isinstance(given, type) and issubclass(given, Model):
        return given._meta.label_lower
    if isinstance(given, str) and given.count(".") == 1 and all(given.split(".")):
        return given.lower()
    raise InvalidSourceGroup(f"{given!r} is no model; give a model class, or its name as 'app_label.Model'.")


def find_model(given: Any) -> type[Model]:
    """
    The model class, abstract ones included, that a class or an ``"app.Model"`` string stands for.

    An abstract model is found through its children. Raises :exc:`.InvalidSourceGroup` if there is none.
    """
    if isinstance(given, type):
        return given
    label = model_label(given)
    try:
        return apps.get_model(label)
    except LookupError:
        pass
    for model in apps.get_models():
        for base in model.__mro__:
            if hasattr(base, "_meta") and base._meta.label_lower == label:
                return base
    raise InvalidSourceGroup(
        f"There is no model {given!r}; models are named 'app_label.Model', and their app must be in INSTALLED_APPS."
    )


def find_image_model(given: Any) -> Any:
    """
    The image model that a class or a string stands for; the site's for ``None``.

    Raises :exc:`.InvalidSourceGroup` if it is none.
    """
    from wagtail.images import get_image_model
    from wagtail.images.models import AbstractImage

    if given is None:
        return get_image_model()
    model = find_model(given)
    if not issubclass(model, AbstractImage) or model._meta.abstract:
        raise InvalidSourceGroup(
            f"{model._meta.label} is no image model; give one that inherits wagtail.images.models.AbstractImage "
            "and has a table."
        )
    return model


def family(model: type[Model]) -> tuple[type[Model], ...]:
    """Every model with rows that is ``model`` or inherits it, proxies included, in the order of installed apps."""
    return tuple(other for other in apps.get_models() if issubclass(other, model))


def tables(model: type[Model], field: str) -> tuple[type[Model], ...]:
    """
    The models to ask for every row that has ``field`` as ``model`` declares it.

    A concrete model answers for itself and its multi-table children; an abstract one through each concrete model
    that got the field from it, which again answer for their own children.
    """
    if not model._meta.abstract:
        return (model,)
    return tuple(dict.fromkeys(declared(child, field).model for child in family(model)))


def holders(model: type[Model], field: str) -> tuple[type[Model], ...]:
    """Every model by whose signals a change of ``field`` in a row of :func:`tables` may be told."""
    found = {other: None for table in tables(model, field) for other in family(declared(table, field).model)}
    return tuple(found)


def declared(model: type[Model], field: str) -> Field[Any, Any]:
    """The column ``field`` of a model. Raises :exc:`.InvalidSourceGroup` if it has none of this name."""
    try:
        found = model._meta.get_field(field)
    except FieldDoesNotExist:
        found = None
    if not isinstance(found, Field):
        names = ", ".join(sorted(column.name for column in model._meta.fields))
        raise InvalidSourceGroup(f"{model._meta.label} has no field {field!r}; its fields are {names}.")
    return found
