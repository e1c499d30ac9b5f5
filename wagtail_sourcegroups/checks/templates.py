"""A check of what templates ask for, for sites that want it: it reads all of them."""

from __future__ import annotations

from typing import Any

from django.core import checks

from .. import conf
from ..exceptions import SourceGroupsError
from ..registry import get_registry
from .said import identified, settings_are_right

#: Places that a message names.
SHOWN = 3

_STORED = "Specs that admins have stored are known to manage.py findspecs, and not here, where no database is asked."


def check_templates(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Knows the specs of code alone, and asks no database: since Django 6.1 every check is given its aliases."""
    if not settings_are_right() or not conf.get("CHECK_TEMPLATES"):
        return []
    # Who does not want it is not to wait for what it imports.
    from ..findspecs.report import report
    from ..findspecs.scan import scan

    try:
        found = report(scan(), get_registry().specs)
    except SourceGroupsError:
        # E003 says it.
        return []
    return [
        *(_near(asked) if asked.near else _uncovered(asked) for asked in found.uncovered),
        *map(_unknown, found.unknown),
    ]


def _uncovered(asked: Any) -> checks.CheckMessage:
    return checks.Warning(
        f"No spec covers {asked.filter_spec!r}, which is asked for at {_places(asked)}.",
        hint=f"manage.py findspecs --as-hook writes a spec that does. {_STORED}",
        id=identified("W007"),
    )


def _near(asked: Any) -> checks.CheckMessage:
    ids = " and ".join(map(repr, asked.near))
    return checks.Warning(
        f"{asked.filter_spec!r}, which is asked for at {_places(asked)}, is almost what the spec {ids} makes, and to "
        "Wagtail another rendition.",
        hint="Write the operations of both alike, in the same order.",
        id=identified("W008"),
    )


def _unknown(unknown: Any) -> checks.CheckMessage:
    use = unknown.use
    meant = f"Did you mean {' or '.join(map(repr, unknown.near))}?" if unknown.near else "Register it."
    return checks.Warning(
        f"The tag {use.tag!r} at {use.place} names the spec {use.spec_id!r}, which is not registered.",
        hint=f"{meant} {_STORED}",
        id=identified("W010"),
    )


def _places(asked: Any) -> str:
    places = list(dict.fromkeys(use.place for use in asked.uses))
    more = len(places) - SHOWN
    return ", ".join(places[:SHOWN]) + (f" and {more} more" if more > 0 else "")
