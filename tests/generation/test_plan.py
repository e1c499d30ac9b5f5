from __future__ import annotations

from typing import Any

import pytest
from wagtail.images.models import AbstractImage

from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation.decision import Old, decide
from wagtail_sourcegroups.generation.verifying import Verdict
from wagtail_sourcegroups.generation.wanted import SVG_REASON, OutputKey, Wanted, WantedFilters

W20 = OutputKey("width-20", "")
W40 = OutputKey("width-40", "")


def wanted(*filters: str) -> Wanted:
    return WantedFilters([RenditionSpec("a", filters)]).of((), is_svg=False)


def old(pk: int, filter_spec: str, file: str = "", focal: str = "") -> Old:
    return Old(pk, filter_spec, focal, file or f"{pk}.jpg")


class TestDecide:
    def test_wanted_minus_have(self) -> None:
        decision = decide(wanted("width-20", "width-40"), [old(1, "width-20"), old(2, "width-99")])
        assert list(decision.existing) == [W20]
        assert decision.missing == {W40}
        assert decision.replace == {}
        assert decision.drop == []

    def test_force_replaces_what_exists(self) -> None:
        decision = decide(wanted("width-20", "width-40"), [old(1, "width-20")], force=True)
        assert decision.missing == {W20, W40}
        assert decision.replace == {W20: old(1, "width-20")}

    def test_another_focal_point_is_another_rendition(self) -> None:
        decision = decide(wanted("width-20"), [old(1, "width-20", focal="abc")])
        assert decision.missing == {W20}

    def test_stale_rows_are_replaced(self) -> None:
        decision = decide(wanted("width-20"), [old(1, "width-20")], stale={"1"})
        assert decision.missing == {W20}
        assert decision.replace == {W20: old(1, "width-20")}
        assert decision.drop == []

    def test_stale_rows_that_nobody_ever_bound_are_dropped(self) -> None:
        decision = decide(wanted("width-20"), [old(1, "width-99")], stale={"1"})
        assert decision.drop == [old(1, "width-99")]

    def test_stale_rows_that_another_binding_may_want_stay(self) -> None:
        decision = decide(wanted("width-20"), [old(1, "width-99")], stale={"1"}, once_bound={"width-99"})
        assert decision.drop == []

    def test_stale_rows_of_a_former_focal_point_are_dropped(self) -> None:
        former = old(1, "width-20", focal="abc")
        decision = decide(wanted("width-20"), [former], stale={"1"}, once_bound={"width-20"})
        assert decision.drop == [former]

    def test_a_lost_file_keeps_its_row(self) -> None:
        files = Verdict(lost=frozenset({"gone.jpg"}))
        decision = decide(wanted("width-20"), [old(1, "width-20", "gone.jpg")], files=files)
        assert decision.missing == {W20}
        assert decision.lost == {W20: old(1, "width-20", "gone.jpg")}
        assert decision.replace == {}

    def test_only(self) -> None:
        decision = decide(wanted("width-20", "width-40"), [], only={"width-40"})
        assert decision.missing == {W40}

    def test_leave_alone(self) -> None:
        decision = decide(wanted("width-20", "width-40"), [], leave_alone={"width-40"})
        assert decision.missing == {W20}


class TestWanted:
    def test_one_filter_spec_of_two_specs_is_one_output(self) -> None:
        specs = [RenditionSpec("a", "width-20"), RenditionSpec("b", ["width-40", "width-20"])]
        found = WantedFilters(specs).of((), is_svg=False)
        assert found.spec_ids == {W20: ("a", "b"), W40: ("b",)}

    def test_preserve_svg_is_in_no_stored_filter_spec(self) -> None:
        spec = RenditionSpec("a", "width-20|format-webp|preserve-svg")
        assert set(WantedFilters([spec]).of((), is_svg=False).keys) == {OutputKey("width-20|format-webp", "")}
        assert set(WantedFilters([spec]).of((), is_svg=True).keys) == {W20}

    def test_raster_formats_skip_an_svg(self) -> None:
        found = WantedFilters([RenditionSpec("a", ["width-20|format-webp", "width-20"])]).of((), is_svg=True)
        assert set(found.keys) == {W20}
        assert found.skipped == {OutputKey("width-20|format-webp", ""): SVG_REASON}

    @pytest.mark.django_db
    def test_focal_point_keys_are_wagtails(self) -> None:
        from wagtail.images import get_image_model
        from wagtail.images.models import Filter

        image = get_image_model()(
            focal_point_x=1,
            focal_point_y=2,
            focal_point_width=3,
            focal_point_height=4,
            width=9,
            height=9,
            file="a.jpg",
        )
        (key,) = WantedFilters([RenditionSpec("a", "fill-10x10")], AbstractImage).of_image(image).keys
        assert key.focal_point_key == Filter("fill-10x10").get_cache_key(image) != ""

    def test_a_filter_that_wagtail_cannot_read_stays_wanted(self) -> None:
        assert set(wanted("nonsense-1").keys) == {OutputKey("nonsense-1", "")}

    def test_only_where_every_spec_says_so_may_an_output_differ(self, settings: Any) -> None:
        def inexact(*specs: RenditionSpec) -> set[str]:
            return set(WantedFilters(specs).of((), is_svg=False).inexact)

        exact = RenditionSpec("a", "width-20", exact=True)
        fast = RenditionSpec("b", ["width-20", "width-40"], exact=False)
        site = RenditionSpec("c", "width-60")
        assert inexact(exact, fast, site) == {"width-40"}
        settings.WAGTAIL_SOURCEGROUPS = {"EXACT": False}
        assert inexact(exact, fast, site) == {"width-40", "width-60"}
