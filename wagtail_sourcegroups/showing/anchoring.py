"""``anchor-100x100-tl``: as Wagtail's ``fill``, but where a picture has no focal point the crop lies at an anchor."""

from __future__ import annotations

from typing import Any

from wagtail.images.image_operations import FillOperation
from wagtail.images.rect import Rect

#: Names of places in a picture, as ImageKit has them: top, bottom, left, right, centre, and the corners.
ANCHORS = {
    "tl": (0.0, 0.0),
    "t": (0.5, 0.0),
    "tr": (1.0, 0.0),
    "l": (0.0, 0.5),
    "c": (0.5, 0.5),
    "r": (1.0, 0.5),
    "bl": (0.0, 1.0),
    "b": (0.5, 1.0),
    "br": (1.0, 1.0),
}

#: Shares of a picture are whole percents, so that equal anchors are one rendition.
PERCENT = 100


class AnchorOperation(FillOperation):
    """
    Fills ``WIDTHxHEIGHT`` from the part of the picture that an anchor says: one of :data:`ANCHORS`, or two whole
    percents, from the left and from the top: ``anchor-100x100-25-80``.

    An editor's focal point knows the picture better than a template does, and comes first.
    """

    def construct(self, size: str, *anchor: str) -> None:
        super().construct(size)
        self.anchor = "-".join(anchor)
        if len(anchor) == 1 and anchor[0] in ANCHORS:
            self.place = ANCHORS[anchor[0]]
            return
        if len(anchor) == 2 and all(each.isdigit() and int(each) <= PERCENT for each in anchor):
            self.place = (int(anchor[0]) / PERCENT, int(anchor[1]) / PERCENT)
            return
        raise ValueError(
            f"The anchor {self.anchor!r} is no place in a picture; it must be one of {', '.join(ANCHORS)}, "
            "or two percents, such as 25-80."
        )

    def run(self, transform: Any, image: Any) -> Any:
        if image.get_focal_point() is None:
            transform = transform.crop(self._part_of(transform.size))
        return super().run(transform, image)

    def _part_of(self, size: tuple[int, int]) -> Rect:
        """The largest part of the right shape, at the anchor. What is left to do is then to resize."""
        width, height = size
        scale = min(width / self.width, height / self.height)
        part_width, part_height = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        left = round((width - part_width) * self.place[0])
        top = round((height - part_height) * self.place[1])
        return Rect(left, top, left + part_width, top + part_height)


def as_fill(filter_spec: str) -> str:
    """The filter spec with ``fill`` for ``anchor``, of which renditions have the same size."""
    pieces = [piece.split("-") for piece in filter_spec.split("|")]
    return "|".join(f"fill-{piece[1]}" if piece[0] == "anchor" else "-".join(piece) for piece in pieces)


def operations() -> list[tuple[str, type[AnchorOperation]]]:
    """What Wagtail's hook ``register_image_operations`` is told."""
    return [("anchor", AnchorOperation)]
