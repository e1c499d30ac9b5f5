"""Numbers, durations and filter specs in words."""

from __future__ import annotations

import re
from collections.abc import Callable

FORMATS = {
    "avif": "AVIF",
    "gif": "GIF",
    "heic": "HEIC",
    "ico": "ICO",
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WebP",
}

#: What an operation does, and whether it is said before others: a size first, what it is saved as last.
_SIZE, _LOOK, _FORMAT, _QUALITY = range(4)


def _format(match: re.Match[str]) -> str | None:
    name = FORMATS.get(match[1])
    return f"{name}, lossless" if name and match[2] else name


_OPERATIONS: list[tuple[str, int, Callable[[re.Match[str]], str | None]]] = [
    (r"original", _SIZE, lambda m: "original size"),
    (r"fill-(\d+)x(\d+)", _SIZE, lambda m: f"{m[1]} × {m[2]}, cropped"),
    (r"fill-(\d+)x(\d+)-c(\d+)", _SIZE, lambda m: f"{m[1]} × {m[2]}, cropped {m[3]}% closer"),
    (r"max-(\d+)x(\d+)", _SIZE, lambda m: f"within {m[1]} × {m[2]}"),
    (r"min-(\d+)x(\d+)", _SIZE, lambda m: f"covering {m[1]} × {m[2]}"),
    (r"width-(\d+)", _SIZE, lambda m: f"{m[1]} wide"),
    (r"height-(\d+)", _SIZE, lambda m: f"{m[1]} high"),
    (r"scale-(\d+(?:\.\d+)?)", _SIZE, lambda m: f"scaled to {m[1]}%"),
    (r"bgcolor-([0-9a-fA-F]{3,6})", _LOOK, lambda m: f"on #{m[1]}"),
    (r"preserve-svg", _LOOK, lambda m: "SVG kept"),
    (r"format-(\w+)(-lossless)?", _FORMAT, _format),
    (r"jpegquality-(\d+)", _QUALITY, lambda m: f"JPEG quality {m[1]}"),
    (r"webpquality-(\d+)", _QUALITY, lambda m: f"WebP quality {m[1]}"),
    (r"avifquality-(\d+)", _QUALITY, lambda m: f"AVIF quality {m[1]}"),
]


def filter_in_words(filter_spec: str) -> str:
    """``"format-webp|fill-800x450"`` is ``"800 × 450, cropped, WebP"``; an operation of a site's own stays as it is."""
    return ", ".join(
        words for _, words in sorted(map(_operation, filter_spec.split("|")), key=lambda each: each[0])
    )


def _operation(operation: str) -> tuple[int, str]:
    for pattern, order, words in _OPERATIONS:
        match = re.fullmatch(pattern, operation)
        if match and (said := words(match)):
            return order, said
    return _LOOK, operation


def counted(number: int, one: str, many: str | None = None) -> str:
    """``counted(1, "rendition")`` is ``"1 rendition"``, and of more ``"1,234 renditions"``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size_in_words(size: int) -> str:
    """Bytes as people read them: ``"4.2 MB"``."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        # As it will be rounded, so that nothing reads "1000 kB".
        if float(f"{amount:.3g}") < 1000:
            return f"{amount:.3g} {unit}" if amount >= 100 else f"{amount:.1f} {unit}"
    return f"{amount / 1000:,.1f} TB"


def duration_in_words(seconds: float) -> str:
    """``"0.4 s"``, ``"2 m 05 s"``, ``"1 h 02 m"``."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes:02d} m"
