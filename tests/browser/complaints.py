"""What a browser complains of: errors on its console, scripts that break, files that are not there."""

from __future__ import annotations

import re

from playwright.sync_api import ConsoleMessage, Error, Page

#: What Wagtail's own pages do against the policy: by the script that does it, or the page.
STOCK = (
    # The date chooser of a filter is set up by a script in the page.
    re.compile(r"inline script.*/(history|site-history)/"),
    # The library that marks the focal point of an image writes style attributes.
    re.compile(
        r"/wagtailimages/js/vendor/jquery\.Jcrop\.min\.js|/wagtailadmin/js/vendor/jquery-[\d.]+\.min\.js"
    ),
)


class Complaints(list[str]):
    """Those of one page, as they come; what stock Wagtail is known for is left out."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.expected: list[re.Pattern[str]] = []
        page.on("console", self._note)
        page.on("pageerror", self._note_broken)

    def expect(self, pattern: str) -> None:
        """The test makes the page complain so."""
        self.expected.append(re.compile(pattern))

    @property
    def unexpected(self) -> list[str]:
        return [said for said in self if not any(pattern.search(said) for pattern in self.expected)]

    def _note(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        place = message.location
        said = f"{message.text} ({place.get('url')}:{place.get('lineNumber')})"
        if not any(script.search(said) for script in STOCK):
            self.append(said)

    def _note_broken(self, error: Error) -> None:
        self.append(f"{error.name}: {error.message}\n{error.stack}")
