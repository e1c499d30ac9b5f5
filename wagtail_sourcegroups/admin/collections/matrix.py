"""All assignments as a matrix: all images and collections down, as a tree, and specs across."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from ...registry import get_registry
from ...specs import RenditionSpec
from .. import access
from ..groups import names_of
from .assigned import Origin, read_assigned
from .places import Change, Place, all_images_in_words, site_images
from .tree import Node
from .wording import by_name, names_in_words, origin_in_words


@dataclass(frozen=True)
class Column:
    """A spec; ``everywhere`` if code binds it to all images, ``some`` names other groups that code binds it to."""

    spec: RenditionSpec
    everywhere: bool
    some: str


@dataclass(frozen=True)
class Cell:
    """One spec for one row. ``origin`` says why it applies where it need not be ticked."""

    change: Change
    ticked: bool
    label: str
    origin: str


@dataclass(frozen=True)
class Row:
    """
    A collection, or all images of a model. ``above`` are the names of the collections it is below; ``images`` how many
    this user sees in it, not counting those below it, and ``with_below`` counting them: what a tick here is for.
    ``path`` begins with the path of whatever it is below.
    """

    name: str
    place: Place
    images: int
    with_below: int
    may_change: bool
    above: tuple[str, ...] = ()
    path: str = ""
    cells: tuple[Cell, ...] = ()

    @property
    def icon(self) -> str:
        return "image" if self.place.collection is None else "folder-open-1"

    @property
    def edit_url(self) -> str:
        """Where the collection is edited, for whoever may."""
        if self.place.collection is None or not self.may_change:
            return ""
        return reverse("wagtailadmin_collections:edit", args=[self.place.collection])

    @property
    def in_words(self) -> str:
        """Such as "Blog › Recipes"."""
        return " › ".join((*self.above, self.name))


class Matrix:
    """
    What a user sees of it: the collections that he or she meets in the admin, but for the root collection, for which
    all images stand. The same number of queries however many there are.
    """

    def __init__(self, user: Any) -> None:
        self._specs = by_name(get_registry())
        self._assigned = read_assigned(get_registry())
        self.tree = self._assigned.tree
        self._user = user
        self._known = set(access.known_collections(user).values_list("pk", flat=True))
        self._assignable = set(access.assignable_collections(user).values_list("pk", flat=True))
        self._all_assignable = access.may_assign_to_all(user)
        by_collection = access.visible_images(user).order_by().values_list("collection").annotate(Count("pk"))
        self._images: dict[Any, int] = dict(by_collection)
        self._below = self.tree.with_those_below(self._images)
        self._others = self._other_models() if self._all_assignable else {}

    @property
    def columns(self) -> list[Column]:
        some = self._assigned.coded.some
        groups = [group for mine in some.values() for group in mine]
        names = names_of(groups, access.known_collections(self._user))
        return [
            Column(
                spec,
                self._assigned.is_in_code(spec.id, site_images()),
                names_in_words([str(names[group.key]) for group in some.get(spec.id, ())]),
            )
            for spec in self._specs
        ]

    @property
    def collections(self) -> list[Node]:
        """In the order of the tree."""
        return [node for node in self.tree.nodes if node.pk in self._known and node is not self.tree.root]

    def may_change(self, place: Place) -> bool:
        """Whether the user may assign specs there."""
        if place.collection is None:
            return self._all_assignable
        return place.collection in self._assignable

    def is_there(self, change: Change) -> bool:
        """Whether there is such a place, and such a spec."""
        spec_id, place = change
        is_place = place in (site_images(), *self._others) or place.collection in self._below
        return is_place and spec_id in get_registry().specs

    def rows_of_models(self) -> list[Row]:
        """All images: of the site's model first, then of any other that somebody has bound specs to."""
        return [
            self._row_of_all(place, images)
            for place, images in ((site_images(), sum(self._images.values())), *self._others.items())
        ]

    def rows_of(self, nodes: Iterable[Node]) -> list[Row]:
        """Of some collections."""
        return [self._row(node) for node in nodes]

    def _row(self, node: Node) -> Row:
        place = Place(node.pk)
        above = tuple(
            each.name
            for each in self.tree.above(node)
            if each.pk in self._known and each is not self.tree.root
        )
        images, with_below = self._images.get(node.pk, 0), self._below[node.pk]
        row = Row(node.name, place, images, with_below, self.may_change(place), above, node.path)
        origins = {spec.id: self._assigned.origin(spec.id, node) for spec in self._specs}
        return replace(row, cells=tuple(self._cells(row, origins)))

    def _row_of_all(self, place: Place, images: int) -> Row:
        root = self.tree.root
        path = root.path if place == site_images() and root is not None else str(place)
        row = Row(all_images_in_words(place), place, images, images, self.may_change(place), path=path)
        origins = {
            spec.id: Origin("code") if self._assigned.is_in_code(spec.id, place) else None
            for spec in self._specs
        }
        return replace(row, cells=tuple(self._cells(row, origins)))

    def _cells(self, row: Row, origins: dict[str, Origin | None]) -> Iterator[Cell]:
        for spec in self._specs:
            origin = origins[spec.id]
            yield Cell(
                Change(spec.id, row.place),
                self._assigned.is_own(spec.id, row.place),
                _("%(spec)s for %(place)s") % {"spec": spec, "place": row.in_words},
                "" if origin is None else origin_in_words(origin, self._known),
            )

    def _other_models(self) -> dict[Place, int]:
        """
        Image models beside the site's that code or an admin has bound specs to, and how many images they have. One
        query for each.
        """
        labels = {place.image_model for _spec_id, place in self._assigned.own if place.collection is None}
        found = {}
        for label in sorted(labels | self._assigned.coded.everywhere.keys()):
            place = Place(None, label)
            model = place.model
            if place != site_images() and model is not None:
                found[place] = model._default_manager.count()
        return found
