"""The panel on Wagtail's home page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import Collection

from tests.admin.imagery import Imagery, fail_something
from wagtail_sourcegroups import RenditionSpec, counting, stored
from wagtail_sourcegroups.admin.reports import home
from wagtail_sourcegroups.models import CoverageFigure, GenerationFailure, GenerationRun, StoredVersion

pytestmark = pytest.mark.django_db

AsUser = Callable[[Any], Client]


@pytest.fixture
def imagery(add_image: Callable[..., Any], card: RenditionSpec) -> Imagery:
    return Imagery(add_image, card)


def panel(client: Client) -> str:
    """What there is of it on the page; nothing if it is not."""
    page = client.get(reverse("wagtailadmin_home")).content.decode()
    _, _, rest = page.partition('<div class="sg-home">')
    return " ".join(rest.partition("</section>")[0].split())


def test_one_line_of_which_each_part_is_a_link(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    imagery.ready(press)
    imagery.failed(press)
    counting.count()
    GenerationRun.objects.create(question={"specs": ["shop:card"]}, state="running")
    said = panel(as_user(admin_user))
    for words, name in (
        ("75% ready", "coverage"),
        ("1 run in progress", "runs"),
        ("1 failed", "failures"),
        ("Overview", "overview"),
    ):
        assert words in said
        assert f'href="{reverse(f"sourcegroups:{name}")}"' in said


def test_silent_while_our_tables_are_not_there(
    as_user: AsUser, admin_user: Any, card: RenditionSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As between the new code and its migrations."""
    client = as_user(admin_user)
    monkeypatch.setattr(stored, "_migrated", set())
    with connection.cursor() as cursor:
        for model in (CoverageFigure, StoredVersion):
            cursor.execute(f"DROP TABLE {model._meta.db_table}")
    assert panel(client) == ""


def test_silent_when_all_is_well(
    as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    client = as_user(admin_user)
    assert panel(client) == ""
    imagery.ready(press)
    counting.count()
    GenerationRun.objects.create(question={"specs": ["shop:card"]}, state="finished")
    assert panel(client) == ""


@pytest.mark.parametrize("reason", ["missing", "failure", "run"])
def test_any_of_them_is_reason_enough(
    reason: str, as_user: AsUser, admin_user: Any, imagery: Imagery, press: Collection
) -> None:
    if reason == "missing":
        imagery.lacking(press)
        counting.count()
    elif reason == "failure":
        fail_something("group:broken")
    else:
        GenerationRun.objects.create(question={"specs": ["shop:card"]})
    assert panel(as_user(admin_user))


def test_everybody_sees_what_is_of_his_collections(
    as_user: AsUser,
    make_editor: Callable[..., Any],
    editor: Any,
    other_editor: Any,
    contributor: Any,
    imagery: Imagery,
    press: Collection,
    archive: Collection,
) -> None:
    imagery.failed(press)
    imagery.ready(archive)
    fail_something("group:broken")
    GenerationRun.objects.create(question={"specs": ["shop:card"], "selection": {"collections": [press.pk]}})
    counting.count()
    said = panel(as_user(editor))
    assert "50% ready" in said
    assert "1 failed" in said
    assert "1 run in progress" in said
    assert panel(as_user(other_editor)) == ""
    # Whose images they are not, although he may add to Press.
    said = panel(as_user(contributor))
    assert "% ready" not in said and "failed" not in said
    assert panel(as_user(make_editor("stranger", press, may=()))) == ""


def test_two_queries_whatever_there_is(
    editor: Any, imagery: Imagery, press: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked() -> int:
        viewer = home.Viewer.of(editor)
        collections = press.__class__.objects.filter(pk=press.pk)
        with monkeypatch.context() as patch, CaptureQueriesContext(connection) as queries:
            # Permissions are Wagtail's own queries, and not counted here.
            patch.setattr(home.Viewer, "of", lambda user: viewer)
            patch.setattr(home.access, "collections_seen_whole", lambda user: collections)
            patch.setattr(home.access, "sees_everything", lambda user: False)
            home.at_a_glance(editor)
            home.runs_in_progress(editor)
        return len(queries)

    assert asked() == 2
    for _ in range(3):
        imagery.failed(press)
        GenerationRun.objects.create(
            question={"specs": ["shop:card"], "selection": {"collections": [press.pk]}}
        )
    counting.count()
    assert asked() == 2
    assert home.at_a_glance(editor)[1] == GenerationFailure.objects.count() == 3
    assert home.runs_in_progress(editor) == 3
