"""Small valid pictures of every kind, made by code, from which broken ones are made."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache

from PIL import Image

from tests.rendering.pictures import cmyk_profile, drawing, encoded, jpeg, wide_gamut_profile, with_alpha

SIZE = (160, 120)
LARGE = (480, 320)
"""Enough for an output to be made from a JPEG decoded in part."""

Make = Callable[[], bytes]


def ink(**options: object) -> bytes:
    return encoded(drawing(SIZE).convert("CMYK"), "JPEG", **options)


def restarting_jpeg() -> bytes:
    """With restart markers, after which a decoder finds its way again."""
    return encoded(drawing(SIZE), "JPEG", restart_marker_rows=1, subsampling=0)


def several(image_format: str, **options: object) -> bytes:
    first = drawing(SIZE)
    others = [first.transpose(Image.Transpose.FLIP_LEFT_RIGHT), first.rotate(180)]
    return encoded(first, image_format, save_all=True, append_images=others, **options)


def animated_with_holes() -> bytes:
    """A GIF whose later frames are smaller than the first, and put back what was there."""
    first = drawing(SIZE).quantize(32)
    others = []
    for at in (10, 40):
        image = first.copy()
        image.paste(at, (at, at, at + 30, at + 20))
        others.append(image)
    return encoded(
        first, "GIF", save_all=True, append_images=others, duration=[80, 90, 100], disposal=[1, 2, 3], loop=0
    )


def interlaced_png() -> bytes:
    """Pillow writes none: the seven passes by hand."""
    image = drawing((48, 40))
    rows = bytearray()
    for left, top, across, down in (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ):
        for y in range(top, image.height, down):
            rows.append(0)
            for x in range(left, image.width, across):
                rows += bytes(image.getpixel((x, y)))  # type: ignore[arg-type]

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", *image.size, 8, 2, 0, 0, 1)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def oriented_png() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 5
    return encoded(with_alpha(SIZE), "PNG", exif=exif, icc_profile=wide_gamut_profile())


def tiled_tiff() -> bytes:
    """Pillow writes strips; this one has tiles of 64 by 64."""
    image = drawing(SIZE)
    tile = 64
    tiles = [
        image.crop((left, top, left + tile, top + tile)).tobytes()
        for top in range(0, image.height, tile)
        for left in range(0, image.width, tile)
    ]
    tags: list[tuple[int, int, list[int]]] = [
        (256, 4, [image.width]),
        (257, 4, [image.height]),
        (258, 3, [8, 8, 8]),
        (259, 3, [1]),
        (262, 3, [2]),
        (277, 3, [3]),
        (322, 4, [tile]),
        (323, 4, [tile]),
        (324, 4, []),
        (325, 4, [len(each) for each in tiles]),
    ]
    after = 8 + 2 + 12 * len(tags) + 4
    extra, offsets = bytearray(), []
    data_at = after + 6 + 8 * len(tiles)
    for each in tiles:
        offsets.append(data_at)
        data_at += len(each)
    entries = bytearray()
    for tag, kind, values in tags:
        values = offsets if tag == 324 else values
        packed = struct.pack(f"<{len(values)}{'H' if kind == 3 else 'I'}", *values)
        if len(packed) > 4:
            where = after + len(extra)
            extra += packed
            packed = struct.pack("<I", where)
        entries += struct.pack("<HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + bytes(entries) + bytes(4) + bytes(extra)
    return head + b"".join(tiles)


def big_endian_tiff() -> bytes:
    """A grey picture of 16 by 16 in one strip, as other machines write it."""
    tags = [
        (256, 16),
        (257, 16),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 8 + 2 + 12 * 9 + 4),
        (277, 1),
        (278, 16),
        (279, 256),
    ]
    entries = b"".join(struct.pack(">HHII", tag, 4, 1, value) for tag, value in tags)
    return b"MM\0*" + struct.pack(">IH", 8, len(tags)) + entries + bytes(4) + bytes(range(256))


def tiff(mode: str = "RGB", **options: object) -> bytes:
    image = with_alpha(SIZE) if mode == "RGBA" else drawing(SIZE).convert(mode)
    return encoded(image, "TIFF", **options)


SVG = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="160" height="120"
     viewBox="0 0 160 120" preserveAspectRatio="xMidYMid meet">
  <defs><linearGradient id="a"><stop offset="0" stop-color="red"/><stop offset="1"/></linearGradient></defs>
  <rect width="160" height="120" fill="url(#a)"/><g transform="rotate(10)"><circle cx="30" cy="30" r="20"/></g>
  <text x="10" y="60">Gr\xc3\xbc\xc3\x9fe</text>
</svg>
"""


def svg(*changes: tuple[bytes, bytes]) -> Make:
    def make() -> bytes:
        data = SVG
        for old, new in changes:
            assert old in data
            data = data.replace(old, new, 1)
        return data

    return make


DOCTYPE = SVG[SVG.index(b"<!DOCTYPE") : SVG.index(b"<svg")]
LAUGHS = b"<!DOCTYPE svg [<!ENTITY a '" + b"ha" * 50 + b"'>"
LAUGHS += b"".join(b"<!ENTITY %c '%b'>" % (ord("b") + at, b"&%c;" % (ord("a") + at) * 10) for at in range(8))
LAUGHS += b"]>"
FILE_ENTITY = b'<!DOCTYPE svg [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
ELSEWHERE = (
    b'<image xlink:href="file:///etc/passwd" width="9" height="9"/>'
    b'<image href="http://127.0.0.1:9/picture.png"/><use href="//127.0.0.1:9/a.svg#b"/></svg>'
)
SCRIPT = b'<script>alert(1)</script><rect onload="alert(2)"/><a xlink:href="javascript:alert(3)"/></svg>'
NESTED = b"<g>" * 3_000 + b"</g>" * 3_000 + b"</svg>"

