"""Groups told by the collection of an image, as the database would tell of each image."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from wagtail.images import get_image_model
from wagtail.models import Collection

from wagtail_sourcegroups.exceptions import CollectionNotFound
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
    TagSourceGroup,
)
from wagtail_sourcegroups.sourcegroups.placement import Placement, is_placed
from wagtail_sourcegroups.sourcegroups.tree import Node, Tree, read_tree

#: Few, so that many collections have the same.
NAMES = ("Press", "Blog", "2026", "24/7", "Root", "press", "Café")


def grow(chance: random.Random, size: int) -> list[Collection]:
    """So many collections below the root, anywhere, with an image in each."""
    for _ in range(size):
        above = chance.choice(list(Collection.objects.all()))
        above.add_child(name=chance.choice(NAMES))
    found = list(Collection.objects.order_by("path"))
    model = get_image_model()
    model.objects.bulk_create(
        model(title=each.name, file=f"original_images/{each.pk}.jpg", width=1, height=1, collection=each)
        for each in found
    )
    return found


def some_groups(chance: random.Random, collections: list[Collection], size: int) -> list[QuerySetSourceGroup]:
    """Groups of collections that are there, that are not, and of which there are several; each once."""
    found: list[QuerySetSourceGroup] = [ImageModelSourceGroup(), TagSourceGroup("none")]
    for _ in range(size):
        each = chance.choice(collections)
        names = [above.name for above in each.get_ancestors()] + [each.name]
        given: Any = chance.choice(
            [
                each.pk,
                each,
                each.pk + 10_000,
                chance.choice(NAMES),
                (chance.choice(NAMES),),
                tuple(names),
                tuple(names[1:]) or "Root",
                (chance.choice(NAMES), chance.choice(NAMES)),
            ]
        )
        found.append(CollectionSourceGroup(given, include_descendants=chance.random() < 0.6))
    return list(dict.fromkeys(found))


def by_database(group: QuerySetSourceGroup) -> set[Any]:
    """The collections whose images are in a group."""
    images = group.model._base_manager.all()
    condition = group.condition()
    images = images if condition is None else images.filter(condition)
    return set(images.values_list("collection_id", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(8))
def test_the_tree_tells_what_the_database_tells(seed: int) -> None:
    chance = random.Random(seed)
    collections = grow(chance, 30)
    groups = some_groups(chance, collections, 60)
    for _ in range(3):
        tree = read_tree()
        placement = Placement(groups, tree)
        told = {
            number: {node.pk for node in tree.nodes if number in placement.of(node.pk)}
            for number in range(len(groups))
        }
        for number, group in enumerate(groups):
            if is_placed(group):
                assert told[number] == by_database(group), group
            else:
                assert told[number] == set()
            if isinstance(group, CollectionSourceGroup):
                node = group.among(tree)
                if node is None:
                    with pytest.raises(CollectionNotFound):
                        group.find()
                else:
                    assert group.find().pk == node.pk
        # And once more when some have gone elsewhere, or are called otherwise.
        for _ in range(3):
            moved, below = (Collection.objects.get(pk=chance.choice(collections).pk) for _ in range(2))
            if moved.depth > 1 and not below.path.startswith(moved.path):
                # Treebeard stumbles over some moves of collections that were renamed behind its back.
                with suppress(IntegrityError), transaction.atomic():
                    moved.move(below, pos="sorted-child")
            Collection.objects.filter(pk=chance.choice(collections).pk).update(name=chance.choice(NAMES))


def node(pk: int, path: str) -> Node:
    return Node(pk, f"{pk}", path)


#: 1 > 2 > 3, and 4 beside 2.
TREE = Tree([node(1, "0001"), node(2, "00010001"), node(3, "000100010001"), node(4, "00010002")])


def test_the_numbers_are_in_their_order() -> None:
    groups = [
        CollectionSourceGroup(3),
        ImageModelSourceGroup(),
        CollectionSourceGroup(2),
        CollectionSourceGroup(2, include_descendants=False),
        CollectionSourceGroup(1),
    ]
    placement = Placement(groups, TREE)
    assert [placement.of(pk) for pk in (1, 2, 3, 4, 5)] == [(1, 4), (1, 2, 3, 4), (0, 1, 2, 4), (1, 4), (1,)]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([], frozenset()),
        ([CollectionSourceGroup(2)], frozenset([2, 3])),
        ([CollectionSourceGroup(2, include_descendants=False), CollectionSourceGroup(4)], frozenset([2, 4])),
        ([CollectionSourceGroup(9)], frozenset()),
        ([CollectionSourceGroup(1)], None),
        ([CollectionSourceGroup(3), ImageModelSourceGroup()], None),
    ],
)
def test_the_collections_whose_images_are_in_one_of_them(groups: Any, expected: Any) -> None:
    assert Placement(groups, TREE).collections == expected


def test_without_collections_nobody_is_in() -> None:
    assert Placement([CollectionSourceGroup(1)], Tree(())).collections == frozenset()


def test_a_class_of_ones_own_is_asked_for_each_image() -> None:
    class Sharp(CollectionSourceGroup):
        """Leaves some out."""

    assert is_placed(CollectionSourceGroup(1)) and is_placed(ImageModelSourceGroup())
    assert not is_placed(Sharp(1)) and not is_placed(TagSourceGroup("x"))
    assert Placement([Sharp(1)], TREE).of(1) == ()
