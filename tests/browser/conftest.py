"""A site with strict rules, photographs to upload to it, and people who visit it with Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Browser

from tests.browser import photographs as painter
from tests.browser import worker_settings
from tests.browser.chromium import launched
from tests.browser.pace import Gate
from tests.browser.site import Site, served
from tests.browser.visitor import Visitor
from tests.conftest import ProcessSite
from tests.taskclasses import skip_unless_a_worker_takes
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.runs import working
from wagtail_sourcegroups.runs.tasks import run_batch_task

ADMINISTRATOR = "admin"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium; skipped with a sentence where it is not installed, unless services are required."""
    with pytest.MonkeyPatch.context() as patch, launched() as browser:
        # Playwright's loop counts as running in this thread, in which the tests ask the database.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield browser


@pytest.fixture(scope="session")
def photographs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Photographs by title, kept between runs until the code that paints them changes."""
    cache = getattr(request.config, "cache", None)
    name = f"photographs-{painter.version()}"
    return painter.painted(cache.mkdir(name) if cache else tmp_path_factory.mktemp(name))


@pytest.fixture
def site(
    process_site: ProcessSite,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    photographs: dict[str, Path],
) -> Iterator[Site]:
    """A site without a worker, on which nothing is registered in code; where numbers have separators."""
    if connection.vendor == "sqlite":
        # As SQLite needs it where several write.
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "transaction_mode", "IMMEDIATE")
    settings.MIDDLEWARE = ["tests.browser.policy.StrictPolicy", *settings.MIDDLEWARE]
    settings.USE_THOUSAND_SEPARATOR = True
    # What would make the browser leave this machine.
    settings.WAGTAIL_ENABLE_UPDATE_CHECK = False
    settings.WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
    settings.WAGTAIL_GRAVATAR_PROVIDER_URL = None
    with get_registry().override(empty=True) as registry, served() as url:
        registry.notice(None)
        yield Site(url, process_site, photographs)
        registry.notice(None)


@pytest.fixture
def tasks_wait(site: Site, settings: Any) -> None:
    """What is to be done waits for a worker, which ``site.worker()`` is; nothing is done by the pages."""
    skip_unless_a_worker_takes(run_batch_task)
    settings.TASKS = worker_settings.TASKS
    settings.WAGTAIL_SOURCEGROUPS = worker_settings.WAGTAIL_SOURCEGROUPS


@pytest.fixture
def worker(site: Site, tasks_wait: None) -> Iterator[None]:
    """The site has a worker, in a process of its own."""
    with site.worker():
        yield


@pytest.fixture
def gate(site: Site, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Batches of three images, which the pages work on only when the test lets them."""
    settings.WAGTAIL_SOURCEGROUPS = {"BATCH_SIZE": 3}
    gate = Gate()
    monkeypatch.setattr(working, "work", gate)
    yield gate
    gate.open()


@pytest.fixture
def visit(site: Site, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """
    ``visit()`` is the administrator, logged in; ``visit(user)`` somebody else, ``visit(None)`` nobody yet. Each has a
    browser window of his or her own. What a browser complains of fails the test.
    """
    visitors: list[Visitor] = []
    with ExitStack() as windows:

        def come(
            user: Any = ADMINISTRATOR, *, width: int = 1280, height: int = 900, dark: bool = False
        ) -> Visitor:
            context = windows.enter_context(
                closing(
                    browser.new_context(
                        viewport={"width": width, "height": height},
                        color_scheme="dark" if dark else "light",
                        reduced_motion="reduce",
                        locale="en-GB",
                        timezone_id="Europe/Lisbon",
                    )
                )
            )
            if user is not None:
                context.add_cookies([site.session(site.user(user) if isinstance(user, str) else user)])
            visitors.append(Visitor(site, context))
            return visitors[-1]

        yield come
    assert [said for visitor in visitors for said in visitor.complaints.unexpected] == []
