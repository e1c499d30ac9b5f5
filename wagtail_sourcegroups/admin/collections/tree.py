"""Collections as a tree, read in one query together with what code binds to the images of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from wagtail.models import Collection

from ...sourcegroups import CollectionSourceGroup


@dataclass(frozen=True)
class Node:
    """
    A collection; ``coded`` are the ids of specs that code binds to its images, ``coded_below`` of those among them that
    it binds to all below it as well. Without a primary key it is a collection that is not there yet.
    """

    pk: int | None
    name: str
    path: str
    coded: frozenset[str] = frozenset()
    coded_below: frozenset[str] = frozenset()


class Tree:
    """Some collections in the order of the tree: a parent stands before what is below it."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = tuple(sorted(nodes, key=lambda node: node.path))
        self._by_path = {node.path: node for node in self.nodes}
        self._above: dict[str, tuple[Node, ...]] = {}

    @property
    def root(self) -> Node | None:
        """The root collection, if it is one of them."""
        return next((node for node in self.nodes if len(node.path) == Collection.steplen), None)

    def above(self, node: Node) -> tuple[Node, ...]:
        """The collections above one, from the top down."""
        found = self._above.get(node.path)
        if found is None:
            step = Collection.steplen
            paths = (node.path[:end] for end in range(step, len(node.path), step))
            found = tuple(self._by_path[path] for path in paths if path in self._by_path)
            self._above[node.path] = found
        return found

    def child_of(self, parent: Node) -> Node:
        """A collection that may once stand below ``parent``, to ask :meth:`above` of."""
        return Node(None, "", parent.path + "0" * Collection.steplen)

    def with_those_below(self, counts: Mapping[Any, int]) -> Counter[Any]:
        """Sums of ``counts``, which are by the id of a collection: of each one and of all below it."""
        sums: Counter[Any] = Counter()
        for node in self.nodes:
            for each in (*self.above(node), node):
                sums[each.pk] += counts.get(node.pk, 0)
        return sums


def read_tree(
    collections: QuerySet[Collection], coded: Mapping[CollectionSourceGroup, frozenset[str]]
) -> Tree:
    """Some collections as a tree. ``coded`` are ids of specs by the groups that code binds them to. One query."""
    columns = {f"sourcegroups_in_{number}": group for number, group in enumerate(coded)}
    rows = collections.order_by("path").values(
        "pk",
        "name",
        "path",
        **{column: Exists(group.members().filter(pk=OuterRef("pk"))) for column, group in columns.items()},
    )
    return Tree(
        Node(
            row["pk"],
            row["name"],
            row["path"],
            coded=_together(coded[group] for column, group in columns.items() if row[column]),
            coded_below=_together(
                coded[group] for column, group in columns.items() if row[column] and group.include_descendants
            ),
        )
        for row in rows
    )


def _together(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)
