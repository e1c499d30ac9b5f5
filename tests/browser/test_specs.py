"""Specs in the browser: written with help, tried on a sample, changed, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.site import Site
from tests.browser.visitor import PATIENCE, Visitor
from tests.images import rows
from wagtail_sourcegroups import RenditionSpec, counting
from wagtail_sourcegroups.models import StoredSpec
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.runs.question import Question
from wagtail_sourcegroups.runs.starting import start
from wagtail_sourcegroups.runs.working import drive
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup

pytestmark = pytest.mark.once

Visit = Callable[..., Visitor]
HERO = "fill-{400x225,1600x900}|format-{avif,webp,jpeg}"


@pytest.fixture
def images(site: Site) -> list[Any]:
    return site.images(site.collection("Blog"), 3)


def cards(visitor: Visitor) -> Locator:
    return visitor.page.locator(".sg-card")


def wait_for_pictures(visitor: Visitor) -> None:
    for picture in cards(visitor).locator("img").all():
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("img => img.naturalWidth") > 0


def test_a_spec_is_written_with_help_and_saved(site: Site, visit: Visit, images: list[Any]) -> None:
    """Wrong filters stand beside the reason and no picture, at once and after Save."""
    visitor = visit()
    page = visitor.page
    visitor.go("sourcegroups_specs:add")
    visitor.see("Shown here as soon as there are filters.")
    page.get_by_role("textbox", name="Name").fill("Blog hero")
    page.get_by_role("textbox", name="Id").fill("blog:hero")
    filters = page.get_by_role("textbox", name="Filters")
    filters.press_sequentially(HERO)
    expect(cards(visitor)).to_have_count(2, timeout=PATIENCE)
    expect(page.locator(".sg-preview [role=status]")).to_have_text(
        "6 renditions of each image: 2 sizes, 3 formats each."
    )
    expect(cards(visitor).nth(1)).to_contain_text(
        "This sample gives 900 × 508: small originals aren't enlarged."
    )
    wait_for_pictures(visitor)
    expect(filters).to_be_focused()

    filters.fill(HERO.replace("fill", "fil"))
    errors = page.locator("[data-field]", has=filters).locator(".error-message")
    expect(errors).to_have_text("There is no filter called “fil”. Did you mean “fill-{400x225,1600x900}”?")
    expect(cards(visitor)).to_have_count(0)
    expect(filters).to_have_attribute("aria-invalid", "true")
    visitor.press("Create")
    visitor.see("There is no filter called “fil”")
    expect(cards(visitor)).to_have_count(0)

    filters.fill(HERO)
    expect(cards(visitor)).to_have_count(2, timeout=PATIENCE)
    expect(errors).to_have_count(0)
    visitor.press("Create")
    visitor.see("Spec 'Blog hero' created.")
    assert StoredSpec.objects.get().filters == HERO
    assert not any("fill-" in name for image in images for name in rows(image))


def test_another_sample_is_chosen_without_a_mouse(site: Site, visit: Visit, images: list[Any]) -> None:
    visitor = visit()
    page = visitor.page
    spec = site.spec("Blog hero", "width-200")
    visitor.go("sourcegroups_specs:edit", spec.pk)
    newest, chosen = images[-1], images[0]
    expect(page.locator(".sg-preview__sample")).to_contain_text(newest.title)
    button = page.get_by_role("button", name="Choose another")
    visitor.tab_to(button)
    page.keyboard.press("Enter")
    modal = page.locator(".modal-body")
    visitor.tab_to(modal.get_by_role("link", name=chosen.title))
    page.keyboard.press("Enter")
    expect(page.locator(".sg-preview__sample")).to_contain_text(chosen.title, timeout=PATIENCE)
    # To look at another picture is no change of the spec.
    expect(page.get_by_text("unsaved edits")).to_be_hidden()
    visitor.go("sourcegroups_specs:edit", spec.pk)
    expect(page.locator(".sg-preview__sample")).to_contain_text(chosen.title)


def test_the_last_letter_counts(site: Site, visit: Visit, images: list[Any]) -> None:
    """However late an earlier answer comes."""
    visitor = visit()
    page = visitor.page
    visitor.go("sourcegroups_specs:edit", site.spec("One", "width-200").pk)
    expect(cards(visitor)).to_have_count(1, timeout=PATIENCE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    preview = site.path("sourcegroups:spec_preview")
    filters = page.get_by_role("textbox", name="Filters")
    filters.fill("")
    filters.press_sequentially("width-300", delay=30)
    expect(cards(visitor)).to_contain_text("300 wide", timeout=PATIENCE)
    assert asked.count(preview) == 1, "it waits until nobody types"


def test_offline_is_said_and_the_next_letter_tries_again(site: Site, visit: Visit, images: list[Any]) -> None:
    visitor = visit()
    visitor.go("sourcegroups_specs:edit", site.spec("One", "width-200").pk)
    expect(cards(visitor)).to_have_count(1, timeout=PATIENCE)
    visitor.complaints.expect("ERR_INTERNET_DISCONNECTED")
    filters = visitor.page.get_by_role("textbox", name="Filters")
    visitor.page.context.set_offline(True)
    filters.fill("width-300")
    visitor.see("What this makes cannot be shown just now.")
    expect(cards(visitor)).to_have_count(0)
    visitor.page.context.set_offline(False)
    filters.fill("width-400")
    expect(cards(visitor)).to_contain_text("400 wide", timeout=PATIENCE)


def test_what_a_change_leaves_behind_is_deleted(site: Site, visit: Visit, images: list[Any]) -> None:
    visitor = visit()
    page = visitor.page
    spec = site.spec("Blog hero", "width-200", "width-300")
    site.assign(spec)
    drive(start(Question(("blog:hero",))).pk)
    visitor.go("sourcegroups_specs:edit", spec.pk)
    page.get_by_role("textbox", name="Filters").fill("width-300\nwidth-400")
    visitor.press("Save")
    visitor.see("1 rendition of each image is new, 1 is not asked for any more.")
    expect(page.get_by_role("link", name="Generate what is new")).to_be_visible()
    visitor.press("Delete 3 renditions left over", "link")
    visitor.see("width-200")
    visitor.assert_sound()
    visitor.take("specs-left-over")
    visitor.press("Delete 3 renditions")
    visitor.see("3 renditions deleted.")
    assert all("width-200" not in rows(image) and "width-300" in rows(image) for image in images)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (360, False)])
def test_the_pages_in_both_themes_and_narrow(
    site: Site, visit: Visit, images: list[Any], width: int, dark: bool
) -> None:
    registry = get_registry()
    registry.add_spec(
        RenditionSpec("press:download", "max-2400x2400|format-jpeg|jpegquality-90", label="Press download"),
        "shop/specs.py:12",
    )
    registry.add_group("press:download", ImageModelSourceGroup(), "shop/specs.py:20")
    hero = site.spec("Blog hero", HERO, strategy=StoredSpec.When.OPTIMISTIC)
    site.assign(hero, images[0].collection)
    site.spec("Blog thumbnail", "fill-320x320|format-{webp,jpeg}")
    drive(start(Question(("press:download",))).pk)
    counting.count()
    visitor = visit(width=width, dark=dark)
    kind = ("-dark" if dark else "") + ("-narrow" if width < 1000 else "")

    visitor.go("sourcegroups_specs:index")
    visitor.see("shop/specs.py, line 12")
    visitor.assert_sound()
    visitor.take(f"specs{kind}")

    visitor.go("sourcegroups_specs:edit", hero.pk)
    expect(cards(visitor)).to_have_count(2, timeout=PATIENCE)
    wait_for_pictures(visitor)
    visitor.assert_sound()
    visitor.take(f"spec{kind}")

    visitor.page.get_by_role("textbox", name="Filters").fill(HERO.replace("fill", "fil"))
    expect(visitor.page.locator(".error-message")).to_be_visible(timeout=PATIENCE)
    visitor.assert_sound()

    visitor.go("sourcegroups:spec_code", "press:download")
    expect(cards(visitor)).to_have_count(1, timeout=PATIENCE)
    visitor.assert_sound()

    visitor.go("sourcegroups_specs:delete", hero.pk)
    visitor.see("It is assigned to Blog.")
    visitor.assert_sound()
