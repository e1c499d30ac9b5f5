"""Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.backends.services import missing


def executable() -> str:
    """The program; the test is skipped without one, or fails where it is required."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        missing("needs Chromium (on Debian: apt-get install chromium)")
    assert found is not None
    return found


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser without a window."""
    path = executable()
    # As root it refuses to run in its sandbox; what it shows is ours.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=[*arguments, "--force-color-profile=srgb", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()
