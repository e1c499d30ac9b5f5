"""Wagtail's own admin: its templates, the sizes in which it shows images, and a spec that makes them ahead of time."""

from __future__ import annotations

import os
from functools import cache

import wagtail
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from .. import conf
from ..sourcegroups import ImageModelSourceGroup
from ..specs import RenditionSpec

ADMIN_ID = "wagtail:admin"

#: What Wagtail 7.4 and 8.0 ask for; a test reads their templates again.
ADMIN_FILTERS = (
    # The listing, choosers, and comparing revisions.
    "max-165x165",
    # Editing, deleting and choosing a format.
    "max-800x600",
    # Editing, for the dimensions of what visitors get.
    "original",
    # An upload of something that is there already.
    "max-150x150",
    # Looking at an object that has an image.
    "max-400x400",
)


def admin_specs() -> list[RenditionSpec]:
    """The spec ``wagtail:admin``, where the settings ask for it."""
    if conf.complaints(getattr(settings, conf.SETTING, {})) or not conf.get("ADMIN_SPEC"):
        # What is wrong with the settings is for the check to say.
        return []
    return [
        RenditionSpec(
            ADMIN_ID,
            ADMIN_FILTERS,
            label=_("Wagtail's own admin"),  # type: ignore[arg-type]
            description=_(  # type: ignore[arg-type]
                "The sizes in which the image listing, choosers and forms show an image."
            ),
        )
    ]


def admin_groups() -> list[tuple[str, ImageModelSourceGroup]]:
    """Its source group: every image of the site's model."""
    return [(spec.id, ImageModelSourceGroup()) for spec in admin_specs()]


def is_own_template(path: str) -> bool:
    """Whether a file is a template that came with Wagtail. Its Python speaks for the site: of rich text, for one."""
    return os.path.realpath(path).startswith(_directory() + os.sep) and not path.endswith(".py")


@cache
def _directory() -> str:
    return os.path.dirname(os.path.realpath(wagtail.__file__))
