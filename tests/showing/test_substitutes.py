from __future__ import annotations

import pytest

from wagtail_sourcegroups.showing.substitutes import (
    Candidate,
    Want,
    choose,
    format_of_file,
    format_of_filter,
    look_of,
    nominal_width,
)

pytestmark = pytest.mark.once


def want(filter_spec: str, width: int | None = 800, *, format_: str = "", in_source: bool = False) -> Want:
    return Want(filter_spec, width, None, format_, in_source)


def have(filter_spec: str, width: int | None, format_: str = "jpeg") -> Candidate:
    return Candidate(filter_spec, width, None, format_, lambda: f"/{filter_spec}")


ORIGINAL = have("", 3000)


def chosen(wanted: Want, *candidates: Candidate, fallback: str = "nearest") -> str | None:
    found = choose(wanted, candidates, ORIGINAL, fallback)  # type: ignore[arg-type]
    return None if found is None else found.filter_spec


class TestNearest:
    def test_the_smallest_that_is_at_least_as_wide(self) -> None:
        there = [have("width-400", 400), have("width-1600", 1600), have("width-1000", 1000)]
        assert chosen(want("width-800"), *there) == "width-1000"

    def test_one_as_wide_will_do(self) -> None:
        assert chosen(want("width-800"), have("max-800x600", 800), have("width-900", 900)) == "max-800x600"

    def test_else_the_widest(self) -> None:
        assert chosen(want("width-800"), have("width-400", 400), have("width-600", 600)) == "width-600"

    def test_whose_width_is_not_known_the_filter_spec_says(self) -> None:
        there = [have("width-400", 400), have("width-1600", 1600), have("width-1000", 1000)]
        assert chosen(want("width-800", None), *there) == "width-1000"
        assert chosen(want("height-800", None), *there) == "width-1600"

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            ("fill-800x450", "fill-1600x900"),
            ("fill-800x450|format-webp", "fill-1600x900"),
            ("fill-800x450-c50", "fill-1000x562-c50"),
            ("fill-800x450-c20", "fill-1000x562-c50"),
            ("fill-850x600", "fill-900x700"),
            ("width-800", "width-1200"),
            ("max-800x800", "width-1200"),
        ],
    )
    def test_the_same_part_of_the_picture_comes_first(self, wanted: str, expected: str) -> None:
        there = [
            have("fill-900x700", 900),
            have("fill-1000x562-c50", 1000),  # 16 by 9, as far as whole pixels go
            have("fill-1600x900", 1600),
            have("width-1200", 1200),
        ]
        assert chosen(want(wanted), *there) == expected

    def test_a_narrow_one_of_the_same_part_before_a_wide_one_of_another(self) -> None:
        assert (
            chosen(want("fill-800x450"), have("fill-900x900", 900), have("fill-400x225", 400))
            == "fill-400x225"
        )

    def test_the_whole_picture_is_never_replaced_by_a_part(self) -> None:
        assert chosen(want("width-800"), have("fill-1600x900", 1600)) == ""

    def test_for_a_part_the_whole_will_do_that_is_wide_enough(self) -> None:
        assert chosen(want("fill-800x450"), have("width-900", 900)) == "width-900"
        assert chosen(want("fill-800x450"), have("max-165x165", 165)) == ""

    def test_what_a_sites_own_code_has_changed_is_another_picture(self) -> None:
        look = look_of("width-800")
        assert look is not None and look.own == ()
        assert look_of("sepia|width-800") is None
        assert chosen(want("width-800"), have("sepia|width-900", 900)) == ""
        assert chosen(want("sepia|width-800"), have("width-900", 900)) == ""

    def test_with_nothing_there_the_original(self) -> None:
        assert chosen(want("width-800")) == ""

    def test_anchors_are_parts_of_their_own(self) -> None:
        there = [have("anchor-900x900-t", 900), have("anchor-1000x1000-b", 1000), have("fill-950x950", 950)]
        assert chosen(want("anchor-800x800-b"), *there) == "anchor-1000x1000-b"


class TestFormats:
    def test_a_source_shows_nothing_of_another_type(self) -> None:
        webp = want("format-webp|width-800", format_="webp", in_source=True)
        assert chosen(webp, have("format-jpeg|width-900", 900)) is None
        assert chosen(webp, have("format-webp|width-400", 400, "webp")) == "format-webp|width-400"

    def test_the_original_is_shown_in_a_source_of_its_type(self) -> None:
        jpeg = want("format-jpeg|width-800", format_="jpeg", in_source=True)
        avif = want("format-avif|width-800", format_="avif", in_source=True)
        assert (chosen(jpeg), chosen(avif)) == ("", None)
        assert (chosen(jpeg, fallback="original"), chosen(avif, fallback="original")) == ("", None)

    @pytest.mark.parametrize("format_", ["tiff", "heic", "bmp"])
    def test_what_browsers_cannot_show_is_no_substitute(self, format_: str) -> None:
        assert (
            choose(want("width-800"), [have("width-900", 900, format_)], have("", 3000, format_), "nearest")
            is None
        )

    def test_an_img_shows_what_every_browser_knows_first(self) -> None:
        there = [
            have("width-800|format-avif", 800, "avif"),
            have("width-900", 900),
            have("width-850", 850, "webp"),
        ]
        assert chosen(want("width-800|format-jpeg", format_="jpeg"), *there) == "width-900"
        assert chosen(want("width-800|format-jpeg", format_="jpeg"), *there[:1], *there[2:]) == "width-850"
        assert chosen(want("width-800|format-avif", format_="avif"), *there) == "width-800|format-avif"


class TestFallbacks:
    def test_original_looks_at_no_rendition(self) -> None:
        assert chosen(want("width-800"), have("width-900", 900), fallback="original") == ""

    def test_none_is_nothing(self) -> None:
        assert chosen(want("width-800"), have("width-900", 900), fallback="none") is None

    def test_a_file_without_an_address_has_no_original(self) -> None:
        assert choose(want("width-800"), [], None, "original") is None


@pytest.mark.parametrize(
    ("filter_spec", "width"),
    [
        ("fill-80x40", 80),
        ("format-webp|width-70", 70),
        ("max-60x20", 60),
        ("height-90", None),
        ("scale-50", None),
    ],
)
def test_the_width_that_a_filter_spec_names(filter_spec: str, width: int | None) -> None:
    assert nominal_width(filter_spec) == width


@pytest.mark.parametrize(
    ("name", "format_"),
    [("a.jpg", "jpeg"), ("a.JPEG", "jpeg"), ("b/a.webp", "webp"), ("a.tiff", "tiff"), ("a", "")],
)
def test_formats_by_name(name: str, format_: str) -> None:
    assert format_of_file(name) == format_
    assert format_of_filter(f"width-20|format-{format_}-lossless") == format_
