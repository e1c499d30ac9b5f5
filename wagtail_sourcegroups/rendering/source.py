"""A source as all its filters share it: opened, decoded and turned upright once."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

import PIL.Image
from PIL.ExifTags import Base as ExifTag
from PIL.JpegImagePlugin import JpegImageFile
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

from wagtail_sourcegroups.rendering.deferred import Deferred
from wagtail_sourcegroups.rendering.limits import Size
from wagtail_sourcegroups.rendering.shared import SharedImage, resized, same_pixels
from wagtail_sourcegroups.rendering.shelf import Shelf, Trace

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
READ_ONLY_MODES = frozenset({"RGB", "L", "RGBA", "LA", "CMYK"})
"""Of a frame that several threads may read: Pillow brings palettes up to date when it reads them."""
LARGE = 4_000_000
"""Pixels of a frame that are not kept for what will rarely be needed."""
ON_ITS_SIDE = range(5, 9)


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
        self.size: Size | None = None
        """Of the upright picture, once it was looked at."""
        self.mode = ""
        self.may_draft = False
        """Whether it can be decoded in part."""
        self.apart = False
        """Whether it is in another thread than the one that reads the original."""

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
        self.stored_size = willow_image.image.size
        return self._upright(willow_image)

    def _upright(self, willow_image: PillowImage) -> PIL.Image.Image:
        image: PIL.Image.Image = willow_image.image
        orientation = orientation_of(image)
        if orientation == NOT_ROTATED:
            return same_pixels(image)
        self.orientation = orientation
        upright: PIL.Image.Image = willow_image.auto_orient().image
        return upright

    def look(self, *, decode: bool) -> Size:
        """The size of the upright picture. Only the head of a JPEG is read for it, unless it shall be decoded.

        Raises what Willow and Pillow raise for a source they cannot decode.
        """
        head = None if decode else self._opened()
        if head is None:
            frame = self.oriented()
            self.size, self.mode = frame.size, frame.mode
        else:
            self.may_draft = True
            self.stored_size = head.size
            self.orientation = orientation_of(head)
            self.size = head.size[::-1] if self.orientation in ON_ITS_SIDE else head.size
            self.mode = head.mode
        return self.size

    def part(self, draft: int) -> PIL.Image.Image:
        """The upright picture of a JPEG decoded to one part in ``draft`` of its width and height."""
        image = self._opened()
        if image is None:
            raise ValueError(f"{self.willow_file!r} is no JPEG that could be decoded in part.")
        width, height = image.size
        image.draft(None, (width // draft, height // draft))
        if image.size != (-(-width // draft), -(-height // draft)):
            raise ValueError(f"{width}×{height} pixels cannot be decoded to one part in {draft}.")
        image.load()
        return self._upright(PillowImage(image))

    def _opened(self) -> JpegImageFile | None:
        if type(self.willow_file) is not JPEGImageFile:
            return None
        self.willow_file.f.seek(0)
        image = PIL.Image.open(self.willow_file.f)
        # Several pictures in one file are another class.
        return image if type(image) is JpegImageFile else None

    def whole(self, *, private: bool = False) -> SharedImage:
        """The stand-in for the upright picture."""
        image: Any
        if self._frame is None and self.size is not None:
            crew = self.shelf.crew
            image = Deferred(self.size, self.oriented, lambda size: resized(self.oriented(), size, crew))
        else:
            image = self.oriented()
        return SharedImage(image, self.shelf, private=private)

    def lent_apart(self, geometry: Trace) -> SharedSource | None:
        """A share for another thread, which needs nothing of the source but one geometry.

        None if that has not been decoded yet, or Pillow does more to it than read it.
        """
        made = geometry in self.shelf.made
        if self.mode not in READ_ONLY_MODES or (self._frame is None and not made):
            return None
        other = SharedSource(self.willow_file, [])
        other.apart = True
        other._frame = None if made else self._frame
        other.size, other.mode = self.size, self.mode
        other.stored_size, other.orientation = self.stored_size, self.orientation
        other.shelf.made = {
            trace: frame for trace, frame in self.shelf.made.items() if trace in (geometry[:1], geometry)
        }
        return other

    def let_go_of_large_frame(self) -> None:
        """Free the decoded picture if that is worth decoding it once more, should it be needed again."""
        if self._frame is not None and self._frame.width * self._frame.height > LARGE:
            self._frame = None

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
        return self._source.whole(private=self._private)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source.willow_file, name)


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


def orientation_of(image: PIL.Image.Image) -> int:
    return orientation_in(image.getexif())


def orientation_in(exif: PIL.Image.Exif) -> int:
    orientation = exif.get(ExifTag.Orientation, NOT_ROTATED)
    return int(orientation) if orientation in range(2, 9) else NOT_ROTATED
