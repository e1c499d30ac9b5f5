"""The order of the work, without a pixel."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from wagtail.images.models import Filter

from wagtail_sourcegroups.rendering.fast import Geometry
from wagtail_sourcegroups.rendering.jobs import Job, groups, no_longer_needed, together
from wagtail_sourcegroups.rendering.shelf import Trace, step

pytestmark = pytest.mark.once

WHOLE, SQUARE = (0, 0, 96, 64), (16, 0, 80, 64)
SMALL, LARGE = (12, 12), (48, 48)


def job(spec: str, *geometry: Any) -> Job:
    return Job(Filter(spec), Filter(spec), Geometry(*geometry) if geometry else None)


def crop(box: tuple[int, ...]) -> Trace:
    return (step("crop", box),)


def crop_and_resize(box: tuple[int, ...], size: tuple[int, int]) -> Trace:
    return (step("crop", box), step("resize", size))


SMALL_JPEG, SMALL_WEBP = job("small-jpeg", WHOLE, SMALL), job("small-webp", WHOLE, SMALL)
LARGE_JPEG = job("large-jpeg", WHOLE, LARGE)
SQUARE_JPEG = job("square", SQUARE, SMALL)
BROKEN = job("broken")


def specs(jobs: list[Job]) -> list[str]:
    return [job.filter.spec for job in jobs]


def test_crops_together_and_sizes_within_them() -> None:
    jobs = together([SMALL_JPEG, SQUARE_JPEG, LARGE_JPEG, BROKEN, SMALL_WEBP])
    assert specs(jobs) == ["small-jpeg", "small-webp", "large-jpeg", "square", "broken"]


def test_every_order_given_keeps_what_is_shared_together() -> None:
    for given in permutations([SMALL_JPEG, SMALL_WEBP, LARGE_JPEG, SQUARE_JPEG]):
        jobs = together(given)
        assert sorted(specs(jobs)) == sorted(specs(list(given)))
        at = {job.filter.spec: jobs.index(job) for job in jobs}
        assert abs(at["small-jpeg"] - at["small-webp"]) == 1
        assert at["square"] in (0, 3)


def test_a_group_is_of_one_geometry_and_what_shares_nothing_is_alone() -> None:
    found = groups([SMALL_JPEG, SMALL_WEBP, LARGE_JPEG, SQUARE_JPEG, BROKEN, BROKEN])
    assert [specs(group) for group in found] == [
        ["small-jpeg", "small-webp"],
        ["large-jpeg"],
        ["square"],
        ["broken"],
        ["broken"],
    ]


def test_a_crop_is_kept_while_a_later_job_starts_with_it() -> None:
    assert no_longer_needed(SMALL_JPEG, [SMALL_WEBP]) == []
    assert no_longer_needed(SMALL_JPEG, [LARGE_JPEG]) == [crop_and_resize(WHOLE, SMALL)]
    assert no_longer_needed(SMALL_JPEG, [SQUARE_JPEG]) == [crop(WHOLE), crop_and_resize(WHOLE, SMALL)]


def test_a_job_without_steps_lets_go_of_nothing() -> None:
    assert no_longer_needed(BROKEN, []) == []
