"""What the filters of one source have in common: a stand-in Willow image that makes each step once.

Wagtail's ``Filter.run`` asks its Willow image to orient, crop, resize, flatten and save itself. The stand-in
answers with what another filter was given before it, where the steps so far are equal, and does it Willow's
own way otherwise; encoder options, settings and errors therefore stay Wagtail's and Willow's. Stock copies
the whole frame where a step changes nothing; here such a step shares the pixels, and copies what is small.

A mode that may differ from stock for the sake of speed has its place here: another way for ``SharedSource``
to decode, and for ``SharedImage`` to resize.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

import PIL.Image
from PIL.ExifTags import Base as ExifTag
from willow.image import (
    AvifImageFile,
    BMPImageFile,
    GIFImageFile,
    IcoImageFile,
    ImageFile,
    JPEGImageFile,
    PNGImageFile,
    TIFFImageFile,
    WebPImageFile,
)
from willow.plugins.pillow import PillowImage
from willow.registry import registry

Made = TypeVar("Made")
Trace = tuple[Any, ...]
"""The steps from the oriented source to an image or a file: what two filters have to agree on to share it."""

SHARED_FORMATS = (
    JPEGImageFile,
    PNGImageFile,
    GIFImageFile,
    BMPImageFile,
    TIFFImageFile,
    WebPImageFile,
    AvifImageFile,
    IcoImageFile,
)

NOT_ROTATED = 1
PALETTE_MODES = ("P", "PA")
RESIZED_IN_ANOTHER_MODE = ("1", "P")
FILES_TO_COPY_INTO = (SpooledTemporaryFile, BytesIO)


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoded file's contents."""

    content: bytes
    file_class: type[ImageFile]


class Saved(NamedTuple):
    """What is known of a file at the moment the stand-in saves it."""

    size: tuple[int, int]
    format_name: str


@dataclass(slots=True)
class Shelf:
    """Frames and encoded files that a later filter may ask for, by trace. Used by one thread."""

    made: dict[Trace, Any] = field(default_factory=dict)
    keep_encodings: bool = True
    """Whether another filter of the same geometry is still to come."""
    saved: Saved | None = None
    """The last file saved by a stand-in."""

    def once(self, trace: Trace, make: Callable[[], Made]) -> Made:
        if trace not in self.made:
            self.made[trace] = make()
        found: Made = self.made[trace]
        return found

    def forget(self, start: Trace) -> None:
        """Let go of all that was made from ``start`` on."""
        for trace in [trace for trace in self.made if trace[: len(start)] == start]:
            del self.made[trace]


class SharedSource:
    """A source opened by Willow, decoded and oriented when first needed and then no more."""

    def __init__(self, willow_file: ImageFile, open_as_pillow: list[Callable[[Any], Any]]) -> None:
        self.willow_file = willow_file
        self.shelf = Shelf()
        self.orientation = NOT_ROTATED
        self.stored_size: tuple[int, int] | None = None
        self._open_as_pillow = open_as_pillow
        self._frame: PIL.Image.Image | None = None
        self._error: Exception | None = None
        self._traceback: TracebackType | None = None

    def oriented(self) -> PIL.Image.Image:
        """The whole picture, upright. Raises what Willow and Pillow raise for a source they cannot decode."""
        if self._error is not None:
            raise self._error.with_traceback(self._traceback)
        if self._frame is None:
            try:
                self._frame = self._decode()
            except Exception as error:
                self._error, self._traceback = error, error.__traceback__
                raise
        return self._frame

    def _decode(self) -> PIL.Image.Image:
        willow_image: Any = self.willow_file
        for convert in self._open_as_pillow:
            willow_image = convert(willow_image)
        image: PIL.Image.Image = willow_image.image
        self.stored_size = image.size
        orientation = image.getexif().get(ExifTag.Orientation, NOT_ROTATED)
        if orientation not in range(2, 9):
            return same_pixels(image)
        self.orientation = int(orientation)
        upright: PIL.Image.Image = willow_image.auto_orient().image
        return upright

    def release(self) -> None:
        """Let go of all pixels."""
        self._frame = None
        self._traceback = None
        self.shelf.made.clear()

    def lend(self, *, private: bool) -> LentSource:
        """The stand-in for one run of a filter; if private, its images may be changed in place."""
        return LentSource(self, private)


class LentSource:
    """Stands in for the Willow file of the source in one run of a filter."""

    def __init__(self, source: SharedSource, private: bool) -> None:
        self._source = source
        self._private = private

    @property
    def format_name(self) -> str:
        name: str = self._source.willow_file.format_name
        return name

    def auto_orient(self) -> SharedImage:
        return SharedImage(self._source.oriented(), self._source.shelf, private=self._private)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source.willow_file, name)


