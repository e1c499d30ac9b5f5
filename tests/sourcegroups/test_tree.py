"""The tree of collections as it is read, and the stamp that names it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model
from wagtail.models import Collection

from wagtail_sourcegroups.sourcegroups import tree as trees
from wagtail_sourcegroups.sourcegroups.tree import LatestTree, Node, Tree, read_tree, stamp, tree_of

Make = Callable[..., Collection]


@pytest.fixture
def press(make_collection: Make) -> Collection:
    return make_collection("Press")


@pytest.fixture
def spring(make_collection: Make, press: Collection) -> Collection:
    return make_collection("Spring", make_collection("2026", press))


def stamp_now(make_image: Any) -> str:
    """As it comes along with a row of something else."""
    image = make_image()
    found: str = (
        get_image_model().objects.annotate(now=stamp()).values_list("now", flat=True).get(pk=image.pk)
    )
    return found


def queries(action: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        action()
    return len(captured)


def test_it_is_read_with_one_query(spring: Collection) -> None:
    with CaptureQueriesContext(connection) as captured:
        tree = read_tree()
    assert len(captured) == 1
    assert [node.name for node in tree.nodes] == ["Root", "Press", "2026", "Spring"]


def test_what_is_above_and_what_it_is_called(spring: Collection, press: Collection) -> None:
    tree = read_tree()
    node = tree.node(spring.pk)
    assert node is not None and tree.root is not None
    assert [each.name for each in tree.above(node)] == ["Root", "Press", "2026"]
    assert tree.names(node) == ("Root", "Press", "2026", "Spring")
    assert tree.above(tree.root) == ()
    assert [each.pk for each in tree.named("Press")] == [press.pk]
    assert tree.named("Nowhere") == []
    assert tree.node(press.pk + 1000) is None


def test_sums_with_those_below() -> None:
    tree = Tree(Node(number, "", path) for number, path in enumerate(("0001", "00010001", "000100010001")))
    assert tree.with_those_below({0: 1, 2: 5}) == {0: 6, 1: 5, 2: 5}


def test_the_stamp_that_comes_with_rows_is_that_of_the_tree(spring: Collection, make_image: Any) -> None:
    assert stamp_now(make_image) == read_tree().stamp


CHANGES: dict[str, Callable[[Collection, Make], object]] = {
    "made": lambda spring, make: make("Autumn"),
    "renamed": lambda spring, make: Collection.objects.filter(pk=spring.pk).update(name="Summer"),
    "deleted": lambda spring, make: spring.delete(),
    "moved": lambda spring, make: Collection.objects.get(pk=spring.pk).move(
        Collection.get_first_root_node(), pos="sorted-child"
    ),
    "swapped": lambda spring, make: [
        Collection.objects.filter(pk=pk).update(name=name)
        for pk, name in ((spring.pk, "2026"), (1, "Spring"))
    ],
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_tree_has_another_stamp(change: str, spring: Collection, make_collection: Make) -> None:
    before = read_tree()
    CHANGES[change](spring, make_collection)
    after = read_tree()
    assert after.nodes != before.nodes
    assert after.stamp != before.stamp


def test_no_name_looks_like_another_collection(press: Collection, make_collection: Make) -> None:
    below = make_collection("b", press)
    with_two = read_tree().stamp
    below.delete()
    Collection.objects.filter(pk=press.pk).update(name=f"Press:,{below.pk}:{below.path}:1:b")
    assert read_tree().stamp != with_two


def test_what_was_read_is_not_read_again(spring: Collection, make_image: Any) -> None:
    tree = read_tree()
    now = stamp_now(make_image)
    assert queries(lambda: tree_of(now)) == 0
    assert tree_of(now) is tree
    spring.delete()
    now = stamp_now(make_image)
    assert queries(lambda: tree_of(now)) == 1
    assert queries(lambda: tree_of(now)) == 0


def test_whoever_goes_through_rows_sees_the_tree_of_the_last_one(spring: Collection, make_image: Any) -> None:
    latest = LatestTree()
    first = latest.now()
    assert queries(latest.now) == 0
    assert latest.notice(stamp_now(make_image)) is first
    spring.delete()
    second = latest.notice(stamp_now(make_image))
    assert second is latest.now() is not first
    assert second.node(spring.pk) is None
    latest.forget()
    assert queries(latest.now) == 1


def test_a_database_that_has_no_stamps_has_the_tree_read_each_time(
    press: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for vendor in ("sqlite", "postgresql"):
        monkeypatch.delattr(trees._Digest, f"as_{vendor}")
    latest = LatestTree()
    first = latest.now()
    assert first.stamp is None
    assert queries(lambda: latest.notice(None)) == 1
    assert latest.notice(None) is first
    press.delete()
    assert latest.notice(None).node(press.pk) is None
