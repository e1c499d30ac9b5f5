"""The failures report, and trying again what failed."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from wagtail.models import Collection

from tests.admin.imagery import Imagery, fail_something, spreadsheet
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.admin.reports import exporting, failures
from wagtail_sourcegroups.models import GenerationFailure, GenerationRun
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.runs.working import drive
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup

pytestmark = pytest.mark.django_db

AsUser = Callable[[Any], Client]


@pytest.fixture
def imagery(add_image: Callable[..., Any], card: RenditionSpec) -> Imagery:
    return Imagery(add_image, card)


def get(client: Client, **asked: Any) -> Any:
    return client.get(reverse("sourcegroups:failures"), asked)


def rows(response: Any) -> list[Any]:
    return list(response.context["table"].data)


def names(response: Any) -> list[str]:
    return [row.name for row in rows(response)]


def retry(client: Client, **asked: Any) -> GenerationRun | None:
    """The run that a retry leads to, if any."""
    response = client.post(reverse("sourcegroups:failures_retry"), asked)
    run = GenerationRun.objects.order_by("-pk").first()
    if run is not None:
        assert response.headers["Location"] == reverse("sourcegroups:run", args=[run.pk])
    return run


def ticked(*failures_: GenerationFailure) -> dict[str, Any]:
    return {"some": [failure.pk for failure in failures_]}


# Who sees what --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["failures", "failures_results"])
def test_nobody_else_sees_it(
    name: str, as_user: AsUser, make_editor: Callable[..., Any], press: Collection
) -> None:
    url = reverse(f"sourcegroups:{name}")
    assert as_user(None).get(url).headers["Location"].startswith(reverse("wagtailadmin_login"))
    stranger = make_editor("stranger", press, may=())
    assert as_user(stranger).get(url).headers["Location"] == reverse("wagtailadmin_home")


def test_failures_of_images_are_for_who_sees_them_and_others_for_who_sees_everything(
    as_user: AsUser,
    admin_user: Any,
    editor: Any,
    other_editor: Any,
    imagery: Imagery,
    press: Collection,
    archive: Collection,
) -> None:
    imagery.failed(press, title="Waffles")
    imagery.failed(archive, title="Opening day")
    fail_something("group:broken", source_name="source group Broken")
    fail_something("file:abc", source_name="poster.tif", filter_spec="width-20")
    assert set(names(get(as_user(admin_user)))) == {
        "Waffles",
        "Opening day",
        "source group Broken",
        "poster.tif",
    }
    assert names(get(as_user(editor))) == ["Waffles"]
    assert names(get(as_user(other_editor))) == ["Opening day"]
    exported = get(as_user(editor), export="csv").getvalue()
    assert [row["Source"] for row in spreadsheet(exported)] == ["Waffles"]


def test_whoever_may_only_add_sees_and_tries_again_his_own(
    as_user: AsUser, contributor: Any, imagery: Imagery, press: Collection
) -> None:
    imagery.failed(press, title="Waffles", uploaded_by_user=contributor)
    other = imagery.failed(press, title="Opening day")
    client = as_user(contributor)
    assert names(get(client)) == ["Waffles"]
    assert [row["Source"] for row in spreadsheet(get(client, export="csv").getvalue())] == ["Waffles"]
    failure = GenerationFailure.objects.get(object_id=str(other.pk))
    assert retry(client, one=failure.pk) is None
    run = retry(client, all=1)
    assert run is not None
    drive(run.pk)
    assert [failure.source_name for failure in GenerationFailure.objects.all()] == [other.title]


# What it says ---------------------------------------------------------------------------------------------


def test_says_what_failed_why_and_how_often(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    image = imagery.lacking(press, title="Waffles")
    imagery.fail(image, attempts=3, error="The original 'waffles.tif' is not in storage.")
    response = get(as_user(admin_user))
    page = " ".join(response.content.decode().split())
    for said in (
        "Waffles",
        "Press",
        "Card",
        "20 wide",
        "The original isn&#x27;t in storage",
        "waffles.tif",
        "3 tries",
        reverse("wagtailimages:edit", args=[image.pk]),
        'aria-label="Retry Card (20 wide) for Waffles"',
        # The one rendition that it has.
        image.renditions.get().url,
    ):
        assert said in page


def test_an_image_that_failed_as_a_whole_says_so(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    imagery.fail(imagery.add(press), "")
    page = get(as_user(admin_user)).content.decode()
    assert "All that is wanted of it" in page
    assert "sg-thumbnail--none" in page


def test_where_nothing_failed_it_says_so(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    client = as_user(admin_user)
    assert "Nothing has failed." in get(client).content.decode()
    imagery.failed(press)
    below = press.add_child(name="2026")
    assert "No failures match these filters." in get(client, collection=below.pk).content.decode()


def test_filters_by_spec_and_by_collection_with_those_below(
    as_user: AsUser,
    admin_user: Any,
    imagery: Imagery,
    registry: Registry,
    press: Collection,
    archive: Collection,
) -> None:
    for spec_id in ("shop:car", "other"):
        registry.add_spec(RenditionSpec(spec_id, "width-30"))
    below = press.add_child(name="2026")
    imagery.failed(press, title="one")
    imagery.failed(below, title="two")
    third = imagery.failed(archive, title="three")
    imagery.fail(third, "", spec_id="first, shop:car, last")
    fail_something("group:broken", spec_id="other, last")
    client = as_user(admin_user)
    assert set(names(get(client, collection=press.pk))) == {"one", "two"}
    assert names(get(client, collection=below.pk)) == ["two"]
    assert set(names(get(client, spec="shop:card"))) == {"one", "two", "three"}
    assert names(get(client, spec="shop:car")) == ["three"]
    assert names(get(client, spec="other")) == ["group:broken"]
    assert names(get(client, spec="shop:card", collection=archive.pk)) == ["three"]


def test_what_failed_last_comes_first_and_columns_sort(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    for number, attempts in ((1, 5), (2, 9)):
        image = imagery.add(press, title=str(number))
        imagery.fail(image, attempts=attempts)
    client = as_user(admin_user)
    assert names(get(client)) == ["2", "1"]
    assert names(get(client, ordering="attempts")) == ["1", "2"]


def test_queries_do_not_grow_with_failures(
    as_user: AsUser, admin_user: Any, editor: Any, imagery: Imagery, press: Collection
) -> None:
    def asked(user: Any) -> int:
        client = as_user(user)
        with CaptureQueriesContext(connection) as queries:
            assert get(client).status_code == 200
        return len(queries)

    imagery.failed(press)
    asked(admin_user)
    before = asked(admin_user), asked(editor)
    for _ in range(5):
        imagery.failed(press)
    assert (asked(admin_user), asked(editor)) == before


def test_csv_and_xlsx_up_to_some_thousand_rows(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "AT_ONCE", 2)
    for _ in range(5):
        imagery.failed(press)
    client = as_user(admin_user)
    exported = spreadsheet(get(client, export="csv").getvalue())
    assert len(exported) == 5
    assert exported[0]["Filter spec"] == "width-20"
    assert exported[0]["Reason"] == "The original is damaged"
    assert exported[0]["Detail"] == "OSError: broken data stream"
    book = load_workbook(io.BytesIO(get(client, export="xlsx").getvalue()))
    assert book.active.max_row == 6
    monkeypatch.setattr(exporting, "XLSX_ROWS", 4)
    page = get(client).content.decode()
    assert "export=csv" in page
    assert "export=xlsx" not in page
    assert "CSV takes any number" in page


def test_enter_in_a_box_tries_nothing_again(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    """It presses the first button of the form, be it hidden; one that is disabled is passed over."""
    imagery.failed(press)
    form = get(as_user(admin_user)).content.decode().partition('<form\n            id="sg-failures"')[2]
    assert form.partition("<button ")[2].startswith('type="submit" formmethod="dialog" hidden>')


# Trying again ---------------------------------------------------------------------------------------------


def test_one_is_tried_again_by_a_run_and_waits_until_it_is_done(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    image, other = imagery.failed(press, title="Waffles"), imagery.failed(press, title="Rye loaf")
    client = as_user(admin_user)
    failure = GenerationFailure.objects.get(object_id=str(image.pk))
    run = retry(client, one=failure.pk)
    assert run is not None
    assert run.started_by == admin_user
    assert run.question["specs"] == ["shop:card"]
    assert run.question["selection"] == {"images": [str(image.pk)], "only_failed": True}
    assert [(row.name, row.is_waiting) for row in rows(get(client))] == [
        ("Rye loaf", False),
        ("Waffles", True),
    ]
    assert "Waiting" in get(client).content.decode()
    drive(run.pk)
    assert names(get(client)) == ["Rye loaf"]
    assert set(image.renditions.values_list("filter_spec", flat=True)) == {"width-20", "fill-10x10"}
    assert other.renditions.count() == 1


def test_what_fails_again_waits_no_more(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    image = imagery.failed(press)
    client = as_user(admin_user)
    failure = GenerationFailure.objects.get()
    run = retry(client, one=failure.pk)
    assert run is not None
    failure.attempts += 1
    failure.save()
    (row,) = rows(get(client))
    assert not row.is_waiting
    assert image.pk == row.image.pk


def test_some_are_tried_again(
    as_user: AsUser, editor: Any, imagery: Imagery, press: Collection, archive: Collection
) -> None:
    imagery.failed(archive)
    images = [imagery.failed(press) for _ in range(3)]
    chosen = GenerationFailure.objects.filter(object_id__in=[str(image.pk) for image in images[:2]])
    run = retry(as_user(editor), **ticked(*chosen))
    assert run is not None
    assert set(run.question["selection"]["images"]) == {str(image.pk) for image in images[:2]}
    assert run.question["selection"]["by"] == str(editor.pk)


def test_all_that_the_filters_show_are_tried_again(
    as_user: AsUser,
    admin_user: Any,
    registry: Registry,
    imagery: Imagery,
    press: Collection,
    archive: Collection,
) -> None:
    registry.add_spec(RenditionSpec("shop:thumb", ["width-30"]))
    registry.add_group("shop:thumb", ImageModelSourceGroup())
    below = press.add_child(name="2026")
    there = [imagery.failed(collection) for collection in (press, below)]
    elsewhere = imagery.failed(archive)
    imagery.fail(elsewhere, "width-30", spec_id="shop:thumb")
    imagery.fail(there[0], "width-30", spec_id="shop:card, shop:thumb")
    run = retry(as_user(admin_user), all=1, spec="shop:card", collection=press.pk)
    assert run is not None
    assert run.question["specs"] == ["shop:card"]
    drive(run.pk)
    assert all(image.renditions.filter(filter_spec="width-20").exists() for image in there)
    assert not elsewhere.renditions.filter(filter_spec="width-20").exists()
    run = retry(as_user(admin_user), all=1)
    assert run is not None
    drive(run.pk)
    assert not GenerationFailure.objects.exists()


def test_nobody_tries_again_what_he_may_not_change(
    as_user: AsUser,
    make_editor: Callable[..., Any],
    editor: Any,
    imagery: Imagery,
    press: Collection,
    archive: Collection,
) -> None:
    mine, other = imagery.failed(press), imagery.failed(archive)
    group = fail_something("group:broken", spec_id="shop:card")
    failure = GenerationFailure.objects.get(object_id=str(other.pk))
    for asked in ({"one": failure.pk}, ticked(failure, group), {"all": 1, "collection": archive.pk}):
        assert retry(as_user(editor), **asked) is None
    run = retry(as_user(editor), all=1)
    assert run is not None
    drive(run.pk)
    assert mine.renditions.count() == 2
    assert other.renditions.count() == 1
    GenerationRun.objects.all().delete()
    chooser = make_editor("chooser", press, may=("choose",))
    imagery.fail(mine)
    for user in (chooser, None):
        response = as_user(user).post(reverse("sourcegroups:failures_retry"), {"all": 1})
        assert response.status_code == 302
        assert not GenerationRun.objects.exists()
    page = get(as_user(chooser)).content.decode()
    assert names(get(as_user(chooser))) == [mine.title]
    assert reverse("sourcegroups:failures_retry") not in page
    assert "Retry" not in page


@pytest.mark.parametrize(
    "asked", [{}, {"one": "x"}, {"one": "999999"}, {"some": ["x"]}, {"some": ["9" * 40]}, {"all": "1"}]
)
def test_where_nothing_is_left_it_says_so(
    asked: dict[str, Any], as_user: AsUser, admin_user: Any, card: RenditionSpec
) -> None:
    response = as_user(admin_user).post(reverse("sourcegroups:failures_retry"), asked, follow=True)
    assert response.redirect_chain == [(reverse("sourcegroups:failures"), 302)]
    assert "Nothing of that is left to be tried again." in response.content.decode()
    assert not GenerationRun.objects.exists()


def test_looking_changes_nothing(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    imagery.failed(press)
    assert as_user(admin_user).get(reverse("sourcegroups:failures_retry")).status_code == 405
    assert not GenerationRun.objects.exists()


@pytest.mark.parametrize(
    ("failures_", "only_failed"),
    [
        ([("file:abc", "width-20")], True),
        ([("group:broken", "")], None),
        ([("task:generate", "")], None),
        ([("file:abc", "width-20"), ("group:broken", "")], None),
    ],
)
def test_what_is_no_image_is_tried_again_with_all_of_its_kind(
    failures_: list[tuple[str, str]],
    only_failed: bool | None,
    as_user: AsUser,
    admin_user: Any,
    card: RenditionSpec,
) -> None:
    made = [
        fail_something(key, filter_spec=filter_spec, spec_id="shop:card, gone")
        for key, filter_spec in failures_
    ]
    run = retry(as_user(admin_user), **ticked(*made))
    assert run is not None
    assert run.question["specs"] == ["shop:card"]
    assert run.question["selection"].get("only_failed") is only_failed


def test_what_names_no_spec_that_is_left_is_tried_with_all(
    as_user: AsUser, admin_user: Any, registry: Registry, imagery: Imagery, press: Collection
) -> None:
    registry.add_spec(RenditionSpec("other", "width-30"))
    failure = imagery.fail(imagery.add(press), spec_id="gone")
    run = retry(as_user(admin_user), one=failure.pk)
    assert run is not None
    assert run.question["specs"] == ["shop:card", "other"]


def test_other_runs_that_come_to_it_are_waited_for_too(
    as_user: AsUser,
    admin_user: Any,
    imagery: Imagery,
    press: Collection,
    archive: Collection,
) -> None:
    image = imagery.failed(press)
    failure = GenerationFailure.objects.get()
    GenerationFailure.objects.update(last_failed_at=timezone.now() - timedelta(hours=1))
    client = as_user(admin_user)

    heartbeat = timezone.now()

    def waits(selection: dict[str, Any], specs: list[str], state: str = "queued") -> bool:
        GenerationRun.objects.all().delete()
        GenerationRun.objects.create(
            question={"specs": specs, "selection": selection}, state=state, heartbeat_at=heartbeat
        )
        (row,) = rows(get(client))
        return bool(row.is_waiting)

    assert waits({}, ["shop:card"])
    assert waits({"collections": [press.pk]}, ["shop:card"], "running")
    assert waits({"images": [str(image.pk)]}, ["other", "shop:card"])
    assert not waits({"collections": [archive.pk]}, ["shop:card"])
    assert not waits({"images": [str(image.pk + 1)]}, ["shop:card"])
    assert not waits({}, ["other"])
    assert not waits({"listing": "q=waffles", "by": str(admin_user.pk)}, ["shop:card"])
    assert not waits({"since": "2026-01-01"}, ["shop:card"])
    assert not waits({"only_failed": True, "failed_in": 7}, ["shop:card"])
    assert not waits({}, ["shop:card"], "paused")
    heartbeat -= timedelta(hours=1)
    # Nobody works on it any more: one may do without it.
    assert not waits({}, ["shop:card"], "running")
    assert not waits({}, ["shop:card"], "finished")
    assert not waits({"since": "nonsense"}, ["shop:card"])
    assert failure.run_id is None
