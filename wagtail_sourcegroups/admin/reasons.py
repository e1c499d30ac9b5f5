"""Why something could not be made, for people: what it comes to first, what was said exactly second. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Reason(NamedTuple):
    """``words`` for everybody; ``detail`` for whoever mends it, none where the words say it all."""

    words: str | Promise
    detail: str = ""


class _Rule(NamedTuple):
    """``detail`` makes something better of a match than the whole that was said."""

    pattern: re.Pattern[str]
    words: str | Promise
    detail: Callable[[re.Match[str]], str] | None = None


def _rule(pattern: str, words: str | Promise, detail: Callable[[re.Match[str]], str] | None = None) -> _Rule:
    return _Rule(re.compile(pattern, re.IGNORECASE), words, detail)


def _pixels_of_the_original(found: re.Match[str]) -> str:
    pixels, limit = (intcomma(int(number) // 1_000_000) for number in found.groups())
    return _("%(pixels)s megapixels; the limit is %(limit)s") % {"pixels": pixels, "limit": limit}


def _size_of_the_output(found: re.Match[str]) -> str:
    width, height, limit = found.groups()
    size = {"width": width, "height": height, "limit": intcomma(int(limit) // 1_000_000)}
    return _("%(width)s × %(height)s; at most %(limit)s megapixels are allowed") % size


_NOT_THERE = re.compile(r"The original (['\"])(.*)\1 is not in storage\.")

#: The first that fits is taken: who refuses comes before what kind of error it was.
_RULES = (
    _rule(r"^Not enqueued", gettext_lazy("The task backend didn't take the work")),
    _rule(
        r"^(Operational|Integrity|Data|Internal|Interface|Programming|Database)Error\b",
        gettext_lazy("The database refused"),
    ),
    _rule(
        r"would make (\d+)×(\d+) = .* at most (\d+) are allowed",
        gettext_lazy("The rendition would be too large"),
        _size_of_the_output,
    ),
    _rule(
        r"^DecompressionBomb\w+: .*?\((\d+) pixels\) exceeds limit of (\d+) pixels",
        gettext_lazy("The original is too large"),
        _pixels_of_the_original,
    ),
    _rule(r"^DecompressionBomb", gettext_lazy("The original is too large")),
    _rule(r"^MemoryError\b", gettext_lazy("There wasn't enough memory")),
    _rule(
        r"No space left|Insufficient Storage|Disk quota exceeded",
        gettext_lazy("Storage is full"),
    ),
    _rule(r"Time(d )?out", gettext_lazy("Storage didn't answer in time")),
    _rule(
        r"PermissionError|Permission denied|Access ?Denied|Forbidden",
        gettext_lazy("Storage refuses access"),
    ),
    _rule(
        r"Connection\w*(Error|Refused|Reset|Closed)|BrokenPipe|ServiceUnavailable|SlowDown",
        gettext_lazy("Storage can't be reached"),
    ),
    _rule(
        r"^Storage does not tell",
        gettext_lazy("Storage doesn't say whether the file is there"),
    ),
    _rule(r"^The (original|source) .* cannot be read", gettext_lazy("The original can't be read")),
    _rule(
        r"^UnrecognisedImageFormatError|^UnidentifiedImageError|cannot identify image file",
        gettext_lazy("The original isn't a picture of a known format"),
    ),
    _rule(
        r"truncated|broken|unrecognized data stream|bad (header|marker|checksum)|not enough image data|decoder error"
        r"|^(Svg|InvalidSvg)|^ParseError|^SyntaxError|^EOFError|^error:",
        gettext_lazy("The original is damaged"),
    ),
    _rule(
        r"^InvalidFilterSpecError|Unrecognised operation",
        gettext_lazy("The filter isn't one that Wagtail knows"),
    ),
    _rule(
        r"^(Unrecognised|Unavailable|Unroutable)OperationError|^BadImageOperationError|cannot write mode",
        gettext_lazy("The filter can't be applied to this picture"),
    ),
)
#: Names of files, which may say anything.
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
#: ``SomeError: what it said``: what was not raised on purpose.
_FOREIGN = re.compile(r"[\w.]*(Error|Exception|Warning|Timeout|Refused)(: |$)")


def reason_of(error: str) -> Reason:
    """What the ``error`` of a failure means. A sentence of ours that says it all is taken as it is."""
    missing = _NOT_THERE.fullmatch(error)
    if missing:
        return Reason(_("The original isn't in storage"), missing[2])
    said = _QUOTED.sub("''", error)
    for rule in _RULES:
        found = rule.pattern.search(said)
        if found:
            return Reason(rule.words, rule.detail(found) if rule.detail else error)
    if _FOREIGN.match(said):
        return Reason(_("It couldn't be made"), error)
    return Reason(error)
