"""What axe-core finds on a page."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = ("serious", "critical")

#: What stock Wagtail has on its own pages: on that of an image a field whose label names no field.
STOCK = ["#id_tags", ".tagit-new input"]

_axe = Axe()


def grave(page: Page) -> list[str]:
    """What is serious or worse, in a sentence each, with the elements concerned."""
    found: Any = _axe.run(page, context={"exclude": [[selector] for selector in STOCK]})
    return [
        f"{violation['impact']}: {violation['help']} ({violation['id']}): "
        + "; ".join(node["html"][:200] + " " + node.get("failureSummary", "") for node in violation["nodes"])
        for violation in found.response["violations"]
        if violation["impact"] in GRAVE
    ]
