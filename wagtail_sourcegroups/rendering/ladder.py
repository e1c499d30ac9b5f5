"""The frames of a plan: each made from a larger one, looked at, and made exactly if it shows too much detail."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import PIL.Image
from PIL import ImageFilter

from wagtail_sourcegroups.rendering.detail import detail
from wagtail_sourcegroups.rendering.fast import (
    Area,
    Geometry,
    Plan,
    is_near,
    may_be_near,
    noise_of_cascade,
    noise_of_draft,
    sharpening,
)
from wagtail_sourcegroups.rendering.limits import Size
from wagtail_sourcegroups.rendering.source import ON_ITS_SIDE, SharedSource
from wagtail_sourcegroups.rendering.strips import LARGE, resized_in_bands

logger = logging.getLogger(__name__)

MIRRORED = frozenset({2, 3, 6, 7})
"""EXIF orientations of which the upright picture has the stored one's last columns, or rows, at its left,"""
UPSIDE_DOWN = frozenset({3, 4, 7, 8})
"""and at its top."""
TOO_LITTLE_TO_SHARPEN = 0.0015


@dataclass
class Frame:
    """Pixels that show a part of the upright source; ``area`` may reach beyond it."""

    image: PIL.Image.Image
    area: Area
    noise: float = 0.0
    """How much it is expected to differ from stock's, as the mean squared difference."""
    exact: bool = True

    @cached_property
    def detail(self) -> float:
        return detail(self.image)

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of the frame for each of the source, across and down."""
        left, top, right, bottom = self.area
        return self.image.width / (right - left), self.image.height / (bottom - top)


class Ladder:
    """Makes the frames of a plan, each when it is asked for, and keeps what others are made from."""

    def __init__(
        self, source: SharedSource, plan: Plan, wanted: Iterable[Geometry], loose: Iterable[Geometry]
    ) -> None:
        self._source = source
        self._loose = frozenset(loose)
        self._draft = plan.draft
        self._wanted = frozenset(wanted)
        self._bases = {step.geometry: step.base for step in plan.steps}
        self._frames: dict[Geometry, Frame] = {}
        self._part: Frame | None = None
        self._let_go = False

    def rank(self, geometry: Geometry | None) -> int:
        """Where in the order of work a geometry comes; those that are not of the plan come last."""
        order = list(self._bases)
        return order.index(geometry) if geometry in self._bases else len(order)

    def prepare(self, geometry: Geometry) -> bool:
        """Put the frame on the source's shelf if it is not exactly stock's, and say whether that was done.

        What goes wrong is not raised: stock's own way will meet it again, if it is not this way's alone.
        """
        if geometry not in self._bases:
            return False
        try:
            frame = self.frame(geometry)
        except Exception:
            logger.debug("No fast way to %s", geometry, exc_info=True)
            self.release()
            self._bases.clear()
            return False
        if not frame.exact:
            self._source.shelf.made[geometry.trace] = frame.image
        return not frame.exact

    def done(self, geometry: Geometry) -> None:
        """Let go of what no frame still to be made is made from."""
        self._bases.pop(geometry, None)
        bases = set(self._bases.values())
        self._frames = {each: frame for each, frame in self._frames.items() if each in bases}
        if None not in bases:
            self._part = None
            if not self._let_go:
                # Should a later frame have to be exact after all, the source is decoded again: that is rare.
                self._let_go = True
                self._source.let_go_of_large_frame()

    def release(self) -> None:
        self._frames.clear()
        self._part = None

    def frame(self, geometry: Geometry) -> Frame:
        if geometry not in self._frames:
            self._frames[geometry] = self._made(geometry)
        return self._frames[geometry]

    def _made(self, geometry: Geometry) -> Frame:
        base = self._bases[geometry]
        if base is None and self._draft == 1:
            return self._exactly(geometry)
        from_part = base is None
        larger = self.part() if base is None else self.frame(base)
        if not may_be_near(larger.detail):
            return self._exactly(geometry)
        margin = geometry.shrink * min(larger.scale)
        image = resized_from(larger, geometry)
        if from_part:
            image = sharpened(image, sharpening(self._draft, margin))
            noise = noise_of_draft(margin, larger.detail)
            frame = Frame(image, geometry.box, noise, exact=False)
        else:
            frame = Frame(image, geometry.box, exact=False)
            frame.noise = noise_of_cascade(margin, frame.detail, larger.noise)
        if is_near(frame.noise, frame.detail, larger.detail):
            return frame
        return self._exactly(geometry)

    def _exactly(self, geometry: Geometry) -> Frame:
        """As stock makes it. It stays on the shelf for the filters that want it.

        What need not be stock's to the last bit is made in bands, which only a rounding of the machine could tell,
        where the frame that Pillow makes in between would be large.
        """
        whole = self._source.whole()
        width, height = whole.image.size
        if geometry in self._loose and geometry.box == (0, 0, width, height) and width * height > LARGE:
            image = self._source.shelf.once(
                geometry.trace, lambda: resized_in_bands(self._source.oriented(), geometry.size)
            )
        else:
            image = whole.crop(geometry.box).resize(geometry.size).image
        if geometry not in self._wanted:
            self._source.shelf.forget(geometry.trace)
        return Frame(image, geometry.box)

    def part(self) -> Frame:
        """The source, decoded in part."""
        if self._part is None:
            image = self._source.part(self._draft)
            assert self._source.stored_size is not None
            area = area_of_part(self._source.stored_size, self._source.orientation, self._draft)
            self._part = Frame(image, area)
        return self._part


def area_of_part(stored: Size, orientation: int, draft: int) -> Area:
    """What an upright picture shows that was decoded to one part in ``draft``.

    Sides that cannot be divided are decoded to one pixel more, which reaches beyond the picture's end.
    """
    across, down = (-side % draft for side in stored)
    width, height = stored
    if orientation in ON_ITS_SIDE:
        width, height, across, down = height, width, down, across
    left = across if orientation in MIRRORED else 0
    top = down if orientation in UPSIDE_DOWN else 0
    return (-left, -top, width + across - left, height + down - top)


def resized_from(frame: Frame, geometry: Geometry) -> PIL.Image.Image:
    """A geometry's picture from a larger frame, to a fraction of the frame's pixels."""
    across, down = frame.scale
    left, top, right, bottom = geometry.box
    width, height = frame.image.size
    box = (
        max((left - frame.area[0]) * across, 0.0),
        max((top - frame.area[1]) * down, 0.0),
        min((right - frame.area[0]) * across, float(width)),
        min((bottom - frame.area[1]) * down, float(height)),
    )
    # What lies beyond the crop must not shine in at its edges: stock does not see it.
    around = (math.floor(box[0]), math.floor(box[1]), math.ceil(box[2]), math.ceil(box[3]))
    image = frame.image
    if around != (0, 0, width, height):
        image = image.crop(around)
        box = (box[0] - around[0], box[1] - around[1], box[2] - around[0], box[3] - around[1])
    return image.resize(geometry.size, PIL.Image.Resampling.LANCZOS, box=box)


def sharpened(image: PIL.Image.Image, amount: float) -> PIL.Image.Image:
    if amount < TOO_LITTLE_TO_SHARPEN or min(image.size) < 3:
        return image
    side = -amount
    return image.filter(
        ImageFilter.Kernel((3, 3), (0, side, 0, side, 1 + 4 * amount, side, 0, side, 0), scale=1)
    )
