"""
Reading what admins have stored: specs and assignments, as the registry takes them. Asks the database.

Models are imported where they are asked, since the registry may be imported before there are any.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import connections, router
from django.db.models import Subquery

from .exceptions import SourceGroupsError
from .sourcegroups import CollectionSourceGroup, ImageModelSourceGroup
from .sourcegroups.base import SourceGroup
from .specs import RenditionSpec

#: Where something stored was registered, in the place of ``file:line``.
LOCATION = "the admin"


@dataclass(frozen=True)
class Stored:
    """What was stored at one ``version``: specs, (spec id, group) pairs, and one sentence for each that cannot work."""

    version: uuid.UUID | None = None
    specs: tuple[RenditionSpec, ...] = ()
    groups: tuple[tuple[str, SourceGroup], ...] = ()
    problems: tuple[str, ...] = ()


NOTHING = Stored()

_migrated: set[str] = set()


def version() -> uuid.UUID | None:
    """Which changes with anything stored; ``None`` while there never was anything, or no table. One query."""
    from .models import StoredVersion

    if not is_migrated():
        return None
    found: uuid.UUID | None = StoredVersion.objects.values_list("token", flat=True).filter(pk=1).first()
    return found


def version_column() -> Subquery:
    """The same, to be read along with rows of the database that :func:`can_be_joined`."""
    from .models import StoredVersion

    return Subquery(StoredVersion.objects.filter(pk=1).values("token")[:1])


def can_be_joined(using: str) -> bool:
    """Whether our tables are there, in this database."""
    from .models import StoredVersion

    return router.db_for_write(StoredVersion) == using and is_migrated()


def read(at: uuid.UUID | None) -> Stored:
    """
    What is stored now. ``at`` is the version that was read before it, so that a change in between is noticed the
    next time. Two queries.
    """
    from .models import Assignment, StoredSpec

    if at is None:
        return NOTHING
    specs, problems = [], []
    for row in StoredSpec.objects.all():
        try:
            specs.append(row.as_spec())
        except SourceGroupsError as error:
            problems.append(str(error))
    assigned = Assignment.objects.values_list("spec_id", "collection_id", "image_model")
    groups = [(spec_id, group_of(collection, model)) for spec_id, collection, model in assigned]
    return Stored(at, tuple(specs), tuple(groups), tuple(problems))


def group_of(collection: int | None, image_model: str = "") -> SourceGroup:
    """The group that an assignment is about."""
    if collection is not None:
        return CollectionSourceGroup(collection)
    image_model = image_model.lower()
    return ImageModelSourceGroup(None if image_model == _site_image_model() else image_model)


def _site_image_model() -> str:
    from wagtail.images import get_image_model_string

    return get_image_model_string().lower()


def is_migrated() -> bool:
    """Whether our tables are there. Asked until they are, and only then is it certain for good."""
    from .models import StoredVersion

    using = router.db_for_write(StoredVersion)
    if (
        using not in _migrated
        and StoredVersion._meta.db_table in connections[using].introspection.table_names()
    ):
        _migrated.add(using)
    return using in _migrated
