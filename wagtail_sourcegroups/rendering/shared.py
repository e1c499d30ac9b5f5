"""What the filters of one source have in common: a stand-in Willow image that makes each step once.

Wagtail's ``Filter.run`` asks its Willow image to orient, crop, resize, flatten and save itself. The stand-in
answers with what another filter was given before it, where the steps so far are equal, and does it Willow's
own way otherwise; encoder options, settings and errors therefore stay Wagtail's and Willow's. Stock copies
the whole frame where a step changes nothing; here such a step shares the pixels, and copies what is small.

What may differ a little from stock's for the sake of speed is put on the shelf beforehand, by a ``Ladder``.
"""

from __future__ import annotations

from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Any

import PIL.Image
from willow.image import ImageFile
from willow.plugins.pillow import PillowImage

from wagtail_sourcegroups.rendering.deferred import Deferred
from wagtail_sourcegroups.rendering.limits import Size
from wagtail_sourcegroups.rendering.shelf import Encoding, Saved, Shelf, Trace, step
from wagtail_sourcegroups.rendering.strips import Crew, resized_part, resized_together, worthwhile

PALETTE_MODES = ("P", "PA")
RESIZED_IN_ANOTHER_MODE = ("1", "P")
FILES_TO_COPY_INTO = (SpooledTemporaryFile, BytesIO)


class SharedImage(PillowImage):
    """A Willow image whose steps are taken once for all filters of a source.

    Operations that only Willow's registry knows, a plugin's, are run on a plain ``PillowImage``.
    """

    def __init__(
        self, image: PIL.Image.Image | Deferred, shelf: Shelf, trace: Trace = (), *, private: bool = False
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

    def _next(self, image: PIL.Image.Image | Deferred, trace: Trace) -> SharedImage:
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
        size = (box[2] - box[0], box[3] - box[1])

        def cropped() -> PIL.Image.Image:
            return self._shelf.once(trace, lambda: self._plain().crop(rect).image)

        def cropped_and_resized(size: Size) -> PIL.Image.Image:
            frame = self.image.made() if isinstance(self.image, Deferred) else self.image
            if worthwhile(frame, box):
                return resized_part(frame, box, size, self._shelf.crew)
            return resized(cropped(), size)

        if isinstance(self.image, Deferred) or worthwhile(self.image, box):
            return self._next(Deferred(size, cropped, cropped_and_resized), trace)
        return self._next(cropped(), trace)

    def resize(self, size: Any) -> PillowImage:
        size = tuple(size)
        trace = (*self._trace, step("resize", size))
        deferred = isinstance(self.image, Deferred)
        if size == self.image.size and self.image.mode not in RESIZED_IN_ANOTHER_MODE:
            image = self.image.made() if deferred else self.image
        elif deferred:
            image = self._shelf.once(trace, lambda: self.image.resized(size))
        else:
            image = self._shelf.once(trace, lambda: resized(self.image, size, self._shelf.crew))
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


def same_pixels(image: PIL.Image.Image) -> PIL.Image.Image:
    """What ``image.copy()`` gives, a plain image with an ``info`` of its own, but without copying the pixels.

    Pillow writes palettes and their transparency into the pixel storage, so images with a palette are copied.
    """
    image.load()
    return image.copy() if image.mode in PALETTE_MODES else image._new(image.im)


def resized(image: PIL.Image.Image, size: Size, crew: Crew | None = None) -> PIL.Image.Image:
    """As Willow resizes it."""
    together = None if crew is None else resized_together(image, size, crew)
    if together is not None:
        return together
    made: PIL.Image.Image = PillowImage(same_pixels(image)).resize(size).image
    return made


def clamped(rect: Trace, size: tuple[int, int]) -> Trace | None:
    """The part of ``rect`` inside an image of this size; None if there is none, or ``rect`` is none."""
    left, top, right, bottom = rect
    width, height = size
    if left >= right or left >= width or right <= 0 or top >= bottom or top >= height or bottom <= 0:
        return None
    return (max(0, left), max(0, top), min(right, width), min(bottom, height))
