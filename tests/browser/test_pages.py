"""Every page of ours, looked at by axe-core: in both themes, and in a narrow window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.example import Example, furnished
from tests.browser.pace import Gate
from tests.browser.site import Site
from tests.browser.visitor import PATIENCE, Visitor
from wagtail_sourcegroups.runs.question import Question
from wagtail_sourcegroups.runs.starting import start

pytestmark = pytest.mark.once

Visit = Callable[..., Visitor]


LOOKS = [(1280, False), (1280, True), (360, False)]


def pages(example: Example) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """Each by the name of its URL, and what goes into that."""
    yield "sourcegroups:overview", (), {}
    yield "wagtailadmin_home", (), {}
    yield "sourcegroups_specs:index", (), {}
    yield "sourcegroups_specs:add", (), {}
    yield "sourcegroups_specs:edit", (example.specs["Blog hero"].pk,), {}
    yield "sourcegroups_specs:delete", (example.specs["Blog hero"].pk,), {}
    yield "sourcegroups_specs:history", (example.specs["Blog hero"].pk,), {}
    yield "sourcegroups:spec_code", ("social:share",), {}
    yield "sourcegroups:assignments", (), {}
    yield "wagtailadmin_collections:edit", (example.collections["Recipes"].pk,), {}
    yield "wagtailadmin_collections:add", (), {}
    yield "sourcegroups:generate", (), {"collection": example.collections["Blog"].pk}
    yield (
        "wagtail_bulk_action",
        ("gallery", "customimage", "generate_renditions"),
        {"id": "all"},
    )
    yield "sourcegroups:runs", (), {}
    yield "sourcegroups:run", (example.run.pk,), {}
    yield "sourcegroups:coverage", (), {}
    yield "sourcegroups:coverage_images", (), {"spec": "blog:hero", "state": "missing"}
    yield "sourcegroups:failures", (), {}


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_every_page_is_sound_in_both_themes_and_narrow(
    site: Site, visit: Visit, width: int, dark: bool
) -> None:
    example = furnished(site)
    visitor = visit(width=width, dark=dark)
    wrong = []
    for name, args, query in pages(example):
        visitor.go(name, *args, **query)
        expect(visitor.page.locator("main")).to_be_visible()
        visitor.page.wait_for_load_state("networkidle")
        wrong += [f"{name}: {said}" for said in visitor.findings()]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_a_run_on_its_way_is_sound_in_both_themes_and_narrow(
    site: Site, visit: Visit, gate: Gate, width: int, dark: bool
) -> None:
    gate.open()
    furnished(site)
    gate.close()
    run = start(Question(("blog:hero", "social:share")), user=site.user(), force=True)
    visitor = visit(width=width, dark=dark)
    visitor.go("sourcegroups:run", run.pk)
    gate.let_through(3)
    expect(visitor.page.locator(".sg-run__headline")).to_have_text("52%", timeout=PATIENCE)
    visitor.assert_sound()
