"""A picture without an image row, dressed as one."""

from __future__ import annotations

from typing import Any

from django.core.files import File
from wagtail.images.models import AbstractImage
from wagtail.images.rect import Rect


class PlainImage:
    """Stands in for an ``AbstractImage`` where a plain file is rendered: what a filter asks of an image.

    ``name`` is the file's name, a path as a storage or a directory gives it; outputs are named after it by
    Wagtail's own code. ``pk`` is for Wagtail's log lines only. ``width`` and ``height`` are the file's,
    as an image row holds them; ``render`` fills them in.
    """

    width: int = 0
    height: int = 0
    focal_point_x = None
    focal_point_y = None
    focal_point_width = None
    focal_point_height = None
    description = ""

    def __init__(self, name: str, *, pk: Any = 0) -> None:
        self.pk = pk
        self.file = File(None, name=name)
        self.title = name

    def __repr__(self) -> str:
        return f"PlainImage({self.file.name!r}, pk={self.pk!r})"

    @property
    def id(self) -> Any:
        return self.pk

    def get_rect(self) -> Rect:
        return Rect(0, 0, self.width, self.height)

    def get_focal_point(self) -> None:
        return None

    def has_focal_point(self) -> bool:
        return False

    # The names of outputs, and what an SVG may be asked for, are Wagtail's to say.
    is_svg = AbstractImage.is_svg
    clean_filter_for_svg = AbstractImage.clean_filter_for_svg
    generate_rendition_file = AbstractImage.generate_rendition_file
