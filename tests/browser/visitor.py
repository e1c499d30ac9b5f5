"""Somebody in front of a browser, who reads and presses what is there."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import BrowserContext, Locator, expect

from tests.browser import axe, screenshots
from tests.browser.complaints import Complaints
from tests.browser.site import Site

#: Milliseconds that anything may take which a page is asked for.
PATIENCE = 20_000

#: Elements that stick out of the window, and that nothing around them lets one scroll to. Wagtail's overview of a form
#: waits there to be pulled out.
STICKING_OUT = """() => {
    const scrolls = (element) => {
        for (let at = element.parentElement; at && at.id !== 'main'; at = at.parentElement) {
            if (['auto', 'scroll'].includes(getComputedStyle(at).overflowX)) return true;
        }
        return false;
    };
    return [...document.querySelectorAll('main *:not(.w-minimap, .w-minimap *)')].filter((element) => {
        const { width, right } = element.getBoundingClientRect();
        const seen = width > 1 && element.checkVisibility({ visibilityProperty: true });
        return seen && right > innerWidth + 1 && !scrolls(element);
    }).map((element) => element.outerHTML.slice(0, 200));
}"""


class Visitor:
    """
    ``page`` is Playwright's page; ``complaints`` what the browser does not like about it, which fails the test.
    """

    def __init__(self, site: Site, context: BrowserContext) -> None:
        self.site = site
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.complaints = Complaints(self.page)

    def go(self, name: str, *args: Any, **query: Any) -> None:
        """Open a page, by the name of its URL."""
        self.page.goto(self.site.path(name, *args, **query))

    def see(self, words: str, within: Locator | None = None) -> None:
        """Wait until these words are on the page."""
        place = within or self.page.locator("body")
        expect(place.get_by_text(words).first).to_be_visible(timeout=PATIENCE)

    def press(self, name: str, role: Any = "button") -> None:
        """Press the button of this name, or follow the link."""
        self.page.get_by_role(role, name=name).first.click()

    def tab_to(self, element: Locator, most: int = 200) -> None:
        """Press Tab until an element has the focus, as somebody does who has no mouse."""
        for _ in range(most):
            if element.evaluate("(element) => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not come to {element}.")

    def findings(self) -> list[str]:
        """What axe-core finds serious, and what sticks out of the window."""
        return [*axe.grave(self.page), *(f"sticks out: {each}" for each in self.page.evaluate(STICKING_OUT))]

    def assert_sound(self) -> None:
        found = self.findings()
        assert not found, "\n".join(found)

    def take(self, name: str, *, dark: bool = False, narrow: bool = False) -> None:
        """A picture for the documentation; with ``dark`` and ``narrow`` one more each."""
        screenshots.take(self.page, name)
        if dark and screenshots.WANTED:
            self.page.emulate_media(color_scheme="dark")
            screenshots.take(self.page, f"{name}-dark")
            self.page.emulate_media(color_scheme="light")
        if narrow and screenshots.WANTED:
            before = self.page.viewport_size
            assert before is not None
            self.page.set_viewport_size({"width": 360, "height": before["height"]})
            screenshots.take(self.page, f"{name}-narrow")
            self.page.set_viewport_size(before)
