"""Assigning specs in the browser: on the page of a collection, and for all of them at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, expect
from wagtail.models import Collection

from tests.admin.assigning import assigned
from tests.browser.site import Site
from tests.browser.visitor import Visitor
from wagtail_sourcegroups.counting import count
from wagtail_sourcegroups.runs.question import Question
from wagtail_sourcegroups.runs.starting import start
from wagtail_sourcegroups.runs.working import drive

pytestmark = pytest.mark.once

Visit = Callable[..., Visitor]
LOOKS = [(1280, False), (1280, True), (360, False)]


@pytest.fixture
def library(site: Site) -> dict[str, Collection]:
    """A site with collections, images in some of them, and specs that are assigned here and there."""
    hero = site.spec("Blog hero", "fill-800x450|format-{webp,jpeg}")
    thumbnail = site.spec("Blog thumbnail", "fill-320x320|format-webp")
    site.spec("Press download", "width-2400|format-jpeg")
    site.spec("Product card", "fill-{400x400,800x800}|format-{avif,webp}")
    site.spec("Product zoom", "max-2000x2000|format-webp")
    social = site.spec("Social share", "fill-600x315|format-jpeg")
    made = {name: site.collection(name) for name in ("Archive", "Blog", "Press", "Products")}
    for above, name in (
        ("Blog", "Recipes"),
        ("Blog", "Travel"),
        ("Products", "Breads"),
        ("Products", "Pastries"),
    ):
        made[above].refresh_from_db()
        made[name] = site.collection(name, made[above])
    site.assign(hero, made["Blog"])
    site.assign(thumbnail, made["Blog"])
    site.assign(social)
    for name, images in (("Archive", 3), ("Blog", 2), ("Recipes", 4), ("Breads", 1)):
        site.images(made[name], images)
    drive(start(Question(("blog:hero",))).pk)
    count()
    return made


def box(visitor: Visitor, label: str) -> Locator:
    return visitor.page.get_by_label(label, exact=True)


def summary(visitor: Visitor) -> Locator:
    return visitor.page.locator("[data-sg-assignments-target='words']")


def test_the_matrix_without_a_mouse(site: Site, visit: Visit, library: dict[str, Collection]) -> None:
    visitor = visit()
    visitor.go("sourcegroups:assignments")
    expect(summary(visitor)).to_be_hidden()
    visitor.tab_to(visitor.page.get_by_role("region", name="Assignments"))
    visitor.page.keyboard.press("ArrowRight")
    visitor.tab_to(box(visitor, "Press download for Blog"))
    for key in ("ArrowDown", "ArrowRight", "ArrowLeft"):
        visitor.page.keyboard.press(key)
    expect(box(visitor, "Press download for Blog › Recipes")).to_be_focused()
    # "Blog hero" and "Blog thumbnail" come from Blog there: nothing to go to on the left.
    visitor.page.keyboard.press("ArrowLeft")
    expect(box(visitor, "Press download for Blog › Recipes")).to_be_focused()
    visitor.page.keyboard.press("Space")
    expect(summary(visitor)).to_contain_text("Unsaved changes: 1")
    expect(summary(visitor)).to_contain_text("Renditions to make, at most: 4. You are asked after saving.")
    visitor.see("up to 4 to make")
    visitor.tab_to(visitor.page.get_by_role("button", name="Save"))
    visitor.page.keyboard.press("Enter")
    visitor.see("4 images are there already: up to 4 renditions to make for Press download.")
    assert ("press:download", "Recipes") in assigned()
    visitor.press("Generate up to 4 renditions", "link")
    visitor.page.wait_for_url(f"**{reverse('sourcegroups:generate')}**")


def test_what_is_ticked_above_pays_for_what_is_below(
    site: Site, visit: Visit, library: dict[str, Collection]
) -> None:
    visitor = visit()
    visitor.go("sourcegroups:assignments")
    for label, cost in (
        ("Press download for Blog › Recipes", 4),
        ("Press download for Blog", 6),
        ("Press download for All images", 10),
        ("Product zoom for Blog", 16),
    ):
        box(visitor, label).check()
        expect(summary(visitor)).to_contain_text(f"at most: {cost}.")
    box(visitor, "Blog hero for Blog").uncheck()
    visitor.see("Where a tick is taken away, renditions that exist are kept.", summary(visitor))
    for label in ("Press download for All images", "Product zoom for Blog", "Press download for Blog"):
        box(visitor, label).uncheck()
    box(visitor, "Press download for Blog › Recipes").uncheck()
    box(visitor, "Blog hero for Blog").check()
    expect(summary(visitor)).to_be_hidden()


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_matrix_in_both_themes_and_narrow(
    site: Site, visit: Visit, library: dict[str, Collection], width: int, dark: bool
) -> None:
    visitor = visit(width=width, dark=dark)
    visitor.go("sourcegroups:assignments")
    box(visitor, "Press download for Blog › Recipes").check()
    visitor.see("up to 4 to make")
    heading = visitor.page.get_by_role("rowheader", name="Recipes")
    region = visitor.page.get_by_role("region", name="Assignments")
    region.evaluate("element => element.scrollLeft = element.scrollWidth")
    assert heading.bounding_box()["x"] == region.bounding_box()["x"]  # type: ignore[index]
    region.evaluate("element => element.scrollLeft = 0")
    visitor.assert_sound()
    visitor.take("assignments" + look(width, dark))


def test_ticking_on_the_page_of_a_collection(
    site: Site, visit: Visit, library: dict[str, Collection]
) -> None:
    visitor = visit()
    visitor.go("wagtailadmin_collections:edit", library["Recipes"].pk)
    expect(box(visitor, "Blog hero")).to_be_checked()
    expect(box(visitor, "Blog hero")).to_be_disabled()
    visitor.see("from Blog")
    visitor.tab_to(box(visitor, "Product card"))
    visitor.page.keyboard.press("Space")
    visitor.press("Save")
    visitor.see("4 images are there already: up to 16 renditions to make for Product card.")
    assert ("product:card", "Recipes") in assigned()
    assert ("blog:hero", "Blog") in assigned()
    visitor.go("wagtailadmin_collections:edit", library["Recipes"].pk)
    expect(box(visitor, "Product card")).to_be_checked()


def test_adding_a_collection_with_its_specs(site: Site, visit: Visit, library: dict[str, Collection]) -> None:
    visitor = visit()
    visitor.go("wagtailadmin_collections:add")
    visitor.see("Applies below Blog")
    visitor.assert_sound()
    visitor.page.get_by_label("Name").fill("Events")
    visitor.page.get_by_label("Parent").select_option(str(library["Blog"].pk))
    box(visitor, "Product zoom").check()
    visitor.press("Create")
    visitor.see("Collection 'Events' created.")
    assert ("product:zoom", "Events") in assigned()


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_page_of_a_collection_in_both_themes_and_narrow(
    site: Site, visit: Visit, library: dict[str, Collection], width: int, dark: bool
) -> None:
    visitor = visit(width=width, dark=dark)
    visitor.go("wagtailadmin_collections:edit", library["Recipes"].pk)
    visitor.see("8 of 8")
    visitor.assert_sound()
    visitor.take("collection" + look(width, dark))


def look(width: int, dark: bool) -> str:
    return ("-dark" if dark else "") + ("-narrow" if width < 1000 else "")
