"""From the first idea to the last rendition, as people go that way: through the pages alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from wagtail.images import get_image_model

from tests.browser.pace import Gate
from tests.browser.site import Site
from tests.browser.visitor import PATIENCE, Visitor
from tests.images import rows
from wagtail_sourcegroups.models import GenerationRun, StoredSpec

pytestmark = pytest.mark.once

Visit = Callable[..., Visitor]
FILTERS = {"fill-120x80|format-webp", "width-100"}


def log_in(visitor: Visitor) -> None:
    visitor.go("wagtailadmin_login")
    visitor.page.get_by_label("Username").fill("admin")
    visitor.page.get_by_label("Password").fill("password")
    visitor.press("Sign in")


def headline(page: Page) -> Any:
    return page.locator(".sg-run__headline")


def test_somebody_who_has_never_seen_code_has_the_renditions_of_what_is_uploaded(
    site: Site, visit: Visit
) -> None:
    """Define a spec, assign it to a collection, upload three photographs, and see that all is ready."""
    site.user()
    collection = site.collection("Recipes")
    visitor = visit(None)
    page = visitor.page
    log_in(visitor)

    visitor.go("sourcegroups_specs:add")
    page.get_by_role("textbox", name="Name").fill("Recipe card")
    page.get_by_role("textbox", name="Id").fill("recipe:card")
    page.get_by_role("textbox", name="Filters").fill("fill-480x320|format-{webp,jpeg}")
    visitor.see("2 renditions of each image")
    visitor.press("Create")
    visitor.see("Recipe card")

    visitor.go("wagtailadmin_collections:edit", collection.pk)
    page.get_by_label("Recipe card").check()
    visitor.press("Save")
    visitor.go("wagtailadmin_collections:edit", collection.pk)
    expect(page.get_by_label("Recipe card")).to_be_checked()

    visitor.go("wagtailimages:add_multiple")
    page.get_by_label("Add to collection").select_option(str(collection.pk))
    chosen = [site.photographs[title] for title in ("Rye loaf", "Plum tart", "Pea soup with cream")]
    page.locator('input[type="file"]').first.set_input_files(chosen)
    expect(page.get_by_role("button", name="Update")).to_have_count(3, timeout=PATIENCE)

    for image in get_image_model().objects.all():
        visitor.go("wagtailimages:edit", image.pk)
        panel = page.locator('[data-side-panel="renditions"]')
        if panel.is_hidden():
            visitor.press("Toggle renditions")
        visitor.see("2 of 2 ready", panel)
    visitor.go("sourcegroups:overview")
    visitor.press("Count now")
    visitor.see("Counted today")
    visitor.go("sourcegroups:overview")
    visitor.see("100% ready")
    assert get_image_model().objects.count() == 3
    assert StoredSpec.objects.get().spec_id == "recipe:card"


@pytest.fixture
def library(site: Site, settings: Any) -> Any:
    """A collection with more images than a page of the listing shows, and others beside it."""
    settings.WAGTAILIMAGES_INDEX_PAGE_SIZE = 8
    recipes, travel = site.collection("Recipes"), site.collection("Travel")
    site.assign(site.spec("Card", *sorted(FILTERS)))
    site.images(recipes, 12)
    site.images(travel, 3)
    return recipes


def ask_for_all(visitor: Visitor, collection: Any) -> None:
    """Filter the listing, select all of it, and have the bulk action done."""
    page = visitor.page
    visitor.go("wagtailimages:index", collection_id=collection.pk)
    # Where nothing is ticked yet, the bar with the actions is out of sight.
    page.get_by_label("Select", exact=False).and_(page.locator("[data-bulk-action-checkbox]")).first.check(
        force=True
    )
    page.get_by_label("Select all", exact=True).last.check()
    page.get_by_role("button", name="Select all images in listing").click()
    page.get_by_role("link", name="Generate renditions of the selected images").click()
    visitor.see("12 images")
    page.get_by_role("button", name="Generate").click()
    expect(headline(page)).to_be_visible()


def test_all_that_a_filter_leaves_up_to_the_end_and_the_page_closed_midway(
    site: Site, visit: Visit, library: Any, gate: Gate
) -> None:
    """Without a worker the open page does the work: closed, it rests; opened again, it goes on where it was."""
    visitor = visit()
    ask_for_all(visitor, library)
    gate.let_through(2)
    expect(headline(visitor.page)).to_have_text("50%", timeout=PATIENCE)
    visitor.page.close()

    run = GenerationRun.objects.get()
    assert run.counts["all"]["sources"] == 6
    again = visit()
    again.go("sourcegroups:runs")
    again.page.get_by_role("link", name="Card").first.click()
    expect(headline(again.page)).to_have_text("50%")
    gate.open()
    expect(headline(again.page)).to_have_text("24 of 24", timeout=PATIENCE)
    made = [rows(image).keys() >= FILTERS for image in get_image_model().objects.order_by("collection", "pk")]
    assert made == [True] * 12 + [False] * 3, "those of the other collection are left alone"


def test_with_a_worker_it_goes_on_while_nobody_looks(
    site: Site, visit: Visit, library: Any, tasks_wait: None
) -> None:
    visitor = visit()
    ask_for_all(visitor, library)
    run = GenerationRun.objects.get()
    expect(headline(visitor.page)).to_have_text("0%")
    visitor.page.close()
    with site.worker():
        watching = visit()
        watching.go("sourcegroups:run", run.pk)
        expect(headline(watching.page)).to_have_text("24 of 24", timeout=60_000)


def test_with_the_keyboard_alone(site: Site, visit: Visit, library: Any) -> None:
    """Log in, assign a spec, take the offer to generate, and see it done."""
    spec = site.spec("Teaser", "width-60")
    site.user()
    visitor = visit(None)
    page = visitor.page
    visitor.go("wagtailadmin_login")
    visitor.tab_to(page.get_by_label("Username"))
    page.keyboard.type("admin")
    visitor.tab_to(page.get_by_label("Password"))
    page.keyboard.type("password")
    page.keyboard.press("Enter")
    expect(page).to_have_url(site.path("wagtailadmin_home"))

    visitor.go("wagtailadmin_collections:edit", library.pk)
    visitor.tab_to(page.get_by_label(spec.label))
    page.keyboard.press("Space")
    expect(page.get_by_label(spec.label)).to_be_checked()
    visitor.tab_to(page.get_by_role("button", name="Save"))
    page.keyboard.press("Enter")
    offer = page.get_by_role("link", name="Generate up to 12 renditions")
    expect(offer).to_be_visible()
    visitor.tab_to(offer)
    page.keyboard.press("Enter")
    generate = page.get_by_role("button", name="Generate")
    expect(generate).to_be_visible()
    visitor.tab_to(generate)
    page.keyboard.press("Enter")
    expect(headline(page)).to_have_text("12 of 12", timeout=PATIENCE)