SEEDS: dict[str, dict[str, Make]] = {
    "jpeg": {
        "baseline": lambda: encoded(drawing(LARGE), "JPEG", quality=70),
        "progressive": lambda: jpeg(6, size=LARGE, progressive=True),
        "exif": lambda: jpeg(8, size=SIZE, comment=b"made by hand", dpi=(300, 300)),
        "grey": lambda: encoded(drawing(LARGE).convert("L"), "JPEG"),
        "ink": ink,
        "ink with a profile": lambda: ink(icc_profile=cmyk_profile()),
        "profile": lambda: jpeg(size=SIZE, icc_profile=wide_gamut_profile()),
        "restarting": restarting_jpeg,
        "several": lambda: several("MPO"),
    },
    "png": {
        "colour": lambda: encoded(drawing(SIZE), "PNG"),
        "alpha": oriented_png,
        "palette": lambda: encoded(drawing(SIZE).quantize(32), "PNG", transparency=bytes(range(0, 256, 8))),
        "interlaced": interlaced_png,
        "sixteen bit": lambda: encoded(drawing(SIZE).convert("I").convert("I;16"), "PNG"),
        "bit": lambda: encoded(drawing(SIZE).convert("1"), "PNG"),
        "grey alpha": lambda: encoded(with_alpha(SIZE).convert("LA"), "PNG"),
        "one colour transparent": lambda: encoded(drawing(SIZE), "PNG", transparency=(250, 20, 60)),
        "animated": lambda: several("PNG", duration=80),
    },
    "gif": {
        "still": lambda: encoded(drawing(SIZE), "GIF"),
        "interlaced": lambda: encoded(drawing(SIZE).convert("L"), "GIF", interlace=1),
        "transparent": lambda: encoded(drawing(SIZE).quantize(32), "GIF", transparency=5),
        "animated": lambda: several("GIF", duration=80, loop=0),
        "animated with holes": animated_with_holes,
    },
    "webp": {
        "lossy": lambda: encoded(drawing(SIZE), "WEBP"),
        "lossless": lambda: encoded(drawing(SIZE), "WEBP", lossless=True),
        "alpha": lambda: encoded(with_alpha(SIZE), "WEBP"),
        "animated": lambda: several("WEBP", duration=80),
        "profile": lambda: encoded(
            drawing(SIZE), "WEBP", icc_profile=wide_gamut_profile(), exif=b"Exif\0\0MM\0*"
        ),
    },
    "avif": {
        "still": lambda: encoded(drawing(SIZE), "AVIF", speed=9),
        "alpha": lambda: encoded(with_alpha(SIZE), "AVIF", speed=9),
        "lossless": lambda: encoded(drawing((64, 48)), "AVIF", quality=100, subsampling="4:4:4", speed=9),
        "animated": lambda: several("AVIF", duration=80, speed=9),
        "profile": lambda: encoded(drawing(SIZE), "AVIF", icc_profile=wide_gamut_profile(), speed=9),
    },
    "tiff": {
        "strips": tiff,
        "lzw": lambda: tiff("RGBA", compression="tiff_lzw"),
        "deflate": lambda: tiff(compression="tiff_adobe_deflate", tiffinfo={278: 16}),
        "packbits": lambda: tiff("P", compression="packbits"),
        "jpeg": lambda: tiff(compression="jpeg"),
        "fax": lambda: tiff("1", compression="group4"),
        "ink": lambda: tiff("CMYK", compression="tiff_lzw"),
        "float": lambda: tiff("F"),
        "tiles": tiled_tiff,
        "big-endian": big_endian_tiff,
        "pages": lambda: several("TIFF", compression="tiff_lzw"),
    },
    "svg": {
        "plain": svg(),
        "no size": svg((b'width="160" height="120"\n', b"\n")),
        "no view box": svg((b'viewBox="0 0 160 120"', b"")),
        "millimetres": svg((b'width="160" height="120"\n', b'width="160mm" height="12.5em"\n')),
        "huge": svg((b'width="160" height="120"\n', b'width="1e9" height="2000000000"\n')),
        "huge view box": svg((b"0 0 160 120", b"-1e30 -1e30 1e300 1e308")),
        "endless": svg((b'width="160"', b'width="1e999"')),
        "nothing": svg((b"0 0 160 120", b"0 0 0 0")),
        "negative": svg((b'width="160"', b'width="-160"')),
        "entities": svg((DOCTYPE, LAUGHS), (b"Gr\xc3\xbc\xc3\x9fe", b"&i;")),
        "file entity": svg((DOCTYPE, FILE_ENTITY), (b"Gr\xc3\xbc\xc3\x9fe", b"&secret;")),
        "from elsewhere": svg((b"</svg>", ELSEWHERE)),
        "script": svg((b"</svg>", SCRIPT)),
        "nested": svg((b"</svg>", NESTED)),
        "two bytes a letter": lambda: SVG.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        "style sheet": svg((b"?>\n", b'?>\n<?xml-stylesheet href="file:///etc/passwd"?>\n')),
    },
}
EXTENSIONS = {"jpeg": "jpg", "tiff": "tiff"}


@cache
def seed(image_format: str, name: str) -> bytes:
    """A valid picture (but for some SVG, which are hostile as they are)."""
    return SEEDS[image_format][name]()
