"""*Assignments*: the matrix of collections and specs."""

from __future__ import annotations

import html as markup
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import Collection, ModelLogEntry

from tests.admin.assigning import assigned, boxes, fields, let_assign, let_manage
from tests.images import rows as renditions
from tests.testapp.models import UUIDImage
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.admin.collections import paging
from wagtail_sourcegroups.admin.collections.history import ACTION
from wagtail_sourcegroups.admin.collections.paging import named, pages, rows_of_page
from wagtail_sourcegroups.admin.collections.places import Change, Place
from wagtail_sourcegroups.admin.collections.ticks import BOX, TICKED_BEFORE
from wagtail_sourcegroups.admin.collections.tree import Node, Tree
from wagtail_sourcegroups.admin.collections.writing import write
from wagtail_sourcegroups.models import Assignment, StoredSpec, StoredVersion
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, ImageModelSourceGroup, TagSourceGroup

pytestmark = pytest.mark.django_db

Log = Callable[[Any], Any]

ALL = "gallery.customimage"


@pytest.fixture(autouse=True)
def specs(registry: Registry) -> None:
    """Two specs that an admin has defined, of one rendition and of two."""
    StoredSpec.objects.create(spec_id="press", label="Press download", filters="width-2400|format-jpeg")
    StoredSpec.objects.create(spec_id="zoom", label="Zoom", filters="fill-{40x40,80x80}|format-webp")


@pytest.fixture
def blog(db: None) -> Collection:
    return Collection.get_first_root_node().add_child(name="Blog")


@pytest.fixture
def recipes(blog: Collection) -> Collection:
    return blog.add_child(name="Recipes")


@pytest.fixture
def url() -> str:
    return reverse("sourcegroups:assignments")


def rows(html: str) -> dict[str, list[str]]:
    """The texts of the cells of each row, by the name of its collection."""
    found = {}
    for row in re.findall(r"<tr data-path.*?</tr>", html, re.DOTALL):
        name, *cells = (
            " ".join(markup.unescape(re.sub(r"<[^>]*>", " ", cell)).split())
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        )
        found[name] = cells
    return found


def costs(html: str) -> dict[str, list[int]]:
    """What a tick in each cell would cost at most, as the script works it out, by the name of the collection."""
    per_image = [
        int(number) for number in re.findall(r'class="sg-matrix__spec" data-renditions="(\d+)"', html)
    ]
    images = map(int, re.findall(r'<tr data-path="[^"]*" data-images="(\d+)">', html))
    found = zip(rows(html), images, strict=True)
    return {name: [count * each for each in per_image] for name, count in found}


def said(response: Any) -> list[str]:
    return [" ".join(re.sub(r"<[^>]*>", " ", str(m)).split()) for m in get_messages(response.wsgi_request)]


# What is shown ---------------------------------------------------------------------------------------------------


def test_collections_down_as_a_tree_and_specs_across(
    as_user: Log, admin_user: Any, url: str, blog: Collection, recipes: Collection, add_image: Any
) -> None:
    add_image(blog), add_image(recipes), add_image(recipes)
    Assignment.objects.create(spec_id="press", collection=blog)
    html = as_user(admin_user).get(url).content.decode()
    shown = rows(html)
    assert list(shown) == ["All images", "Blog", "Blog › Recipes"]
    assert [cells[0] for cells in shown.values()] == ["3", "1", "2"]
    assert shown["Blog › Recipes"][1] == "from Blog"
    assert boxes(html) == {
        f"{ALL}:press": False,
        f"{ALL}:zoom": False,
        f"{blog.pk}:press": True,
        f"{blog.pk}:zoom": False,
        f"{recipes.pk}:zoom": False,
    }
    assert 'aria-label="Zoom for Blog › Recipes"' in html
    assert html.count('<th scope="row" class="sg-matrix__name">') == 3
    assert len(re.findall(r'<th scope="col" class="sg-matrix__spec"[^>]*>', html)) == 2
    assert "1 per image" in html and "2 per image" in html


def test_what_ticking_would_cost_counts_what_is_below(
    as_user: Log, admin_user: Any, url: str, blog: Collection, recipes: Collection, add_image: Any
) -> None:
    add_image(blog), add_image(recipes), add_image(Collection.get_first_root_node())
    html = as_user(admin_user).get(url).content.decode()
    assert costs(html) == {"All images": [3, 6], "Blog": [2, 4], "Blog › Recipes": [1, 2]}
    (words,) = re.findall(r'data-sg-assignments-costs-value="([^"]*)"', html)
    forms = json.loads(markup.unescape(words))
    assert (forms["one"], forms["nothing"]) == ("up to %(count)s to make", "no images yet")


