"""What may be made from less than the whole picture, and how near to stock's file that comes. Decisions only.

A rendition far below its source need not be resampled from every pixel of it: a larger rendition, or a JPEG
decoded to a half, holds all that it will show. What differs is small, a few levels in a few pixels, but JPEG's
encoder enlarges it: a coefficient that was just above the middle between two steps falls just below. So the
fast ways are taken only for JPEG and for what loses nothing; WebP, AVIF and GIF differ too much (31 dB where
JPEG has 39). The figures below are fitted to JPEG outputs of detailed photographs of 0.4 to 24 megapixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wagtail_sourcegroups.rendering.limits import Size
from wagtail_sourcegroups.rendering.shelf import Trace, step

Area = tuple[float, float, float, float]
Box = tuple[int, int, int, int]

LEAST_PSNR = 39.5
"""What an output must be expected to reach, in dB. The expectation is right to about 0.7."""

CASCADE = 2.0
"""A rendition is made from one that is larger by so much, if there is one,"""
TIGHT_CASCADE = 1.5
"""or else by so much."""
DRAFTS = {8: 3.2, 4: 3.2, 2: 2.5}
"""A JPEG is decoded to a part of its size if every rendition is smaller than that by so much."""
FADING = 0.85
"""A photograph shows about as much detail when it is smaller. Where less is left, there was noise or print,"""
DOUBT = 4.0
"""of which the expectation knows less: it has to be so much higher, in dB."""
LEAST_PIXELS = 5_000
"""Of so few, one that is rounded otherwise is too large a share."""
LENIENCE = 0.99
"""Sizes are whole pixels: two renditions of which one is twice the other may be a little less."""
LOOKING = 200_000
"""What looking at a frame's detail costs, in the measure of ``work``. What saves less is not worth it."""
WORTH_A_FRAME = 0.9
"""A frame that is no rendition is made if the work becomes no more than this share of what it was."""

ROUNDING = 0.12
"""Mean squared difference, in levels, of two ways that differ in nothing but rounding."""


class Geometry(NamedTuple):
    """A part of the upright source and the size it is given."""

    box: Box
    size: Size

    @property
    def trace(self) -> Trace:
        """The crop and the resize, as the stand-in traces them."""
        return (step("crop", self.box), step("resize", self.size))

    @property
    def may_differ(self) -> bool:
        """Whether it may be made in a fast way at all."""
        return self.shrink > 1 and self.size[0] * self.size[1] >= LEAST_PIXELS

    @property
    def shrink(self) -> float:
        """How many source pixels become one, along the side where they are fewer."""
        left, top, right, bottom = self.box
        return min((right - left) / self.size[0], (bottom - top) / self.size[1])


@dataclass(frozen=True, slots=True)
class Step:
    """A frame to be made from an earlier one, or from the source."""

    geometry: Geometry
    base: Geometry | None
    """None is the source."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Frames in the order of work, larger ones first. Those made from a source decoded whole are exact."""

    steps: tuple[Step, ...]
    draft: int = 1
    """The source is decoded to one part in so many of its width and height."""

    def is_fast(self, step: Step) -> bool:
        return step.base is not None or self.draft > 1

    @property
    def saves(self) -> bool:
        return any(map(self.is_fast, self.steps))


def plan(source: Size, loose: Iterable[Geometry], exact: Iterable[Geometry], *, may_draft: bool) -> Plan:
    """How to come to all of these geometries with little work.

    ``loose`` may differ a little from stock's, ``exact`` may not; both may serve for others. ``may_draft``: the
    source is a JPEG.
    """
    loose, exact = dict.fromkeys(loose), dict.fromkeys(exact)
    if may_draft and loose and not exact:
        for draft, margin in DRAFTS.items():
            if all(each.shrink >= draft * margin for each in loose):
                part = (math.ceil(source[0] / draft), math.ceil(source[1] / draft))
                return Plan(cascade(source, part, loose, ())[0], draft)
    best, least = cascade(source, source, loose, exact)
    bound = least * WORTH_A_FRAME
    for frame in between(source, loose):
        steps, work = cascade(source, source, loose, exact, frame)
        if work < bound:
            best, bound = steps, work
    return Plan(best)


