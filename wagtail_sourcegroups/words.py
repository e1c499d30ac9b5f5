"""Filter specs in words for people: sizes, formats and what else is asked. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: Format names as people write them; of others, capitals.
FORMATS: dict[str, str | Promise] = {
    "webp": "WebP",
    "webp-lossless": gettext_lazy("WebP, lossless"),
    "gif": "GIF",
}
_SIZES: dict[str, Callable[[str], str]] = {
    "fill": lambda sizes: _("%(sizes)s, cropped") % {"sizes": sizes},
    "max": lambda sizes: _("at most %(sizes)s") % {"sizes": sizes},
    "min": lambda sizes: _("at least %(sizes)s") % {"sizes": sizes},
    "width": lambda sizes: _("%(sizes)s wide") % {"sizes": sizes},
    "height": lambda sizes: _("%(sizes)s high") % {"sizes": sizes},
    "scale": lambda sizes: _("%(sizes)s of the original's size") % {"sizes": sizes},
    "original": lambda sizes: _("the original's size"),
}
_TIMES = " × "
_OPERATION = re.compile(r"(?P<name>[a-z]+)(?:-(?P<value>.*))?")
_QUALITY = re.compile(r"(?:jpeg|webp|avif|heic)quality")


class InWords(NamedTuple):
    """One filter spec: ``kind`` and ``size`` of its geometry, its format ("" for the source's own), what else."""

    kind: str
    size: str
    format: str
    besides: tuple[str, ...]

    @property
    def geometry(self) -> str:
        """Such as "800 × 450, cropped"."""
        return _geometry(self.kind, [self.size])

    @property
    def pixels(self) -> tuple[int | None, int | None]:
        """Width and height, as far as they are asked for."""
        numbers = [int(number) if number.isdecimal() else None for number in self.size.split(_TIMES)]
        if self.kind in ("width", "height"):
            return (numbers[0], None) if self.kind == "width" else (None, numbers[0])
        return (numbers[0], numbers[1]) if len(numbers) == 2 else (None, None)

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.geometry, self.format, *self.besides)))


def in_words(filter_spec: str) -> InWords:
    """What a filter spec asks for. An operation that is not one of Wagtail's stands as it is written."""
    kind, size, format_name = "original", "", ""
    besides: list[str] = []
    for operation in filter_spec.split("|"):
        found = _OPERATION.fullmatch(operation)
        name, value = (found["name"], found["value"] or "") if found else ("", "")
        if name in _SIZES and (value or name == "original"):
            kind, size = name, _size(name, value)
        elif name == "format" and value:
            format_name = str(FORMATS.get(value, value.upper()))
        elif _QUALITY.fullmatch(name) and value:
            besides.append(_("quality %(number)s") % {"number": value})
        elif name == "bgcolor" and value:
            besides.append(_("on #%(colour)s") % {"colour": value})
        elif operation != "preserve-svg":
            besides.append(operation)
    return InWords(kind, size, format_name, tuple(besides))


def several_in_words(filter_specs: Iterable[str]) -> str:
    """
    What several filter specs ask for, sizes first: "800 × 450 and 1600 × 900, cropped; AVIF, WebP, JPEG".
    """
    each = [in_words(filter_spec) for filter_spec in filter_specs]
    kinds: dict[str, dict[str, None]] = {}
    for words in each:
        kinds.setdefault(words.kind, {})[words.size] = None
    sizes = _("; ").join(_geometry(kind, list(sizes)) for kind, sizes in kinds.items())
    formats = dict.fromkeys(words.format for words in each if words.format)
    besides = dict.fromkeys(word for words in each for word in words.besides)
    return _("; ").join(filter(None, (sizes, ", ".join([*formats, *besides]))))


def _geometry(kind: str, sizes: list[str]) -> str:
    return _SIZES[kind](get_text_list(sizes, _("and")))


def _size(name: str, value: str) -> str:
    numbers = value.split("-")[0]
    if name == "scale":
        return _("%(percent)s%%") % {"percent": numbers}
    if "x" in numbers:
        return _TIMES.join(numbers.split("x"))
    return _TIMES.join((numbers, numbers)) if name in ("fill", "max", "min") else numbers