def test_what_is_in_code_is_locked(
    as_user: Log,
    admin_user: Any,
    url: str,
    registry: Registry,
    card: RenditionSpec,
    blog: Collection,
    recipes: Collection,
) -> None:
    registry.add_group("zoom", CollectionSourceGroup("Blog"))
    registry.add_group("press", TagSourceGroup("big"))
    html = as_user(admin_user).get(url).content.decode()
    shown = rows(html)
    assert [cells[1] for cells in shown.values()] == ["in code"] * 3
    assert shown["Blog"][3] == "in code" and shown["Blog › Recipes"][3] == "from Blog"
    assert f"{ALL}:zoom" in boxes(html) and f"{ALL}:{card.id}" not in boxes(html)
    heads = re.findall(r'<th scope="col" class="sg-matrix__spec"[^>]*>(.*?)</th>', html, re.DOTALL)
    assert ["icon-lock" in head for head in heads] == [True, False, False]
    assert "in code:" in heads[1] and "big" in heads[1]


def test_all_images_come_first_and_apply_everywhere(
    as_user: Log, admin_user: Any, url: str, blog: Collection
) -> None:
    Assignment.objects.create(spec_id="zoom", image_model=ALL)
    shown = rows(as_user(admin_user).get(url).content.decode())
    assert shown["Blog"][2] == "from All images"


def test_the_root_collection_is_all_images(as_user: Log, admin_user: Any, url: str, blog: Collection) -> None:
    Assignment.objects.create(spec_id="zoom", collection=Collection.get_first_root_node())
    client = as_user(admin_user)
    html = client.get(url).content.decode()
    assert "Root" not in rows(html)
    assert boxes(html)[f"{ALL}:zoom"]
    client.post(url, fields(html, untick=[f"{ALL}:zoom"]))
    assert assigned() == set()


def test_a_label_is_one_whatever_its_case(as_user: Log, admin_user: Any, url: str, blog: Collection) -> None:
    Assignment.objects.create(spec_id="zoom", image_model="gallery.CustomImage")
    client = as_user(admin_user)
    html = client.get(url).content.decode()
    assert rows(html)["Blog"][2] == "from All images"
    client.post(url, fields(html, untick=[f"{ALL}:zoom"]))
    assert assigned() == set()


def test_another_image_model_that_code_is_about_has_a_row_of_its_own(
    as_user: Log, admin_user: Any, url: str, registry: Registry, make_image: Any, blog: Collection
) -> None:
    make_image(model=UUIDImage)
    registry.add_group("press", ImageModelSourceGroup(UUIDImage))
    client = as_user(admin_user)
    html = client.get(url).content.decode()
    assert list(rows(html)) == ["All images", "All uuid images", "Blog"]
    assert rows(html)["All uuid images"] == ["1", "in code", ""]
    assert costs(html) == {"All images": [0, 0], "All uuid images": [1, 2], "Blog": [0, 0]}
    response = client.post(url, fields(html, tick=["testapp.uuidimage:zoom"]))
    assert assigned() == {("zoom", "testapp.uuidimage")}
    assert said(response) == ["1 assignment was changed."]


def test_without_specs_there_is_a_way_to_add_one(as_user: Log, admin_user: Any, url: str) -> None:
    StoredSpec.objects.all().delete()
    html = as_user(admin_user).get(url).content.decode()
    assert "No specs yet." in html and reverse("sourcegroups_specs:add") in html
    assert '<table class="listing sg-matrix">' not in html


def test_nothing_of_it_is_inline(as_user: Log, admin_user: Any, url: str, blog: Collection) -> None:
    html = as_user(admin_user).get(url).content.decode().partition('data-controller="sg-assignments"')[2]
    html = html.partition("</main>")[0]
    assert "style=" not in html and not re.search(r"\son\w+=", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))


# Saving ----------------------------------------------------------------------------------------------------------


