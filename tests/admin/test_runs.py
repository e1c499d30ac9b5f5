"""The listing of runs: what it says of each, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import Collection

from tests.admin.running import asked, fail, finish, in_state, of_the_command, url
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.admin.runs import wording
from wagtail_sourcegroups.admin.runs.visibility import Sight, Viewer, may_steer
from wagtail_sourcegroups.models import GenerationRun
from wagtail_sourcegroups.registry import Registry

pytestmark = pytest.mark.django_db

URLS = ["run", "run_standing", "run_step", "run_pause", "run_resume", "run_cancel", "run_retry"]


def listed(client: Client, **query: Any) -> list[str]:
    """The rows of the listing, in words."""
    response = client.get(reverse("sourcegroups:runs"), query)
    assert response.status_code == 200
    rows = BeautifulSoup(response.content, "html.parser").select("table.listing tbody tr")
    return [" ".join(row.get_text(" ").split()) for row in rows]


# What it says ---------------------------------------------------------------------------------------------


def test_nothing_yet_says_where_runs_come_from(as_user: Any, admin_user: Any) -> None:
    response = as_user(admin_user).get(reverse("sourcegroups:runs"))
    assert "No runs yet." in response.content.decode()


def test_what_was_asked_by_whom_and_how_far_it_is(
    as_user: Any, admin_user: Any, editor: Any, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    for _ in range(3):
        add_image(press)
    finish(asked(admin_user, card))
    in_state(asked(editor, card, images=(1, 2)), "paused", sources_in_all=2)
    run = asked(admin_user, card, collections=frozenset([press.pk]), force=True)
    in_state(run, "running", sources_in_all=3, sources=1, failed=1)
    newest, of_editor, oldest = listed(as_user(admin_user))
    assert newest.startswith("Card Press; made again Running 33%, 1 of 3 images, 1 failed admin")
    assert of_editor.startswith("Card 2 images; missing only Paused 0%, 0 of 2 images editor")
    assert oldest.startswith("Card All images; missing only Finished 6 of 6 admin")


def test_runs_of_the_command_are_there_too(
    as_user: Any, admin_user: Any, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    add_image(press)
    of_the_command(card)
    assert "Command line" in listed(as_user(admin_user))[0]


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({}, "all images"),
        ({"collections": ["Press"]}, "Press"),
        ({"collections": ["Press", "Archive"]}, "Archive and Press"),
        ({"collections": ["Press", "2026"]}, "Press and those below"),
        ({"images": (1,)}, "1 image"),
        ({"images": (1, 2, 3)}, "3 images"),
        ({"listing": ""}, "all images of the listing"),
        ({"listing": "q=bread"}, "images of the listing with Search: bread"),
        (
            {"listing": "collection_id=Press&tag=red&tag=blue"},
            "images of the listing with Collection: Press; Tag: red, blue",
        ),
        ({"only_failed": True}, "what failed before"),
        ({"only_failed": True, "failed_in": 12}, "what failed in run 12"),
    ],
)
def test_which_images_in_words(
    narrowed: dict[str, Any],
    expected: str,
    admin_user: Any,
    card: RenditionSpec,
    press: Collection,
    archive: Collection,
) -> None:
    below = press.add_child(name="2026")
    keys = {"Press": press.pk, "Archive": archive.pk, "2026": below.pk}
    if "collections" in narrowed:
        narrowed = {"collections": frozenset(keys[name] for name in narrowed["collections"])}
    if "listing" in narrowed:
        narrowed = {"listing": narrowed["listing"].replace("Press", str(press.pk))}
    run = asked(admin_user, card, **narrowed)
    assert wording.Words([run.question], Collection.objects.all()).of(run).scope == expected


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({"collections": ["Press", "2026"]}, "2026, and others that you don't see"),
        ({"collections": ["Press", "2026", "05"]}, "2026 and those below, and others that you don't see"),
        ({"collections": ["Press", "Archive"]}, "collections that you don't see"),
        ({"listing": "collection_id=Press"}, "images of the listing with Collection: one that you don't see"),
        ({"listing": "collection_id=2026"}, "images of the listing with Collection: 2026"),
    ],
)
def test_collections_that_somebody_does_not_see_have_no_name(
    narrowed: dict[str, Any],
    expected: str,
    admin_user: Any,
    card: RenditionSpec,
    press: Collection,
    archive: Collection,
) -> None:
    below = press.add_child(name="2026")
    known = Collection.objects.descendant_of(below, inclusive=True)
    keys = {each.name: each.pk for each in (press, archive, below, below.add_child(name="05"))}
    if "collections" in narrowed:
        narrowed = {"collections": frozenset(keys[name] for name in narrowed["collections"])}
    if "listing" in narrowed:
        name = narrowed["listing"].partition("=")[2]
        narrowed = {"listing": f"collection_id={keys[name]}"}
    run = asked(admin_user, card, **narrowed)
    assert wording.Words([run.question], known).of(run).scope == expected


def test_a_run_over_a_collection_above_does_not_name_it(
    as_user: Any, make_editor: Any, admin_user: Any, card: RenditionSpec, secret: Collection, add_image: Any
) -> None:
    below = secret.add_child(name="Below")
    add_image(below)
    run = asked(admin_user, card, collections=frozenset([secret.pk, below.pk]))
    client = as_user(make_editor("baker", below))
    assert "Below, and others that you don't see" in listed(client)[0]
    for address in (
        url("run", run),
        url("run_standing", run),
        reverse("sourcegroups:runs"),
        reverse("sourcegroups:overview"),
    ):
        assert secret.name not in client.get(address).content.decode()


def test_many_specs_are_counted_and_unknown_ones_called_by_their_id(
    registry: Registry, card: RenditionSpec
) -> None:
    assert wording.specs_in_words(["shop:card", "gone"]) == "Card and gone"
    for number in range(4):
        registry.add_spec(RenditionSpec(f"n{number}", "width-10"))
    assert wording.specs_in_words(["n0", "n1", "n2", "n3"]) == "4 specs"
    assert wording.specs_in_words(list(registry.specs)) == "All specs"


@pytest.mark.parametrize(
    ("seconds", "exactly", "roughly"),
    [
        (0.4, "0 s", "about 10 s"),
        (44, "44 s", "about 40 s"),
        (112, "1 min 52 s", "about 1 min 50 s"),
        (1230, "20 min 30 s", "about 20 min"),
        (7512, "2 h 5 min", "about 2 h 5 min"),
        (3600, "1 h", "about 1 h"),
    ],
)
def test_durations(seconds: float, exactly: str, roughly: str) -> None:
    assert wording.duration(seconds) == exactly
    assert wording.about(seconds) == roughly


# Filters --------------------------------------------------------------------------------------------------


def test_by_state_and_by_who_started_it(
    as_user: Any, admin_user: Any, editor: Any, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    add_image(press)
    in_state(asked(admin_user, card), "running")
    in_state(asked(admin_user, card), "stalled")
    in_state(asked(editor, card), "finished")
    of_the_command(card)
    client = as_user(admin_user)
    assert len(listed(client)) == 4
    assert len(listed(client, state="running")) == 2
    assert len(listed(client, state="stalled")) == 1
    assert len(listed(client, started_by=editor.pk)) == 1
    assert len(listed(client, started_by=admin_user.pk, state="running")) == 1
    assert len(listed(client, started_by="command")) == 1
    # A choice that is none narrows nothing, as everywhere in Wagtail.
    assert len(listed(client, started_by="nobody")) == 4


def test_starters_are_named_only_of_runs_that_are_listed(
    as_user: Any,
    admin_user: Any,
    editor: Any,
    other_editor: Any,
    card: RenditionSpec,
    press: Any,
    add_image: Any,
) -> None:
    add_image(press)
    asked(editor, card)
    content = as_user(other_editor).get(reverse("sourcegroups:runs")).content.decode()
    assert f'value="{editor.pk}"' not in content
    content = as_user(admin_user).get(reverse("sourcegroups:runs")).content.decode()
    assert f'value="{editor.pk}"' in content


def test_who_started_a_run_that_is_about_others_too_is_not_told_by_filtering(
    as_user: Any, admin_user: Any, editor: Any, card: RenditionSpec, press: Any, archive: Any, add_image: Any
) -> None:
    add_image(press), add_image(archive)
    asked(admin_user, card)
    of_the_command(card)
    client = as_user(editor)
    assert len(listed(client)) == 2
    assert f'value="{admin_user.pk}"' not in client.get(reverse("sourcegroups:runs")).content.decode()
    assert listed(client, started_by="command") == []
    # Of a run that he sees in full it is told, and the others are not listed with it.
    mine = asked(editor, card)
    asked(admin_user, card, collections=frozenset([press.pk]))
    content = client.get(reverse("sourcegroups:runs"), {"started_by": admin_user.pk}).content.decode()
    assert f'value="{admin_user.pk}"' in content
    assert len(listed(client, started_by=admin_user.pk)) == 1
    assert len(listed(client, started_by=editor.pk)) == 1
    assert (
        url("run", mine)
        in client.get(reverse("sourcegroups:runs"), {"started_by": editor.pk}).content.decode()
    )


def test_results_alone(as_user: Any, admin_user: Any, card: RenditionSpec) -> None:
    asked(admin_user, card)
    response = as_user(admin_user).get(reverse("sourcegroups:runs_results"))
    assert "Card" in response.content.decode()
    assert "<html" not in response.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_rows(
    as_user: Any, admin_user: Any, editor: Any, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    image = add_image(press)
    names = [press.add_child(name=f"Press {number}").pk for number in range(12)]

    def count(user: Any) -> int:
        client = as_user(user)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("sourcegroups:runs"))
        return len(queries)

    def add(number: int) -> None:
        asked(admin_user, card, collections=frozenset([names[number]]))
        run = in_state(asked(editor, card, images=(image.pk,)), "running", sources_in_all=1)
        run.batches.create(number=1, part="images")
        fail(run, image, f"width-{number + 1}")
        in_state(asked(editor, card, listing=f"collection_id={names[number]}"), "finished")

    add(0)
    for user in (admin_user, editor):
        count(user)
    before = [count(admin_user), count(editor)]
    for number in range(1, 6):
        add(number)
    assert [count(admin_user), count(editor)] == before


# Who sees what --------------------------------------------------------------------------------------------


@pytest.fixture
def runs(
    admin_user: Any, editor: Any, card: RenditionSpec, press: Collection, archive: Collection, add_image: Any
) -> dict[str, GenerationRun]:
    """Runs of several people, over the images of Press, of Archive, of both, and over whatever there is."""
    inside, outside = add_image(press), add_image(archive)
    both = frozenset([press.pk, archive.pk])
    return {
        "everything": asked(admin_user, card),
        "press": asked(admin_user, card, collections=frozenset([press.pk])),
        "archive": asked(admin_user, card, collections=frozenset([archive.pk])),
        "both": asked(admin_user, card, collections=both),
        "image of press": asked(admin_user, card, images=(inside.pk,)),
        "image of archive": asked(admin_user, card, images=(outside.pk,)),
        "listing of both": asked(admin_user, card, listing=""),
        "editor's": asked(editor, card),
        "editor's, archive": asked(editor, card, collections=frozenset([archive.pk])),
        "command": of_the_command(card),
        "command, archive": of_the_command(card, collections=frozenset([archive.pk])),
    }


@pytest.mark.parametrize(
    ("name", "to_editor", "to_other"),
    [
        ("everything", Sight.PROGRESS, Sight.PROGRESS),
        ("press", Sight.EVERYTHING, Sight.NOTHING),
        ("archive", Sight.NOTHING, Sight.EVERYTHING),
        ("both", Sight.PROGRESS, Sight.PROGRESS),
        ("image of press", Sight.EVERYTHING, Sight.NOTHING),
        ("image of archive", Sight.NOTHING, Sight.EVERYTHING),
        ("listing of both", Sight.PROGRESS, Sight.PROGRESS),
        ("editor's", Sight.EVERYTHING, Sight.NOTHING),
        ("editor's, archive", Sight.EVERYTHING, Sight.NOTHING),
        ("command", Sight.PROGRESS, Sight.PROGRESS),
        ("command, archive", Sight.NOTHING, Sight.EVERYTHING),
    ],
)
def test_how_much_is_seen(
    name: str, to_editor: Sight, to_other: Sight, runs: Any, admin_user: Any, editor: Any, other_editor: Any
) -> None:
    run = runs[name]
    assert Viewer.of(admin_user).sight(run) is Sight.EVERYTHING
    for user, expected in ((editor, to_editor), (other_editor, to_other)):
        viewer = Viewer.of(user)
        assert viewer.sight(run) is expected
        assert viewer.runs().filter(pk=run.pk).exists() is (expected is not Sight.NOTHING)


def test_whoever_sees_his_own_images_only_sees_how_far_a_run_is(runs: Any, contributor: Any) -> None:
    viewer = Viewer.of(contributor)
    for name in ("everything", "press", "both", "image of press", "command"):
        assert viewer.sight(runs[name]) is Sight.PROGRESS
    for name in ("archive", "image of archive", "command, archive"):
        assert viewer.sight(runs[name]) is Sight.NOTHING


def test_a_run_that_concerns_nothing_of_theirs_is_not_there(
    runs: Any, as_user: Any, other_editor: Any, press: Collection
) -> None:
    client = as_user(other_editor)
    content = " ".join(listed(client))
    assert press.name not in content
    for name in URLS:
        for ask in (client.get, client.post):
            assert ask(url(name, runs["press"])).status_code in (404, 405)
        ask = client.get if name in ("run", "run_standing") else client.post
        assert ask(url(name, runs["press"])).status_code == 404


def test_of_one_that_concerns_others_too_only_the_progress_is_listed(
    runs: Any, as_user: Any, editor: Any
) -> None:
    in_state(runs["both"], "running", sources_in_all=4, sources=1, failed=1)
    rows = {row.split(" ")[1]: row for row in listed(as_user(editor)) if row.startswith("Run ")}
    row = rows[str(runs["both"].pk)]
    assert "Running 25%" in row
    for hidden in ("Card", "Archive", "failed", "admin", "of 4"):
        assert hidden not in row
    # Not even that something has failed.
    in_state(runs["both"], "finished", failed=1)
    content = as_user(editor).get(reverse("sourcegroups:runs"), {"state": "finished"}).content.decode()
    assert "icon-circle-check" in content
    assert "sg-run-state--warning" not in content


def test_nobody_and_people_without_images_do_not_come_in(
    client: Client, as_user: Any, make_editor: Any, runs: Any
) -> None:
    address = reverse("sourcegroups:runs")
    assert client.get(address)["Location"].startswith(reverse("wagtailadmin_login"))
    stranger = as_user(make_editor("stranger"))
    assert stranger.get(address)["Location"] == reverse("wagtailadmin_home")
    assert stranger.get(url("run", runs["everything"]))["Location"] == reverse("wagtailadmin_home")


# Who steers -----------------------------------------------------------------------------------------------


def test_who_started_it_steers_as_long_as_he_may_change_the_images(
    runs: Any, admin_user: Any, editor: Any, other_editor: Any, django_user_model: Any
) -> None:
    run = runs["editor's"]
    assert may_steer(admin_user, run)
    assert may_steer(editor, run)
    assert not may_steer(other_editor, run)
    assert not may_steer(editor, runs["press"])
    editor.groups.clear()
    assert not may_steer(django_user_model.objects.get(pk=editor.pk), run)


def test_who_changed_everything_once_does_not_steer_what_he_may_not_change_now(
    make_editor: Any,
    editor: Any,
    card: RenditionSpec,
    press: Collection,
    archive: Collection,
    add_image: Callable[..., Any],
    django_user_model: Any,
) -> None:
    chief = make_editor("chief", Collection.get_first_root_node())
    add_image(press)
    everything = asked(chief, card)
    of_press = asked(chief, card, collections=frozenset([press.pk]))
    assert everything.question["selection"] == {}
    assert may_steer(chief, everything)
    # An editor of Press from now on.
    chief.groups.set(editor.groups.all())
    chief = django_user_model.objects.get(pk=chief.pk)
    assert not may_steer(chief, everything)
    assert may_steer(chief, of_press)
    add_image(archive)
    assert may_steer(chief, of_press)


def test_whoever_may_add_everywhere_steers_his_own_runs_only(
    as_user: Any, make_editor: Any, admin_user: Any, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    own = make_editor("own", Collection.get_first_root_node(), may=("add",))
    # The only image that there is.
    add_image(press, uploaded_by_user=own)
    run, of_admin = asked(own, card), asked(admin_user, card)
    assert run.question["selection"]["by"] == str(own.pk)
    assert may_steer(own, run) and not may_steer(own, of_admin)
    assert as_user(own).post(url("run_cancel", of_admin))["Location"] == reverse("wagtailadmin_home")
    of_admin.refresh_from_db()
    assert of_admin.state == "queued"
    add_image(press)
    assert finish(run).sources == 1


def test_an_editor_of_the_only_collection_with_images_asks_for_these_only(
    editor: Any, card: RenditionSpec, press: Collection, archive: Collection, add_image: Callable[..., Any]
) -> None:
    add_image(press)
    run = asked(editor, card)
    # Which is there when the run begins.
    add_image(archive)
    assert finish(run).sources == 1
