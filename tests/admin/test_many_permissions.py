"""Somebody with rights on many collections, one by one: the same pages, and no query for each of these rights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import Collection

from tests.admin.imagery import Imagery
from wagtail_sourcegroups import RenditionSpec, counting
from wagtail_sourcegroups.admin import access
from wagtail_sourcegroups.policies import FEW, changeable_images, image_policy

pytestmark = pytest.mark.django_db

MANY = 40


@pytest.fixture
def collections(db: None) -> list[Collection]:
    root = Collection.get_first_root_node()
    return [root.add_child(name=f"Collection {number}") for number in range(MANY + 2)]


@pytest.fixture
def editor_of_many(collections: list[Collection], make_editor: Any) -> Any:
    return make_editor("editor-of-many", *collections[:MANY])


def queries(action: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        action()
    return [query["sql"] for query in captured]


def test_what_is_seen_and_changed_is_what_the_policy_says(
    editor_of_many: Any, collections: list[Collection], add_image: Any
) -> None:
    assert MANY > FEW
    below = collections[3].add_child(name="Below")
    mine, other = add_image(below), add_image(collections[-1])
    policy = image_policy()
    for found, actions in (
        (access.visible_collections(editor_of_many), ("add", "change")),
        (access.changeable_collections(editor_of_many), ("change",)),
    ):
        asked = policy.collections_user_has_any_permission_for(editor_of_many, actions)
        assert set(found) == set(asked) == {*collections[:MANY], below}
    assert set(access.visible_images(editor_of_many)) == {mine}
    assert set(changeable_images(editor_of_many)) == {mine}
    assert not access.sees_everything(editor_of_many)
    assert other not in access.visible_images(editor_of_many)


def test_collections_are_read_once_for_each_request(editor_of_many: Any) -> None:
    list(access.visible_collections(editor_of_many))
    later = queries(lambda: [list(access.visible_collections(editor_of_many)) for _ in range(3)])
    assert len(later) == 3
    # By their keys, not by a path for each permission.
    assert not any("LIKE" in sql for sql in later)


def test_what_is_gone_through_is_gone_through_anew(
    editor_of_many: Any, collections: Any, add_image: Any
) -> None:
    assert list(changeable_images(editor_of_many)) == []
    image = add_image(collections[0])
    assert list(changeable_images(editor_of_many)) == [image]


def test_nobody_in_particular_and_administrators_are_asked_of_the_policy(
    admin_user: Any, collections: list[Collection]
) -> None:
    assert list(access.visible_collections(AnonymousUser())) == []
    everything = access.visible_collections(admin_user)
    # Those that come later as well.
    made = Collection.get_first_root_node().add_child(name="Later")
    assert made in set(everything)
    assert queries(lambda: access.visible_collections(admin_user)) == []


@pytest.mark.parametrize(
    "name", ["wagtailadmin_home", *map("sourcegroups:{}".format, ("overview", "coverage", "failures"))]
)
def test_a_page_asks_the_same_of_forty_rights_and_of_twice_as_many(
    name: str,
    as_user: Any,
    make_editor: Any,
    editor_of_many: Any,
    collections: list[Collection],
    card: RenditionSpec,
    add_image: Any,
) -> None:
    imagery = Imagery(add_image, card)
    imagery.failed(collections[1])
    imagery.ready(collections[2])
    counting.count()
    client = as_user(editor_of_many)
    client.get(reverse(name))
    few = queries(lambda: client.get(reverse(name)))
    root = Collection.get_first_root_node()
    more = [root.add_child(name=f"More {number}") for number in range(MANY)]
    client = as_user(make_editor("of-more", *collections[:MANY], *more, may=("add", "change", "choose")))
    client.get(reverse(name))
    many = queries(lambda: client.get(reverse(name)))
    assert len(many) == len(few)
    # Long questions of Wagtail's: for the keys, and for images, which may be one's own.
    assert sum(sql.count("LIKE") > MANY for sql in many) <= 6
