"""
Content types as part of a query, and primary keys as the text that generic references hold.

Asking ``ContentType.objects`` costs a query each time its cache is cold; an upload has none to spare.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    F,
    Field,
    Func,
    IntegerField,
    Model,
    Q,
    QuerySet,
    TextField,
    UUIDField,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast


def content_types_of(models: Iterable[type[Model]]) -> QuerySet[Any, Any]:
    """The primary keys of the content types of some models, proxies by their own, for ``__in``."""
    from django.contrib.contenttypes.models import ContentType

    wanted = Q(pk__in=[])
    for model in models:
        wanted |= Q(app_label=model._meta.app_label, model=model._meta.model_name)
    return ContentType.objects.filter(wanted).order_by().values("pk")


def key_field(model: type[Model]) -> Field[Any, Any]:
    """The column that holds the primary key's value: for a multi-table child, its parent's."""
    field: Field[Any, Any] = model._meta.pk
    while field.is_relation:
        field = field.target_field  # type: ignore[attr-defined]
    return field


def key_as_text(expression: Combinable, field: Field[Any, Any]) -> Any:
    """``str(pk)`` in the database, for a primary key whose column is ``field``."""
    if isinstance(field, UUIDField):
        return UUIDAsText(expression)
    if isinstance(field, CharField | TextField):
        return expression
    return Cast(expression, output_field=CharField())


def text_as_key(name: str, field: Field[Any, Any], *, where: Q) -> Any:
    """
    The primary key that a text column spells, and NULL for rows that are not ``where``.

    PostgreSQL refuses to cast a text that spells no such key, and tests conditions in an order of its own: only a
    CASE keeps it from trying those of other models.
    """
    text = Case(When(where, then=F(name)), default=None, output_field=CharField())
    if isinstance(field, UUIDField):
        return TextAsUUID(text)
    if isinstance(field, IntegerField):
        return Cast(text, output_field=BigIntegerField())
    return text


class UUIDAsText(Func):
    """A UUID with its hyphens, also where the database keeps it as 32 digits."""

    output_field = CharField()
    arity = 1

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> Any:  # type: ignore[override]
        value, parameters = compiler.compile(self.source_expressions[0])
        if connection.features.has_native_uuid_field:
            return f"CAST({value} AS varchar)", parameters
        starts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        pieces = [f"SUBSTR({value}, {start}, {length})" for start, length in starts]
        if connection.vendor == "mysql":
            return f"CONCAT_WS('-', {', '.join(pieces)})", (*parameters,) * len(pieces)
        return "(" + " || '-' || ".join(pieces) + ")", (*parameters,) * len(pieces)


class TextAsUUID(Func):
    """The reverse of :class:`UUIDAsText`."""

    output_field = UUIDField()
    arity = 1

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> Any:  # type: ignore[override]
        value, parameters = compiler.compile(self.source_expressions[0])
        if connection.features.has_native_uuid_field:
            return f"CAST({value} AS uuid)", parameters
        return f"REPLACE({value}, '-', '')", parameters
