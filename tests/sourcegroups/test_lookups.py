from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model
from wagtail.models import Page

from tests.testapp.models import Person
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.pages import PAGE
from wagtail_sourcegroups.registry import Binding
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    ImageFieldSourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
    ReferenceSourceGroup,
    TagSourceGroup,
)
from wagtail_sourcegroups.sourcegroups.lookups import LookedUp, looked_up, row_condition
from wagtail_sourcegroups.walk import Walk

INDEXED = [TagSourceGroup("x"), ReferenceSourceGroup(Page), ImageFieldSourceGroup(Person, "portrait")]


class Titled(QuerySetSourceGroup):
    def get_queryset(self) -> Any:
        return get_image_model().objects.filter(title="x")


def kinds(condition: Any) -> list[type]:
    """The kinds of ``EXISTS`` in a condition, outside of subqueries."""
    if isinstance(condition, Q):
        return [kind for child in condition.children for kind in kinds(child)]
    return [type(condition)] if isinstance(condition, Exists) else []


@pytest.mark.django_db
@pytest.mark.parametrize("group", INDEXED, ids=lambda group: group.key)
def test_groups_that_an_index_tells_of_are_looked_up(group: Any) -> None:
    assert kinds(row_condition(group)) == [LookedUp] * len(kinds(group.condition())) != []


@pytest.mark.django_db
@pytest.mark.parametrize("group", [CollectionSourceGroup(1), Titled(), ImageModelSourceGroup()], ids=type)
def test_others_are_asked_as_they_are(group: Any) -> None:
    assert LookedUp not in kinds(row_condition(group))


def test_a_condition_keeps_its_shape() -> None:
    exists = Exists(Person.objects.filter(portrait=OuterRef("pk")))
    assert looked_up(None) is None
    assert looked_up(Q(title="x") | Q(pk__in=[])) == Q(title="x") | Q(pk__in=[])
    nested = ~(Q(title="x") & ~(Q(exists) | Q(title="y")))
    found = looked_up(nested)
    assert re.sub("<.*?>", "EXISTS", str(found)) == re.sub("<.*?>", "EXISTS", str(nested))
    assert kinds(found) == [LookedUp]


@pytest.mark.django_db
def test_it_means_the_same(make_image: Any) -> None:
    tagged, pointed_to, _ = make_image(), make_image("two.jpg"), make_image("three.jpg")
    tagged.tags.add("x")
    Person.objects.create(portrait=pointed_to)
    images = get_image_model().objects
    for group, meant in ((INDEXED[0], {tagged}), (INDEXED[1], set()), (INDEXED[2], {pointed_to})):
        condition = row_condition(group)
        assert set(images.filter(condition)) == set(images.filter(group.condition())) == meant
        assert set(images.filter(~Q(condition))) == set(images.all()) - meant


@pytest.mark.requires_postgres
@pytest.mark.django_db
@pytest.mark.parametrize("group", INDEXED, ids=lambda group: group.key)
def test_a_page_is_read_image_by_image(make_image: Any, group: Any) -> None:
    """However many are in the group: no join, and nothing that is worked out for all of it beforehand."""
    make_image().tags.add("x")
    bindings = [Binding(RenditionSpec("a", "width-20"), group)]
    for count_settled in (False, True):
        walk = Walk(bindings, bindings, write=False, count_settled=count_settled)
        walk.prepare()
        with CaptureQueriesContext(connection) as captured:
            list(walk.image_batches(group.model))
        limit = f"LIMIT {PAGE + 1}" if count_settled else f"LIMIT {walk.size}"
        (page,) = [query["sql"] for query in captured if query["sql"].endswith(limit)]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {page.replace('%', '%%')}", [])
            (found,) = cursor.fetchone()
        node = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
        while "Relation Name" not in node:
            assert "Join" not in node["Node Type"] and node["Node Type"] != "Nested Loop"
            node = node["Plans"][0]
        assert node["Relation Name"] == group.model._meta.db_table
        assert "hashed" not in node.get("Filter", "")
