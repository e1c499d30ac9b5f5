from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import PIL.Image
import PIL.ImageOps
import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            # Wagtail leaves the temporary file of a filter that failed to the garbage collector.
            item.add_marker(pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning"))


class Calls:
    """How often the costly things of Pillow were done, however Willow came to them."""

    def __init__(self) -> None:
        self.counts = {"open": 0, "orient": 0, "crop": 0, "resize": 0, "convert": 0, "copy": 0, "save": 0}

    def counting(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            self.counts[name] += 1
            return function(*args, **options)

        return counted


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    calls = Calls()
    monkeypatch.setattr(PIL.Image, "open", calls.counting("open", PIL.Image.open))
    monkeypatch.setattr(PIL.ImageOps, "exif_transpose", calls.counting("orient", PIL.ImageOps.exif_transpose))
    for name in ("crop", "resize", "convert", "copy", "save"):
        monkeypatch.setattr(PIL.Image.Image, name, calls.counting(name, getattr(PIL.Image.Image, name)))
    return calls
