"""What images of one model belong to: what to ask of each, and what the answer means, worked out once for all alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Case, IntegerField, Model, Q, QuerySet, Value, When

from .generation.membership import ImageRow, Membership, row_fields
from .sourcegroups import CollectionSourceGroup
from .sourcegroups.base import QuerySetSourceGroup, SourceGroup
from .sourcegroups.lookups import row_condition
from .sourcegroups.placement import Placement, is_placed
from .sourcegroups.tree import LatestTree, Node, Tree, stamp
from .specs import RenditionSpec

Specs = tuple[RenditionSpec, ...]

#: The column of the collection of an image, and that of the stamp of their tree.
COLLECTION, STAMP = "collection_id", "collections_stamp"


class Memberships:
    """
    Which groups an image is in: of some its collection says so, by the tree of collections as it was last seen; for
    each of the others there is a column.

    ``specs_of`` are the specs wanted of each group, ``specs`` all of them; ``incomplete`` says that some group
    cannot be asked; ``given`` are the specs of a plain group that gave these images. With ``narrowing``, only images
    of the groups that specs are wanted of are asked for.
    """

    def __init__(
        self,
        model: type[Model],
        groups: Sequence[QuerySetSourceGroup],
        specs_of: Mapping[SourceGroup, Sequence[RenditionSpec]],
        specs: Specs,
        *,
        incomplete: bool,
        given: Specs | None = None,
        narrowing: bool = False,
        latest: LatestTree | None = None,
    ) -> None:
        self.model = model
        self.specs = specs
        self.groups = tuple(groups)
        self._specs_of = specs_of
        self._incomplete = incomplete
        self._given = given
        self._narrowing = narrowing
        self._latest = latest or LatestTree()
        self._walked = [group for group in groups if group in specs_of]
        #: Whether it depends on the tree which images are asked for.
        self._narrowing_by_tree = narrowing and any(map(_is_of_collection, self._walked))
        self._asked = {number: group for number, group in enumerate(groups) if not is_placed(group)}
        self.fields = row_fields(model, specs)
        self._collection_at = self.fields.index(COLLECTION)
        columns = tuple(f"in_group_{number}" for number in self._asked)
        self.columns = (*self.fields, *columns)
        #: Those that tell the groups of an image.
        self.told = (COLLECTION, *columns)
        #: And what tells whether the tree is still as it was seen.
        self._stamp = (STAMP,) if any(map(_is_of_collection, groups)) else ()
        self._tree: Tree[Node] | None = None
        self._by_groups: dict[tuple[tuple[int, ...], Specs], Membership] = {}
        self._forget()

    def _forget(self) -> None:
        """What was worked out by another tree."""
        self._placement: Placement | None = None
        self._known: dict[tuple[tuple[Any, ...], Specs], Membership] = {}
        self._queries: dict[int, tuple[QuerySet[Any], QuerySet[Any]]] = {}

    # Asking --------------------------------------------------------------------------------------------

    def read(
        self,
        images: QuerySet[Any],
        columns: Iterable[str],
        *,
        pks: Iterable[Any] | None = None,
        after: Any = None,
        limit: int | None = None,
    ) -> list[tuple[Any, ...]]:
        """
        Columns of some images, :attr:`told` among them as a rule, in the order of keys: of those with these keys, or of
        so many after a key.

        One query. Where the tree of collections is another one than was last seen, it is read, and the images are
        asked for again.
        """
        while True:
            rows = self._asked_for(images).values_list(*columns, *self._stamp).order_by("pk")
            rows = rows if pks is None else rows.filter(pk__in=pks)
            rows = rows if after is None else rows.filter(pk__gt=after)
            found = list(rows[:limit])
            if not self._stamp:
                return found
            if not found or self._is_as_seen(found[0][-1], images.db):
                return [row[:-1] for row in found]

    def _asked_for(self, images: QuerySet[Any]) -> QuerySet[Any]:
        known = self._queries.get(id(images))
        if known is None:
            asked = self.annotated(self.narrowed(images) if self._narrowing else images)
            # Together with what it is of, so that no other queryset gets this id.
            known = self._queries[id(images)] = (images, asked)
        return known[1]

    def annotated(self, images: QuerySet[Any]) -> QuerySet[Any]:
        """Some images with the columns that tell their groups."""
        columns = {f"in_group_{number}": inside(group) for number, group in self._asked.items()}
        return images.annotate(**columns, **dict.fromkeys(self._stamp, stamp()))

    def narrowed(self, images: QuerySet[Any], *, at_once: bool = False) -> QuerySet[Any]:
        """
        Those of some images that are in a group which specs are wanted of, to be asked for page by page or,
        ``at_once``, with one query.
        """
        tree = self._seen(images.db) if any(map(_is_of_collection, self._walked)) else _BARE
        collections = Placement(self._walked, tree).collections
        if collections is None:
            return images
        anyone = Q(collection__in=sorted(collections))
        for group in self._walked:
            if not is_placed(group):
                condition = group.condition() if at_once else row_condition(group)
                if condition is None:
                    return images
                anyone |= Q(condition)
        return images.filter(anyone)

    # Understanding -------------------------------------------------------------------------------------

    def row(self, row: Sequence[Any], known: Specs = ()) -> ImageRow:
        """The values of :attr:`columns`; ``known`` are specs that another plain group asked of this image before."""
        return ImageRow(row[: len(self.fields)], self.membership(self.told_by(row), known))

    def told_by(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """The values of :attr:`told` among those of :attr:`columns`."""
        return (row[self._collection_at], *row[len(self.fields) :])

    def membership(self, there: Sequence[Any], known: Specs = ()) -> Membership:
        """Of an image of which these are the values of :attr:`told`; one object for all that are in the same groups."""
        kind = (tuple(there), known)
        membership = self._known.get(kind)
        if membership is None:
            numbers = self._numbers(there)
            membership = self._by_groups.get((numbers, known))
            if membership is None:
                membership = self._by_groups[numbers, known] = self._membership(numbers, known)
            self._known[kind] = membership
        return membership

    def bound_in(self, there: Sequence[Any]) -> dict[RenditionSpec, list[str]]:
        """The specs walked for of such an image, each with the keys of the groups that want it."""
        found: dict[RenditionSpec, list[str]] = {}
        for number in self._numbers(there):
            group = self.groups[number]
            for spec in self._specs_of.get(group, ()):
                found.setdefault(spec, []).append(group.key)
        return found

    def _membership(self, numbers: Iterable[int], known: Specs) -> Membership:
        mine = [self.groups[number] for number in numbers]
        wanted = [spec for group in mine for spec in self._specs_of.get(group, ())]
        # Where a group cannot say who is in it, an image keeps the groups it had.
        keys = None if self._incomplete else [group.key for group in mine]
        if self._given is None:
            return Membership(self.model, wanted, keys)
        return Membership(self.model, self._given, keys, covered=(*wanted, *known))

    def _numbers(self, there: Sequence[Any]) -> tuple[int, ...]:
        """The groups of such an image, by their place among all, in this order."""
        if not self.groups:
            return ()
        collection, *bits = there
        if self._placement is None:
            self._placement = Placement(self.groups, self._seen())
        placed = self._placement.of(collection)
        asked = (number for number, bit in zip(self._asked, bits, strict=True) if bit)
        return tuple(sorted((*placed, *asked)))

    # The tree ------------------------------------------------------------------------------------------

    def _seen(self, using: str | None = None) -> Tree[Node]:
        """As it was last seen; a tree without collections where none of the groups is of one."""
        if not self._stamp:
            return _BARE
        self._take(self._latest.now(using))
        assert self._tree is not None
        return self._tree

    def _is_as_seen(self, stamp: str | None, using: str) -> bool:
        """Whether rows that came with this stamp are those that were meant; what is seen from now on is its tree."""
        return not self._take(self._latest.notice(stamp, using)) or not self._narrowing_by_tree

    def _take(self, tree: Tree[Node]) -> bool:
        """Whether what was worked out before went by another tree."""
        if tree is self._tree:
            return False
        worked_out, self._tree = self._tree is not None, tree
        self._forget()
        return worked_out


#: Where no collection has to be known.
_BARE: Tree[Node] = Tree(())


def _is_of_collection(group: SourceGroup) -> bool:
    """Whether it takes the tree to tell who is in it."""
    return is_placed(group) and isinstance(group, CollectionSourceGroup)


def inside(group: QuerySetSourceGroup) -> Any:
    """
    Whether a row is in a group, as an expression to annotate with: 1 or 0.

    A number: SQLite has no other truth, and every value would be made one by a function of Django's.
    """
    condition = row_condition(group)
    if condition is None:
        return Value(1, output_field=IntegerField())
    return Case(When(Q(condition), then=Value(1)), default=Value(0), output_field=IntegerField())
