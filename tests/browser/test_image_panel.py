"""The panel beside an image, in the browser: what an editor sees and does there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from playwright.sync_api import Locator, expect

from tests.browser.site import Site
from tests.browser.visitor import PATIENCE, Visitor
from tests.images import rows
from wagtail_sourcegroups.generation.sources import image_key
from wagtail_sourcegroups.models import GenerationFailure, GenerationRun, SourceState
from wagtail_sourcegroups.runs.question import Question
from wagtail_sourcegroups.runs.starting import start
from wagtail_sourcegroups.runs.working import drive

pytestmark = pytest.mark.once

Visit = Callable[..., Visitor]
FILTERS = ["fill-800x450|format-{webp,jpeg}", "fill-400x225|format-webp"]
WANTED = {"fill-800x450|format-webp", "fill-800x450|format-jpeg", "fill-400x225|format-webp"}


@pytest.fixture
def image(site: Site) -> Any:
    """Of which three renditions are wanted, and none made."""
    blog = site.collection("Blog")
    site.assign(site.spec("Blog hero", *FILTERS), blog)
    (image,) = site.images(blog)
    return image


def open_panel(visitor: Visitor, image: Any) -> Locator:
    visitor.go("wagtailimages:edit", image.pk)
    visitor.press("Toggle renditions")
    panel = visitor.page.locator('[data-side-panel="renditions"]')
    expect(panel.locator(".sg-output").first).to_be_visible(timeout=PATIENCE)
    return panel


def outputs(panel: Locator, state: str) -> Locator:
    return panel.locator(".sg-output").filter(has=panel.page.locator(f".sg-state--{state}"))


def test_renditions_are_made_from_the_page_of_the_image(site: Site, visit: Visit, image: Any) -> None:
    """The button keeps the focus, or what comes in its place gets it; somebody who sees nothing is told."""
    visitor = visit()
    panel = open_panel(visitor, image)
    expect(panel.locator("strong")).to_have_text("0 of 3 ready")
    assert not WANTED & rows(image).keys(), "it was looked at, and no more"
    button = panel.get_by_role("button", name="Generate 3 renditions")
    button.focus()
    visitor.page.keyboard.press("Enter")
    expect(outputs(panel, "ready")).to_have_count(3, timeout=PATIENCE)
    expect(panel.get_by_role("status")).to_have_text("3 of 3 ready")
    expect(panel.locator("[tabindex]")).to_be_focused()
    assert rows(image).keys() >= WANTED
    # The thumbnails are pictures that the browser shows.
    for thumbnail in panel.locator("img").all():
        thumbnail.scroll_into_view_if_needed()
        expect(thumbnail).to_have_js_property("complete", True)
        assert thumbnail.evaluate("img => img.naturalWidth") > 0


def test_a_failure_says_why_and_can_be_retried(site: Site, visit: Visit, image: Any) -> None:
    original = Path(image.file.path)
    kept = original.rename(original.with_suffix(".away"))
    visitor = visit()
    # Wagtail's own picture of it is not there either.
    visitor.complaints.expect(r"not-found")
    panel = open_panel(visitor, image)
    panel.get_by_role("button", name="Generate 3 renditions").click()
    expect(outputs(panel, "failed")).to_have_count(3, timeout=PATIENCE)
    visitor.see("The original isn't in storage", panel)
    counter = visitor.page.locator('[data-side-panel-toggle="renditions"] [data-side-panel-toggle-counter]')
    expect(counter).to_have_text("3")

    kept.rename(original)
    panel.get_by_role("button", name="Retry").first.click()
    expect(outputs(panel, "ready")).to_have_count(3, timeout=PATIENCE)
    expect(counter).to_be_hidden()


def test_with_a_worker_it_waits_and_is_redrawn_when_it_is_done(
    site: Site, worker: None, visit: Visit, image: Any
) -> None:
    panel = open_panel(visit(), image)
    panel.get_by_role("button", name="Generate 3 renditions").click()
    expect(outputs(panel, "waiting").first).to_be_visible()
    expect(outputs(panel, "ready")).to_have_count(3, timeout=60_000)
    assert GenerationRun.objects.get().state == "finished"


def test_it_is_open_on_the_next_image_and_asks_when_it_is_shown(site: Site, visit: Visit, image: Any) -> None:
    (other,) = site.images(image.collection)
    visitor = visit()
    asked: list[str] = []
    panel_of = site.path("sourcegroups:image_panel", other.pk)
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.go("wagtailimages:edit", other.pk)
    visitor.page.wait_for_load_state("networkidle")
    assert panel_of not in asked, "nobody has opened it"
    open_panel(visitor, image)
    visitor.go("wagtailimages:edit", other.pk)
    expect(visitor.page.locator(".sg-output")).to_have_count(3)
    assert asked.count(panel_of) == 1


def test_who_is_logged_out_meanwhile_is_told(site: Site, visit: Visit, image: Any) -> None:
    visitor = visit()
    panel = open_panel(visitor, image)
    visitor.page.context.clear_cookies()
    visitor.complaints.expect("403")
    panel.get_by_role("button", name="Make all again").click()
    visitor.see("you are logged out", panel)
    visitor.page.context.add_cookies([site.session(site.user())])
    panel.get_by_role("button", name="Try again").click()
    expect(panel.get_by_text("you are logged out")).to_be_hidden()


def test_the_form_makes_room_for_it(site: Site, visit: Visit, image: Any) -> None:
    visitor = visit()
    panel = open_panel(visitor, image)
    visitor.page.wait_for_timeout(400)
    left = panel.bounding_box()["x"]  # type: ignore[index]
    for part in visitor.page.locator(".sg-image-form img, .sg-image-form input:visible").all():
        box = part.bounding_box()
        assert box is None or box["x"] + box["width"] <= left


@pytest.fixture
def mixed(site: Site, image: Any) -> Any:
    """The image, with a rendition of each kind: ready, missing, out of date, failed."""
    blog = image.collection
    site.assign(site.spec("Blog thumbnail", "fill-320x320|format-{webp,jpeg}"), blog)
    site.assign(site.spec("Social share", "fill-600x315|format-jpeg"), blog)
    drive(start(Question(("blog:hero", "blog:thumbnail", "social:share"))).pk)
    made = rows(image)
    made["fill-400x225|format-webp"].delete()
    made["fill-800x450|format-jpeg"].delete()
    GenerationFailure.objects.create(
        source_key=image_key(type(image), image.pk),
        content_type=ContentType.objects.get_for_model(image),
        object_id=str(image.pk),
        spec_id="blog:hero",
        filter_spec="fill-800x450|format-jpeg",
        source_name=image.title,
        error="ReadTimeoutError: Read timed out.",
        attempts=3,
    )
    SourceState.objects.filter(object_id=str(image.pk)).update(
        stale=[str(made["fill-600x315|format-jpeg"].pk)]
    )
    return image


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (360, False)])
def test_every_state_is_told_by_a_word_in_both_themes_and_narrow(
    site: Site, visit: Visit, mixed: Any, width: int, dark: bool
) -> None:
    visitor = visit(width=width, dark=dark)
    panel = open_panel(visitor, mixed)
    for state, word, count in (("ready", "Ready", 3), ("missing", "Missing", 1), ("stale", "Out of date", 1)):
        expect(outputs(panel, state)).to_have_count(count)
        expect(outputs(panel, state).first).to_contain_text(word)
    expect(outputs(panel, "failed")).to_contain_text("Storage didn't answer in time")
    visitor.assert_sound()
    visitor.take("image-panel" + ("-dark" if dark else "") + ("-narrow" if width < 1000 else ""))
