from __future__ import annotations

from typing import Any

import pytest
from wagtail.models import Collection

from tests.testapp.models import UUIDImage
from wagtail_sourcegroups.exceptions import CollectionNotFound, InvalidSourceGroup
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, CollectionsWatch
from wagtail_sourcegroups.sourcegroups.tree import read_tree

from .conftest import images_of, keys

ACCEPTED = "give a collection, its id, its name, a path such as 'Press/2026', or a tuple of names"


@pytest.fixture
def tree(make_collection: Any) -> dict[str, Collection]:
    """Press > 2025, 2026 > Spring; Blog > 2026; Pressing; each with one image, made in ``pictures``."""
    press, blog = make_collection("Press"), make_collection("Blog")
    year = make_collection("2026", press)
    return {
        "Press": press,
        "Press/2025": make_collection("2025", press),
        "Press/2026": year,
        "Press/2026/Spring": make_collection("Spring", year),
        "Blog": blog,
        "Blog/2026": make_collection("2026", blog),
        "Pressing": make_collection("Pressing"),
    }


@pytest.fixture
def pictures(tree: dict[str, Collection], make_image: Any) -> dict[str, Any]:
    root = make_image("Root", collection=Collection.get_first_root_node())
    return {"Root": root} | {path: make_image(path, collection=tree[path]) for path in tree}


def titles(group: CollectionSourceGroup) -> set[str]:
    found = images_of(group)
    return set(group.model._base_manager.filter(pk__in=found).values_list("title", flat=True))


# Naming a collection ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Press", {"Press", "Press/2025", "Press/2026", "Press/2026/Spring"}),
        ("Press/2026", {"Press/2026", "Press/2026/Spring"}),
        (("Press", "2026"), {"Press/2026", "Press/2026/Spring"}),
        (["Press", "2026"], {"Press/2026", "Press/2026/Spring"}),
        ("Press/2026/Spring", {"Press/2026/Spring"}),
        ("Spring", {"Press/2026/Spring"}),
        ("2025", {"Press/2025"}),
        ("Blog/2026", {"Blog/2026"}),
        ("Root/Blog", {"Blog", "Blog/2026"}),
        ("Root/Press/2026", {"Press/2026", "Press/2026/Spring"}),
    ],
)
def test_a_name_at_any_depth_or_a_path_from_the_root(pictures: Any, name: Any, expected: set[str]) -> None:
    assert titles(CollectionSourceGroup(name)) == expected


def test_the_root_collection_alone(pictures: Any) -> None:
    assert titles(CollectionSourceGroup("Root")) == set(pictures)
    assert titles(CollectionSourceGroup("Root", include_descendants=False)) == {"Root"}


def test_an_instance_and_an_id(pictures: Any, tree: Any) -> None:
    expected = {"Press", "Press/2025", "Press/2026", "Press/2026/Spring"}
    assert titles(CollectionSourceGroup(tree["Press"])) == expected
    assert titles(CollectionSourceGroup(tree["Press"].pk)) == expected


@pytest.mark.parametrize("kind", ["name", "path", "id", "instance"])
def test_without_descendants(pictures: Any, tree: Any, kind: str) -> None:
    given = {"name": "2025", "path": "Press/2026", "id": tree["Press"].pk, "instance": tree["Press"]}[kind]
    expected = {"name": "Press/2025", "path": "Press/2026", "id": "Press", "instance": "Press"}[kind]
    assert titles(CollectionSourceGroup(given, include_descendants=False)) == {expected}


def test_a_name_that_holds_a_slash_is_given_in_a_tuple(
    make_collection: Any, make_image: Any, pictures: Any
) -> None:
    press = Collection.objects.get(name="Press")
    image = make_image("odd", collection=make_collection("24/7", press))
    assert images_of(CollectionSourceGroup(("Press", "24/7"))) == keys(image)
    assert images_of(CollectionSourceGroup(("24/7",))) == keys(image)
    with pytest.raises(CollectionNotFound):
        CollectionSourceGroup("Press/24/7").resolve()


def test_upper_and_lower_case_matter(pictures: Any) -> None:
    with pytest.raises(CollectionNotFound):
        CollectionSourceGroup("press").resolve()


def test_a_collection_of_another_image_model(tree: Any, make_image: Any) -> None:
    make_image(collection=tree["Press"])
    image = make_image(model=UUIDImage, collection=tree["Press/2026"])
    assert images_of(CollectionSourceGroup("Press", model=UUIDImage)) == keys(image)


@pytest.mark.parametrize(
    "given", ["", "Press//2026", "/Press", (), ("Press", ""), None, 1.5, True, ("Press", 3)]
)
def test_what_names_no_collection_fails_at_once(given: Any) -> None:
    with pytest.raises(InvalidSourceGroup) as error:
        CollectionSourceGroup(given)
    assert str(error.value) == f"{given!r} names no collection; {ACCEPTED}."


def test_an_unsaved_collection_fails_at_once() -> None:
    with pytest.raises(InvalidSourceGroup) as error:
        CollectionSourceGroup(Collection(name="New"))
    assert str(error.value) == f"<Collection: New> is no saved collection; {ACCEPTED}."


# Resolved whenever it is asked -----------------------------------------------------------------------------


def test_a_collection_may_be_made_later(make_collection: Any, make_image: Any) -> None:
    group = CollectionSourceGroup("Later")
    with pytest.raises(CollectionNotFound):
        list(group.files())
    image = make_image(collection=make_collection("Later"))
    assert images_of(group) == keys(image)


