"""Ways to break a file. Each takes a valid one and chances, and gives a file that may be valid no more."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from random import Random

from .layout import Layout, with_right_checksums
from .seeds import SEEDS, seed

Damage = Callable[[bytes, Layout, str, Random], bytes]

NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
SIZES = (
    0,
    1,
    2,
    159,
    161,
    255,
    257,
    500,
    1023,
    2000,
    4000,
    9999,
    16383,
    16385,
    30000,
    65535,
    2**24,
    2**31 - 1,
    2**32 - 1,
)
WORDS = (
    b"1e999", b"-1", b"0", b"NaN", b"inf", b"9" * 400, b"1e-300", b"100%", b"", b"\xff\xfe", b"&a;", b"&#0;",
    b"&#x10FFFF;", b"]]>", b"<![CDATA[", b"<!--", b"<svg>", b"</g>", b'"', b"\0", b"url(file:///etc/passwd)",
    b"xMinYMax slice", b"0 0 0 0", b"0,0,1e300,1e300", b"<a " + b"b" * 5000 + b'="c"/>', b"<?xml version='1.0'?>",
)  # fmt: skip


def cut(data: bytes, percent: int) -> bytes:
    """The first so many hundredths of a file."""
    return data[: len(data) * percent // 100]


def bits(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    broken = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 8, 30))):
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
    return bytes(broken)


def head_bits(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    """In what comes first, where most of what a decoder believes is written."""
    broken = bytearray(data)
    for _ in range(chance.choice((1, 2, 4))):
        broken[chance.randrange(min(len(broken), 300))] ^= 1 << chance.randrange(8)
    return bytes(broken)


def run(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    """Bytes replaced, in a row."""
    start = chance.randrange(len(data))
    length = min(chance.choice((1, 2, 4, 16, 64, 500)), len(data) - start)
    elsewhere = chance.randrange(len(data) - length + 1)
    new = chance.choice(
        (bytes(length), b"\xff" * length, chance.randbytes(length), data[elsewhere : elsewhere + length])
    )
    return data[:start] + new + data[start + length :]


def number(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    """A number somewhere, at a border of what it can be."""
    broken = bytearray(data)
    for _ in range(chance.choice((1, 1, 2))):
        kind, most = chance.choice((("<I", 2**32), (">I", 2**32), ("<H", 2**16), (">H", 2**16)))
        at = chance.randrange(min(len(data), chance.choice((64, 400, len(data)))))
        if at + struct.calcsize(kind) <= len(data):
            struct.pack_into(kind, broken, at, chance.choice(NUMBERS) % most)
    return bytes(broken)


def inserted(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    new = chance.choice((chance.randbytes(chance.choice((1, 3, 100, 5000))), bytes(70_000), data[: at // 2]))
    return data[:at] + new + data[at:]


def removed(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.choice((1, 2, 10, 300)) :]


def part_removed(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    part = chance.choice(layout.parts)
    return data[: part.start] + data[part.end :]


def part_repeated(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    part = chance.choice(layout.parts)
    times = chance.choice((1, 1, 3, 50))
    return data[: part.end] + data[part.start : part.end] * times + data[part.end :]


def part_moved(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    part, other = chance.choice(layout.parts), chance.choice(layout.parts)
    content = data[part.start : part.end]
    rest = data[: part.start] + data[part.end :]
    return rest[: other.start] + content + rest[other.start :]


def part_scrambled(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    """A few bytes within one part, which is small more often than a byte of the file is in a small one."""
    part = chance.choice(layout.parts)
    broken = bytearray(data)
    for _ in range(chance.choice((1, 2, 6))):
        at = chance.randrange(part.start, min(part.end, len(data)))
        broken[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return bytes(broken)


def length(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    """A part that says that it is longer or shorter than it is."""
    broken = bytearray(data)
    fields = [part.length for part in layout.parts if part.length]
    for field in chance.sample(fields, min(len(fields), chance.choice((1, 1, 2)))):
        was = struct.unpack_from(field.kind, data, field.at)[0]
        field.put(broken, chance.choice((*NUMBERS, was + 1, max(0, was - 1), was * 2, was // 2)))
    return bytes(broken)


def size(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    """A picture that says that it is larger or smaller than it is."""
    broken = bytearray(data)
    fields = list(layout.sizes)
    if not fields:
        return word(data, layout, image_format, chance)
    for field in chance.sample(fields, min(len(fields), chance.choice((1, 2, 2, 4)))):
        field.put(broken, chance.choice(SIZES))
    return bytes(broken)


def word(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    """A value of an attribute replaced, or a word put in somewhere: for text, but no format is spared."""
    new = chance.choice(WORDS)
    values = [found.span(1) for found in re.finditer(rb'="([^"]*)"', data)]
    if values and chance.random() < 0.7:
        start, end = chance.choice(values)
    else:
        start = end = chance.randrange(len(data) + 1)
    return data[:start] + new + data[end:]


def grafted(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    """The beginning of one picture, the end of another, of the same format or not."""
    other_format = image_format if chance.random() < 0.7 else chance.choice(sorted(SEEDS))
    other = seed(other_format, chance.choice(sorted(SEEDS[other_format])))
    return data[: chance.randrange(len(data))] + other[chance.randrange(len(other)) :]


def twice(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    """More than one thing at once."""
    first, second = chance.sample(SINGLE, 2)
    broken = first(data, layout, image_format, chance)
    return second(broken, layout, image_format, chance) if len(broken) >= len(data) else broken


def as_it_is(data: bytes, layout: Layout, image_format: str, chance: Random) -> bytes:
    return data


SINGLE: tuple[Damage, ...] = (
    bits, head_bits, run, number, inserted, removed, part_removed, part_repeated, part_moved, part_scrambled, length,
    size, word, grafted,
)  # fmt: skip
DAMAGES: tuple[Damage, ...] = (*SINGLE, size, length, part_scrambled, twice, as_it_is)


def believed(image_format: str, data: bytes, chance: Random) -> bytes:
    """Often with checksums that are right, or a decoder looks no further."""
    return with_right_checksums(data) if image_format == "png" and chance.random() < 0.7 else data
