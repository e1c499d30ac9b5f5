"""The spec that ``{% thumbnail %}`` means: pure, but for the registered spec whose formats and strategy it may take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from wagtail.images.image_operations import FormatOperation, TransformOperation

from .. import strategies
from ..exceptions import InvalidThumbnail
from ..generation.wanted import parsed
from ..queueing import is_inline
from ..specs import RenditionSpec, ThumbnailSpec
from .anchoring import ANCHORS, PERCENT
from .scheduling import is_ahead

#: Ids are for records and messages; a thumbnail of a spec has that spec's before it.
THUMBNAIL = "thumbnail"

_SIZE = re.compile(r"([1-9][0-9]*)?x([1-9][0-9]*)?")
_DENSITY = re.compile(r"[0-9]+(\.[0-9]+)?")


def thumbnail_spec(
    size: str,
    base: RenditionSpec | None = None,
    *,
    crop: bool = True,
    anchor: Any = None,
    format: Any = None,  # noqa: A002 - the word that ImageKit has
    srcset: Any = None,
) -> ThumbnailSpec:
    """
    The spec of a thumbnail of ``size`` pixels: ``"100x100"``, ``"100x"`` or ``"x100"``.

    ``base`` is a registered spec that gives its strategy, its fallback and all of its filters but their size.
    ``crop=False`` fits the whole picture into the size. ``anchor`` is where to crop a picture without a focal point:
    ``"t"``, ``"bl"`` and the like, or two numbers from 0 to 1, from the left and from the top. ``format`` is one or
    several, and ``srcset`` names denser ones to be made as well: ``"2 3"``.

    Raises :exc:`.InvalidThumbnail`.
    """
    width, height = _sides(size)
    geometries = {
        _geometry(width, height, factor, bool(crop), _place(anchor)): density
        for density, factor in {"": Fraction(1), **_densities(srcset)}.items()
    }
    filters = [
        "|".join((*before, geometry, *after))
        for before, after in _encodings(base, _formats(format))
        for geometry in geometries
    ]
    strategy, fallback, exact = strategy_without_spec(), "nearest", None
    if base is not None:
        strategy, fallback, exact = base.strategy, base.fallback, base.exact
    return ThumbnailSpec(
        f"{base.id}:{THUMBNAIL}" if base is not None else THUMBNAIL,
        filters,
        strategy=strategy,
        fallback=fallback,
        exact=exact,
        densities={geometry: density for geometry, density in geometries.items() if density},
    )


def strategy_without_spec() -> Any:
    """
    The strategy of a thumbnail that names no spec: the site's default one.

    Where that has renditions made ahead of time, and there is no worker, nobody ever would: no group says of which
    pictures this one will be wanted. It is then made when it is asked for.
    """
    default = strategies.default_strategy()
    return strategies.JustInTime() if is_ahead(default) and is_inline() else default


def is_size(text: str) -> bool:
    """Whether a text gives dimensions, such as ``100x100``, and not the id of a spec."""
    match = _SIZE.fullmatch(text.strip())
    return match is not None and match[0] != "x"


def _sides(size: Any) -> tuple[int | None, int | None]:
    match = _SIZE.fullmatch(str(size).strip())
    if match is None or match[0] == "x":
        raise InvalidThumbnail(
            f"{size!r} is no size of a thumbnail; it must be a width and a height in pixels, such as '100x80', "
            "or one of them, such as '100x' or 'x80'."
        )
    return int(match[1]) if match[1] else None, int(match[2]) if match[2] else None


def _place(anchor: Any) -> str:
    """The anchor as the operation has it; empty for none."""
    if anchor is None or anchor == "":
        return ""
    if isinstance(anchor, str) and anchor in ANCHORS:
        return anchor
    if isinstance(anchor, Sequence) and not isinstance(anchor, str) and len(anchor) == 2:
        try:
            shares = [round(float(each) * PERCENT) for each in anchor]
        except (TypeError, ValueError):
            shares = []
        if shares and all(0 <= share <= PERCENT for share in shares):
            return "-".join(map(str, shares))
    raise InvalidThumbnail(
        f"anchor={anchor!r} is no place in a picture; it must be one of {', '.join(map(repr, ANCHORS))}, "
        "or two numbers from 0 to 1."
    )


def _densities(srcset: Any) -> dict[str, Fraction]:
    """Densities by their descriptor; ``"2 3"`` is ``2x`` and ``3x``. One dot a pixel goes without saying."""
    words = str(srcset).replace(",", " ").split() if srcset not in (None, "") else []
    found: dict[str, Fraction] = {}
    for word in words:
        number = word.removesuffix("x")
        if not _DENSITY.fullmatch(number) or not 1 <= Fraction(number) <= 10:
            raise InvalidThumbnail(
                f"srcset={srcset!r} holds {word!r}; it must be numbers from 1 to 10, such as '2 3'."
            )
        if Fraction(number) != 1:
            found[f"{number}x"] = Fraction(number)
    return found


def _formats(format_: Any) -> list[str]:
    names = str(format_).replace(",", " ").lower().split() if format_ not in (None, "") else []
    names = ["jpeg" if name == "jpg" else name for name in names]
    unknown = [name for name in names if name not in FormatOperation.supported_formats]
    if unknown:
        raise InvalidThumbnail(
            f"format={format_!r} holds {unknown[0]!r}; it must be of {', '.join(FormatOperation.supported_formats)}."
        )
    return names


def _geometry(width: int | None, height: int | None, factor: Fraction, crop: bool, place: str) -> str:
    wide, high = (None if side is None else max(1, round(side * factor)) for side in (width, height))
    if high is None:
        return f"width-{wide}"
    if wide is None:
        return f"height-{high}"
    if not crop:
        return f"max-{wide}x{high}"
    return f"anchor-{wide}x{high}-{place}" if place else f"fill-{wide}x{high}"


def _encodings(
    base: RenditionSpec | None, formats: Iterable[str]
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """What filter specs have before and after their geometry, each once: of a spec, or for some formats."""
    given = [(f"format-{name}",) for name in formats]
    if base is None:
        return [((), each) for each in given] or [((), ())]
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], None] = {}
    for filter_spec in base.filters:
        before, after = _around_geometry(filter_spec)
        if not given:
            found[before, after] = None
        for each in given:
            without = tuple(tuple(p for p in part if not p.startswith("format-")) for part in (before, after))
            found[without[0], (*without[1], *each)] = None
    return list(found)


@lru_cache(maxsize=1024)
def _around_geometry(filter_spec: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The pieces before and after the first operation that makes a size; the others that do are left out."""
    before: list[str] = []
    after: list[str] = []
    part = before
    for piece in filter_spec.split("|"):
        if _is_geometry(piece):
            part = after
        else:
            part.append(piece)
    return tuple(before), tuple(after)


def _is_geometry(piece: str) -> bool:
    if piece in ("preserve-svg", "original"):
        # The first is no operation; the second does nothing, which is what a size says otherwise.
        return piece == "original"
    return any(isinstance(operation, TransformOperation) for operation in parsed(piece).operations)
