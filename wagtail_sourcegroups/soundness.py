"""Which groups of images can be asked who is in them, found out before they are walked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connections, router, transaction
from django.db.models import Model

from .memberships import inside
from .sourcegroups import CollectionSourceGroup
from .sourcegroups.base import QuerySetSourceGroup
from .sourcegroups.placement import is_placed
from .sourcegroups.tree import LatestTree

#: Groups that are tried with one query.
AT_ONCE = 100


@dataclass
class Found:
    """The groups that can be asked, and those whose model has no table yet, so that nobody is in them."""

    sound: list[QuerySetSourceGroup] = field(default_factory=list)
    empty: list[QuerySetSourceGroup] = field(default_factory=list)


def look_at(
    groups: Iterable[QuerySetSourceGroup],
    latest: LatestTree,
    fail: Callable[[QuerySetSourceGroup, Exception], None],
) -> Found:
    """
    What can be asked of some groups; ``fail`` is told of each that cannot say who is in it, and why.

    One query for all groups of collections, which ``latest`` keeps, and one for the others of a model; where some of
    these cannot be asked, one for each.
    """
    found = Found()
    trying: dict[type[Model], list[QuerySetSourceGroup]] = {}
    tables: dict[str, frozenset[str]] = {}
    for group in groups:
        with _costing_no_other(group, fail):
            if not _has_table(group.model, tables):
                found.empty.append(group)
            elif is_placed(group):
                if isinstance(group, CollectionSourceGroup) and group.among(latest.now()) is None:
                    # Says why.
                    group.resolve()
                found.sound.append(group)
            else:
                group.resolve()
                trying.setdefault(group.model, []).append(group)
    for alike in trying.values():
        for first in range(0, len(alike), AT_ONCE):
            found.sound += _tried(alike[first : first + AT_ONCE], fail)
    return found


def _has_table(model: type[Model], tables: dict[str, frozenset[str]]) -> bool:
    using = router.db_for_read(model)
    if using not in tables:
        tables[using] = frozenset(connections[using].introspection.table_names())
    return model._meta.db_table in tables[using]


def _tried(
    groups: Sequence[QuerySetSourceGroup], fail: Callable[[QuerySetSourceGroup, Exception], None]
) -> list[QuerySetSourceGroup]:
    """Those of some groups of one model that the database can be asked about."""
    try:
        _try(groups)
    except Exception:  # noqa: BLE001 - code of the site, and one of them is to blame
        sound = []
        for group in groups:
            with _costing_no_other(group, fail):
                _try([group])
                sound.append(group)
        return sound
    return list(groups)


def _try(groups: Sequence[QuerySetSourceGroup]) -> None:
    """Ask the database for one row: what is wrong with a site's query shows only then."""
    model = groups[0].model
    with transaction.atomic(using=router.db_for_read(model)):
        columns = {f"in_group_{number}": inside(group) for number, group in enumerate(groups)}
        model._base_manager.annotate(**columns).values_list(*columns).first()


@contextmanager
def _costing_no_other(
    group: QuerySetSourceGroup, fail: Callable[[QuerySetSourceGroup, Exception], None]
) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - code of the site
        fail(group, error)
