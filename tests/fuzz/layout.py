"""Where the parts of a file begin and end: the segments, chunks, blocks and boxes that its format is made of."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Number(NamedTuple):
    """A whole number in a file, as ``struct`` names it: ``>I``."""

    at: int
    kind: str

    @property
    def end(self) -> int:
        return self.at + struct.calcsize(self.kind)

    @property
    def largest(self) -> int:
        return 256 ** struct.calcsize(self.kind) - 1

    def put(self, data: bytearray, value: int) -> None:
        if self.end <= len(data):
            struct.pack_into(self.kind, data, self.at, value & self.largest)


class Part(NamedTuple):
    start: int
    end: int
    length: Number | None = None
    """Where it says how long it is."""


@dataclass(frozen=True, slots=True)
class Layout:
    parts: tuple[Part, ...]
    sizes: tuple[Number, ...]
    """Widths and heights."""


def layout(image_format: str, data: bytes) -> Layout:
    """Of a valid file."""
    parts = tuple(PARTS[image_format](data))
    return Layout(parts, tuple(SIZES[image_format](data, parts)))


# JPEG


def jpeg_parts(data: bytes) -> Iterator[Part]:
    at = 2
    while at + 4 <= len(data):
        marker = data[at + 1]
        if marker in (0xD8, 0xD9):
            # Another picture behind the first.
            yield Part(at, at + 2)
            at += 2
            continue
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if marker == 0xDA:
            while end < len(data) - 1 and not (
                data[end] == 0xFF and data[end + 1] not in (0, *range(0xD0, 0xD8))
            ):
                end += 1
        yield Part(at, end, Number(at + 2, ">H"))
        at = data.find(b"\xff", end)
        if at < 0:
            return


def jpeg_sizes(data: bytes, parts: tuple[Part, ...]) -> Iterator[Number]:
    for part in parts:
        if data[part.start + 1] in (0xC0, 0xC1, 0xC2):
            yield from (Number(part.start + 5, ">H"), Number(part.start + 7, ">H"))


# PNG


def png_parts(data: bytes) -> Iterator[Part]:
    at = 8
    while at + 12 <= len(data):
        end = at + 12 + struct.unpack_from(">I", data, at)[0]
        yield Part(at, end, Number(at, ">I"))
        at = end


def png_sizes(data: bytes, parts: tuple[Part, ...]) -> Iterator[Number]:
    for part in parts:
        first = {b"IHDR": 8, b"fcTL": 12}.get(data[part.start + 4 : part.start + 8])
        if first:
            yield from (Number(part.start + first, ">I"), Number(part.start + first + 4, ">I"))


def with_right_checksums(data: bytes) -> bytes:
    """A PNG whose chunks are believed, as far as they can be told apart."""
    fixed, at = bytearray(data), 8
    while at + 12 <= len(fixed):
        end = at + 8 + struct.unpack_from(">I", fixed, at)[0]
        if end + 4 > len(fixed):
            break
        struct.pack_into(">I", fixed, end, zlib.crc32(fixed[at + 4 : end]))
        at = end + 4
    return bytes(fixed)


# GIF


def gif_parts(data: bytes) -> Iterator[Part]:
    at = 13 + palette(data[10])
    yield Part(6, at)
    while at < len(data) and data[at] in (0x21, 0x2C):
        start = at
        at += 2 if data[at] == 0x21 else 11 + palette(data[at + 9])
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
        first = start + (2 if data[start] == 0x21 else 11 + palette(data[start + 9]))
        yield Part(start, at, Number(first, "<B"))


def palette(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def gif_sizes(data: bytes, parts: tuple[Part, ...]) -> Iterator[Number]:
    yield from (Number(6, "<H"), Number(8, "<H"))
    for part in parts[1:]:
        if data[part.start] == 0x2C:
            yield from (Number(part.start + at, "<H") for at in (1, 3, 5, 7))


# WebP


def webp_parts(data: bytes) -> Iterator[Part]:
    at = 12
    while at + 8 <= len(data):
        size = struct.unpack_from("<I", data, at + 4)[0]
        end = at + 8 + size + size % 2
        yield Part(at, end, Number(at + 4, "<I"))
        at = end


def webp_sizes(data: bytes, parts: tuple[Part, ...]) -> Iterator[Number]:
    for part in parts:
        name, content = data[part.start : part.start + 4], part.start + 8
        if name == b"VP8 ":
            yield from (Number(content + 6, "<H"), Number(content + 8, "<H"))
        elif name == b"VP8L":
            yield Number(content + 1, "<I")
        elif name == b"VP8X":
            yield from (Number(content + 4, "<H"), Number(content + 7, "<H"))
        elif name == b"ANMF":
            yield from (Number(content + 6, "<H"), Number(content + 9, "<H"))


# AVIF

HOLDS_BOXES = {
    b"meta": 12,
    b"iprp": 8,
    b"ipco": 8,
    b"iinf": 14,
    b"moov": 8,
    b"trak": 8,
    b"mdia": 8,
    b"minf": 8,
    b"stbl": 8,
}


def avif_parts(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Part]:
    end = len(data) if end is None else end
    while start + 8 <= end:
        stop = start + struct.unpack_from(">I", data, start)[0]
        if stop < start + 8:
            stop = end
        yield Part(start, stop, Number(start, ">I"))
        inside = HOLDS_BOXES.get(data[start + 4 : start + 8])
        if inside:
            yield from avif_parts(data, start + inside, stop)
        start = stop


def avif_sizes(data: bytes, parts: tuple[Part, ...]) -> Iterator[Number]:
    for part in parts:
        if data[part.start + 4 : part.start + 8] == b"ispe":
            yield from (Number(part.start + 12, ">I"), Number(part.start + 16, ">I"))


# TIFF


def tiff_parts(data: bytes) -> Iterator[Part]:
    order = "<" if data[:2] == b"II" else ">"
    at = struct.unpack_from(f"{order}I", data, 4)[0]
    while at:
        count = struct.unpack_from(f"{order}H", data, at)[0]
        yield Part(at, at + 6 + 12 * count, Number(at, f"{order}H"))
        for start in range(at + 2, at + 2 + 12 * count, 12):
            yield Part(start, start + 12, Number(start + 4, f"{order}I"))
        at = struct.unpack_from(f"{order}I", data, at + 2 + 12 * count)[0]


def tiff_sizes(data: bytes, parts: tuple[Part, ...]) -> Iterator[Number]:
    order = "<" if data[:2] == b"II" else ">"
    for part in parts:
        if part.end - part.start == 12:
            tag, kind = struct.unpack_from(f"{order}HH", data, part.start)
            # Width, height, rows of a strip, width and height of a tile.
            if tag in (256, 257, 278, 322, 323):
                yield Number(part.start + 8, f"{order}{'H' if kind == 3 else 'I'}")


# SVG


def svg_parts(data: bytes) -> Iterator[Part]:
    for found in re.finditer(rb"<[^<>]*>|[\w:]+=\"[^\"]*\"", data):
        yield Part(*found.span())


PARTS: dict[str, Callable[[bytes], Iterator[Part]]] = {
    "jpeg": jpeg_parts,
    "png": png_parts,
    "gif": gif_parts,
    "webp": webp_parts,
    "avif": avif_parts,
    "tiff": tiff_parts,
    "svg": svg_parts,
}
SIZES: dict[str, Callable[[bytes, tuple[Part, ...]], Iterator[Number]]] = {
    "jpeg": jpeg_sizes,
    "png": png_sizes,
    "gif": gif_sizes,
    "webp": webp_sizes,
    "avif": avif_sizes,
    "tiff": tiff_sizes,
    "svg": lambda data, parts: iter(()),
}
