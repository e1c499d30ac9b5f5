"""A Pillow image that is not made as long as only its size is asked for, or the image in another size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import PIL.Image

from wagtail_sourcegroups.rendering.limits import Size


class Deferred:
    """Stands in for a Pillow image.

    ``make`` gives the image, and is called whenever anything but the size is asked for; ``resize`` gives it in
    another size, which may come about without the image itself.
    """

    def __init__(
        self,
        size: Size,
        make: Callable[[], PIL.Image.Image],
        resize: Callable[[Size], PIL.Image.Image],
    ) -> None:
        self.size = size
        self.width, self.height = size
        self.made = make
        self.resized = resize

    def __getattr__(self, name: str) -> Any:
        return getattr(self.made(), name)
