"""The bulk action of the image listing: whatever is selected, however much, a run holds the question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.http import urlencode
from wagtail import hooks
from wagtail.images import get_image_model
from wagtail.models import Collection, GroupCollectionPermission

from tests.admin.running import finish, url
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.models import GenerationRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(as_user: Callable[[Any], Client], admin_user: Any) -> Client:
    return as_user(admin_user)


@pytest.fixture
def many(press: Collection, archive: Collection) -> Callable[[int], None]:
    """Adds rows of images, without files, half of them to Press and half to Archive."""

    def add(count: int) -> None:
        model = get_image_model()
        model.objects.bulk_create(
            model(title=f"image {n}", file="x.jpg", width=6, height=4, collection=(press, archive)[n % 2])
            for n in range(count)
        )

    return add


def where(**asked: Any) -> str:
    meta = get_image_model()._meta
    address = reverse("wagtail_bulk_action", args=[meta.app_label, meta.model_name, "generate_renditions"])
    return f"{address}?{urlencode(asked, doseq=True)}"


def shown(client: Client, **asked: Any) -> BeautifulSoup:
    response = client.get(where(**asked))
    assert response.status_code == 200, response
    return BeautifulSoup(response.content, "html.parser")


def text(found: Any) -> str:
    return " ".join(found.get_text(" ").split())


def test_it_stands_between_adding_to_a_collection_and_deleting(
    admin: Client, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    add_image(press)
    response = admin.get(reverse("wagtailimages:index"))
    soup = BeautifulSoup(response.content, "html.parser")
    buttons = soup.select(".bulk-actions-buttons .bulk-action-btn")
    assert [text(each) for each in buttons] == ["Tag", "Add to collection", "Generate renditions", "Delete"]
    # Its label is not cut, which takes our styles.
    assert "sg-bulk-action" in buttons[2]["class"]
    assert any(
        "wagtail_sourcegroups/css/admin.css" in str(link["href"]) for link in soup.select("link[href]")
    )


def test_ticked_images_stay_ids(
    admin: Client, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    first, second, _third = (add_image(press) for _ in range(3))
    soup = shown(admin, id=[first.pk, second.pk])
    assert "2 images" in text(soup.select_one("h1"))
    assert text(soup.select_one("form button")) == "Generate 4 renditions"
    response = admin.post(where(id=[first.pk, second.pk]), {"specs": ["shop:card"], "what": "missing"})
    run = GenerationRun.objects.get()
    assert response["Location"] == url("run", run)
    assert run.question["selection"] == {"images": [str(first.pk), str(second.pk)]}
    assert finish(run).sources == 2


def test_all_in_the_listing_is_what_the_listing_shows_and_is_kept_as_a_question(
    admin: Client,
    admin_user: Any,
    card: RenditionSpec,
    press: Collection,
    archive: Collection,
    add_image: Any,
) -> None:
    red, plain, other = add_image(press), add_image(press), add_image(archive)
    for image in (red, other):
        image.tags.add("red")
    # As Wagtail's script sends it: the query string of the page, "all", and where it goes back to.
    query = {
        "collection_id": press.pk,
        "tag": "red",
        "ordering": "title",
        "id": "all",
        "childOf": press.pk,
        "next": "/admin/images/",
    }
    soup = shown(admin, **query)
    assert "Images of the listing with Collection: Press; Tag: red" in text(soup)
    assert "1 image" in text(soup.select_one("h1"))
    response = admin.post(where(**query), {"specs": ["shop:card"], "what": "again"})
    run = GenerationRun.objects.get()
    assert response["Location"] == url("run", run)
    assert run.question["selection"] == {
        "by": str(admin_user.pk),
        "listing": f"collection_id={press.pk}&tag=red",
    }
    assert run.options == {"force": True}
    # One that comes into the listing before the run gets there is meant as well.
    plain.tags.add("red")
    assert finish(run).sources == 2


def test_what_the_listing_does_not_go_by_is_not_kept(
    admin: Client, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    add_image(press)
    admin.post(where(id="all", tag="nonsense", utm="x"), {"specs": ["shop:card"], "what": "missing"})
    assert GenerationRun.objects.get().question["selection"]["listing"] == ""


def test_what_may_not_be_touched_is_named_and_left_out(
    as_user: Any,
    make_editor: Any,
    card: RenditionSpec,
    press: Collection,
    archive: Collection,
    add_image: Any,
) -> None:
    """Of Archive he may choose images, and not change them."""
    user = make_editor("helper", press)
    GroupCollectionPermission.objects.create(
        group=user.groups.get(),
        collection=archive,
        permission=Permission.objects.get(codename="choose_image", content_type__app_label="wagtailimages"),
    )
    mine, other = add_image(press), add_image(archive, name="harbour.jpg")
    client = as_user(user)
    soup = shown(client, id=[mine.pk, other.pk])
    assert "1 image" in text(soup.select_one("h1"))
    assert "You don't have permission to change 1 of these images. It is left out. harbour" in text(soup)
    client.post(where(id=[mine.pk, other.pk]), {"specs": ["shop:card"], "what": "missing"})
    run = finish(GenerationRun.objects.get())
    assert run.sources == 1
    assert not other.renditions.exists()
    assert mine.renditions.count() == 2
    more = [add_image(archive, name=f"archive-{number:02}.jpg").pk for number in range(25)]
    soup = shown(client, id=[mine.pk, other.pk, *more])
    assert "to change 26 of these images" in text(soup)
    assert len(soup.select(".sg-left-out li")) == 21
    assert "and 6 more" in text(soup.select_one(".sg-left-out"))
    # All left out: nothing but the way back.
    soup = shown(client, id=other.pk, next="/admin/images/?p=2")
    assert not soup.select("form[action*=generate_renditions]")
    link = soup.select_one("main a.button")
    assert link is not None
    assert (text(link), link["href"]) == ("Go back", "/admin/images/?p=2")
    response = client.post(where(id=other.pk), {"specs": ["shop:card"], "what": "missing"})
    assert response.status_code == 302
    assert GenerationRun.objects.count() == 1


def test_images_that_somebody_does_not_see_are_counted_and_not_named(
    as_user: Any, editor: Any, card: RenditionSpec, press: Collection, archive: Collection, add_image: Any
) -> None:
    mine, other = add_image(press), add_image(archive, name="harbour.jpg")
    soup = shown(as_user(editor), id=[mine.pk, other.pk])
    assert "to change 1 of these images" in text(soup)
    assert "harbour" not in str(soup)


def test_images_that_others_have_added_are_counted_and_not_named(
    as_user: Any, contributor: Any, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    mine, other = add_image(press, uploaded_by_user=contributor), add_image(press, name="harbour.jpg")
    client = as_user(contributor)
    soup = shown(client, id=[mine.pk, other.pk])
    assert "to change 1 of these images" in text(soup)
    assert "harbour" not in str(soup)
    assert "1 image" in text(shown(client, id="all").select_one("h1"))


def test_nobody_generates_without_logging_in(client: Client, card: RenditionSpec) -> None:
    assert client.post(where(id="all"), {"specs": ["shop:card"]})["Location"].startswith(
        reverse("wagtailadmin_login")
    )


def test_no_spec_is_refused(admin: Client, card: RenditionSpec, press: Collection, add_image: Any) -> None:
    add_image(press)
    response = admin.post(where(id="all"), {"what": "missing"})
    assert "Choose at least one spec." in response.content.decode()
    assert not GenerationRun.objects.exists()


def test_an_id_that_is_none(admin: Client, card: RenditionSpec) -> None:
    assert admin.get(where(id="x")).status_code == 404


def test_however_many_are_selected_the_page_costs_the_same(
    admin: Client, card: RenditionSpec, many: Callable[[int], None]
) -> None:
    """More than are counted one by one, in every case."""

    def cost() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            response = admin.get(where(id="all"))
        return len(queries), len(response.content)

    many(600)
    cost()
    queries, size = cost()
    assert queries < 40
    assert size < 100_000
    many(3000)
    again, larger = cost()
    assert again == queries
    assert abs(larger - size) < 200


def test_no_more_than_a_few_images_are_loaded(
    admin: Client, card: RenditionSpec, many: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    many(600)
    model = get_image_model()
    loaded = []
    read = model.from_db.__func__

    def from_db(cls: Any, *args: Any, **kwargs: Any) -> Any:
        loaded.append(1)
        return read(cls, *args, **kwargs)

    monkeypatch.setattr(model, "from_db", classmethod(from_db))
    admin.get(where(id="all"))
    admin.post(where(id="all"), {"specs": ["shop:card"], "what": "missing"})
    assert len(loaded) <= 20


def test_whoever_listens_to_bulk_actions_is_given_a_queryset(
    admin: Client, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    add_image(press)
    heard = []

    def listen(request: Any, action_type: str, objects: Any, action: Any) -> None:
        heard.append((action_type, objects.count(), GenerationRun.objects.count()))

    with (
        hooks.register_temporarily("before_bulk_action", listen),
        hooks.register_temporarily("after_bulk_action", listen),
    ):
        admin.post(where(id="all"), {"specs": ["shop:card"], "what": "missing"})
    assert heard == [("generate_renditions", 1, 0), ("generate_renditions", 1, 1)]
