"""What is shown in the place of a rendition that is not there. Pure: whoever asks knows what there is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from wagtail.images import image_operations as stock
from wagtail.images.models import IMAGE_FORMAT_EXTENSIONS

from ..generation.wanted import parsed
from ..specs import Fallback
from .anchoring import AnchorOperation

#: Formats that an ``<img>`` may show, by how many browsers do: a TIFF or a HEIC is no substitute for anything.
SHOWN_BY_BROWSERS = {"jpeg": 0, "png": 0, "gif": 0, "svg": 0, "webp": 1, "avif": 2}

#: How far the shapes of two crops may differ because sizes are whole pixels.
ROUNDING = 0.01

_FORMAT_OF_ENDING = {ending: name for name, ending in IMAGE_FORMAT_EXTENSIONS.items()} | {".jpeg": "jpeg"}

#: Operations that change neither what is seen of a picture nor how: formats, qualities, backgrounds.
_ENCODING = (
    stock.AvifQualityOperation,
    stock.BackgroundColorOperation,
    stock.DoNothingOperation,
    stock.FormatOperation,
    stock.JPEGQualityOperation,
    stock.WebPQualityOperation,
)
_WHOLE = (stock.MinMaxOperation, stock.ScaleOperation, stock.WidthHeightOperation)


@dataclass(frozen=True)
class Want:
    """
    A rendition that is not there: its filter spec (as stored), its size in pixels as far as that is known, its format
    (``""`` if the filter spec names none), and whether it is for a ``<source>``, which promises a MIME type.
    """

    filter_spec: str
    width: int | None
    height: int | None
    format: str
    in_source: bool


@dataclass(frozen=True)
class Candidate:
    """
    What could be shown: a rendition, or the original, whose filter spec is empty. ``url_of`` gives its address, which
    may be dear; ``rendition`` is its row, if it has one.
    """

    filter_spec: str
    width: int | None
    height: int | None
    format: str
    url_of: Callable[[], str] = field(compare=False)
    rendition: Any = field(default=None, compare=False)


class Crop(NamedTuple):
    """A part of a picture: its width by its height, and how it is chosen, by closeness and anchor."""

    ratio: float
    place: tuple[Any, ...]

    def is_shaped_like(self, other: Crop) -> bool:
        """Whether the shapes are the same but for whole pixels: 800x450 and 1000x562."""
        return abs(self.ratio / other.ratio - 1) < ROUNDING


class Look(NamedTuple):
    """What a filter spec makes of a picture, whatever its size: which part is seen, and what a site's own code does."""

    crop: Crop | None
    """``None`` is the whole picture."""
    own: tuple[str, ...]

    def is_like(self, other: Look) -> bool:
        """Whether both show the same part."""
        if self.crop is None or other.crop is None:
            return self.crop is other.crop
        return self.crop.place == other.crop.place and self.crop.is_shaped_like(other.crop)


def choose(
    wanted: Want, candidates: Sequence[Candidate], original: Candidate | None, fallback: Fallback
) -> Candidate | None:
    """
    What to show for a rendition that is not there; ``None`` is nothing.

    ``nearest`` is, of the renditions that show the same part of the picture, the smallest that is at least as wide,
    else the widest. Where there is none: one of another part, or of the whole, that is at least as wide; one of
    another part; the ``original``. In a ``<source>`` nothing is shown but what is of its type.
    """
    if fallback == "none":
        return None
    found = _nearest(wanted, candidates) if fallback == "nearest" else None
    if found is None and original is not None and _may_show(wanted, original):
        return original
    return found


def _nearest(wanted: Want, candidates: Iterable[Candidate]) -> Candidate | None:
    look = look_of(wanted.filter_spec)
    width = wanted.width or nominal_width(wanted.filter_spec)
    ranked = []
    for candidate in candidates:
        is_wide = _is_wide(candidate, width)
        rank = _rank(look, look_of(candidate.filter_spec), is_wide=is_wide)
        if rank is not None and _may_show(wanted, candidate):
            distance = (candidate.width or 0) * (1 if is_wide else -1)
            ranked.append(((rank, _obscurity(wanted, candidate), distance), candidate))
    return min(ranked, key=lambda each: each[0])[1] if ranked else None


def _rank(wanted: Look | None, look: Look | None, *, is_wide: bool) -> int | None:
    """How far a look is from the one that is wanted; ``None`` if it is another picture altogether."""
    if wanted is None or look is None or wanted.own != look.own:
        return None
    if wanted.is_like(look):
        return 0 if is_wide else 1
    if wanted.crop is None:
        return None
    if look.crop is None:
        # What the original would show, at a fraction of the weight; but not if it is too small.
        return 4 if is_wide else None
    same_shape = wanted.crop.is_shaped_like(look.crop)
    if is_wide:
        return 2 if same_shape else 3
    return 5 if same_shape else 6


def _is_wide(candidate: Candidate, width: int | None) -> bool:
    return width is not None and candidate.width is not None and candidate.width >= width


def _may_show(wanted: Want, candidate: Candidate) -> bool:
    if wanted.in_source:
        return candidate.format == wanted.format
    return candidate.format in SHOWN_BY_BROWSERS


def _obscurity(wanted: Want, candidate: Candidate) -> int:
    """How few browsers show a candidate in an ``<img>``: beside a ``<source>``, the modern ones do not look there."""
    return 0 if candidate.format == wanted.format else SHOWN_BY_BROWSERS.get(candidate.format, 0)


@lru_cache(maxsize=4096)
def look_of(filter_spec: str) -> Look | None:
    """The look of a filter spec, as stored; ``None`` if Wagtail does not know its operations, or for the original."""
    try:
        operations = parsed(filter_spec).operations
    except Exception:  # noqa: BLE001 - a row may hold what a site has long unregistered
        return None
    crop: Crop | None = None
    own: list[str] = []
    for piece, operation in zip(filter_spec.split("|"), operations, strict=True):
        if isinstance(operation, stock.FillOperation):
            anchor = operation.anchor if isinstance(operation, AnchorOperation) else ""
            crop = Crop(operation.width / operation.height, (operation.crop_closeness, anchor))
        elif type(operation) not in (*_ENCODING, *_WHOLE):
            own.append(piece)
    return Look(crop, tuple(own))


@lru_cache(maxsize=4096)
def nominal_width(filter_spec: str) -> int | None:
    """The width that a filter spec names, which no rendition of it exceeds; ``None`` if it names none."""
    try:
        operations = parsed(filter_spec).operations
    except Exception:  # noqa: BLE001 - as above
        return None
    for operation in operations:
        if isinstance(operation, stock.FillOperation | stock.MinMaxOperation):
            return int(operation.width)
        if isinstance(operation, stock.WidthHeightOperation) and operation.method == "width":
            return int(operation.size)
    return None


def format_of_filter(filter_spec: str) -> str:
    """The format that a filter spec names, as Wagtail's picture tag reads it; ``""`` if it names none."""
    for piece in filter_spec.split("|"):
        if piece.startswith("format-"):
            return piece.split("-")[1]
    return ""


def format_of_file(name: str) -> str:
    """The format that the name of a file says: ``"jpeg"``; for another one, its ending."""
    ending = os.path.splitext(name)[1].lower()
    return _FORMAT_OF_ENDING.get(ending, ending.removeprefix("."))