def test_only_differences_are_saved_in_one_go(
    as_user: Log, admin_user: Any, url: str, blog: Collection, press: Collection
) -> None:
    kept = Assignment.objects.create(spec_id="press", collection=press)
    Assignment.objects.create(spec_id="zoom", collection=press)
    client = as_user(admin_user)
    page = client.get(url).content.decode()
    versions: list[Any] = []
    original = StoredVersion.change

    def change(cls: Any) -> None:
        versions.append(cls)
        original()

    StoredVersion.change = classmethod(change)  # type: ignore[method-assign, assignment]
    try:
        response = client.post(
            url, fields(page, tick=[f"{blog.pk}:press", f"{blog.pk}:zoom"], untick=[f"{press.pk}:zoom"])
        )
    finally:
        StoredVersion.change = original  # type: ignore[method-assign]
    assert assigned() == {("press", "Press"), ("press", "Blog"), ("zoom", "Blog")}
    assert Assignment.objects.filter(pk=kept.pk).exists()
    assert len(versions) == 1
    assert response.status_code == 302 and response.url == url
    assert said(response) == ["3 assignments were changed."]


def test_nothing_to_save(as_user: Log, admin_user: Any, url: str, blog: Collection) -> None:
    client = as_user(admin_user)
    before = StoredVersion.objects.get().token
    response = client.post(url, fields(client.get(url).content.decode()))
    assert said(response) == ["Nothing was changed."]
    assert StoredVersion.objects.get().token == before


def test_what_somebody_else_has_changed_meanwhile_is_not_reverted(
    as_user: Log, admin_user: Any, url: str, blog: Collection, press: Collection
) -> None:
    Assignment.objects.create(spec_id="press", collection=blog)
    client = as_user(admin_user)
    page = client.get(url).content.decode()
    Assignment.objects.all().delete()
    Assignment.objects.create(spec_id="zoom", collection=blog)
    client.post(url, fields(page, tick=[f"{press.pk}:press"]))
    assert assigned() == {("zoom", "Blog"), ("press", "Press")}


def test_the_same_change_of_two_people_is_one(
    as_user: Log, admin_user: Any, url: str, blog: Collection
) -> None:
    client = as_user(admin_user)
    page = client.get(url).content.decode()
    Assignment.objects.create(spec_id="zoom", collection=blog)
    response = client.post(url, fields(page, tick=[f"{blog.pk}:zoom"]))
    assert assigned() == {("zoom", "Blog")}
    assert said(response) == ["Nothing was changed."]


def test_a_collection_and_a_spec_that_are_gone_are_counted_and_the_rest_is_saved(
    as_user: Log, admin_user: Any, url: str, blog: Collection, press: Collection
) -> None:
    client = as_user(admin_user)
    page = client.get(url).content.decode()
    blog.delete()
    StoredSpec.objects.get(spec_id="press").delete()
    asked = fields(page, tick=[f"{blog.pk}:zoom", f"{press.pk}:press", f"{press.pk}:zoom"])
    response = client.post(url, asked)
    assert assigned() == {("zoom", "Press")}
    assert "2 changes were not saved: their specs or collections aren't there any more." in [
        markup.unescape(each) for each in said(response)
    ]


@pytest.mark.parametrize(
    "name", ["", ":", "nonsense", "gallery.nothing:zoom", f"{10**30}:zoom", "²:zoom", f"{'9' * 5000}:zoom"]
)
def test_a_box_that_never_was_changes_nothing(name: str, as_user: Log, admin_user: Any, url: str) -> None:
    response = as_user(admin_user).post(url, {BOX: [name], TICKED_BEFORE: ""})
    assert response.status_code == 302
    assert assigned() == set()
    assert "1 change was not saved: its spec or collection isn't there any more." in [
        markup.unescape(each) for each in said(response)
    ]


def test_new_ticks_are_offered_to_be_generated(
    as_user: Log,
    admin_user: Any,
    url: str,
    blog: Collection,
    recipes: Collection,
    press: Collection,
    add_image: Any,
) -> None:
    add_image(blog), add_image(recipes), add_image(press)
    client = as_user(admin_user)
    page = client.get(url).content.decode()
    response = client.post(url, fields(page, tick=[f"{blog.pk}:zoom", f"{recipes.pk}:zoom"]))
    (message,) = map(str, get_messages(response.wsgi_request))
    assert (
        "2 assignments were changed. 2 images are there already: up to 4 renditions to make for Zoom."
        in message
    )
    (address,) = re.findall(r'href="([^"]+)"', message)
    assert markup.unescape(address) == f"{reverse('sourcegroups:generate')}?spec=zoom&collection={blog.pk}"


