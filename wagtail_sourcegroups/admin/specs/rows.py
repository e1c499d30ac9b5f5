"""The listing's rows: specs that admins have defined, and those of code beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Max
from django.utils.translation import gettext as _
from wagtail.models import ModelLogEntry

from ...coverage import Figures
from ...exceptions import SourceGroupsError
from ...models import StoredSpec
from ...registry import Registry
from ...specs import RenditionSpec
from ..reports.kept import Kept, kept_for
from .code import where
from .uses import Uses, uses
from .when import briefly


@dataclass
class Row:
    """
    A spec; ``stored`` where an admin has defined it, ``where`` where code has. ``figures`` are those last counted;
    ``uncounted`` says why there are none, ``problem`` what is wrong with the spec.
    """

    id: str
    label: str
    filters: tuple[str, ...]
    description: str
    when: str
    uses: Uses
    stored: StoredSpec | None = None
    where: str = ""
    figures: Figures | None = None
    uncounted: str = ""
    problem: str = ""

    def __str__(self) -> str:
        return self.label

    def matches(self, query: str) -> bool:
        """Whether somebody may be looking for it with this."""
        said = [self.id, self.label, self.description, *self.filters]
        return all(any(word in each.lower() for each in said) for word in query.lower().split())


def rows(user: Any, registry: Registry) -> list[Row]:
    """All of them, by name. Five queries besides permissions."""
    stored = list(StoredSpec.objects.all())
    used, kept, changed = uses(user, registry), kept_for(user), _changes()
    found = [_admins(row, registry, used.get(row.spec_id, Uses())) for row in stored]
    found += [
        _codes(spec, registry, used.get(spec.id, Uses()))
        for spec in registry.specs.values()
        if not registry.is_stored(spec.id)
    ]
    for row in found:
        _count(row, kept, changed.get(str(row.stored.pk)) if row.stored is not None else None)
    return sorted(found, key=lambda row: (row.label.lower(), row.id, row.stored is None))


def _codes(spec: RenditionSpec, registry: Registry, mine: Uses) -> Row:
    return Row(
        spec.id,
        str(spec),
        spec.filters,
        str(spec.description),
        briefly(spec.strategy),
        mine,
        where=where(registry.location(spec.id)),
    )


def _admins(row: StoredSpec, registry: Registry, mine: Uses) -> Row:
    spec, problem = None, ""
    try:
        spec = row.as_spec()
    except SourceGroupsError as error:
        problem = str(error)
    if not problem and not registry.is_stored(row.spec_id):
        problem = _("Code has set this id since: the one in code counts.")
        mine = Uses()
    return Row(
        row.spec_id,
        str(row),
        spec.filters if spec is not None else (),
        row.description,
        briefly(spec.strategy if spec is not None else None),
        mine,
        stored=row,
        problem=problem,
    )


def _count(row: Row, kept: Kept, changed_at: datetime | None) -> None:
    """Figures that are of the spec as it is now."""
    if row.problem or not row.uses:
        return
    if not row.uses.are_images:
        row.uncounted = _("Groups of files are not counted")
    elif kept.counted_at is None or not any(spec_id == row.id for spec_id, _group in kept.counted):
        row.uncounted = _("Not counted yet")
    elif changed_at is not None and changed_at > kept.counted_at:
        row.uncounted = _("Changed since it was counted")
    else:
        row.figures = kept.of(row.id)


def _changes() -> dict[str, datetime]:
    """When each stored spec was last changed in the admin, by the text of its key. One query."""
    entries = ModelLogEntry.objects.filter(content_type=ContentType.objects.get_for_model(StoredSpec))
    changed = entries.filter(action__in=("wagtail.create", "wagtail.edit"))
    return dict(changed.order_by().values_list("object_id").annotate(Max("timestamp")))
