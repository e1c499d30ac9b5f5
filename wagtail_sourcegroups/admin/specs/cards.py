"""What filters make of a sample, as people think of it: a card for each size, its formats in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...words import FORMATS, InWords, in_words

#: Formats that browsers show.
SHOWN = frozenset({"avif", "gif", "jpeg", "png", "svg", "webp"})
#: Pixels on the screen of the widest and the highest picture; the others keep their proportion to these.
WIDEST, HIGHEST = 260, 180


class Made(NamedTuple):
    """
    What one filter has made of a sample: its size, Willow's name of the format and the bytes it weighs; or the
    reason why there is none.
    """

    width: int = 0
    height: int = 0
    format: str = ""
    weight: int = 0
    error: str = ""


class Line(NamedTuple):
    """One format of a size; ``made`` is ``None`` while nobody has tried."""

    label: str
    filter_spec: str
    made: Made | None


class Picture(NamedTuple):
    """What stands for a size, and how large it is drawn."""

    filter_spec: str
    width: int
    height: int


@dataclass(frozen=True)
class Card:
    """One size: in words, what the sample shows of it, its formats."""

    heading: str
    note: str
    lines: Sequence[Line]
    picture: Picture | None


def summary(filter_specs: Sequence[str]) -> str:
    """Such as "6 renditions of each image: 2 sizes, 3 formats each."."""
    sizes: dict[str, set[str]] = {}
    for words in map(in_words, filter_specs):
        sizes.setdefault(words.geometry, set()).add(words.format)
    formats = {len(each) for each in sizes.values()}
    said = ngettext(
        "%(count)s rendition of each image", "%(count)s renditions of each image", len(filter_specs)
    ) % {"count": len(filter_specs)}
    if len(filter_specs) == 1:
        return f"{said}."
    parts = [ngettext("%(count)s size", "%(count)s sizes", len(sizes)) % {"count": len(sizes)}]
    each = formats.pop()
    # Where one has two formats and another three, there is no short way to say it.
    if not formats and each > 1:
        if len(sizes) == 1:
            parts.append(ngettext("%(count)s format", "%(count)s formats", each) % {"count": each})
        else:
            parts.append(ngettext("%(count)s format each", "%(count)s formats each", each) % {"count": each})
    return _("%(renditions)s: %(parts)s.") % {"renditions": said, "parts": ", ".join(parts)}


def cards(filter_specs: Iterable[str], made: Mapping[str, Made]) -> list[Card]:
    """A card for each size, in the order of the filters."""
    by_size: dict[str, list[str]] = {}
    for filter_spec in filter_specs:
        by_size.setdefault(in_words(filter_spec).geometry, []).append(filter_spec)
    pictures = {heading: _standing_for(mine, made) for heading, mine in by_size.items()}
    scale = _scale([made[filter_spec] for filter_spec in pictures.values() if filter_spec])
    return [
        Card(
            capfirst(heading),
            _note(in_words(mine[0]), next((made[each] for each in mine if _is_there(each, made)), None)),
            _lines(mine, made),
            _drawn(pictures[heading], made, scale),
        )
        for heading, mine in by_size.items()
    ]


def _is_there(filter_spec: str, made: Mapping[str, Made]) -> bool:
    return filter_spec in made and not made[filter_spec].error


def _standing_for(filter_specs: Iterable[str], made: Mapping[str, Made]) -> str:
    """The first filter of a size of which a browser shows what it has made; "" for none."""
    return next(
        (each for each in filter_specs if _is_there(each, made) and made[each].format in SHOWN),
        "",
    )


def _scale(pictures: Iterable[Made]) -> float:
    """By what pictures are made smaller on the screen, all alike."""
    return min(
        (min(WIDEST / max(picture.width, 1), HIGHEST / max(picture.height, 1)) for picture in pictures),
        default=1.0,
    )


def _drawn(filter_spec: str, made: Mapping[str, Made], scale: float) -> Picture | None:
    if not filter_spec:
        return None
    scale = min(scale, 1.0)
    width, height = made[filter_spec].width, made[filter_spec].height
    return Picture(filter_spec, max(round(width * scale), 1), max(round(height * scale), 1))


def _lines(filter_specs: Sequence[str], made: Mapping[str, Made]) -> list[Line]:
    labels = [_label(in_words(each), made.get(each)) for each in filter_specs]
    # Two that would be called the same are told apart as they are written.
    return [
        Line(label if labels.count(label) == 1 else filter_spec, filter_spec, made.get(filter_spec))
        for label, filter_spec in zip(labels, filter_specs, strict=True)
    ]


def _label(words: InWords, made: Made | None) -> str:
    """A format, and what else is asked besides the size."""
    name = words.format
    if not name:
        own = str(FORMATS.get(made.format, made.format.upper())) if made is not None else ""
        name = (
            _("The original's format (%(format)s)") % {"format": own} if own else _("The original's format")
        )
    return ", ".join([name, *words.besides])


def _note(words: InWords, made: Made | None) -> str:
    """What the sample shows of a size."""
    if made is None:
        return ""
    width, height = words.pixels
    if words.kind == "fill" and (made.width, made.height) == (width, height):
        return _("Fills the frame, keeps the focal point in view.")
    size = {"width": made.width, "height": made.height}
    if _is_small(words.kind, width, height, made):
        return _("This sample gives %(width)s × %(height)s: small originals aren't enlarged.") % size
    return _("This sample gives %(width)s × %(height)s.") % size


def _is_small(kind: str, width: int | None, height: int | None, made: Made) -> bool:
    """Whether the sample is too small for what is asked."""
    narrow, low = made.width < (width or 0), made.height < (height or 0)
    # What fits into a frame touches one of its sides; of the others, no side may be smaller.
    return narrow and low if kind == "max" else narrow or low
