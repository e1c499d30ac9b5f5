"""The overview: the one figure, what moves, what is broken, the specs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape
from wagtail.models import Collection

from tests.admin.imagery import Imagery, fail_something
from wagtail_sourcegroups import RenditionSpec, counting
from wagtail_sourcegroups.models import GenerationFailure, GenerationRun
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup

pytestmark = pytest.mark.django_db

AsUser = Callable[[Any], Client]


@pytest.fixture
def imagery(add_image: Callable[..., Any], card: RenditionSpec) -> Imagery:
    return Imagery(add_image, card)


def get(client: Client) -> Any:
    response = client.get(reverse("sourcegroups:overview"))
    assert response.status_code == 200
    return response


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_nobody_else_sees_it(as_user: AsUser, make_editor: Callable[..., Any], press: Collection) -> None:
    url = reverse("sourcegroups:overview")
    assert as_user(None).get(url).headers["Location"].startswith(reverse("wagtailadmin_login"))
    stranger = make_editor("stranger", press, may=())
    assert as_user(stranger).get(url).headers["Location"] == reverse("wagtailadmin_home")


def test_first_the_one_figure_with_a_legend_that_leads_to_the_report(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    imagery.ready(press)
    imagery.lacking(press)
    imagery.stale(press)
    counting.count()
    page = text(get(as_user(admin_user)))
    assert "50% ready" in page
    assert "3 of 6 renditions, for 3 images" in page
    for said, state in (("3 ready", "ready"), ("1 missing", "missing"), ("2 out of date", "stale")):
        assert said in page
        assert f'href="{reverse("sourcegroups:coverage")}?state={state}"' in page
    assert "Counted today at" in page


def test_editors_see_the_figures_of_their_collections(
    as_user: AsUser, editor: Any, other_editor: Any, imagery: Imagery, press: Collection, archive: Collection
) -> None:
    imagery.ready(press)
    imagery.lacking(archive)
    counting.count()
    assert "100% ready" in text(get(as_user(editor)))
    assert "50% ready" in text(get(as_user(other_editor)))


def test_whoever_may_only_add_is_told_why_there_are_no_figures(
    as_user: AsUser, contributor: Any, imagery: Imagery, press: Collection
) -> None:
    client = as_user(contributor)
    imagery.failed(press, title="Waffles")
    counting.count()
    assert "No specs apply to your images." in text(get(client))
    imagery.failed(press, title="Opening day", uploaded_by_user=contributor)
    counting.count()
    page = text(get(client))
    assert "you see only your own" in page
    assert "% ready" not in page
    assert "Opening day" in page and "Waffles" not in page


def test_by_spec_what_it_makes_what_it_is_for_and_how_much_is_ready(
    as_user: AsUser, admin_user: Any, registry: Registry, imagery: Imagery, press: Collection
) -> None:
    registry.add_spec(RenditionSpec("press", "width-30|format-webp", label="Press download"))
    registry.add_group("press", CollectionSourceGroup(press.pk))
    imagery.lacking(press)
    counting.count()
    page = text(get(as_user(admin_user)))
    for said in (
        "Ready by spec",
        "20 wide; 10 × 10, cropped",
        "All images",
        "1 of 2, 1 missing",
        "Press download",
        "30 wide; WebP",
        "0 of 1, 1 missing",
        f"{reverse('sourcegroups:coverage')}?spec=shop%3Acard",
    ):
        assert said in page


def test_what_is_of_nobody_elses_business_is_absent(
    as_user: AsUser,
    registry: Registry,
    other_editor: Any,
    imagery: Imagery,
    press: Collection,
    archive: Collection,
) -> None:
    registry.add_spec(RenditionSpec("press", "width-30", label="Press download"))
    registry.add_group("press", CollectionSourceGroup(press.pk))
    imagery.failed(press, title="Waffles")
    imagery.ready(archive)
    GenerationRun.objects.create(question={"specs": ["press"], "selection": {"collections": [press.pk]}})
    counting.count()
    page = text(get(as_user(other_editor)))
    for said in ("Press download", "Waffles", "In progress", "Needs attention"):
        assert said not in page


def test_a_healthy_site_is_one_bar_and_one_table(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    imagery.ready(press)
    GenerationRun.objects.create(question={"specs": ["shop:card"]}, state="finished")
    counting.count()
    page = text(get(as_user(admin_user)))
    assert "100% ready" in page
    assert "In progress" not in page
    assert "Needs attention" not in page


def test_runs_in_progress_lead_to_their_pages(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    imagery.lacking(press)
    counting.count()
    run = GenerationRun.objects.create(
        question={"specs": ["shop:card"]},
        state="running",
        started_by=admin_user,
        sources=1,
        sources_in_all=4,
    )
    page = text(get(as_user(admin_user)))
    assert "Card, all images" in page
    assert "Started by admin" in page
    assert 'value="25"' in page
    assert "1 of 4 images" in page
    assert reverse("sourcegroups:run", args=[run.pk]) in page
    # What is missing is on its way.
    assert "1 of 2, being made" in page


def test_of_a_run_that_is_about_other_collections_too_only_how_far_it_is(
    as_user: AsUser, editor: Any, admin_user: Any, imagery: Imagery, press: Collection, archive: Collection
) -> None:
    imagery.lacking(press)
    GenerationRun.objects.create(
        question={"specs": ["shop:card"], "selection": {"collections": [press.pk, archive.pk]}},
        state="running",
        started_by=admin_user,
        sources=1,
        sources_in_all=4,
    )
    counting.count()
    page = text(get(as_user(editor)))
    assert "25%" in page
    for hidden in ("Started by admin", "Archive", "being made"):
        assert hidden not in page
    assert "1 of 2, being made" in text(get(as_user(admin_user)))


def test_three_failures_and_then_the_way_to_all(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    for number in range(4):
        imagery.failed(press, title=f"Picture {number}")
    page = text(get(as_user(admin_user)))
    assert "Picture 0" not in page
    assert all(f"Picture {number}" in page for number in (1, 2, 3))
    assert "All 4 failures" in page
    newest = GenerationFailure.objects.first()
    assert newest is not None
    assert f'name="one" value="{newest.pk}"' in page
    assert f'action="{reverse("sourcegroups:failures_retry")}" method="post"' in page
    assert "csrfmiddlewaretoken" in page


def test_whoever_may_not_generate_has_no_buttons_for_it(
    as_user: AsUser, make_editor: Callable[..., Any], imagery: Imagery, press: Collection
) -> None:
    imagery.failed(press)
    counting.count()
    page = text(get(as_user(make_editor("chooser", press, may=("choose",)))))
    assert "50% ready" in page
    assert "Retry" not in page
    assert "Generate what is missing" not in page
    assert "Count again" not in page


def test_the_header_leads_to_generating_all_that_is_missing(
    as_user: AsUser, editor: Any, registry: Registry, imagery: Imagery, press: Collection
) -> None:
    registry.add_spec(RenditionSpec("press", "width-30"))
    registry.add_group("press", CollectionSourceGroup(press.pk))
    registry.add_spec(RenditionSpec("alone", "width-40"))
    (button,) = get(as_user(editor)).context["header_buttons"]
    url = urlsplit(button.url)
    assert url.path == reverse("sourcegroups:generate")
    assert parse_qs(url.query) == {"spec": ["shop:card", "press"]}
    assert escape(button.url) in text(get(as_user(editor)))


def test_an_empty_site_says_what_to_do_next(
    as_user: AsUser, registry: Registry, admin_user: Any, editor: Any
) -> None:
    add = reverse("sourcegroups_specs:add")
    page = text(get(as_user(admin_user)))
    assert "No specs yet. Add one to say which renditions your images need." in page
    assert f'href="{add}"' in page
    page = text(get(as_user(editor)))
    assert "No specs yet" in page
    assert add not in page


def test_specs_without_images_lead_to_assigning_them(
    as_user: AsUser, registry: Registry, admin_user: Any
) -> None:
    registry.add_spec(RenditionSpec("alone", "width-20"))
    page = text(get(as_user(admin_user)))
    assert "No specs apply to your images." in page
    assert reverse("sourcegroups:assignments") in page


def test_queries_do_not_grow_with_anything(
    as_user: AsUser, admin_user: Any, editor: Any, registry: Registry, imagery: Imagery, press: Collection
) -> None:
    def asked(user: Any) -> int:
        client = as_user(user)
        with CaptureQueriesContext(connection) as queries:
            get(client)
        return len(queries)

    def more(number: int) -> None:
        below = press.add_child(name=str(number))
        registry.add_spec(RenditionSpec(f"more:{number}", "width-20"))
        registry.add_group(f"more:{number}", CollectionSourceGroup(below.pk))
        imagery.failed(below)
        fail_something(f"group:{number}")
        GenerationRun.objects.create(
            question={"specs": [f"more:{number}"], "selection": {"collections": [below.pk]}},
            state="running",
            started_by=admin_user,
            sources_in_all=9,
        )
        counting.count()

    for number in range(4):
        more(number)
    asked(admin_user)
    before = asked(admin_user), asked(editor)
    for number in range(4, 8):
        more(number)
    assert (asked(admin_user), asked(editor)) == before
