from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps

from wagtail_sourcegroups.showing.pictures import html, in_img, srcset
from wagtail_sourcegroups.showing.shown import Shown
from wagtail_sourcegroups.showing.substitutes import Candidate

pytestmark = pytest.mark.once


def a(
    filter_spec: str,
    url: str,
    width: int | None,
    format_: str = "",
    *,
    own: int | None = None,
    ready: bool = False,
) -> Shown:
    candidate = Candidate("", own or width, None, "", lambda: url)
    return Shown(filter_spec, format_, width, 10, "Alt", candidate, ready)


AVIF = [a("avif-80", "/80.avif", 80, "avif"), a("avif-160", "/160.avif", 160, "avif")]
WEBP = [a("webp-80", "/80.webp", 80, "webp"), a("webp-160", "/160.webp", 160, "webp")]
JPEG = [a("jpeg-80", "/80.jpg", 80, "jpeg"), a("jpeg-160", "/160.jpg", 160, "jpeg")]


def test_one_thing_is_an_img() -> None:
    assert html([a("width-80", "/a.jpg", 80)], {}) == '<img alt="Alt" height="10" src="/a.jpg" width="80">'


def test_several_formats_are_a_picture_in_wagtails_order() -> None:
    assert html([*JPEG, *WEBP, *AVIF], {"sizes": "50vw", "class": "hero"}) == (
        '<picture><source sizes="50vw" srcset="/80.avif 80w, /160.avif 160w" type="image/avif">'
        '<source sizes="50vw" srcset="/80.webp 80w, /160.webp 160w" type="image/webp">'
        '<img alt="Alt" class="hero" height="10" sizes="50vw" src="/80.jpg"'
        ' srcset="/80.jpg 80w, /160.jpg 160w" width="80"></picture>'
    )


def test_several_widths_of_one_format_are_an_img_with_a_choice() -> None:
    assert html(JPEG, {}) == (
        '<img alt="Alt" height="10" src="/80.jpg" srcset="/80.jpg 80w, /160.jpg 160w" width="80">'
    )


def test_a_file_is_offered_once_with_the_width_it_has() -> None:
    shown = [a("width-80", "/600.jpg", 80, own=600), a("width-160", "/600.jpg", 160, own=600)]
    assert html(shown, {}) == '<img alt="Alt" height="10" src="/600.jpg" width="80">'
    assert srcset([*shown, a("width-300", "/300.jpg", 300)]) == "/600.jpg 600w, /300.jpg 300w"


def test_where_a_width_is_not_known_there_is_no_choice() -> None:
    assert srcset([a("width-80", "/a.jpg", None), a("width-160", "/160.jpg", 160)]) == "/a.jpg"


def test_what_nobody_knows_is_left_out() -> None:
    assert html([a("fill-80x10", "/a.jpg", None)], {}) == '<img alt="Alt" height="10" src="/a.jpg">'


def test_nothing_shown_is_nothing_written() -> None:
    assert html([], {"class": "hero"}, in_picture=True) == ""
    assert in_img([]) is None


def test_a_picture_of_which_one_format_is_left_stays_a_picture() -> None:
    assert html(JPEG[:1], {}, in_picture=True) == (
        '<picture><img alt="Alt" height="10" src="/80.jpg" width="80"></picture>'
    )


def test_without_the_format_every_browser_knows_the_next_one_is_in_the_img() -> None:
    assert html([*WEBP[:1], *AVIF[:1]], {}) == (
        '<picture><source srcset="/80.avif" type="image/avif">'
        '<img alt="Alt" height="10" src="/80.webp" width="80"></picture>'
    )


def test_attributes_are_escaped_and_beat_our_own() -> None:
    assert html(
        [a("width-80", "/a.jpg?x=1&y=2", 80)], {"alt": '"><script>', "width": None, "hidden": True}
    ) == ('<img alt="&quot;&gt;&lt;script&gt;" height="10" src="/a.jpg?x=1&amp;y=2" hidden>')


def test_the_sites_own_defaults_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps.get_app_config("wagtailimages"), "default_attrs", {"loading": "lazy"})
    assert ' loading="lazy" ' in html([a("width-80", "/a.jpg", 80)], {})
    assert ' loading="eager" ' in html([a("width-80", "/a.jpg", 80)], {"loading": "eager"})


class TestDensities:
    DENSITIES: dict[str, str] = {"fill-20x20": "2x", "fill-30x30": "3x"}

    def shown(self, **options: Any) -> list[Shown]:
        return [
            a("fill-10x10|format-webp", "/1", 10, "webp", ready=True),
            a("fill-20x20|format-webp", "/2", 20, "webp", **{"ready": True, **options}),
            a("fill-30x30|format-webp", "/3", 30, "webp", ready=True),
        ]

    def test_are_told_instead_of_widths(self) -> None:
        assert html(self.shown(), {}, self.DENSITIES) == (
            '<img alt="Alt" height="10" src="/1" srcset="/1, /2 2x, /3 3x" width="10">'
        )

    def test_a_substitute_is_not_twice_as_dense(self) -> None:
        assert srcset(self.shown(ready=False), self.DENSITIES) == "/1, /3 3x"
