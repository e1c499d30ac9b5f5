"""How a picture is turned, from the beginning of its file: nothing is decoded."""

from __future__ import annotations

import struct
from typing import IO

import PIL.Image
from PIL.PngImagePlugin import PngImageFile

from wagtail_sourcegroups.rendering.source import NOT_ROTATED, orientation_in, orientation_of

FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "WEBP")
"""Formats of Pillow that are opened without being decoded."""
NEVER_TURNED = frozenset({"BMP", "GIF"})

PNG_SIGNATURE = 8
PNG_HEADER = struct.Struct(">I4s")
PNG_CHECKSUM = 4
PNG_TEXTS = frozenset({b"eXIf", b"iTXt", b"tEXt", b"zTXt"})
"""Chunks that may say how a picture is turned."""


def orientation_in_header(file: IO[bytes]) -> int | None:
    """
    The EXIF orientation of a picture, 1 if it has none; ``None`` if only decoding it would tell.

    ``file`` is seekable; it is left where it was.
    """
    position = file.tell()
    try:
        file.seek(0)
        head = PIL.Image.open(file, formats=FORMATS)
        if head.format in NEVER_TURNED:
            return NOT_ROTATED
        if not isinstance(head, PngImageFile):
            return orientation_of(head)
        # Its own method decodes, for what may come behind the pixels.
        return orientation_in(PIL.Image.Image.getexif(head)) if _told_before_pixels(file) else None
    except Exception:  # noqa: BLE001 - what cannot be read here is met again, and named, when it is rendered
        return None
    finally:
        file.seek(position)


def _told_before_pixels(file: IO[bytes]) -> bool:
    """Whether nothing behind the pixels of a PNG may say how it is turned."""
    file.seek(PNG_SIGNATURE)
    pixels_seen = False
    while len(header := file.read(PNG_HEADER.size)) == PNG_HEADER.size:
        length, kind = PNG_HEADER.unpack(header)
        if kind in PNG_TEXTS and pixels_seen:
            return False
        pixels_seen = pixels_seen or kind == b"IDAT"
        file.seek(length + PNG_CHECKSUM, 1)
    return True
