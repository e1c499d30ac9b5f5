"""
Pictures of the pages for the documentation, taken where ``SOURCEGROUPS_SCREENSHOTS`` says so.

Otherwise a test leaves the tree as it is.
"""

from __future__ import annotations

import io
import os
from itertools import chain
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

DIRECTORY = Path(__file__).resolve().parent.parent.parent / "docs" / "images"
WANTED = bool(os.environ.get("SOURCEGROUPS_SCREENSHOTS"))
#: A page that is longer is cut.
HIGHEST = 1600


def take(page: Page, name: str) -> None:
    """``docs/images/admin-NAME.png``: the whole page, in the width of the window."""
    if not WANTED:
        return
    before = page.viewport_size
    assert before is not None
    # It is not the window that scrolls, but what is in it.
    content = page.evaluate(
        "Math.max(...['main', 'html'].map(name => document.querySelector(name)?.scrollHeight || 0))"
    )
    page.set_viewport_size({"width": before["width"], "height": min(max(before["height"], content), HIGHEST)})
    page.mouse.move(0, 0)
    page.wait_for_load_state("networkidle")
    taken = page.screenshot(animations="disabled", caret="hide")
    page.set_viewport_size(before)
    picture = Image.open(io.BytesIO(taken)).convert("RGB")
    _reduced(picture).save(DIRECTORY / f"admin-{name}.png", optimize=True)


def _reduced(picture: Image.Image) -> Image.Image:
    """In 256 colours, which is a third of the size: those of the surfaces as they are, and others for photographs."""
    counted = picture.getcolors(picture.width * picture.height) or []
    surfaces = [colour for _, colour in sorted(counted, reverse=True)[:64]]
    others = picture.quantize(256 - len(surfaces), method=Image.Quantize.MEDIANCUT).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*chain.from_iterable(surfaces), *others])
    has_photographs = len(counted) > 10_000
    dither = Image.Dither.FLOYDSTEINBERG if has_photographs else Image.Dither.NONE
    return picture.quantize(palette=palette, dither=dither)