def test_ticks_for_all_images_are_offered_for_all_images(
    as_user: Log, admin_user: Any, url: str, blog: Collection, press: Collection, add_image: Any
) -> None:
    add_image(blog), add_image(press)
    client = as_user(admin_user)
    asked = fields(client.get(url).content.decode(), tick=[f"{ALL}:zoom", f"{blog.pk}:press"])
    (message,) = map(str, get_messages(client.post(url, asked).wsgi_request))
    assert "2 images are there already: up to 5 renditions to make for Press download and Zoom." in message
    (address,) = re.findall(r'href="([^"]+)"', message)
    assert markup.unescape(address) == f"{reverse('sourcegroups:generate')}?spec=press&spec=zoom"


def test_taking_back_keeps_what_was_made_and_offers_nothing(
    as_user: Log, admin_user: Any, url: str, blog: Collection, add_image: Any
) -> None:
    image = add_image(blog)
    image.get_rendition("fill-40x40|format-webp")
    Assignment.objects.create(spec_id="zoom", collection=blog)
    client = as_user(admin_user)
    response = client.post(url, fields(client.get(url).content.decode(), untick=[f"{blog.pk}:zoom"]))
    assert said(response) == ["1 assignment was changed."]
    assert set(renditions(image)) == {"fill-40x40|format-webp"}


def test_one_entry_in_the_history_for_each_collection(
    as_user: Log, admin_user: Any, url: str, blog: Collection, press: Collection
) -> None:
    Assignment.objects.create(spec_id="press", collection=press)
    client = as_user(admin_user)
    page = client.get(url).content.decode()
    client.post(
        url,
        fields(
            page,
            tick=[f"{ALL}:zoom", f"{blog.pk}:press", f"{blog.pk}:zoom"],
            untick=[f"{press.pk}:press"],
        ),
    )
    entries = ModelLogEntry.objects.filter(action=ACTION)
    assert {entry.label: entry.formatter.format_message(entry) for entry in entries} == {
        "All images": "Specs assigned: Zoom.",
        "Blog": "Specs assigned: Press download and Zoom.",
        "Press": "No longer assigned: Press download.",
    }
    assert {entry.user for entry in entries} == {admin_user}


def test_a_collection_that_is_deleted_between_looking_and_writing_is_passed_over(
    admin_user: Any, blog: Collection
) -> None:
    written = write(admin_user, [Change("zoom", Place(blog.pk + 1000)), Change("zoom", Place(blog.pk))], [])
    assert written.added == (Change("zoom", Place(blog.pk)),)


# Permissions -----------------------------------------------------------------------------------------------------


def test_nobody_in_particular_is_asked_to_log_in(as_user: Log, url: str, blog: Collection) -> None:
    for response in (
        as_user(None).get(url),
        as_user(None).post(url, {BOX: [f"{blog.pk}:zoom"], TICKED_BEFORE: ""}),
    ):
        assert response.status_code == 302 and response.url.startswith(reverse("wagtailadmin_login"))
    assert assigned() == set()


def test_without_any_permission_on_images_or_assignments_the_page_is_refused(
    as_user: Log, make_editor: Any, url: str
) -> None:
    response = as_user(make_editor("stranger")).get(url)
    assert response.status_code == 302 and response.url == reverse("wagtailadmin_home")


def test_an_editor_sees_the_state_of_the_own_collections_as_text(
    as_user: Log, editor: Any, url: str, press: Collection, archive: Collection, add_image: Any
) -> None:
    add_image(press), add_image(archive)
    Assignment.objects.create(spec_id="press", collection=press)
    client = as_user(editor)
    html = client.get(url).content.decode()
    assert rows(html) == {
        "All images": ["1", "not assigned", "not assigned"],
        "Press": ["1", "assigned", "not assigned"],
    }
    assert boxes(html) == {} and "<footer" not in html
    assert "Archive" not in html


def test_one_changes_what_one_may_and_no_other(
    as_user: Log, editor: Any, url: str, press: Collection, archive: Collection
) -> None:
    user = let_assign(let_manage(editor, press))
    client = as_user(user)
    html = client.get(url).content.decode()
    assert boxes(html) == {f"{press.pk}:press": False, f"{press.pk}:zoom": False}
    client.post(url, fields(html, tick=[f"{press.pk}:zoom"]))
    assert assigned() == {("zoom", "Press")}
    for name in (f"{archive.pk}:zoom", f"{ALL}:zoom"):
        response = client.post(url, {BOX: [name, f"{press.pk}:press"], TICKED_BEFORE: ""})
        assert response.url == reverse("wagtailadmin_home")
        assert assigned() == {("zoom", "Press")}


