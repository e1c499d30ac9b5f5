"""Checks of specs and groups: what contradicts itself, names what does not exist, or leads to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core import checks
from django.db import DatabaseError
from wagtail.images.exceptions import InvalidFilterSpecError
from wagtail.images.image_operations import FormatOperation

from ..exceptions import SourceGroupsError
from ..generation.wanted import parsed
from ..registry import Registry, get_registry
from ..rendering.encoders import can_write
from ..specs import RenditionSpec
from ..strategies import callback
from .said import identified, registered_at


def check_registrations(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    registry = get_registry()
    try:
        problems = registry.problems
    except SourceGroupsError as error:
        return [checks.Error(str(error), id=identified("E003"))]
    found: list[checks.CheckMessage] = [
        checks.Error(problem.message, hint=registered_at(problem.location), id=identified("E004"))
        for problem in problems
    ]
    return [*found, *_group_problems(registry, database=False), *_encoder_problems(registry)]


def check_groups_in_database(
    app_configs: Any = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterable[checks.CheckMessage]:
    if not databases:
        return []
    try:
        registry = get_registry().refresh()
        return [*_group_problems(registry, database=True), *_unused_specs(registry)]
    except (SourceGroupsError, DatabaseError):
        # The first is E003's to say; the second says that nothing is migrated yet.
        return []


def _group_problems(registry: Registry, *, database: bool) -> list[checks.CheckMessage]:
    message, id_ = (checks.Warning, "W001") if database else (checks.Error, "E005")
    known: set[str] = set()
    found: list[checks.CheckMessage] = []
    for group in registry.groups:
        sentences = group.problems(database=database)
        if database:
            known = set(group.problems(database=False))
        found += [
            message(sentence, hint=registered_at(registry.location(group)), id=identified(id_))
            for sentence in sentences
            if sentence not in known
        ]
    return found


def _encoder_problems(registry: Registry) -> list[checks.CheckMessage]:
    """A warning: another server may have the encoder, and this one show what that has made."""
    return [
        checks.Warning(
            f"The spec {spec.id!r} asks for {name.upper()}, which this server cannot write.",
            hint=registered_at(
                registry.location(spec.id),
                "Install Pillow with AVIF, or pillow-heif for HEIC; without it each such rendition is a failure.",
            ),
            id=identified("W005"),
        )
        for spec in registry.specs.values()
        for name in _formats(spec)
        if not can_write(name)
    ]


def _formats(spec: RenditionSpec) -> list[str]:
    found: dict[str, None] = {}
    for filter_spec in spec.filters:
        try:
            operations = parsed(filter_spec.replace("|preserve-svg", "")).operations
        except (InvalidFilterSpecError, TypeError, ValueError):
            # E004 says it.
            continue
        found.update({each.format: None for each in operations if isinstance(each, FormatOperation)})
    return list(found)


def _unused_specs(registry: Registry) -> list[checks.CheckMessage]:
    """Groups may be bound by admins as well: only the database knows. What is made when it is asked for needs none."""
    bound = {binding.spec.id for binding in registry.bindings}
    return [
        checks.Warning(
            f"No source group is bound to the spec {spec.id!r}, so nothing is made for it.",
            hint=registered_at(
                registry.location(spec.id),
                "Bind one with register.source_group, assign the spec in the admin under Renditions, Assignments, "
                "or give it the strategy JustInTime.",
            ),
            id=identified("W006"),
        )
        for spec in registry.specs.values()
        if spec.id not in bound
        and not any(
            callback(spec.strategy, name) for name in ("on_existence_required", "on_content_required")
        )
    ]
