"""Small pictures of every odd kind, made anew, as the bytes of a file."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import willow  # noqa: F401 - its plugin for Pillow makes Pillow write HEIC
from PIL import Image, ImageChops, ImageCms, ImageDraw

SIZE = (96, 64)


def drawing(size: tuple[int, int] = SIZE) -> Image.Image:
    """Gradients and hard edges, different in every corner: no two orientations or crops look alike."""
    across = Image.linear_gradient("L").rotate(90).resize(size)
    down = Image.linear_gradient("L").resize(size)
    image = Image.merge("RGB", (across, down, ImageChops.difference(across, down)))
    draw = ImageDraw.Draw(image)
    width, height = size
    draw.ellipse((width * 0.1, height * 0.1, width * 0.4, height * 0.6), fill=(250, 20, 60))
    draw.rectangle((width * 0.55, height * 0.5, width * 0.95, height * 0.9), outline=(10, 10, 200), width=3)
    draw.line((0, 0, width, height), fill=(255, 255, 0), width=2)
    return image


def with_alpha(size: tuple[int, int] = SIZE) -> Image.Image:
    image = drawing(size).convert("RGBA")
    image.putalpha(Image.radial_gradient("L").resize(size))
    return image


def encoded(image: Image.Image, image_format: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def jpeg(orientation: int | None = None, *, size: tuple[int, int] = SIZE, **options: Any) -> bytes:
    if orientation is not None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        exif[0x010F] = "A camera"
        options["exif"] = exif
    return encoded(drawing(size), "JPEG", quality=92, **options)


def profile(name: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def wide_gamut_profile() -> bytes:
    """An RGB profile that is not sRGB: its red and green primaries are swapped."""
    data = bytearray(profile("sRGB"))
    count = struct.unpack(">I", data[128:132])[0]
    tags = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, green = (slice(tags[tag] + 4, tags[tag] + 12) for tag in (b"rXYZ", b"gXYZ"))
    data[red], data[green] = data[green], data[red]
    return bytes(data)


def cmyk_profile() -> bytes:
    """A printer's profile, coarse but real: four inks to Lab, by a table with two points for each ink."""
    corners = []
    for number in range(16):
        cyan, magenta, yellow, black = (number >> bit & 1 for bit in (3, 2, 1, 0))
        light = 0 if black else 255 - 55 * cyan - 70 * magenta - 20 * yellow
        corners += [light, 128 - 40 * cyan + 60 * magenta, 128 - 45 * cyan + 80 * yellow]
    identity = b"".join(struct.pack(">i", 65536 if at % 4 == 0 else 0) for at in range(9))
    ramp = bytes(range(256))
    table = b"mft1" + bytes([0, 0, 0, 0, 4, 3, 2, 0]) + identity + ramp * 4 + bytes(corners) + ramp * 3
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 63190, 65536, 54061)
    text = b"text" + bytes(4) + b"None\0"
    body, index = b"", b""
    tags = {b"cprt": text, b"wtpt": white, b"A2B0": table}
    for name, data in tags.items():
        index += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    rest = struct.pack(">I", len(tags)) + index + body
    header = struct.pack(">I4sI4s4s4s", 128 + len(rest), bytes(4), 0x02400000, b"prtr", b"CMYK", b"Lab ")
    header += struct.pack(">6H4s", 2020, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    header += struct.pack(">iii", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + rest


def png_with_orientation() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(with_alpha(), "PNG", exif=exif)


def png_with_bad_profile() -> bytes:
    """A PNG that carries something as its profile that is none, and whose pixels are fine."""
    return encoded(drawing(), "PNG", icc_profile=b"this is no profile")


def palette_with_transparent_entries() -> bytes:
    image = drawing().quantize(16)
    return encoded(image, "PNG", transparency=bytes(range(0, 256, 16)))


def palette_with_one_transparent_entry() -> bytes:
    return encoded(drawing().quantize(16), "PNG", transparency=3)


def truecolour_with_transparent_colour() -> bytes:
    return encoded(drawing(), "PNG", transparency=(250, 20, 60))


def frames() -> list[Image.Image]:
    first = drawing()
    return [first, first.transpose(Image.Transpose.FLIP_LEFT_RIGHT), first.rotate(180)]


def animated(image_format: str, **options: Any) -> bytes:
    first, *others = frames()
    return encoded(first, image_format, save_all=True, append_images=others, duration=80, **options)


def gif_with_transparency() -> bytes:
    return encoded(drawing().quantize(32), "GIF", transparency=5)


def png_header_only() -> bytes:
    """What claims to be a picture of 100 by 100 and ends after its header."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 100, 100, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


def damaged_jpeg() -> bytes:
    data = bytearray(jpeg())
    middle = len(data) // 2
    data[middle : middle + 40] = b"\xff" * 40
    return bytes(data)


SVG = (
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="96" height="64" viewBox="0 0 96 64">'
    b'<rect width="96" height="64" fill="red"/><circle cx="30" cy="30" r="20" fill="blue"/></svg>'
)

PICTURES: dict[str, Callable[[], bytes]] = {
    "plain.jpg": jpeg,
    **{f"orientation-{number}.jpg": lambda number=number: jpeg(number) for number in range(1, 9)},
    "orientation-0.jpg": lambda: jpeg(0),
    "orientation-9.jpg": lambda: jpeg(9),
    "progressive.jpg": lambda: jpeg(6, progressive=True),
    "comment.jpg": lambda: jpeg(3, comment=b"made by hand"),
    "dpi.jpg": lambda: jpeg(dpi=(300, 300)),
    "grey.jpg": lambda: encoded(drawing().convert("L"), "JPEG"),
    "cmyk.jpg": lambda: encoded(drawing().convert("CMYK"), "JPEG"),
    "cmyk-profile.jpg": lambda: encoded(drawing().convert("CMYK"), "JPEG", icc_profile=cmyk_profile()),
    "cmyk-wrong-profile.jpg": lambda: encoded(drawing().convert("CMYK"), "JPEG", icc_profile=profile("LAB")),
    "srgb-profile.jpg": lambda: jpeg(5, icc_profile=profile("sRGB")),
    "wide-gamut.jpg": lambda: jpeg(icc_profile=wide_gamut_profile()),
    "several.jpg": lambda: animated("MPO"),
    "alpha.png": lambda: encoded(with_alpha(), "PNG"),
    "oriented.png": png_with_orientation,
    "bad-profile.png": png_with_bad_profile,
    "opaque.png": lambda: encoded(drawing(), "PNG"),
    "palette.png": lambda: encoded(drawing().quantize(32), "PNG"),
    "palette-entries.png": palette_with_transparent_entries,
    "palette-entry.png": palette_with_one_transparent_entry,
    "transparent-colour.png": truecolour_with_transparent_colour,
    "bit.png": lambda: encoded(drawing().convert("1"), "PNG"),
    "sixteen-bit.png": lambda: encoded(drawing().convert("I").convert("I;16"), "PNG"),
    "grey-alpha.png": lambda: encoded(with_alpha().convert("LA"), "PNG"),
    "grey.png": lambda: encoded(drawing().convert("L"), "PNG"),
    "grey-transparent.png": lambda: encoded(drawing().convert("L"), "PNG", transparency=128),
    "animated.png": lambda: animated("PNG"),
    "still.gif": lambda: encoded(drawing(), "GIF"),
    "transparent.gif": gif_with_transparency,
    "animated.gif": lambda: animated("GIF", loop=0),
    "still.webp": lambda: encoded(drawing(), "WEBP"),
    "alpha.webp": lambda: encoded(with_alpha(), "WEBP"),
    "animated.webp": lambda: animated("WEBP"),
    "profile.webp": lambda: encoded(drawing(), "WEBP", icc_profile=wide_gamut_profile()),
    "still.avif": lambda: encoded(drawing(), "AVIF"),
    "alpha.avif": lambda: encoded(with_alpha(), "AVIF"),
    "animated.avif": lambda: animated("AVIF"),
    "plain.bmp": lambda: encoded(drawing(), "BMP"),
    "palette.bmp": lambda: encoded(drawing().quantize(32), "BMP"),
    "plain.tiff": lambda: encoded(drawing(), "TIFF"),
    "lzw.tiff": lambda: encoded(with_alpha(), "TIFF", compression="tiff_lzw"),
    "pages.tiff": lambda: animated("TIFF"),
    "float.tiff": lambda: encoded(drawing().convert("F"), "TIFF"),
    "integer.tiff": lambda: encoded(drawing().convert("I"), "TIFF"),
    "plain.ico": lambda: encoded(with_alpha((64, 64)), "ICO"),
    "photo.heic": lambda: encoded(drawing(), "HEIF"),
    "one-pixel.png": lambda: encoded(Image.new("RGB", (1, 1), "red"), "PNG"),
    "line.png": lambda: encoded(drawing((300, 1)), "PNG"),
    "drawing.svg": lambda: SVG,
    "damaged.jpg": damaged_jpeg,
    "truncated.jpg": lambda: jpeg()[:-400],
    "truncated.png": lambda: encoded(with_alpha(), "PNG")[:-400],
    "header.png": png_header_only,
    "truncated.webp": lambda: encoded(with_alpha(), "WEBP")[:-100],
    "truncated.avif": lambda: encoded(drawing(), "AVIF")[:-100],
    "text.jpg": lambda: b"This is a text and no picture.\n" * 40,
    "broken.svg": lambda: b"<svg><circle></svg>",
    "empty.jpg": lambda: b"",
}