@pytest.mark.parametrize("who", ["editor", "other_editor"])
def test_whoever_may_not_assign_changes_nothing(
    who: str, as_user: Log, url: str, press: Collection, request: pytest.FixtureRequest
) -> None:
    Assignment.objects.create(spec_id="press", collection=press)
    client = as_user(request.getfixturevalue(who))
    for asked in ({BOX: [f"{press.pk}:zoom"], TICKED_BEFORE: ""}, {TICKED_BEFORE: f"{press.pk}:press"}):
        assert client.post(url, asked).url == reverse("wagtailadmin_home")
    assert assigned() == {("press", "Press")}


def test_a_collection_above_that_one_does_not_see_is_not_named(
    as_user: Log, make_editor: Any, url: str, blog: Collection, recipes: Collection
) -> None:
    Assignment.objects.create(spec_id="zoom", collection=blog)
    shown = rows(as_user(make_editor("baker", recipes)).get(url).content.decode())
    assert shown["Recipes"][2] == "from a collection above"
    assert not any("Blog" in name for name in shown)


# Many ------------------------------------------------------------------------------------------------------------


def test_the_same_number_of_queries_for_500_collections_and_10_specs(
    as_user: Log,
    admin_user: Any,
    editor: Any,
    url: str,
    press: Collection,
    registry: Registry,
    add_image: Any,
) -> None:
    registry.add_group("zoom", TagSourceGroup("big"))
    Assignment.objects.create(spec_id="zoom", collection=press)
    add_image(press)

    def queries(user: Any) -> int:
        client = as_user(user)
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    users = [admin_user, let_assign(let_manage(editor, press))]
    before = [queries(user) for user in users]
    for number in range(8):
        StoredSpec.objects.create(spec_id=f"more:{number}", label=f"More {number}", filters="width-20")
    Collection.objects.bulk_create(
        Collection(name=f"Collection {number}", path=f"{press.path}{branch:04}{twig}", depth=4 if twig else 3)
        for number, (branch, twig) in enumerate(
            (branch, twig) for branch in range(1, 51) for twig in ("", *(f"{n:04}" for n in range(1, 10)))
        )
    )
    Assignment.objects.bulk_create(
        Assignment(spec_id=f"more:{number}", collection=collection)
        for number in range(8)
        for collection in Collection.objects.filter(name__endswith="5")
    )
    assert [queries(user) for user in users] == before


