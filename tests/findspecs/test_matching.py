"""Which specs cover a filter spec, and which almost do."""

from __future__ import annotations

import pytest

from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.findspecs.matching import Matcher


@pytest.mark.parametrize(
    ("filters", "asked", "covered", "near"),
    [
        ("width-10", "width-10", True, False),
        ("width-{10,20}|format-webp", "width-20|format-webp", True, False),
        ("width-10", "width-20", False, False),
        ("width-10", "width-10|format-webp", False, False),
        # The order is part of a rendition's name.
        ("format-webp|fill-8x4", "fill-8x4|format-webp", False, True),
        ("width-10|fill-8x4", "fill-8x4|width-10", False, True),
        # So is how it is written.
        ("fill-8x4-c0", "fill-8x4", False, True),
        ("fill-8x4-c10", "fill-8x4", False, False),
        ("width-10|bgcolor-fff", "width-10|bgcolor-ffffff", False, True),
        ("original|format-webp", "format-webp", False, True),
        ("width-010", "width-10", False, True),
        # What does not do the same: equal numbers, another operation.
        ("max-10x10", "min-10x10", False, False),
        ("width-10", "height-10", False, False),
        ("jpegquality-60|width-10", "webpquality-60|width-10", False, False),
        # Of what Wagtail cannot read, the words count.
        ("widht-10|format-webp", "format-webp|widht-10", False, True),
        ("widht-10", "widht-20", False, False),
        # preserve-svg stands in no row, but leaves a format out for an SVG.
        ("width-10", "width-10|preserve-svg", True, False),
        ("width-10|preserve-svg", "width-10", True, False),
        ("width-10|format-webp|preserve-svg", "width-10|format-webp", True, False),
        ("width-10|format-webp", "width-10|format-webp|preserve-svg", False, True),
        ("preserve-svg|width-10|format-webp", "width-10|preserve-svg|format-webp", True, False),
        ("format-webp|width-10|preserve-svg", "width-10|format-webp|preserve-svg", False, True),
    ],
)
def test_one_spec(filters: str, asked: str, covered: bool, near: bool) -> None:
    matcher = Matcher([RenditionSpec("a", filters)])
    assert (matcher.covering(asked), matcher.near(asked)) == (("a",) * covered, ("a",) * near)


def test_several_specs_cover_and_are_near_in_their_order() -> None:
    matcher = Matcher(
        [
            RenditionSpec("b", "width-10|format-webp"),
            RenditionSpec("a", ["width-10|format-webp", "format-webp|width-10"]),
            RenditionSpec("c", "format-webp|width-10"),
        ]
    )
    assert matcher.covering("width-10|format-webp") == ("b", "a")
    assert matcher.near("width-10|format-webp") == ("c",)
    assert matcher.near("format-webp|width-10") == ("b",)


def test_what_stands_in_rows() -> None:
    matcher = Matcher([RenditionSpec("a", ["width-10|format-webp|preserve-svg", "width-20|format-webp"])])
    assert matcher.stored == {"width-10|format-webp", "width-10", "width-20|format-webp"}
