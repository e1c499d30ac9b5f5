"""What may be made from what, and how near to stock that comes: without a pixel."""

from __future__ import annotations

import pytest

from wagtail_sourcegroups.rendering.fast import (
    Geometry,
    Plan,
    Step,
    expected_psnr,
    is_near,
    may_be_near,
    noise_of_cascade,
    noise_of_draft,
    plan,
    sharpening,
)
from wagtail_sourcegroups.rendering.shelf import step

pytestmark = pytest.mark.once

CAMERA = (6000, 4000)
WEB = (1200, 800)


def whole(source: tuple[int, int], width: int) -> Geometry:
    return Geometry((0, 0, *source), (width, source[1] * width // source[0]))


def bases(found: Plan) -> dict[tuple[int, int], tuple[int, int] | None]:
    return {each.geometry.size: each.base and each.base.size for each in found.steps}


def test_each_rendition_comes_from_the_smallest_that_is_twice_as_large() -> None:
    wide = [whole(CAMERA, width) for width in (165, 400, 800, 1200, 1600, 2400)]
    square = Geometry((1000, 0, 5000, 4000), (400, 400))
    banner = Geometry((0, 425, 6000, 3575), (1200, 630))
    found = plan(CAMERA, [*wide, square, banner], [], may_draft=True)
    assert found.draft == 1
    assert bases(found) == {
        (2400, 1600): None,
        (1600, 1066): (2400, 1600),
        (1200, 800): (2400, 1600),
        (1200, 630): (2400, 1600),
        (800, 533): (1600, 1066),
        (400, 400): (1200, 800),
        (400, 266): (800, 533),
        (165, 110): (400, 266),
    }


def test_larger_ones_are_made_first() -> None:
    found = plan(CAMERA, [whole(CAMERA, width) for width in (400, 2400, 800)], [], may_draft=False)
    assert [each.geometry.size[0] for each in found.steps] == [2400, 800, 400]


@pytest.mark.parametrize(
    ("width", "draft"),
    [(233, 8), (235, 4), (468, 4), (470, 2), (1200, 2), (1201, 1)],
)
def test_a_jpeg_is_decoded_in_part_with_a_margin(width: int, draft: int) -> None:
    assert plan(CAMERA, [whole(CAMERA, width)], [], may_draft=True).draft == draft


def test_the_largest_rendition_decides_how_much_is_decoded() -> None:
    found = plan(CAMERA, [whole(CAMERA, 165), whole(CAMERA, 800)], [], may_draft=True)
    assert (found.draft, bases(found)) == (2, {(800, 533): None, (165, 110): (800, 533)})


def test_only_a_jpeg_is_decoded_in_part() -> None:
    assert plan(CAMERA, [whole(CAMERA, 165)], [], may_draft=False).draft == 1


def test_what_has_to_be_exact_comes_from_the_whole_source_and_serves_others() -> None:
    found = plan(CAMERA, [whole(CAMERA, 165)], [whole(CAMERA, 800)], may_draft=True)
    assert found.steps == (
        Step(whole(CAMERA, 800), None),
        Step(whole(CAMERA, 165), whole(CAMERA, 800)),
    )
    assert [found.is_fast(each) for each in found.steps] == [False, True]


def test_a_frame_in_between_is_made_where_it_saves_work() -> None:
    found = plan(WEB, [whole(WEB, width) for width in (400, 360, 320, 300)], [], may_draft=True)
    assert bases(found) == {(600, 400): None} | dict.fromkeys(
        [(400, 266), (360, 240), (320, 213), (300, 200)], (600, 400)
    )


def test_no_frame_in_between_for_one_rendition() -> None:
    found = plan(WEB, [whole(WEB, 400)], [], may_draft=True)
    assert (found.saves, bases(found)) == (False, {(400, 266): None})


def test_a_crop_serves_only_what_lies_inside_it() -> None:
    left = Geometry((0, 0, 3000, 4000), (1500, 2000))
    inside = Geometry((500, 500, 2500, 2500), (200, 200))
    across = Geometry((2000, 1000, 4000, 3000), (200, 200))
    found = plan(CAMERA, [left, inside, across], [], may_draft=False)
    assert {each.geometry: each.base for each in found.steps} == {left: None, inside: left, across: None}


def test_a_geometry_shrinks_by_the_side_that_shrinks_less() -> None:
    assert Geometry((0, 0, 100, 80), (50, 20)).shrink == 2


@pytest.mark.parametrize(
    ("size", "may_differ"),
    [((100, 50), True), ((99, 50), False), ((999, 799), True), ((1000, 800), False), ((2000, 1600), False)],
)
def test_only_what_shrinks_and_is_not_tiny_may_differ(size: tuple[int, int], may_differ: bool) -> None:
    assert Geometry((0, 0, 1000, 800), size).may_differ is may_differ


def test_a_geometry_is_traced_as_the_stand_in_traces_it() -> None:
    assert Geometry((0, 0, 100, 80), (50, 40)).trace == (
        step("crop", (0, 0, 100, 80)),
        step("resize", (50, 40)),
    )


def test_a_larger_margin_makes_less_noise() -> None:
    for noise in (
        lambda margin: noise_of_cascade(margin, 40, 0.2),
        lambda margin: noise_of_draft(margin, 40),
    ):
        found = [noise(margin) for margin in (1.5, 2, 3, 4)]
        assert found == sorted(found, reverse=True)


def test_noise_and_detail_lower_what_is_expected() -> None:
    assert expected_psnr(0.1, 40) > expected_psnr(0.5, 40) > expected_psnr(0.5, 80)


@pytest.mark.parametrize(
    ("noise", "detail", "base_detail", "near"),
    [
        (0.2, 50, 50, True),
        (0.2, 100, 100, False),  # too much detail
        (2.0, 50, 50, False),  # too much noise
        (0.2, 50, 60, False),  # detail that fades is noise or print
        (0.1, 10, 20, True),  # of which there is too little to matter
    ],
)
def test_what_is_near_enough(noise: float, detail: float, base_detail: float, near: bool) -> None:
    assert is_near(noise, detail, base_detail) is near


@pytest.mark.parametrize("base_detail", range(5, 120, 5))
def test_what_is_given_up_beforehand_would_not_have_been_near(base_detail: float) -> None:
    if not may_be_near(base_detail):
        assert not any(is_near(0.0, detail, base_detail) for detail in range(1, 200))


def test_looking_at_a_frame_has_to_be_worth_it() -> None:
    tiny = (450, 300)
    found = plan(tiny, [whole(tiny, 300), whole(tiny, 150)], [], may_draft=True)
    assert (found.saves, bases(found)) == (False, {(300, 200): None, (150, 100): None})


def test_a_smaller_part_is_sharpened_more_and_a_larger_margin_less() -> None:
    assert sharpening(2, 3) < sharpening(4, 3) < sharpening(8, 3)
    assert sharpening(2, 4) < sharpening(2, 3)