def between(source: Size, loose: Iterable[Geometry]) -> list[Geometry]:
    """Frames of the whole source from which some of these could be made, and that are made with less work."""
    whole = (0, 0, *source)
    found = []
    for each in loose:
        width, height = (math.ceil(side / each.shrink * CASCADE) for side in source)
        if width < source[0] and height < source[1]:
            found.append(Geometry(whole, (width, height)))
    return found


def cascade(
    source: Size,
    decoded: Size,
    loose: Iterable[Geometry],
    exact: Iterable[Geometry],
    extra: Geometry | None = None,
) -> tuple[tuple[Step, ...], float]:
    """Each loose geometry from the smallest that is large enough; and what all of it costs."""
    exact = frozenset(exact)
    everything = {*loose, *exact} | ({extra} if extra else set())
    steps: list[Step] = []
    cost = 0.0
    frame_of_source = Geometry((0, 0, *source), decoded)
    for geometry in sorted(everything, key=lambda each: (each.shrink, each)):
        base = None
        if geometry not in exact and geometry != extra:
            base = smallest_base(geometry, [step.geometry for step in steps])
        if base and work(geometry, base) + LOOKING > work(geometry, frame_of_source):
            base = None
        steps.append(Step(geometry, base))
        cost += work(geometry, base or frame_of_source)
    return tuple(steps), cost


def smallest_base(geometry: Geometry, frames: Sequence[Geometry]) -> Geometry | None:
    for margin in (CASCADE, TIGHT_CASCADE):
        enough = [frame for frame in frames if margin_of(geometry, frame) >= margin * LENIENCE]
        if enough:
            return min(enough, key=lambda frame: work(geometry, frame))
    return None


def margin_of(geometry: Geometry, frame: Geometry) -> float:
    """How many pixels of a frame become one; 0 if the frame does not show all of it."""
    if not contains(frame.box, geometry.box):
        return 0.0
    return geometry.shrink / max(scale(frame))


def scale(frame: Geometry) -> tuple[float, float]:
    left, top, right, bottom = frame.box
    return (right - left) / frame.size[0], (bottom - top) / frame.size[1]


def contains(outer: Area, inner: Area) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def work(geometry: Geometry, frame: Geometry) -> float:
    """In proportion to the multiplications: along every row first, then along the columns of the result."""
    left, top, right, bottom = geometry.box
    across, down = scale(frame)
    return (bottom - top) / down * ((right - left) / across + geometry.size[0])


# How near to stock


def noise_of_cascade(margin: float, detail: float, base_noise: float) -> float:
    """Mean squared difference from stock's frame that comes of a larger frame in between, before encoding.

    ``detail`` is that of the result, ``base_noise`` what the larger frame differs by itself.
    """
    return float(0.044 * detail**0.66 * margin**-2.23 + base_noise / margin)


def noise_of_draft(margin: float, detail: float) -> float:
    """The same for a frame made from a JPEG decoded to a part; ``detail`` is that of the part."""
    return float(0.09 * detail * margin**-2.4)


def expected_psnr(noise: float, detail: float) -> float:
    """Of the encoded output against stock's, in dB."""
    error = 0.38 * math.sqrt(noise + ROUNDING) * max(detail, 1.0) ** 0.85
    return 10 * math.log10(255**2 / error)


def is_near(noise: float, detail: float, base_detail: float) -> bool:
    """Whether an output may be made so. ``base_detail`` is that of the larger frame it was made from."""
    if detail >= base_detail * FADING:
        return expected_psnr(noise, detail) >= LEAST_PSNR
    return expected_psnr(noise, base_detail) >= LEAST_PSNR + DOUBT


def may_be_near(base_detail: float) -> bool:
    """Whether anything made from a frame of this much detail may be near: if not, none need be made to see it."""
    return expected_psnr(0.0, base_detail * FADING) >= LEAST_PSNR


def sharpening(draft: int, margin: float) -> float:
    """How much of its second difference to take off a frame made from a drafted JPEG, along each axis.

    A part of a picture averages over what it leaves out, which makes it a little softer; this makes up for it.
    """
    softness = {2: 0.040, 4: 0.055, 8: 0.058}[draft]
    return softness / margin**2
