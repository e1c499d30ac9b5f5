"""
One site from the listing to the report: thousands of images where its pictures are taken for the documentation, and a
few dozen where they are not.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.example import crowded
from tests.browser.pace import Gate
from tests.browser.screenshots import WANTED
from tests.browser.site import Site
from tests.browser.visitor import PATIENCE, Visitor
from wagtail_sourcegroups import counting

pytestmark = pytest.mark.once

IMAGES = 5000 if WANTED else 100
#: Milliseconds that a run over so many may take.
LONG = 20 * 60 * 1000


def advance(visitor: Visitor, gate: Gate, percent: int) -> None:
    """Let a run on its way get so far."""
    headline = visitor.page.locator(".sg-run__headline")
    while int((shown := headline.inner_text()).rstrip("%")) < percent:
        gate.let_through(1)
        expect(headline).not_to_have_text(shown, timeout=PATIENCE)


def test_from_the_listing_to_the_report(
    site: Site, visit: Callable[..., Visitor], gate: Gate, settings: Any, tmp_path: Path
) -> None:
    settings.WAGTAIL_SOURCEGROUPS = {"BATCH_SIZE": IMAGES // 20}
    collections = crowded(site, IMAGES)
    counting.count()
    visitor = visit()
    page = visitor.page
    headline = page.locator(".sg-run__headline")

    visitor.go("wagtailimages:index", collection_id=collections["Recipes"].pk)
    page.locator("[data-bulk-action-checkbox]").first.check(force=True)
    page.get_by_label("Select all", exact=True).last.check()
    page.get_by_role("button", name="Select all images in listing").click()
    visitor.take("listing")
    page.get_by_role("link", name="Generate renditions of the selected images").click()
    visitor.see(f"{IMAGES * 40 // 100:,} images")
    visitor.take("bulk-confirm")
    page.get_by_role("button", name="Generate").click()

    expect(headline).to_have_text("0%")
    advance(visitor, gate, 40)
    visitor.see("The original isn't in storage")
    visitor.take("run-live", dark=True, narrow=True)
    visitor.press("Pause")
    visitor.see("Paused by admin, nothing is lost.")
    visitor.take("run-paused")
    visitor.press("Resume")
    gate.open()
    expect(headline).to_contain_text(" of ", timeout=LONG)
    visitor.take("run-finished")
    visitor.go("sourcegroups:runs")
    visitor.see("Blog hero")
    visitor.take("runs")

    counting.count()
    visitor.go("sourcegroups:overview")
    visitor.see("% ready")
    visitor.take("overview", dark=True)
    visitor.go("wagtailadmin_home")
    visitor.take("home")
    visitor.go("sourcegroups:failures")
    visitor.see("The original isn't in storage")
    visitor.take("failures")
    visitor.go("sourcegroups:coverage")
    visitor.see("Product card", page.locator("main table"))
    visitor.take("coverage", dark=True)
    visitor.press("Actions")
    with page.expect_download() as download:
        visitor.press("Download CSV", "link")
    exported = tmp_path / "coverage.csv"
    download.value.save_as(exported)
    rows = list(csv.reader(exported.open(encoding="utf-8-sig")))
    assert {"Blog hero", "Blog thumbnail", "Product card", "Social share"} <= {
        cell for row in rows for cell in row
    }
