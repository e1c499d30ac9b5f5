"""Groups by the names that people know them by."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.functional import Promise
from wagtail.models import Collection

from tests.testapp.models import CodeImage
from wagtail_sourcegroups.admin.groups import HIDDEN, code_of, names_of
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, ImageModelSourceGroup, TagSourceGroup

pytestmark = pytest.mark.django_db


def told(group: Any, *known: Collection) -> str | Promise:
    """Its name for somebody who knows these collections."""
    return names_of([group], Collection.objects.filter(pk__in=[each.pk for each in known]))[group.key]


def name_of(group: Any) -> str:
    """For somebody who knows all."""
    return str(told(group, *Collection.objects.all()))


def test_a_collection_by_its_own_name_however_it_was_given(press: Collection) -> None:
    press.add_child(name="2026")
    for given in (press, press.pk, "Press"):
        assert name_of(CollectionSourceGroup(given)) == "Press"
    assert name_of(CollectionSourceGroup("Press/2026")) == "Press/2026"
    assert name_of(CollectionSourceGroup(press.pk, include_descendants=False)) == (
        "Press, without those below it"
    )


def test_what_is_for_every_image_of_the_site() -> None:
    assert name_of(ImageModelSourceGroup()) == "All images"


@pytest.mark.parametrize(
    "group", [ImageModelSourceGroup(CodeImage), TagSourceGroup("hero"), CollectionSourceGroup(9999)]
)
def test_any_other_by_its_label(group: Any) -> None:
    assert name_of(group) == str(group.label)


def test_what_somebody_does_not_know_has_no_name(press: Collection, archive: Collection) -> None:
    below = press.add_child(name="2026")
    for group in (
        CollectionSourceGroup(press),
        CollectionSourceGroup(press.pk),
        CollectionSourceGroup("Press"),
    ):
        assert told(group, archive, below) is HIDDEN
        assert told(group, press) == "Press"
    assert told(CollectionSourceGroup(press.pk, include_descendants=False), archive) is HIDDEN
    # Nor has it one in a path that leads elsewhere.
    group = CollectionSourceGroup("Press/2026")
    assert told(group, archive) is HIDDEN
    assert told(group, press) is HIDDEN
    assert told(group, below) == "2026"
    assert told(group, press, below) == "Press/2026"
    assert told(CollectionSourceGroup("Root/Press"), press) == "Press"


def test_one_that_is_gone_has_the_name_that_code_has_for_it(press: Collection, archive: Collection) -> None:
    pk = archive.pk
    by_row, by_id, by_name = (CollectionSourceGroup(given) for given in (archive, pk, "Archive"))
    type(archive).objects.get(pk=pk).delete()
    assert told(by_name, press) == "Archive"
    for group in (by_row, by_id):
        assert told(group, press) == f"Images in the collection {pk} and below"


def test_an_address_holds_no_name() -> None:
    key = CollectionSourceGroup("Press/2026").key
    assert "Press" in key
    assert "Press" not in code_of(key)
    assert code_of(key) == code_of(key) != code_of(CollectionSourceGroup("Press").key)


def test_one_query_for_all(press: Collection, archive: Collection) -> None:
    groups = [CollectionSourceGroup(each.pk) for each in (press, archive)]
    with CaptureQueriesContext(connection) as queries:
        every = [*groups, *groups, CollectionSourceGroup("Press/2026"), ImageModelSourceGroup()]
        assert set(names_of(every, Collection.objects.all()).values()) == {
            "Press",
            "Archive",
            "Press/2026",
            "All images",
        }
        names_of([ImageModelSourceGroup()], Collection.objects.all())
    assert len(queries) == 1