class SharedImage(PillowImage):
    """A Willow image whose steps are taken once for all filters of a source.

    Operations that only Willow's registry knows, a plugin's, are run on a plain ``PillowImage``.
    """

    def __init__(
        self, image: PIL.Image.Image, shelf: Shelf, trace: Trace = (), *, private: bool = False
    ) -> None:
        super().__init__(image)
        self._shelf = shelf
        self._trace = trace
        self._private = private

    def __getattr__(self, name: str) -> Any:
        # Willow looks operations up by the class of the image; the registry does not know this one.
        return getattr(self._plain(), name)

    def _plain(self) -> PillowImage:
        return PillowImage(same_pixels(self.image))

    def _next(self, image: PIL.Image.Image, trace: Trace) -> SharedImage:
        return SharedImage(image, self._shelf, trace, private=self._private)

    def auto_orient(self) -> SharedImage:
        return self

    def crop(self, rect: Any) -> PillowImage:
        box = clamped(tuple(rect), self.image.size)
        if box is None:
            return self._plain().crop(rect)  # Willow's own error
        trace = (*self._trace, step("crop", box))
        if box == (0, 0, *self.image.size):
            return self._next(self.image, trace)
        return self._next(self._shelf.once(trace, lambda: self._plain().crop(rect).image), trace)

    def resize(self, size: Any) -> PillowImage:
        size = tuple(size)
        trace = (*self._trace, step("resize", size))
        if size == self.image.size and self.image.mode not in RESIZED_IN_ANOTHER_MODE:
            image = self.image
        else:
            image = self._shelf.once(trace, lambda: self._plain().resize(size).image)
        return PillowImage(image.copy()) if self._private else self._next(image, trace)

    def set_background_color_rgb(self, color: Any) -> PillowImage:
        if not self.has_alpha():
            return self
        trace = (*self._trace, step("background", color))
        return self._next(
            self._shelf.once(trace, lambda: self._plain().set_background_color_rgb(color).image), trace
        )

    def save_as_jpeg(self, f: Any, *args: Any, **options: Any) -> ImageFile:
        return self._encode("save_as_jpeg", f, args, options)

    def save_as_png(self, f: Any, *args: Any, **options: Any) -> ImageFile:
        return self._encode("save_as_png", f, args, options)

    def save_as_gif(self, f: Any, *args: Any, **options: Any) -> ImageFile:
        return self._encode("save_as_gif", f, args, options)

    def save_as_webp(self, f: Any, *args: Any, **options: Any) -> ImageFile:
        return self._encode("save_as_webp", f, args, options)

    def save_as_avif(self, f: Any, *args: Any, **options: Any) -> ImageFile:
        return self._encode("save_as_avif", f, args, options)

    def save_as_heic(self, f: Any, *args: Any, **options: Any) -> ImageFile:
        return self._encode("save_as_heic", f, args, options)

    def save_as_ico(self, f: Any, *args: Any, **options: Any) -> ImageFile:
        return self._encode("save_as_ico", f, args, options)

    def _encode(self, operation: str, f: Any, args: tuple[Any, ...], options: dict[str, Any]) -> ImageFile:
        trace = (*self._trace, step(operation, *args, *sorted(options.items())))
        shelf = self._shelf
        found: Encoding | None = shelf.made.get(trace)
        may_copy = isinstance(f, FILES_TO_COPY_INTO) and f.tell() == 0
        if found is not None and may_copy:
            f.write(found.content)
            file = found.file_class(f)
        else:
            file = getattr(self._plain(), operation)(f, *args, **options)
            if may_copy and shelf.keep_encodings:
                f.seek(0)
                shelf.made[trace] = Encoding(f.read(), type(file))
        shelf.saved = Saved(self.image.size, file.format_name)
        return file


def pillow_route(willow_file: ImageFile) -> list[Callable[[Any], Any]] | None:
    """The converters by which Willow takes this file to Pillow to orient it; None if it goes elsewhere."""
    if type(willow_file) not in SHARED_FORMATS:
        return None
    try:
        operation, image_class, path, _cost = registry.find_operation(type(willow_file), "auto_orient")
    except LookupError:
        return None
    # A site may have registered an ``auto_orient`` of its own: what that does is not known here.
    if image_class is not PillowImage or operation is not PillowImage.auto_orient:
        return None
    return [convert for convert, _image_class in path]


def same_pixels(image: PIL.Image.Image) -> PIL.Image.Image:
    """What ``image.copy()`` gives, a plain image with an ``info`` of its own, but without copying the pixels.

    Pillow writes palettes and their transparency into the pixel storage, so images with a palette are copied.
    """
    image.load()
    return image.copy() if image.mode in PALETTE_MODES else image._new(image.im)


def clamped(rect: Trace, size: tuple[int, int]) -> Trace | None:
    """The part of ``rect`` inside an image of this size; None if there is none, or ``rect`` is none."""
    left, top, right, bottom = rect
    width, height = size
    if left >= right or left >= width or right <= 0 or top >= bottom or top >= height or bottom <= 0:
        return None
    return (max(0, left), max(0, top), min(right, width), min(bottom, height))


def step(name: str, *values: Any) -> Trace:
    """A step of a trace. Values of different types differ, as they do to an encoder: 85 is not 85.0."""
    return (name, *(exactly(value) for value in values))


def exactly(value: Any) -> Trace:
    if isinstance(value, (tuple, list)):
        return (type(value), *(exactly(item) for item in value))
    return (type(value), value)
