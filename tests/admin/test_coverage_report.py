"""The coverage report, the images behind its figures, and counting them again."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from openpyxl import load_workbook
from wagtail.models import Collection

from tests.admin.imagery import Imagery, spreadsheet
from tests.images import asks
from tests.testapp.models import CodeImage
from wagtail_sourcegroups import RenditionSpec, counting
from wagtail_sourcegroups.admin.groups import code_of
from wagtail_sourcegroups.admin.reports import exporting, images, searching
from wagtail_sourcegroups.generation.batches import make
from wagtail_sourcegroups.models import CoverageCount, CoverageFigure
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
    SourceGroup,
)

pytestmark = pytest.mark.django_db

AsUser = Callable[[Any], Client]


@pytest.fixture
def library(add_image: Callable[..., Any], card: RenditionSpec) -> Imagery:
    return Imagery(add_image, card)


@pytest.fixture
def counted(library: Imagery, press: Collection, archive: Collection) -> None:
    """One image in each state in Press, a ready one in Archive; counted."""
    library.ready(press)
    library.lacking(press)
    library.stale(press)
    library.failed(press)
    library.ready(archive)
    counting.count()


def get(client: Client, name: str = "coverage", **asked: Any) -> Any:
    return client.get(reverse(f"sourcegroups:{name}"), asked)


def shown(response: Any) -> list[Any]:
    return list(response.context["object_list"])


# Who sees what --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["coverage", "coverage_results", "coverage_images"])
def test_nobody_else_sees_it(
    name: str, as_user: AsUser, make_editor: Callable[..., Any], press: Collection
) -> None:
    assert get(as_user(None), name).headers["Location"].startswith(reverse("wagtailadmin_login"))
    stranger = make_editor("stranger", press, may=())
    assert get(as_user(stranger), name).headers["Location"] == reverse("wagtailadmin_home")


@pytest.mark.usefixtures("counted")
def test_everybody_counts_the_collections_that_he_sees(
    as_user: AsUser, admin_user: Any, editor: Any, other_editor: Any
) -> None:
    expected = {admin_user: (5, 10, 6), editor: (4, 8, 4), other_editor: (1, 2, 2)}
    for user, (images_, wanted, ready) in expected.items():
        (row,) = shown(get(as_user(user)))
        total = get(as_user(user)).context["table"].total
        for figures in (row.figures, total.figures):
            assert (figures.images, figures.expected, figures.ready) == (images_, wanted, ready)


def test_figures_are_for_whoever_sees_every_image_of_a_collection(
    as_user: AsUser,
    make_editor: Callable[..., Any],
    contributor: Any,
    press: Collection,
    archive: Collection,
    library: Imagery,
) -> None:
    both = make_editor("both", archive, may=("choose",))
    both.groups.add(*contributor.groups.all())
    library.lacking(press, uploaded_by_user=contributor)
    library.lacking(press, uploaded_by_user=both)
    library.ready(archive)
    counting.count()
    response = get(as_user(contributor))
    assert shown(response) == []
    assert "you see only your own" in response.content.decode()
    (row,) = shown(get(as_user(both)))
    assert (row.figures.images, row.figures.ready) == (1, 2)


@pytest.mark.parametrize("code", [False, True])
def test_a_collection_above_that_one_does_not_see_has_no_name(
    code: bool,
    as_user: AsUser,
    registry: Registry,
    make_editor: Callable[..., Any],
    secret: Collection,
    library: Imagery,
) -> None:
    """Be it given by its id or by its name."""
    below = secret.add_child(name="Below")
    library.lacking(below)
    registry.add_spec(RenditionSpec("below", "width-20"))
    for group in ("Secretparent", "Secretparent/Below") if code else (secret.pk,):
        registry.add_group("below", CollectionSourceGroup(group))
    counting.count()
    client = as_user(make_editor("baker", below))
    for name, asked in (
        ("coverage", {}),
        ("coverage", {"export": "csv"}),
        ("coverage_images", {"spec": "below", "state": "missing"}),
        ("overview", {}),
        ("assignments", {}),
        ("generate", {}),
    ):
        response = get(client, name, **asked)
        content = response.getvalue() if response.streaming else response.content
        assert b"Secretparent" not in content
    names = [str(row.name) for row in shown(get(client)) if row.spec.id == "below"]
    assert names == ["A collection that you don't see", *(["Below"] if code else [])]


def test_specs_of_other_peoples_collections_are_absent(
    as_user: AsUser,
    registry: Registry,
    press: Collection,
    archive: Collection,
    admin_user: Any,
    other_editor: Any,
    add_image: Any,
) -> None:
    registry.add_spec(RenditionSpec("press:only", "width-20", label="Press only"))
    registry.add_group("press:only", CollectionSourceGroup(press.pk))
    add_image(press)
    add_image(archive)
    counting.count()
    assert "Press only" in get(as_user(admin_user)).content.decode()
    assert shown(get(as_user(other_editor))) == []


# What it says ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("counted")
def test_by_spec_and_group_what_is_in_each_state(as_user: AsUser, admin_user: Any) -> None:
    response = get(as_user(admin_user))
    (row,) = shown(response)
    figures = row.figures
    assert (figures.ready, figures.missing, figures.stale, figures.failed) == (6, 1, 2, 1)
    assert figures.bytes > 0
    page = response.content.decode()
    assert "Card" in page
    assert "All images, 5 images" in " ".join(page.split())
    assert "60%" in page
    assert 'aria-label="6 of 10 ready, 1 missing, 2 out of date, 1 failed"' in page


@pytest.mark.usefixtures("counted")
def test_counts_that_need_work_lead_to_the_images_and_others_do_not(
    as_user: AsUser, admin_user: Any, card: RenditionSpec
) -> None:
    response = get(as_user(admin_user))
    page = response.content.decode()
    for state in ("missing", "stale", "failed"):
        group = code_of(shown(response)[0].group)
        url = f"{reverse('sourcegroups:coverage_images')}?spec=shop%3Acard&group={group}&state={state}"
        assert escape(url) in page
    assert "state=ready" not in page


def test_the_total_counts_what_two_specs_want_once(
    as_user: AsUser, admin_user: Any, library: Imagery, registry: Registry, press: Collection
) -> None:
    registry.add_spec(RenditionSpec("shop:thumb", ["width-20"], label="Thumb"))
    registry.add_group("shop:thumb", ImageModelSourceGroup())
    library.ready(press)
    counting.count()
    response = get(as_user(admin_user))
    assert [row.figures.expected for row in shown(response)] == [2, 1]
    assert response.context["table"].total.figures.expected == 2
    assert get(as_user(admin_user), spec="shop:thumb").context["table"].total.figures.expected == 1


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize(
    ("asked", "specs"),
    [
        ({"spec": "shop:card"}, 1),
        ({"state": "missing"}, 1),
        ({"spec": "gone"}, 1),
        ({"state": "odd"}, 1),
        ({"state": "waiting"}, 1),
        ({"state": "ready"}, 1),
    ],
)
def test_filters_by_choice_and_ignores_what_is_none(
    as_user: AsUser, admin_user: Any, asked: dict[str, str], specs: int
) -> None:
    response = get(as_user(admin_user), **asked)
    assert len(shown(response)) == specs
    # What is counted by nobody is no choice.
    assert b'value="failed"' in response.content
    assert b'value="waiting"' not in response.content


@pytest.mark.usefixtures("counted")
def test_filters_by_collection_with_those_below(
    as_user: AsUser, admin_user: Any, editor: Any, press: Collection, archive: Collection, library: Imagery
) -> None:
    below = press.add_child(name="2026")
    library.ready(below)
    counting.count()
    client = as_user(admin_user)
    for collection, images_ in ((press, 5), (below, 1), (archive, 1)):
        (row,) = shown(get(client, collection=collection.pk))
        assert row.figures.images == images_
    assert shown(get(client, collection=archive.pk, state="missing")) == []
    # Another editor's collection is no choice: everything of one's own is shown.
    (row,) = shown(get(as_user(editor), collection=archive.pk))
    assert row.figures.images == 5


def test_plain_files_are_named_as_not_counted_and_broken_groups_as_unknown(
    as_user: AsUser, admin_user: Any, editor: Any, registry: Registry, card: RenditionSpec
) -> None:
    class Plain(SourceGroup):
        label = "Some files"

        def files(self) -> Any:
            raise AssertionError("Nobody is to walk it.")

    class Broken(QuerySetSourceGroup):
        label = "Some images"

        def get_queryset(self) -> Any:
            raise LookupError("no such thing")

    registry.add_group(card.id, Plain())
    registry.add_group(card.id, Broken())
    counting.count()
    late = RenditionSpec("late", "width-20", label="Late")
    registry.add_spec(late)
    registry.add_group(late.id, ImageModelSourceGroup())
    response = get(as_user(admin_user))
    assert [row.status.value for row in shown(response)] == ["counted", "files", "unknown", "not yet"]
    page = " ".join(response.content.decode().split())
    between = '</div> <div class="sg-meta">'
    assert f"Some files {between}Not counted: a group of files rather than of images" in page
    assert f"Some images {between}Unknown: this group couldn&#x27;t say which images are in it" in page
    assert "Not counted yet" in page
    assert shown(get(as_user(editor))) == []


def test_what_was_deleted_since_it_was_counted_is_not_shown(
    as_user: AsUser, admin_user: Any, registry: Registry, library: Imagery, press: Collection
) -> None:
    library.ready(press)
    counting.count()
    registry.remove_spec("shop:card")
    response = get(as_user(admin_user))
    assert shown(response) == []
    assert "No specs yet." in response.content.decode()


def test_where_there_is_no_spec_whoever_may_is_shown_how_to_add_one(
    as_user: AsUser, registry: Registry, admin_user: Any, editor: Any
) -> None:
    add = reverse("sourcegroups_specs:add")
    assert f'href="{add}"' in get(as_user(admin_user)).content.decode()
    page = get(as_user(editor)).content.decode()
    assert "No specs yet." in page
    assert add not in page


@pytest.mark.usefixtures("counted")
def test_queries_do_not_grow_with_specs_collections_and_images(
    as_user: AsUser, admin_user: Any, editor: Any, registry: Registry, library: Imagery, press: Collection
) -> None:
    def asked(user: Any) -> int:
        client = as_user(user)
        get(client)
        with CaptureQueriesContext(connection) as queries:
            assert get(client).status_code == 200
        return len(queries)

    # Whoever sees several collections is given a filter, and names of collections are asked for once.
    registry.add_group("shop:card", CollectionSourceGroup(press.pk))
    press.add_child(name="Below")
    before = [asked(admin_user), asked(editor)]
    for number in range(4):
        below = press.add_child(name=str(number))
        library.lacking(below)
        registry.add_spec(RenditionSpec(f"more:{number}", "width-20"))
        registry.add_group(f"more:{number}", CollectionSourceGroup(below.pk))
    counting.count()
    assert [asked(admin_user), asked(editor)] == before


@pytest.mark.usefixtures("counted")
def test_csv_and_xlsx_have_the_figures(as_user: AsUser, admin_user: Any) -> None:
    client = as_user(admin_user)
    answer = get(client, export="csv")
    (row,) = spreadsheet(answer.getvalue())
    assert row["Spec id"] == "shop:card"
    assert [row[name] for name in ("Images", "Expected", "Ready", "Missing", "Out of date", "Failed")] == [
        "5",
        "10",
        "6",
        "1",
        "2",
        "1",
    ]
    assert row["Ready, in percent"] == "60.0"
    sheet = load_workbook(io.BytesIO(get(client, export="xlsx").getvalue())).active
    assert [cell.value for cell in sheet[2]][3:9] == [5, 10, 6, 1, 2, 1]


# Counting -------------------------------------------------------------------------------------------------


def test_says_when_it_was_counted_and_counts_again_by_a_button(
    as_user: AsUser,
    admin_user: Any,
    library: Imagery,
    press: Collection,
    django_capture_on_commit_callbacks: Any,
) -> None:
    client = as_user(admin_user)
    assert "Not counted yet" in get(client).content.decode()
    library.ready(press)
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("sourcegroups:coverage_count"))
    assert response.headers["Location"] == reverse("sourcegroups:coverage")
    page = get(client).content.decode()
    assert "Counted today at" in page
    assert "The renditions are being counted." in page
    assert "Count again" in page
    CoverageCount.objects.update(counted_at=timezone.now() - timezone.timedelta(days=2))
    assert "Counted on" in get(client).content.decode()


def test_says_that_it_is_being_counted(as_user: AsUser, admin_user: Any, card: RenditionSpec) -> None:
    client = as_user(admin_user)
    client.post(reverse("sourcegroups:coverage_count"))
    page = get(client).content.decode()
    assert "Being counted" in page
    assert "Count now" not in page
    assert CoverageCount.objects.get().asked_at is not None
    page = client.post(reverse("sourcegroups:coverage_count"), follow=True).content.decode()
    assert "being counted already" in page


def test_only_who_may_generate_has_it_counted(
    as_user: AsUser, make_editor: Callable[..., Any], press: Collection, editor: Any, card: RenditionSpec
) -> None:
    chooser = make_editor("chooser", press, may=("choose",))
    url = reverse("sourcegroups:coverage_count")
    for user in (None, chooser):
        as_user(user).post(url)
        assert not CoverageCount.objects.exists()
    assert url not in get(as_user(chooser)).content.decode().replace(f'action="{url}"', "")
    assert "Count now" not in get(as_user(chooser)).content.decode()
    assert as_user(editor).get(url).status_code == 405
    as_user(editor).post(url)
    assert CoverageCount.objects.exists()


# The images behind a figure ---------------------------------------------------------------------------------


def listed(response: Any) -> list[Any]:
    return [row.image for row in response.context["rows"]]


@pytest.mark.parametrize("state", ["missing", "stale", "failed", "ready"])
def test_a_state_leads_to_its_images(
    state: str, as_user: AsUser, admin_user: Any, library: Imagery, press: Collection
) -> None:
    images_ = {
        "ready": library.ready(press),
        "missing": library.lacking(press),
        "stale": library.stale(press),
        "failed": library.failed(press),
    }
    response = get(as_user(admin_user), "coverage_images", spec="shop:card", state=state)
    expected = [images_[state]]
    if state == "ready":
        # One of their two renditions is.
        expected += [images_["missing"], images_["failed"]]
    assert listed(response) == expected
    page = response.content.decode()
    assert reverse("wagtailimages:edit", args=[images_[state].pk]) in page
    if state in ("missing", "failed"):
        assert [row.outputs for row in response.context["rows"]] == [["20 wide"]]
        assert "1 of 2" in page


def test_the_list_is_live_and_says_how_old_the_figures_are(
    as_user: AsUser, admin_user: Any, library: Imagery, press: Collection
) -> None:
    image = library.lacking(press)
    counting.count()
    make(asks(image, library.spec))
    response = get(as_user(admin_user), "coverage_images", spec="shop:card", state="missing")
    assert listed(response) == []
    page = response.content.decode()
    assert "No images match." in page
    assert "Counted today at" in page
    assert "1 missing" in " ".join(page.split())


def test_only_images_that_one_sees(
    as_user: AsUser, editor: Any, other_editor: Any, library: Imagery, press: Collection, archive: Collection
) -> None:
    mine, other = library.lacking(press), library.lacking(archive)
    asked = {"spec": "shop:card", "state": "missing"}
    assert listed(get(as_user(editor), "coverage_images", **asked)) == [mine]
    assert listed(get(as_user(other_editor), "coverage_images", **asked)) == [other]
    exported = get(as_user(editor), "coverage_images", export="csv", **asked).getvalue()
    assert [row["Image id"] for row in spreadsheet(exported)] == [str(mine.pk)]


def test_whoever_may_only_add_is_shown_his_own_images_and_no_figures(
    as_user: AsUser,
    contributor: Any,
    library: Imagery,
    press: Collection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = [library.lacking(press, uploaded_by_user=contributor) for _ in range(2)]
    library.lacking(press)
    counting.count()
    client = as_user(contributor)
    asked = {"spec": "shop:card", "state": "missing"}
    response = get(client, "coverage_images", **asked)
    assert listed(response) == mine
    page = " ".join(response.content.decode().split())
    assert "Counted" not in page
    # The states are there to be gone to, without a number that would be of other images.
    assert "<span>Missing</span>" in page and "0 missing" not in page
    exported = get(client, "coverage_images", export="csv", **asked).getvalue()
    assert [row["Image id"] for row in spreadsheet(exported)] == [str(image.pk) for image in mine]
    assert "export=xlsx" in page
    monkeypatch.setattr(exporting, "XLSX_ROWS", 1)
    assert "export=xlsx" not in get(client, "coverage_images", **asked).content.decode()


def test_of_another_image_model_only_what_is_in_collections_seen_whole(
    as_user: AsUser,
    registry: Registry,
    contributor: Any,
    editor: Any,
    card: RenditionSpec,
    press: Collection,
    make_image: Callable[..., Any],
) -> None:
    registry.add_group(card.id, ImageModelSourceGroup(CodeImage))
    other = make_image(model=CodeImage, id="a", collection=press, uploaded_by_user=contributor)
    asked = {"spec": card.id, "state": "missing", "after": f"{CodeImage._meta.label_lower}:"}
    assert listed(get(as_user(editor), "coverage_images", **asked)) == [other]
    assert listed(get(as_user(contributor), "coverage_images", **asked)) == []


def test_whoever_may_not_change_an_image_gets_no_link(
    as_user: AsUser, make_editor: Callable[..., Any], library: Imagery, press: Collection
) -> None:
    image = library.lacking(press)
    response = get(
        as_user(make_editor("chooser", press, may=("choose",))),
        "coverage_images",
        spec="shop:card",
        state="missing",
    )
    assert listed(response) == [image]
    page = response.content.decode()
    assert reverse("wagtailimages:edit", args=[image.pk]) not in page
    assert reverse("sourcegroups:generate") not in page


def test_by_group_and_collection(
    as_user: AsUser,
    admin_user: Any,
    registry: Registry,
    library: Imagery,
    press: Collection,
    archive: Collection,
) -> None:
    group = CollectionSourceGroup(press.pk)
    registry.add_group("shop:card", group)
    below = press.add_child(name="2026")
    in_press, in_below, in_archive = (library.lacking(each) for each in (press, below, archive))
    client = as_user(admin_user)
    asked = {"spec": "shop:card", "state": "missing"}
    assert listed(get(client, "coverage_images", **asked)) == [in_press, in_below, in_archive]
    asked_group = {"group": code_of(group.key), **asked}
    assert listed(get(client, "coverage_images", **asked_group)) == [in_press, in_below]
    assert listed(get(client, "coverage_images", collection=below.pk, **asked)) == [in_below]


@pytest.mark.parametrize(
    "wrong",
    [
        {"spec": "gone"},
        {"spec": ""},
        {"group": "gone"},
        {"state": "odd"},
        {"state": ""},
        {"collection": "9999"},
        {"collection": "x"},
    ],
)
def test_bad_input_gets_one_clear_sentence(
    wrong: dict[str, str], as_user: AsUser, admin_user: Any, card: RenditionSpec
) -> None:
    asked = {"spec": "shop:card", "state": "missing", **wrong}
    response = as_user(admin_user).get(reverse("sourcegroups:coverage_images"), asked, follow=True)
    assert response.redirect_chain == [(reverse("sourcegroups:coverage"), 302)]
    assert "These images can&#x27;t be listed" in response.content.decode()


def test_another_editors_collection_cannot_be_asked_for(
    as_user: AsUser, editor: Any, archive: Collection, card: RenditionSpec
) -> None:
    response = get(
        as_user(editor), "coverage_images", spec="shop:card", state="missing", collection=archive.pk
    )
    assert response.headers["Location"] == reverse("sourcegroups:coverage")


def test_page_by_page_with_the_same_question(
    as_user: AsUser,
    admin_user: Any,
    library: Imagery,
    press: Collection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(images, "PAGE", 2)
    lacking = [library.lacking(press) for _ in range(5)]
    client = as_user(admin_user)
    response = get(client, "coverage_images", spec="shop:card", state="missing", collection=press.pk)
    found = listed(response)
    while url := response.context["next_url"]:
        assert escape(url) in response.content.decode()
        response = client.get(url)
        found += listed(response)
    assert found == lacking
    first = client.get(response.context["first_url"])
    assert listed(first) == lacking[:2]


def test_where_matches_are_rare_it_says_how_far_it_looked(
    as_user: AsUser, admin_user: Any, library: Imagery, press: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "PATIENCE", -1)
    monkeypatch.setattr("wagtail_sourcegroups.finding.FIRST", 2)
    for _ in range(3):
        library.ready(press)
    client = as_user(admin_user)
    response = get(client, "coverage_images", spec="shop:card", state="missing")
    page = " ".join(response.content.decode().split())
    assert "Looked through 2 images so far." in page
    assert "Go on looking" in page
    response = client.get(response.context["next_url"])
    assert "No more images." in response.content.decode()


def test_a_group_that_cannot_say_who_is_in_it_is_no_empty_list(
    as_user: AsUser, admin_user: Any, registry: Registry, card: RenditionSpec
) -> None:
    class Broken(QuerySetSourceGroup):
        key = "broken"

        def get_queryset(self) -> Any:
            raise LookupError("no such thing")

    registry.add_group(card.id, Broken())
    response = get(
        as_user(admin_user), "coverage_images", spec=card.id, group=code_of("broken"), state="missing"
    )
    page = response.content.decode()
    assert "couldn't say which images are in it" in page
    assert "No images match." not in page


def test_the_header_leads_to_generating_what_is_listed(
    as_user: AsUser, admin_user: Any, card: RenditionSpec, press: Collection
) -> None:
    asked = {"spec": card.id, "state": "missing", "collection": press.pk}
    (button, _) = get(as_user(admin_user), "coverage_images", **asked).context["header_buttons"]
    assert button.url == f"{reverse('sourcegroups:generate')}?spec=shop%3Acard&collection={press.pk}"
    asked["state"] = "ready"
    assert len(get(as_user(admin_user), "coverage_images", **asked).context["header_buttons"]) == 1


def test_a_cursor_that_means_nothing_begins_at_the_beginning(
    as_user: AsUser, admin_user: Any, library: Imagery, press: Collection
) -> None:
    image = library.lacking(press)
    for after in ("x", "gallery.customimage:x", "no.model:1", ":"):
        response = get(as_user(admin_user), "coverage_images", spec="shop:card", state="missing", after=after)
        assert listed(response) == [image]


def test_queries_do_not_grow_with_images(
    as_user: AsUser, admin_user: Any, library: Imagery, press: Collection
) -> None:
    def asked() -> int:
        client = as_user(admin_user)
        with CaptureQueriesContext(connection) as queries:
            response = get(client, "coverage_images", spec="shop:card", state="missing")
        assert response.status_code == 200
        return len(queries)

    library.lacking(press, focal_point_x=5, focal_point_y=5, focal_point_width=3, focal_point_height=3)
    asked()
    few = asked()
    for _ in range(6):
        library.lacking(press)
        library.lacking(press, focal_point_x=5, focal_point_y=5, focal_point_width=3, focal_point_height=3)
    assert asked() == few


def test_csv_of_all_images_and_xlsx_of_some_thousand(
    as_user: AsUser, admin_user: Any, library: Imagery, press: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "PAGE", 1)
    first, second = library.lacking(press), library.failed(press)
    library.lacking(press)
    client = as_user(admin_user)
    asked = {"spec": "shop:card", "state": "missing"}
    exported = spreadsheet(get(client, "coverage_images", export="csv", **asked).getvalue())
    assert len(exported) == 2
    assert exported[0] == {
        "Image id": str(first.pk),
        "Title": first.title,
        "Collection": "Press",
        "Ready": "fill-10x10",
        "Missing": "width-20",
        "Out of date": "",
        "Failed": "",
    }
    failed = spreadsheet(
        get(client, "coverage_images", export="csv", **asked | {"state": "failed"}).getvalue()
    )
    assert [(row["Image id"], row["Failed"]) for row in failed] == [(str(second.pk), "width-20")]
    book = load_workbook(io.BytesIO(get(client, "coverage_images", export="xlsx", **asked).getvalue()))
    assert book.active.max_row == 3
    monkeypatch.setattr(exporting, "XLSX_ROWS", 1)
    response = client.get(reverse("sourcegroups:coverage_images"), {**asked, "export": "xlsx"}, follow=True)
    assert "too many rows for XLSX" in response.content.decode()
    assert response.redirect_chain[0][0].endswith("spec=shop%3Acard&state=missing")
    counting.count()
    page = get(client, "coverage_images", **asked).content.decode()
    assert "export=csv" in page
    assert "export=xlsx" not in page
    assert "CSV takes any number" in page


def test_figures_of_nothing_are_no_figures(as_user: AsUser, admin_user: Any, card: RenditionSpec) -> None:
    counting.count()
    response = get(as_user(admin_user))
    assert response.status_code == 200
    assert not CoverageFigure.objects.exists()
    assert [row.percentage for row in shown(response)] == [None]
