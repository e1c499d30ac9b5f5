"""Objects whose fields put images, or files of their own, into groups: what saving or deleting one changes."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, Value, When

from ..sourcegroups.families import tables as tables_of
from ..sourcegroups.fields import ImageFieldSourceGroup
from .facts import FileFact, ImageFact, Seen
from .reading import read_images
from .watching import OwnerField, Watching

#: Under these keys is kept, from before a save to after it, what it will mean if it succeeds.
FACTS = "facts"
FILES = "files"


def before_insert(before: dict[Any, Any], tables: Watching, sender: Any, instance: Any) -> None:
    """A new object: what its fields name is new with it. No query."""
    before[FACTS] = [
        ImageFact(model=field.model, pk=pk, about="field")
        for field in tables.owners.get(sender, ())
        if field.model is not None
        for pk in _pks(sender, field, instance)
    ]
    before[FILES] = {field.name: "" for field in tables.owners.get(sender, ()) if field.model is None}


def before_update(
    before: dict[Any, Any], tables: Watching, sender: Any, instance: Any, using: str, update_fields: Any
) -> None:
    """
    An object that is there already: one query for all fields that point to images of one model, and one
    for all that hold files.
    """
    saved = [
        field for field in tables.owners.get(sender, ()) if _is_saved(sender, field, instance, update_fields)
    ]
    by_model: dict[Any, list[OwnerField]] = {}
    for field in saved:
        by_model.setdefault(field.model, []).append(field)
    files = by_model.pop(None, [])
    before[FACTS] = [
        fact
        for model, fields in by_model.items()
        for fact in _repointed(model, fields, tables, sender, instance, using)
    ]
    names = [field.name for field in files]
    if names:
        stored = sender._base_manager.using(using).filter(pk=instance.pk).values_list(*names).first()
        before[FILES] = dict(zip(names, stored or [""] * len(names), strict=True))


def after_save(before: dict[Any, Any], sender: Any, instance: Any) -> Iterator[Any]:
    """What a save that succeeded means."""
    yield from before.get(FACTS, ())
    for name, was in before.get(FILES, {}).items():
        now = getattr(instance, name).name or ""
        if (was or "") != now:
            yield FileFact(sender, instance.pk, name, was or "", now, instance)


def after_delete(tables: Watching, sender: Any, instance: Any) -> Iterator[Any]:
    """What the deletion of an object means."""
    for field in tables.owners.get(sender, ()):
        if field.model is None:
            name = getattr(instance, field.name).name or ""
            if name:
                yield FileFact(sender, instance.pk, field.name, name, "", _kept(instance, field.name, name))
            continue
        keys = frozenset(group.key for group in field.groups)
        for pk in _pks(sender, field, instance):
            yield ImageFact(model=field.model, pk=pk, about="field", was=keys)


def _repointed(
    model: Any, fields: list[OwnerField], tables: Watching, sender: Any, instance: Any, using: str
) -> Iterator[ImageFact]:
    """
    The images that a save puts into groups or takes out of them.

    The query that finds the image a field named so far reads all that there is to know of it and of the new
    one, so that nothing is left to be read if nothing else happens to them.
    """
    where = Q(pk__in=[])
    extra: dict[str, Any] = {}
    for index, field in enumerate(fields):
        column = sender._meta.get_field(field.name)
        target = column.target_field.name
        here = Exists(
            column.model._base_manager.filter(
                pk=_pk_in(column.model, instance), **{field.name: OuterRef(target)}
            )
        )
        extra[f"named_{index}"] = here
        where |= Q(here)
        value = getattr(instance, column.attname)
        if value is not None:
            where |= Q(**{target: value})
        for number, group in enumerate(field.groups):
            extra[f"elsewhere_{index}_{number}"] = _named_elsewhere(group, instance, target)
    read = read_images(model, tables.images.get(model, ()), where, using=using, extra=extra)
    for seen in read.seen:
        values = read.extra[seen.image.pk]
        joins: set[str] = set()
        leaves: set[str] = set()
        foreseeable = True
        for index, field in enumerate(fields):
            column = sender._meta.get_field(field.name)
            value = getattr(instance, column.attname)
            named = value is not None and column.target_field.to_python(value) == getattr(
                seen.image, column.target_field.attname
            )
            if named == values[f"named_{index}"]:
                continue
            for number, group in enumerate(field.groups):
                foreseeable = foreseeable and type(group) is ImageFieldSourceGroup
                inside = named or values[f"elsewhere_{index}_{number}"]
                (joins if inside else leaves).add(group.key)
        if joins or leaves:
            then = replace(seen.now, groups=(seen.now.groups - leaves) | joins)
            yield ImageFact(
                model=model,
                pk=seen.image.pk,
                about="field",
                before=seen.state or seen.now,
                after=Seen(seen.image, then, seen.state, seen.unknown) if foreseeable else None,
            )


def _named_elsewhere(group: Any, instance: Any, target: str) -> Any:
    """Whether another object than this one names the image for the group."""
    if not isinstance(group, ImageFieldSourceGroup):
        return Value(False, output_field=BooleanField())
    named = Q(pk__in=[])
    for table in tables_of(group.holder, group.field):
        rows = table._default_manager.filter(**{group.field: OuterRef(target)})
        if isinstance(instance, table):
            rows = rows.exclude(pk=_pk_in(table, instance))
        named |= Q(Exists(rows))
    return Case(When(named, then=Value(True)), default=Value(False))


def _pk_in(table: Any, instance: Any) -> Any:
    """The key of an object in the table of one of its parents."""
    return getattr(instance, table._meta.pk.attname)


def _pks(sender: Any, field: OwnerField, instance: Any) -> list[Any]:
    """Primary keys of the images a field of an object names: one or none. No query, unless it names by other means."""
    column = sender._meta.get_field(field.name)
    value = instance.__dict__.get(column.attname)
    if value is None:
        return []
    if column.target_field.primary_key:
        return [column.target_field.to_python(value)]
    images: Any = field.model
    return list(images._base_manager.filter(**{column.target_field.name: value}).values_list("pk", flat=True))


def _is_saved(sender: Any, field: OwnerField, instance: Any, update_fields: Any) -> bool:
    column = sender._meta.get_field(field.name)
    if update_fields is not None and not {column.name, column.attname} & set(update_fields):
        return False
    # What has not been loaded is not written.
    return column.attname in instance.__dict__


def _kept(instance: Any, name: str, file_name: str) -> Any:
    """A copy that outlasts the deletion: Django takes the primary key from the object itself."""
    kept = copy.copy(instance)
    # The file of a copy would go on belonging to the original.
    kept.__dict__[name] = file_name
    return kept
