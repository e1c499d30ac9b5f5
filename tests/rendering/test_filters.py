"""The filter that stock's code runs in place of the one asked for."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
import willow
from django.core.files import File
from wagtail import hooks
from wagtail.images.image_operations import BackgroundColorOperation
from wagtail.images.models import Filter
from willow.plugins.pillow import PillowImage

from tests.rendering.pictures import drawing, encoded, jpeg
from tests.rendering.stock import image_row
from wagtail_sourcegroups.rendering.filters import SharedFilter
from wagtail_sourcegroups.rendering.source import LentSource, SharedSource

pytestmark = pytest.mark.once


def shared_filter(spec: str) -> tuple[SharedFilter, File]:
    data = jpeg()
    source = File(BytesIO(data), name="photo.jpg")
    return SharedFilter(
        spec, SharedSource(willow.Image.open(BytesIO(data)), [PillowImage.open]), source
    ), source


def test_it_equals_the_stock_filter_of_its_spec() -> None:
    shared, _source = shared_filter("width-40")
    assert shared == Filter("width-40")
    assert Filter("width-40") == shared
    assert hash(shared) == hash(Filter("width-40"))
    assert shared.spec == "width-40"


def test_it_stands_in_for_the_source_it_was_made_for() -> None:
    shared, source = shared_filter("width-40")
    with shared.get_willow_image(image_row("photo.jpg", jpeg()), source) as willow_image:
        assert isinstance(willow_image, LentSource)


def test_another_source_is_rendered_as_stock_renders_it() -> None:
    shared, _source = shared_filter("width-40")
    other = encoded(drawing((50, 80)), "PNG")
    ours, stock = BytesIO(), BytesIO()
    image = image_row("photo.png", other)
    shared.run(image, ours, source=File(BytesIO(other), name="photo.png"))
    Filter("width-40").run(image, stock, source=File(BytesIO(other), name="photo.png"))
    assert ours.getvalue() == stock.getvalue()


def test_stock_operations_leave_the_image_as_it_was() -> None:
    for spec in ["width-40", "original", "fill-10x10|format-webp|webpquality-3|bgcolor-fff|avifquality-4"]:
        assert not shared_filter(spec)[0].may_change_image


def test_any_other_operation_may_change_it_though_it_be_a_subclass() -> None:
    class Border(BackgroundColorOperation):
        pass

    def register() -> list[tuple[str, Any]]:
        return [("border", Border)]

    with hooks.register_temporarily("register_image_operations", register):
        assert shared_filter("width-40|border-fff")[0].may_change_image