def test_the_other_pages_stay_as_they_are(
    as_user: Log, admin_user: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE", 4)
    made = [Collection.get_first_root_node().add_child(name=f"Branch {number}") for number in range(6)]
    for collection in made:
        Assignment.objects.create(spec_id="press", collection=collection)
    client = as_user(admin_user)
    first, second = (client.get(url, {"p": page}).content.decode() for page in (1, 2))
    assert list(rows(first)) == ["All images", *(f"Branch {number}" for number in range(4))]
    assert list(rows(second)) == ["All images", "Branch 4", "Branch 5"]
    assert "6 collections" in first
    response = client.post(f"{url}?p=2", fields(second, untick=[f"{made[4].pk}:press"]))
    assert response.url == f"{url}?p=2"
    assert {name for _spec, name in assigned()} == {f"Branch {number}" for number in (0, 1, 2, 3, 5)}


def test_filtering_by_name_keeps_what_is_above(
    as_user: Log, admin_user: Any, url: str, blog: Collection, recipes: Collection, press: Collection
) -> None:
    client = as_user(admin_user)
    assert list(rows(client.get(url, {"q": "rECi"}).content.decode())) == [
        "All images",
        "Blog",
        "Blog › Recipes",
    ]
    html = client.get(url, {"q": "nothing"}).content.decode()
    assert "No collections have this in their name." in html
    assert list(rows(html)) == ["All images"]


@pytest.fixture
def crowd(db: None) -> None:
    """Fifty specs, and sixty collections, four of them topmost."""
    StoredSpec.objects.bulk_create(
        StoredSpec(spec_id=f"more:{number}", label=f"More {number}", filters="width-20")
        for number in range(2, 50)
    )
    StoredVersion.change()
    for number in range(4):
        top = Collection.get_first_root_node().add_child(name=f"Collection {number}")
        for below in range(14):
            top.add_child(name=f"Collection {number}.{below}")


def test_a_page_of_fifty_specs_is_light_and_all_of_its_boxes_can_be_saved(
    as_user: Log, admin_user: Any, url: str, crowd: None
) -> None:
    client = as_user(admin_user)
    html = client.get(url).content.decode()
    there = boxes(html)
    assert len(rows(html)) == 16
    assert len(there) == 800
    assert len(html) < 200_000
    response = client.post(url, fields(html, tick=there))
    assert response.status_code == 302
    assert "800 assignments were changed." in said(response)[0]
    assert Assignment.objects.count() == 800


def test_every_collection_is_on_some_page_however_many_specs_there_are(
    as_user: Log, admin_user: Any, url: str, crowd: None
) -> None:
    client = as_user(admin_user)
    found: set[str] = set()
    for page in range(1, 5):
        found |= rows(client.get(url, {"p": page}).content.decode()).keys()
    assert len(found) == 61


def test_more_boxes_than_the_site_takes_are_answered_with_a_sentence(
    as_user: Log, admin_user: Any, url: str, blog: Collection, settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 40
    client = as_user(admin_user)
    for path in (url, f"{url}?p=2"):
        response = client.post(path, {BOX: [f"{blog.pk}:zoom"] * 41, TICKED_BEFORE: ""})
        assert (response.status_code, response.url) == (302, path)
        (sentence,) = said(client.get(url, follow=True)) or said(response)
        assert sentence.startswith(
            "Nothing was changed: more boxes are ticked on this page than the site takes"
        )
        assert "40 (DATA_UPLOAD_MAX_NUMBER_FIELDS)" in sentence
    assert assigned() == set()


def test_nobody_is_told_so_without_being_let_in(as_user: Log, url: str, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 5
    response = as_user(None).post(url, {BOX: ["1:zoom"] * 9})
    assert response.url.startswith(reverse("wagtailadmin_login"))


# Pure ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "besides", "fields", "size"),
    [
        (0, 1, None, 50),
        (15, 1, 1000, 50),
        (16, 0, 1000, 50),
        (16, 1, 1000, 49),
        (50, 1, 1000, 15),
        (50, 3, None, 13),
        (10, 1, 200, 15),
        (400, 1, 1000, 4),
    ],
)
def test_the_more_specs_the_fewer_collections_on_a_page(
    columns: int, besides: int, fields: int | None, size: int
) -> None:
    assert rows_of_page(columns, besides, fields) == size


def tree(*paths: str) -> Tree:
    return Tree(Node(number, path, path) for number, path in enumerate(paths))


def cut(made: Tree, size: int) -> list[list[str]]:
    return [[node.path for node in page] for page in pages(made, made.nodes[1:], size)]


def test_pages_end_where_a_branch_does() -> None:
    made = tree("0001", "00010001", "000100010001", "00010002", "00010003", "000100030001")
    assert cut(made, 3) == [["00010001", "000100010001", "00010002"], ["00010003", "000100030001"]]
    assert cut(made, 10) == [[node.path for node in made.nodes[1:]]]


def test_a_branch_that_is_larger_than_a_page_goes_on_below_what_it_is_in() -> None:
    made = tree("0001", "00010001", *(f"00010001000{number}" for number in range(1, 6)), "00010002")
    assert cut(made, 4) == [
        ["00010001", "000100010001", "000100010002", "000100010003"],
        ["00010001", "000100010004", "000100010005", "00010002"],
    ]


def test_however_deep_a_tree_is_every_collection_is_on_some_page() -> None:
    made = tree(*("0001" * depth for depth in range(1, 40)))
    assert {path for page in cut(made, 4) for path in page} == {node.path for node in made.nodes[1:]}


def test_of_no_collections_there_is_one_page() -> None:
    assert cut(tree("0001"), 4) == [[]]


def test_all_the_words_have_to_be_in_a_name() -> None:
    made = Tree(
        [
            Node(1, "Root", "0001"),
            Node(2, "Fast food", "00010001"),
            Node(3, "Food, slow and fast", "00010002"),
        ]
    )
    assert [node.pk for node in named(made, made.nodes[1:], "food SLOW")] == [3]
