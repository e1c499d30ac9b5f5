"""The rows of the panel "Renditions" on the pages that add and edit a collection."""

from __future__ import annotations

from collections.abc import Collection as Several
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from wagtail.images import get_image_model
from wagtail.models import Collection

from ...coverage import Figures
from ...registry import get_registry
from ...specs import RenditionSpec
from .. import access
from ..groups import names_of
from ..reports.kept import Kept, kept_for
from ..specs.when import briefly
from .assigned import Assigned, image_model_of, read_assigned
from .places import Place
from .ticks import NOTHING, Ticks, ticked_before
from .tree import Node
from .wording import by_name, names_in_words, origin_in_words


@dataclass(frozen=True)
class Row:
    """
    One spec. ``origin`` says why it applies where that is not for this page to change; ``below`` names the collections
    below which it would, and ``some`` groups of images that get it in any case. ``figures`` are of this collection and
    those below it; none where they were not counted. ``to_make`` is the most that ticking would cost.
    """

    spec: RenditionSpec
    ticked: bool
    own: bool
    origin: str = ""
    below: str = ""
    some: str = ""
    figures: Figures | None = None
    to_make: int = 0

    @property
    def applies(self) -> bool:
        return self.ticked or bool(self.origin)

    @property
    def when(self) -> str:
        return briefly(self.spec.strategy)


@dataclass(frozen=True)
class Panel:
    """
    ``images`` are how many there are in the collection and below it; ``None`` if it is still to be made, or if this
    user does not see all of them. ``add_url`` is where a spec can be added, for whoever may. ``open_parent`` says that
    the parent collection is still to be chosen.
    """

    rows: tuple[Row, ...]
    may_assign: bool
    images: int | None = None
    add_url: str = ""
    open_parent: bool = False

    @property
    def ticked_before(self) -> str:
        """Which boxes are ticked as far as the database knows, and may be unticked."""
        return ticked_before(row.spec.id for row in self.rows if row.own and not row.origin)


def panel_for(user: Any, collection: Collection, ticks: Ticks = NOTHING) -> Panel:
    """For the page that edits a collection; ``ticks`` are what was asked for and could not be saved yet."""
    assigned = read_assigned(get_registry())
    node = assigned.tree.node(collection.pk) or Node(collection.pk, collection.name, collection.path)
    above = [each.pk for each in (*assigned.tree.above(node), node)]
    known = access.known_collections(user).filter(pk__in=above).values_list("pk", flat=True)
    rows = _rows(user, assigned, node, set(known), ticks)
    images = None
    if access.collections_seen_whole(user).filter(pk=collection.pk).exists():
        images = access.visible_images(user).filter(collection__path__startswith=collection.path).count()
        kept = kept_for(user, collection)
        rows = [_with_figures(row, images, kept) for row in rows]
    may_assign = access.assignable_collections(user).filter(pk=collection.pk).exists()
    return Panel(_shown(rows, may_assign), may_assign, images, add_url=_add_url(user))


def panel_for_new(
    user: Any, parents: QuerySet[Collection], parent: Collection | None, ticks: Ticks = NOTHING
) -> Panel:
    """For the page that adds a collection: below ``parent`` if that is known, else below one of ``parents``."""
    assigned = read_assigned(get_registry())
    tree = assigned.tree
    offered = set(parents.values_list("pk", flat=True)) if parent is None else {parent.pk}
    # Of all others it is known that they are below the root.
    node = next((each for each in tree.nodes if offered == {each.pk}), tree.nodes[0])
    known = set(access.known_collections(user).values_list("pk", flat=True))
    rows = _rows(user, assigned, tree.child_of(node), known, ticks)
    open_parent = len(offered) > 1
    if open_parent:
        rows = [
            row if row.origin else replace(row, below=_below(row.spec, assigned, offered)) for row in rows
        ]
    may_assign = access.assignable_collections(user).filter(pk__in=offered).exists()
    return Panel(_shown(rows, may_assign), may_assign, add_url=_add_url(user), open_parent=open_parent)


def _rows(user: Any, assigned: Assigned, node: Node, known: Several[Any], ticks: Ticks) -> list[Row]:
    """What applies comes first."""
    groups = [group for mine in assigned.coded.some.values() for group in mine]
    names = names_of(groups, access.known_collections(user))
    rows = []
    for spec in by_name(get_registry()):
        origin = assigned.origin(spec.id, node)
        own = assigned.is_own(spec.id, Place(node.pk))
        rows.append(
            Row(
                spec,
                ticked=spec.id in ticks.added or (own and spec.id not in ticks.removed),
                own=own,
                origin="" if origin is None else origin_in_words(origin, known),
                some=names_in_words([str(names[g.key]) for g in assigned.coded.some.get(spec.id, ())]),
            )
        )
    return sorted(rows, key=lambda row: not (row.own or row.origin))


def _with_figures(row: Row, images: int, kept: Kept) -> Row:
    figures = kept.of(row.spec.id) if row.applies and _is_counted(row.spec, kept) else None
    return replace(row, figures=figures, to_make=images * len(row.spec.filters))


def _below(spec: RenditionSpec, assigned: Assigned, offered: Several[Any]) -> str:
    """The collections below which a new one would get the spec: the topmost of each branch that may be chosen."""
    tree = assigned.tree
    names = [
        node.name
        for node in tree.nodes
        if node.pk in offered
        and assigned.comes_from(spec.id, node)
        and not any(assigned.comes_from(spec.id, above) for above in tree.above(node))
    ]
    return names_in_words(names)


def _is_counted(spec: RenditionSpec, kept: Kept) -> bool:
    """Whether the kept figures are of all images that the spec is bound to now."""
    return all(
        (spec.id, binding.group.key) in kept.counted or binding.group.key in kept.unknown
        for binding in get_registry().bindings
        if binding.spec.id == spec.id and image_model_of(binding.group) is get_image_model()
    )


def _shown(rows: list[Row], may_assign: bool) -> tuple[Row, ...]:
    """Whoever may not assign is shown what applies, and no boxes."""
    return tuple(row for row in rows if may_assign or row.applies)


def _add_url(user: Any) -> str:
    return reverse("sourcegroups_specs:add") if access.may_define(user, "add") else ""
