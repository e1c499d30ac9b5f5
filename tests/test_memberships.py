"""What images belong to: told by their collection where that says so, and by the database where it does not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model
from wagtail.models import Collection

from tests.sourcegroups.test_placement import grow
from tests.test_pages import ALL, PRESS, Library, nothing_registered, planned
from wagtail_sourcegroups import RenditionSpec, coverage
from wagtail_sourcegroups.registry import Binding
from wagtail_sourcegroups.selection import Selection
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
    TagSourceGroup,
)
from wagtail_sourcegroups.walk import Walk

pytestmark = pytest.mark.django_db

__all__ = ["nothing_registered"]


class Asked(CollectionSourceGroup):
    """The same images, but every one is asked for, as of any class that a site has written."""


def both(*given: Any, **options: Any) -> tuple[CollectionSourceGroup, CollectionSourceGroup]:
    return CollectionSourceGroup(*given, **options), Asked(*given, **options)


def walk_of(bindings: list[Binding], registered: list[Binding] | None = None, size: int = 3) -> Walk:
    walk = Walk(bindings, bindings if registered is None else registered, batch_size=size, write=False)
    walk.prepare()
    return walk


def belonging(walk: Walk) -> dict[Any, tuple[tuple[str, ...], frozenset[str] | None]]:
    """By image: the specs wanted of it, in their order, and its groups."""
    rows = [row for batch in walk.image_batches(get_image_model()) for row in batch.rows]
    assert len(rows) == len({row.pk for row in rows})
    return {row.pk: (tuple(spec.id for spec in row.membership.specs), row.membership.groups) for row in rows}


def some_bindings(chance: random.Random, collections: list[Collection]) -> Iterator[tuple[Binding, Binding]]:
    """The same twice: told by the collection, and asked for."""
    for number in range(12):
        spec = RenditionSpec(f"s{number % 5}", f"width-{20 + number % 5}")
        each = chance.choice(collections)
        pair = both(chance.choice([each.pk, each.name]), include_descendants=chance.random() < 0.7)
        yield Binding(spec, pair[0]), Binding(spec, pair[1])
    tagged = Binding(RenditionSpec("tagged", "width-20"), TagSourceGroup("sharp"))
    yield tagged, tagged


@pytest.mark.parametrize("seed", range(6))
def test_told_by_the_tree_everything_is_as_the_database_has_it(seed: int) -> None:
    chance = random.Random(seed)
    collections = grow(chance, 25)
    for image in get_image_model().objects.all():
        if chance.random() < 0.3:
            image.tags.add("sharp")
    bindings = list(some_bindings(chance, collections))
    told, asked = ([pair[side] for pair in bindings] for side in (0, 1))
    for first in (0, 4, 12):
        walks = [walk_of(each[first:], each) for each in (told, asked)]
        mine, theirs = map(belonging, walks)
        assert mine == theirs
        assert [walk.count() for walk in walks] == [len(mine)] * 2
        assert [failed.error for failed in walks[0].failures] == [
            failed.error for failed in walks[1].failures
        ]
        assert walks[0].range_end(walks[0].parts[0], None, 4) == walks[1].range_end(
            walks[1].parts[0], None, 4
        )
        for selection in (Selection(), Selection(collections=frozenset(c.pk for c in collections[:9]))):
            figures = [coverage.coverage(each[first:], each, selection) for each in (told, asked)]
            assert figures[0] == figures[1]
            assert figures[0].all.images == len(
                [pk for pk in mine if selection.narrow(get_image_model().objects.filter(pk=pk)).exists()]
            )


@pytest.mark.parametrize("count_settled", [False, True])
def test_a_plan_is_the_same(count_settled: bool) -> None:
    library = Library()
    below = library.press.add_child(name="2026")
    for number in range(9):
        place = (library.root, library.press, below)[number % 3]
        library.add(collection=place, complete=number > 3)
    told, asked = both("Press")
    plans = []
    for group in (told, asked):
        library.bindings = [Binding(ALL, ImageModelSourceGroup()), Binding(PRESS, group)]
        plans.append(planned(library.walk(count_settled=count_settled), library.model))
    assert plans[0] == plans[1]
    assert plans[0]["images"] == 9


# A tree that changes ------------------------------------------------------------------------------------------


@pytest.fixture
def branches(make_image: Any) -> dict[str, Any]:
    """Collections A and B, and in turn an image in each."""
    root = Collection.get_first_root_node()
    made = {name: root.add_child(name=name) for name in "AB"}
    images = [make_image(f"{number}.jpg", collection=made["AB"[number % 2]]) for number in range(6)]
    return {**made, "images": [image.pk for image in images]}


def move(moved: Collection, below: Collection) -> None:
    Collection.objects.get(pk=moved.pk).move(Collection.objects.get(pk=below.pk), pos="sorted-child")


@pytest.mark.parametrize("kind", [CollectionSourceGroup, Asked])
def test_the_next_batch_sees_a_collection_where_it_was_moved_to(kind: Any, branches: dict[str, Any]) -> None:
    walk = walk_of([Binding(ALL, kind("A"))], size=1)
    batches = walk.batches()
    images = branches["images"]
    assert [row.pk for row in next(batches).rows] == [images[0]]
    move(branches["B"], branches["A"])
    rest = [row for batch in batches for row in batch.rows]
    assert [row.pk for row in rest] == images[1:]
    assert all(row.membership.specs == (ALL,) for row in rest)


@pytest.mark.parametrize("kind", [CollectionSourceGroup, Asked])
def test_and_one_that_was_moved_away_is_left_out(kind: Any, branches: dict[str, Any]) -> None:
    move(branches["B"], branches["A"])
    walk = walk_of([Binding(ALL, kind("A"))], size=2)
    batches = walk.batches()
    images = branches["images"]
    assert [row.pk for row in next(batches).rows] == images[:2]
    move(branches["B"], Collection.get_first_root_node())
    assert [row.pk for batch in batches for row in batch.rows] == [images[2], images[4]]


@pytest.mark.parametrize("kind", [CollectionSourceGroup, Asked])
def test_a_name_that_another_collection_gets_means_none_of_them(kind: Any, branches: dict[str, Any]) -> None:
    everybody = Binding(ALL, ImageModelSourceGroup())
    walk = walk_of([everybody, Binding(PRESS, kind("A"))], size=2)
    batches = walk.batches()
    first, second = (row.membership for row in next(batches).rows)
    assert (first.specs, second.specs) == ((ALL, PRESS), (ALL,))
    Collection.objects.filter(pk=branches["B"].pk).update(name="A")
    assert {row.membership.specs for batch in batches for row in batch.rows} == {(ALL,)}


def test_a_walk_goes_on_by_what_its_last_part_saw(branches: dict[str, Any]) -> None:
    walk = walk_of([Binding(ALL, CollectionSourceGroup("A"))], size=50)
    (part,) = walk.parts
    assert [batch.size for batch in walk.part(part)] == [3]
    move(branches["B"], branches["A"])
    assert [batch.size for batch in walk.part(part)] == [6]
    with CaptureQueriesContext(connection) as captured:
        assert [batch.size for batch in walk.part(part)] == [6]
    assert len(captured) == 1


# What it costs -----------------------------------------------------------------------------------------------


def many(count: int) -> list[Binding]:
    """A spec for each of so many collections."""
    root = Collection.get_first_root_node()
    path = f"{root.path}{{:0{Collection.steplen}}}"
    Collection.objects.bulk_create(
        Collection(name=f"Many {number}", path=path.format(number + 1), depth=2) for number in range(count)
    )
    made = Collection.objects.filter(name__startswith="Many ").order_by("path")
    return [
        Binding(RenditionSpec(f"s{each.pk}", "width-20"), CollectionSourceGroup(each.pk)) for each in made
    ]


def test_queries_do_not_grow_with_groups_of_collections(make_image: Any) -> None:
    bindings = many(300)
    image = make_image(collection=Collection.objects.get(name="Many 7"))
    make_image("two.jpg")

    def asked(registered: list[Binding]) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as captured:
            walk = walk_of(registered)
            assert set(belonging(walk)) == {image.pk}
            assert walk.count() == 1
            coverage.coverage(registered, registered)
        return len(captured), max(len(query["sql"]) for query in captured)

    few, many_ = asked(bindings[7:8]), asked(bindings)
    assert many_[0] == few[0]
    # Nothing is said of each group but the id of its collection.
    assert many_[1] - few[1] < 300 * len(", 12345")


def test_looking_at_groups_is_one_query_for_all_collections_and_one_for_the_others() -> None:
    bindings = many(40)
    bindings += [Binding(ALL, TagSourceGroup(f"tag-{number}")) for number in range(30)]
    with CaptureQueriesContext(connection) as captured:
        walk = walk_of(bindings)
    # Besides which tables there are.
    asked = [query["sql"] for query in captured if "collection" in query["sql"] or "tagged" in query["sql"]]
    assert len(asked) == 2
    assert walk.failures == []


def test_a_broken_group_is_found_among_those_that_are_not() -> None:
    class Broken(QuerySetSourceGroup):
        key = "broken"

        def get_queryset(self) -> Any:
            return get_image_model().objects.extra(where=["no such column"])

    bindings = [Binding(ALL, TagSourceGroup(f"tag-{number}")) for number in range(5)]
    walk = walk_of([*bindings[:3], Binding(PRESS, Broken()), *bindings[3:]])
    assert [group.key for group in walk.broken] == ["broken"]
    assert [(failed.spec, failed.source_key) for failed in walk.failures] == [("press", "group:broken")]


def test_more_groups_than_a_query_has_columns(make_image: Any) -> None:
    """PostgreSQL has 1,664 at most, and SQLite 2,000."""
    bindings = many(2100)
    image = make_image(collection=Collection.objects.get(name="Many 2000"))
    ((specs, groups),) = belonging(walk_of(bindings)).values()
    assert groups == {f"collection-id:{image.collection_id}"}
    assert specs == (f"s{image.collection_id}",)
