"""What the database knows of images: their rows, the groups they are in and how they were, in one query."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

from django.db import DatabaseError, connections, router, transaction
from django.db.models import (
    Case,
    CharField,
    Expression,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Cast, JSONObject

from .. import stored
from ..exceptions import CollectionNotFound, SourceGroupsError
from ..generation.failures import group_failed
from ..generation.progress import Failed
from ..generation.state import STATE_COLUMNS, Snapshot, content_type_of, read_states, snapshot_of
from ..models import SourceState
from ..registry import get_registry
from ..sourcegroups.base import QuerySetSourceGroup, nothing
from ..sourcegroups.collections import CollectionSourceGroup
from ..sourcegroups.lookups import row_condition
from ..sourcegroups.placement import Placement, is_placed
from ..sourcegroups.tree import Node, Tree, stamp, tree_of
from .facts import Seen
from .watching import watching

logger = logging.getLogger("wagtail_sourcegroups")


class NotMigrated(SourceGroupsError):
    """The tables that this needs are not there yet."""


class Read(NamedTuple):
    """Images, values asked for besides (by primary key), and the groups that could not be asked."""

    seen: list[Seen]
    extra: dict[Any, dict[str, Any]]
    failed: list[Failed]


def read_images(
    model: type,
    groups: Sequence[QuerySetSourceGroup],
    where: Q,
    *,
    using: str,
    limit: int | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Read:
    """
    The images of ``model`` that meet ``where``, by primary key, each with the ``groups`` it is in. One query, and
    another where the tree of collections is not as this process has read it last.

    A group that cannot be asked costs the others nothing: it is left out, and among what ``failed``. Raises
    :exc:`NotMigrated` while a table is missing, and ``DatabaseError`` if it is not a group's fault.
    """
    placed = [group for group in groups if is_placed(group)]
    conditions, failed = _conditions(group for group in groups if not is_placed(group))
    try:
        return _read(model, placed, conditions, failed, where, using, limit, extra or {})
    except (DatabaseError, TypeError, ValueError, SourceGroupsError) as error:
        _require_tables(model, using, error)
        sound = {}
        for group, condition in conditions.items():
            try:
                _read(model, (), {group: condition}, [], where, using, 1, {})
            except (DatabaseError, TypeError, ValueError, SourceGroupsError) as cause:
                failed.append(group_failed(group.key, group.label, [], cause))
            else:
                sound[group] = condition
        if len(sound) == len(conditions):
            raise
        return _read(model, placed, sound, failed, where, using, limit, extra or {})


def _conditions(
    groups: Iterable[QuerySetSourceGroup],
) -> tuple[dict[QuerySetSourceGroup, Any], list[Failed]]:
    conditions: dict[QuerySetSourceGroup, Any] = {}
    failed = []
    for group in groups:
        condition = row_condition(group)
        if condition == nothing():
            # Empty because it says so, because its collection is not there, or because it is broken?
            try:
                group.get_queryset()
            except CollectionNotFound:
                pass
            except Exception as error:  # noqa: BLE001 - code of the site, and this is how it is reported
                failed.append(group_failed(group.key, group.label, [], error))
                continue
        conditions[group] = condition
    return conditions, failed


def _read(
    model: Any,
    placed: Sequence[QuerySetSourceGroup],
    conditions: Mapping[QuerySetSourceGroup, Any],
    failed: list[Failed],
    where: Q,
    using: str,
    limit: int | None,
    extra: Mapping[str, Any],
) -> Read:
    everywhere = {group.key for group, condition in conditions.items() if condition is None}
    asked = {
        f"sourcegroups_{index}": (group.key, _as_expression(condition))
        for index, (group, condition) in enumerate(conditions.items())
        if condition is not None and condition != nothing()
    }
    annotations = {name: expression for name, (_, expression) in asked.items()}
    of_collections = [group for group in (*placed, *conditions) if isinstance(group, CollectionSourceGroup)]
    if of_collections:
        annotations["sourcegroups_stamp"] = stamp()
    with_version = stored.can_be_joined(using)
    if with_version:
        annotations["sourcegroups_version"] = stored.version_column()
    with_state = _state_can_be_joined(model, using)
    if with_state:
        annotations["sourcegroups_state"] = _state_of(model)
    rows = (
        model._base_manager.using(using).filter(where).annotate(**annotations, **extra).order_by("pk")[:limit]
    )
    connection = connections[using]
    # What fails in a transaction that is going on must not spoil it.
    with transaction.atomic(using=using) if connection.in_atomic_block else nullcontext():
        images = list(rows)
    states = {} if with_state or not images else read_states(model, [image.pk for image in images])
    if images and with_version:
        get_registry().notice(images[0].__dict__["sourcegroups_version"])
    elif images:
        get_registry().refresh()
    tree: Tree[Node] = Tree(())
    if images and of_collections:
        tree = tree_of(images[0].__dict__["sourcegroups_stamp"], using)
        # Of a group whose collection is not there no image is in it, which nobody may have meant.
        missing = [group for group in of_collections if group.among(tree) is None]
        _say_what_is_missing(missing, of_collections)
    placement = Placement(placed, tree)
    unknown = frozenset(each.source_key.removeprefix("group:") for each in failed)
    seen = []
    extras = {}
    for image in images:
        values = image.__dict__
        keys = everywhere | {key for name, (key, _) in asked.items() if values.pop(name)}
        keys |= {placed[number].key for number in placement.of(image.collection_id)}
        state = _snapshot(values.pop("sourcegroups_state", None)) if with_state else states.get(str(image.pk))
        for name in ("sourcegroups_stamp", "sourcegroups_version"):
            values.pop(name, None)
        extras[image.pk] = {name: values.pop(name) for name in extra}
        seen.append(Seen(image, snapshot_of(image, keys), state, unknown))
    return Read(seen, extras, failed)


def _say_what_is_missing(
    missing: Sequence[CollectionSourceGroup], asked: Iterable[CollectionSourceGroup]
) -> None:
    """Log each group without a collection once, and again if it goes a second time."""
    said = watching().missing
    said -= {group.key for group in asked} - {group.key for group in missing}
    for group in missing:
        if group.key not in said:
            said.add(group.key)
            try:
                group.resolve()
            except CollectionNotFound as error:
                logger.warning("%s The source group %s is empty until then.", error, group.key)


def _as_expression(condition: Any) -> Any:
    if isinstance(condition, Expression):
        return condition
    return Case(When(condition, then=Value(True)), default=Value(False))


def _state_of(model: type) -> Subquery:
    state = SourceState.objects.filter(
        content_type_id=content_type_of(model).pk, object_id=Cast(OuterRef("pk"), CharField(max_length=64))
    )
    return Subquery(state.values(kept=JSONObject(**{name: name for name in STATE_COLUMNS}))[:1])


def _snapshot(kept: Any) -> Snapshot | None:
    if kept is None:
        return None
    values = {name: kept[name] for name in STATE_COLUMNS}
    for name in ("groups", "stale"):
        # A database without a JSON type of its own gives JSON within JSON as text.
        listed = json.loads(values[name]) if isinstance(values[name], str) else values[name]
        values[name] = frozenset(listed) if name == "groups" else tuple(listed)
    return Snapshot(**values)


def _state_can_be_joined(model: Any, using: str) -> bool:
    """Whether the database writes a primary key as Python does, and has both tables."""
    key = model._meta.pk
    while key.remote_field is not None:
        key = key.target_field
    written_alike = isinstance(key, (IntegerField, CharField)) or (
        isinstance(key, UUIDField) and connections[using].features.has_native_uuid_field
    )
    return written_alike and router.db_for_read(SourceState) == using


def _require_tables(model: Any, using: str, error: Exception) -> None:
    """Raises :exc:`NotMigrated` if that is what the error comes from."""
    for table, alias in (
        (SourceState._meta.db_table, router.db_for_read(SourceState)),
        (model._meta.db_table, using),
    ):
        connection = connections[alias]
        with transaction.atomic(using=alias) if connection.in_atomic_block else nullcontext():
            if table not in connection.introspection.table_names():
                raise NotMigrated(f"The table {table} is not there yet; run migrate.") from error
