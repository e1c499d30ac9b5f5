"""Groups of which the collection of an image says whether it is in, so that no row has to be asked for each of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .base import SourceGroup
from .collections import CollectionSourceGroup
from .images import ImageModelSourceGroup
from .tree import Node, Tree


def is_placed(group: SourceGroup) -> bool:
    """Whether it is such a group. By its very class: a subclass may leave some images out."""
    return type(group) in (CollectionSourceGroup, ImageModelSourceGroup)


class Placement:
    """
    Which of some groups the images of each collection are in, going by one ``tree`` of all collections. Pure.

    Groups go by their numbers, which is their place among those given; those that are not placed are passed over, and
    so are those without a collection.
    """

    def __init__(self, groups: Iterable[SourceGroup], tree: Tree[Node]) -> None:
        self._tree = tree
        self._everywhere: list[int] = []
        #: By the id of a collection: groups of its own images, and of those below it as well.
        self._own: dict[Any, list[int]] = {}
        self._with_below: dict[Any, list[int]] = {}
        self._known: dict[Any, tuple[int, ...]] = {}
        for number, group in enumerate(groups):
            if type(group) is ImageModelSourceGroup:
                self._everywhere.append(number)
            elif type(group) is CollectionSourceGroup:
                node = group.among(tree)
                if node is not None:
                    reach = self._with_below if group.include_descendants else self._own
                    reach.setdefault(node.pk, []).append(number)

    def of(self, collection: Any) -> tuple[int, ...]:
        """The numbers of the groups that images of a collection, given by its id, are in; in ascending order."""
        found = self._known.get(collection)
        if found is None:
            numbers = [*self._everywhere]
            node = self._tree.node(collection)
            if node is not None:
                numbers += self._own.get(node.pk, ())
                for each in (*self._tree.above(node), node):
                    numbers += self._with_below.get(each.pk, ())
            found = self._known[collection] = tuple(sorted(numbers))
        return found

    @property
    def collections(self) -> frozenset[Any] | None:
        """The ids of the collections whose images are in one of the groups; ``None`` if those of all are."""
        if self._everywhere:
            return None
        found = frozenset(node.pk for node in self._tree.nodes if self.of(node.pk))
        return None if found and len(found) == len(self._tree.nodes) else found