def test_a_renamed_collection_is_followed_by_its_name_only(pictures: Any, tree: Any) -> None:
    by_name, by_id = CollectionSourceGroup("Pressing"), CollectionSourceGroup(tree["Pressing"].pk)
    assert titles(by_name) == titles(by_id) == {"Pressing"}
    Collection.objects.filter(pk=tree["Pressing"].pk).update(name="Ironing")
    assert titles(by_id) == {"Pressing"}
    with pytest.raises(CollectionNotFound):
        by_name.resolve()


def test_a_moved_collection_is_found_where_it_is(pictures: Any, tree: Any) -> None:
    instance = CollectionSourceGroup(tree["Press/2026"])
    path, above = CollectionSourceGroup("Press/2026"), CollectionSourceGroup("Blog")
    assert titles(above) == {"Blog", "Blog/2026"}
    moved = Collection.objects.get(pk=tree["Press/2026"].pk)
    moved.move(Collection.objects.get(pk=tree["Pressing"].pk), pos="sorted-child")
    assert titles(instance) == {"Press/2026", "Press/2026/Spring"}
    assert titles(CollectionSourceGroup("Pressing/2026")) == {"Press/2026", "Press/2026/Spring"}
    assert titles(CollectionSourceGroup("Pressing")) == {"Pressing", "Press/2026", "Press/2026/Spring"}
    with pytest.raises(CollectionNotFound):
        path.resolve()


# Not to be found -------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            "Press/1999",
            "There is no collection 'Press/1999'; a name is written as in the admin under Settings, Collections, "
            "a path from below the root collection down.",
        ),
        (
            ("24/7",),
            "There is no collection ('24/7',); a name is written as in the admin under Settings, Collections, "
            "a path from below the root collection down.",
        ),
        (999999, "There is no collection with the id 999999; it may have been deleted."),
    ],
)
def test_a_missing_collection(given: Any, message: str) -> None:
    group = CollectionSourceGroup(given)
    for ask in (group.resolve, group.get_queryset, lambda: list(group.files())):
        with pytest.raises(CollectionNotFound) as error:
            ask()
        assert str(error.value) == message
    assert group.problems(database=True) == [message]


def test_an_ambiguous_name_lists_what_it_may_mean(tree: Any, make_collection: Any) -> None:
    inner = make_collection("Press", tree["Blog"])
    group = CollectionSourceGroup("Press")
    with pytest.raises(CollectionNotFound) as error:
        group.resolve()
    assert str(error.value) == (
        f"2 collections are called 'Press': 'Blog/Press' (id {inner.pk}), 'Root/Press' (id {tree['Press'].pk}); "
        "give the whole path, or the id."
    )
    assert group.problems(database=True) == [str(error.value)]
    for listed, collection in (("Root/Press", tree["Press"]), ("Blog/Press", inner)):
        assert CollectionSourceGroup(listed).find() == collection


def test_twins_below_one_parent_are_told_apart_by_id(tree: Any, make_collection: Any) -> None:
    twin = make_collection("2026", tree["Press"])
    with pytest.raises(CollectionNotFound) as error:
        CollectionSourceGroup("Press/2026").resolve()
    assert str(error.value) == (
        f"2 collections are called 'Press/2026': 'Press/2026' (id {tree['Press/2026'].pk}), "
        f"'Press/2026' (id {twin.pk}); give the whole path, or the id."
    )


@pytest.mark.parametrize("given", ["2026", "Press/1999", "Nowhere", 999999])
def test_one_that_is_not_to_be_found_is_empty_to_a_condition(pictures: Any, given: Any) -> None:
    group = CollectionSourceGroup(given)
    assert not group.model._base_manager.filter(group.condition()).exists()
    assert not any(group.contains(image) for image in pictures.values())


def test_a_tree_that_was_read_tells_whether_the_collection_is_there(tree: Any) -> None:
    read = read_tree()
    found = {name: CollectionSourceGroup(name).among(read) for name in ("Press", "2026", "Nowhere")}
    assert {name: node and node.pk for name, node in found.items()} == {
        "Press": tree["Press"].pk,
        "2026": None,
        "Nowhere": None,
    }


# What it costs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["Press/2026", "Spring", "id"])
def test_queries(pictures: Any, tree: Any, given: str, django_assert_num_queries: Any) -> None:
    group = CollectionSourceGroup(tree["Press/2026"].pk if given == "id" else given)
    image = pictures["Press/2026/Spring"]
    with django_assert_num_queries(0):
        group.condition()
        _ = group.key, group.label, group.watches, hash(group)
        assert group.problems(database=False) == []
    with django_assert_num_queries(1):
        assert group.contains(image)
    with django_assert_num_queries(1):
        group.resolve()
    with django_assert_num_queries(2):
        list(group.files())
    with django_assert_num_queries(1):
        assert group.problems(database=True) == []


def test_what_it_is_called(tree: Any) -> None:
    assert CollectionSourceGroup("Press/2026").label == "Images in the collection “Press/2026” and below"
    assert CollectionSourceGroup(tree["Blog"], False).label == "Images in the collection “Blog”"
    assert CollectionSourceGroup(7).label == "Images in the collection 7 and below"


def test_it_is_watched_for_collections() -> None:
    assert CollectionSourceGroup("Press").watches == (CollectionsWatch(),)
