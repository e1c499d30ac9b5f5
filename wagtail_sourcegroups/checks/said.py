"""What all checks share: their tag, ids and hints."""

from __future__ import annotations

from django.conf import settings

from .. import conf

TAG = "sourcegroups"


def identified(number: str) -> str:
    """``wagtail_sourcegroups.E001`` for ``E001``."""
    return f"wagtail_sourcegroups.{number}"


def registered_at(location: str, before: str = "") -> str | None:
    """A hint that ends with where something was registered, if anybody knows."""
    return " ".join(filter(None, (before, f"Registered at {location}." if location else ""))) or None


def settings_are_right() -> bool:
    """Whether ``WAGTAIL_SOURCEGROUPS`` can be read; where it cannot, E001 says so, and no other check needs to."""
    return not conf.complaints(getattr(settings, conf.SETTING, {}))
