"""Collections as a tree, read in one query, with what code binds to the images of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wagtail.models import Collection

from ...sourcegroups import CollectionSourceGroup, tree
from ...sourcegroups.placement import Placement


@dataclass(frozen=True)
class Node(tree.Node):
    """
    A collection; ``coded`` are the ids of specs that code binds to its images, ``coded_below`` of those among them that
    it binds to all below it as well.
    """

    coded: frozenset[str] = frozenset()
    coded_below: frozenset[str] = frozenset()


class Tree(tree.Tree[Node]):
    """Some collections in the order of the tree: a parent stands before what is below it."""

    def child_of(self, parent: Node) -> Node:
        """A collection that may once stand below ``parent``, to ask :meth:`above` of."""
        return Node(None, "", parent.path + "0" * Collection.steplen)


def read_tree(coded: Mapping[CollectionSourceGroup, frozenset[str]]) -> Tree:
    """All collections as a tree. ``coded`` are ids of specs by the groups that code binds them to. One query."""
    return with_coded(tree.read_tree(), coded)


def with_coded(
    collections: tree.Tree[tree.Node], coded: Mapping[CollectionSourceGroup, frozenset[str]]
) -> Tree:
    """The same collections, each with what code binds to its images. Pure."""
    groups = list(coded)
    placement = Placement(groups, collections)
    nodes = []
    for node in collections.nodes:
        mine = [groups[number] for number in placement.of(node.pk)]
        reaching = [group for group in mine if group.include_descendants]
        nodes.append(
            Node(
                node.pk,
                node.name,
                node.path,
                coded=_together(coded[group] for group in mine),
                coded_below=_together(coded[group] for group in reaching),
            )
        )
    return Tree(nodes)


def _together(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)
