"""What the image listing shows, asked of its own view: filters and search included."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode
from wagtail.images import get_image_model
from wagtail.models import Collection
from wagtail.search.backends import get_search_backend

from wagtail_sourcegroups.listing import canonical, honoured, listed
from wagtail_sourcegroups.runs.question import CannotBeAnswered, Question, walk_of
from wagtail_sourcegroups.runs.starting import start
from wagtail_sourcegroups.selection import Selection

pytestmark = pytest.mark.django_db


@pytest.fixture
def images(make_image: Any) -> dict[str, Any]:
    """Four images: in two collections, with two tags, of three titles."""
    root = Collection.get_first_root_node()
    press, archive = (root.add_child(name=name) for name in ("Press", "Archive"))
    found = {}
    for name, collection, tags in (
        ("bread", press, ["red"]),
        ("breadcrumbs", press, ["red", "blue"]),
        ("harbour", archive, ["red"]),
        ("bridge", archive, []),
    ):
        image = make_image(f"{name}.jpg", collection=collection)
        image.tags.add(*tags)
        image.save()
        get_search_backend().add(image)
        found[name] = image
    return found


def shown(client: Client, query: str) -> set[str]:
    """Titles that the listing itself shows for a query string."""
    response = client.get(f"{reverse('wagtailimages:index')}?{query}")
    return {image.title for image in response.context["object_list"]}


def titles(query: str, user: Any) -> set[str]:
    return set(listed(query, user).values_list("title", flat=True))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {"bread", "breadcrumbs", "harbour", "bridge"}),
        ({"collection_id": "Press"}, {"bread", "breadcrumbs"}),
        ({"tag": ["red"]}, {"bread", "breadcrumbs", "harbour"}),
        ({"tag": ["blue", "red"]}, {"bread", "breadcrumbs", "harbour"}),
        ({"q": "bread"}, {"bread", "breadcrumbs"}),
        ({"q": "br"}, {"bread", "breadcrumbs", "bridge"}),
        ({"q": "br", "collection_id": "Archive"}, {"bridge"}),
        ({"q": "bread", "tag": ["blue"]}, {"breadcrumbs"}),
        ({"collection_id": "Archive", "tag": ["red"]}, {"harbour"}),
        (
            {"usage_count_min": "0", "usage_count_max": "0", "tag": ["red"]},
            {"bread", "breadcrumbs", "harbour"},
        ),
        ({"usage_count_min": "1"}, set()),
        ({"q": "nothing of the kind"}, set()),
    ],
    ids=lambda value: urlencode(value, doseq=True) if isinstance(value, dict) else "",
)
def test_it_is_what_the_listing_shows(
    asked: dict[str, Any], expected: set[str], images: Any, client: Client, superuser: Any
) -> None:
    if "collection_id" in asked:
        asked = {**asked, "collection_id": Collection.objects.get(name=asked["collection_id"]).pk}
    query = urlencode(asked, doseq=True)
    client.force_login(superuser)
    assert shown(client, query) == expected
    assert titles(query, superuser) == expected
    # And none of it is lost on the way.
    assert QueryDict(honoured(query, superuser)) == QueryDict(query)


def test_where_in_the_listing_somebody_is_does_not_count(images: Any, superuser: Any) -> None:
    press = images["bread"].collection_id
    query = f"p=2&ordering=title&layout=list&id=all&id=3&next=/admin/&q=&childOf={press}&tag=red"
    assert canonical(query) == f"tag=red&collection_id={press}"
    assert titles(query, superuser) == {"bread", "breadcrumbs"}


def test_what_the_listing_does_not_know_is_left_out_when_asked_and_never_widens(
    images: Any, superuser: Any
) -> None:
    query = "tag=red&utm_source=mail"
    assert honoured(query, superuser) == "tag=red"
    assert titles(query, superuser) == set()
    # The listing itself shows everything for a filter that cannot be.
    assert honoured("tag=green", superuser) == ""
    assert titles("tag=green", superuser) == set()


def test_everybody_is_shown_their_own_listing(images: Any, django_user_model: Any) -> None:
    nobody = django_user_model.objects.create_user("nobody")
    assert titles("", nobody) == set()


def test_a_run_whose_listing_cannot_be_had_any_more_says_so(images: Any, superuser: Any) -> None:
    selection = Selection(by=str(superuser.pk), listing="tag=blue")
    run = start(Question(("blog:hero",), selection=selection))
    assert walk_of(run).selection == selection
    get_image_model().tags.through.objects.filter(tag__name="blue").delete()
    with pytest.raises(CannotBeAnswered, match="tag=blue"):
        walk_of(run)
    superuser.delete()
    with pytest.raises(CannotBeAnswered, match="no user of this site any more"):
        walk_of(run)


def test_one_query_tells_which_images_however_many(
    images: Any, superuser: Any, make_image: Any, django_assert_num_queries: Any
) -> None:
    def asked() -> int:
        found = listed("tag=red", superuser)
        with django_assert_num_queries(1):
            return found.count()

    assert asked() == 3
    for number in range(20):
        make_image(f"{number}.jpg").tags.add("red")
    assert asked() == 23
