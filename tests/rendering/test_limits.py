"""How large an output may become, and how loud a large source may be."""

from __future__ import annotations

import warnings

import pytest
from PIL import Image

from tests.rendering.pictures import jpeg
from tests.rendering.stock import failures, image_row
from wagtail_sourcegroups.exceptions import OutputTooLarge
from wagtail_sourcegroups.rendering import bomb_warnings_off
from wagtail_sourcegroups.rendering.limits import check_output_size

pytestmark = pytest.mark.once


@pytest.mark.parametrize("limit", [None, 600, 601])
def test_a_size_within_the_limit_passes(limit: int | None) -> None:
    check_output_size("width-30", "photo.jpg", (30, 20), limit)


def test_a_size_above_the_limit_is_refused_with_all_that_matters() -> None:
    with pytest.raises(OutputTooLarge) as caught:
        check_output_size("width-30", "photo.jpg", (30, 20), 599)
    assert str(caught.value) == (
        "'width-30' would make 30×20 = 600 pixels of 'photo.jpg'; at most 599 are allowed "
        "(WAGTAIL_SOURCEGROUPS['MAX_OUTPUT_PIXELS'])."
    )


def warned(monkeypatch: pytest.MonkeyPatch, *filters: str) -> list[type[Warning]]:
    """Pillow's warnings for a large picture, under Python's own filters and these actions, in ``bomb_warnings_off``."""
    data = jpeg()
    image = image_row("large.jpg", data)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4000)
    with warnings.catch_warnings(record=True) as shown:
        warnings.resetwarnings()
        for action in filters:
            warnings.filterwarnings(action, category=Image.DecompressionBombWarning)  # type: ignore[arg-type]
        with bomb_warnings_off():
            failures(image, data, "width-40", "fill-64x64")
    return [warning.category for warning in shown]


def test_large_sources_are_not_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    assert warned(monkeypatch) == []


def test_a_filter_of_the_site_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert warned(monkeypatch, "always") == [Image.DecompressionBombWarning] * 2


def test_afterwards_the_filters_are_those_of_before() -> None:
    before = list(warnings.filters)
    with bomb_warnings_off():
        assert list(warnings.filters) != before
    assert list(warnings.filters) == before
