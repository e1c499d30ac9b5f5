"""Groups by the names that people know them by."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import Collection

from tests.testapp.models import CodeImage
from wagtail_sourcegroups.admin.groups import names_of
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, ImageModelSourceGroup, TagSourceGroup

pytestmark = pytest.mark.django_db


def name_of(group: Any) -> str:
    return str(names_of([group])[group.key])


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


def test_one_query_for_all(press: Collection, archive: Collection) -> None:
    groups = [CollectionSourceGroup(each.pk) for each in (press, archive)]
    with CaptureQueriesContext(connection) as queries:
        assert set(names_of([*groups, *groups, ImageModelSourceGroup()]).values()) == {
            "Press",
            "Archive",
            "All images",
        }
        names_of([ImageModelSourceGroup()])
    assert len(queries) == 1
