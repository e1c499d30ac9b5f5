"""The page of a run, with somebody at its buttons; failures; and two pages of the same run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from wagtail.images import get_image_model

from tests.browser.pace import Gate
from tests.browser.site import Site
from tests.browser.visitor import PATIENCE, Visitor
from tests.images import rows
from wagtail_sourcegroups.models import GenerationFailure, GenerationRun
from wagtail_sourcegroups.runs.question import Question
from wagtail_sourcegroups.runs.starting import start

pytestmark = pytest.mark.once

Visit = Callable[..., Visitor]
FILTERS = {"fill-120x80|format-webp", "width-100"}


@pytest.fixture
def images(site: Site) -> Any:
    """Twelve, of which two renditions each are wanted."""
    recipes = site.collection("Recipes")
    site.assign(site.spec("Card", *sorted(FILTERS)), recipes)
    return site.images(recipes, 12)


@pytest.fixture
def run(site: Site, images: Any) -> GenerationRun:
    return start(Question(("card",)), user=site.user())


def headline(page: Page) -> Any:
    return page.locator(".sg-run__headline")


def state(page: Page) -> Any:
    return page.locator(".sg-run-state")


def made() -> int:
    return sum(len(FILTERS & rows(image).keys()) for image in get_image_model().objects.all())


def test_pause_resume_and_cancel(site: Site, visit: Visit, run: GenerationRun, gate: Gate) -> None:
    visitor = visit()
    page = visitor.page
    visitor.go("sourcegroups:run", run.pk)
    gate.let_through(1)
    expect(headline(page)).to_have_text("25%", timeout=PATIENCE)
    visitor.press("Pause")
    expect(state(page)).to_have_text("Paused")
    visitor.see("Paused by admin, nothing is lost.")
    gate.let_through(1)
    page.reload()
    expect(headline(page)).to_have_text("25%")
    assert made() == 6, "whatever was about to begin has not"

    visitor.press("Resume")
    gate.let_through(2)
    expect(headline(page)).to_have_text("75%", timeout=PATIENCE)
    visitor.press("Cancel")
    expect(state(page)).to_have_text("Cancelled")
    visitor.see("the 18 made are kept")
    gate.open()
    assert made() == 18


def test_a_failing_image_is_named_while_the_others_are_made_and_can_be_retried(
    site: Site, visit: Visit, images: Any, run: GenerationRun
) -> None:
    broken = images[4]
    original = Path(broken.file.path)
    away = original.rename(original.with_suffix(".away"))
    visitor = visit()
    page = visitor.page
    visitor.go("sourcegroups:run", run.pk)
    expect(headline(page)).to_have_text("22 of 24", timeout=PATIENCE)
    visitor.see("2 renditions failed")
    visitor.see("The original isn't in storage")
    expect(page.get_by_role("link", name=broken.title).first).to_have_attribute(
        "href", f"/admin/images/{broken.pk}/"
    )
    assert GenerationFailure.objects.count() > 0

    away.rename(original)
    visitor.press("Retry 2 failed")
    expect(headline(page)).to_have_text("2 of 2", timeout=PATIENCE)
    visitor.go("sourcegroups:failures")
    visitor.see("Nothing has failed.")
    assert made() == 24


def test_failures_are_retried_from_their_report(
    site: Site, visit: Visit, images: Any, run: GenerationRun
) -> None:
    originals = [Path(image.file.path) for image in images[:2]]
    away = [original.rename(original.with_suffix(".away")) for original in originals]
    visitor = visit()
    page = visitor.page
    visitor.go("sourcegroups:run", run.pk)
    expect(headline(page)).to_have_text("20 of 24", timeout=PATIENCE)
    for kept, original in zip(away, originals, strict=True):
        kept.rename(original)
    visitor.go("sourcegroups:failures")
    buttons = page.get_by_role("button", name="Retry")
    before = buttons.count()
    buttons.first.click()
    page.wait_for_load_state("networkidle")
    assert before
    assert GenerationRun.objects.count() == 2


def test_two_pages_of_one_run_never_do_a_batch_twice(
    site: Site, visit: Visit, images: Any, run: GenerationRun, settings: Any, media_root: Path
) -> None:
    settings.WAGTAIL_SOURCEGROUPS = {"BATCH_SIZE": 2}
    pages = [visit().page, visit().page]
    for page in pages:
        page.goto(site.path("sourcegroups:run", run.pk))
    for page in pages:
        expect(headline(page)).to_have_text("24 of 24", timeout=PATIENCE)
    counts = GenerationRun.objects.get().counts["all"]
    assert (counts["sources"], counts["generated"], counts["existing"], counts["failed"]) == (12, 24, 0, 0)
    named = {rendition.file.name for image in images for rendition in image.renditions.all()}
    files = {str(path.relative_to(media_root)) for path in (media_root / "images").iterdir()}
    assert files == named, "nothing was made that no row names"


def test_who_watches_a_run_of_the_command_sees_it_get_on(
    site: Site, visit: Visit, images: Any, gate: Gate
) -> None:
    """Nobody drives it from a page: it is the command's."""
    run = start(Question(("card",)), by_workers=False, started_from=GenerationRun.Origin.COMMAND)
    visitor = visit()
    visitor.go("sourcegroups:run", run.pk)
    visitor.page.wait_for_timeout(500)
    assert gate.passed == 0
    expect(headline(visitor.page)).to_have_text("0%")
