"""``--list``: what is registered, for people and for programs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from ..exceptions import SourceGroupsError
from ..registry import Registry
from ..sourcegroups.base import SourceGroup
from ..specs import RenditionSpec
from ..strategies import default_strategy
from .wording import filter_in_words


def described(registry: Registry, specs: Sequence[RenditionSpec]) -> dict[str, Any]:
    """The specs with their groups, and everything that is wrong with either, as plain data."""
    by_spec: dict[str, list[SourceGroup]] = {}
    for spec, group in registry.bindings:
        by_spec.setdefault(spec.id, []).append(group)
    groups = dict.fromkeys(group for spec in specs for group in by_spec.get(spec.id, ()))
    return {
        "specs": [
            {
                "id": spec.id,
                "label": str(spec.label),
                "description": str(spec.description),
                "filters": [{"filter_spec": each, "size": filter_in_words(each)} for each in spec.filters],
                "strategy": strategy_name(spec),
                "groups": [{"key": group.key, "label": _label(group)} for group in by_spec.get(spec.id, ())],
                "location": relative(registry.location(spec.id)),
            }
            for spec in specs
        ],
        "problems": [
            *(f"{problem.message} ({relative(problem.location)})" for problem in registry.problems),
            *dict.fromkeys(problem for group in groups for problem in _problems(group)),
        ],
    }


def listing(data: dict[str, Any], *, style: Any) -> list[str]:
    """The lines for people."""
    lines: list[str] = []
    for spec in data["specs"]:
        lines.append(style.MIGRATE_HEADING(spec["id"]) + (f"  {spec['label']}" if spec["label"] else ""))
        if spec["description"]:
            lines.append(f"  {spec['description']}")
        width = max(len(each["size"]) for each in spec["filters"])
        lines += _under(
            "sizes", [f"{each['size']:<{width}}  {each['filter_spec']}" for each in spec["filters"]]
        )
        lines += _under("strategy", [spec["strategy"]])
        lines += _under(
            "groups", [group["label"] for group in spec["groups"]] or ["none: nothing is made for it"]
        )
        lines += _under("from", [spec["location"]] if spec["location"] else [])
        lines.append("")
    if not data["specs"]:
        lines += ["No spec is registered; see register.spec in the documentation.", ""]
    if data["problems"]:
        lines.append(style.ERROR("Problems"))
        lines += [f"  {problem}" for problem in data["problems"]]
        lines.append("")
    return lines[:-1]


def strategy_name(spec: RenditionSpec) -> str:
    """A strategy by its class, and whether it is the site's default."""
    if spec.strategy is not None:
        return type(spec.strategy).__name__
    try:
        return f"{type(default_strategy()).__name__} (default)"
    except SourceGroupsError as error:
        return str(error)


def _label(group: SourceGroup) -> str:
    try:
        return str(group.label)
    except Exception as error:  # noqa: BLE001 - of a site's own group; the list names it all the same
        return f"{group.key} ({error})"


def _problems(group: SourceGroup) -> list[str]:
    try:
        return group.problems(database=True)
    except Exception as error:  # noqa: BLE001 - as above
        return [f"{group.key}: {error}"]


def _under(name: str, values: Sequence[str]) -> list[str]:
    return [f"  {name if not index else '':<9} {value}" for index, value in enumerate(values)]


def relative(location: str) -> str:
    """A location from the working directory, where it is below it."""
    relative = os.path.relpath(location) if os.path.isabs(location) else location
    return location if relative.startswith("..") else relative
