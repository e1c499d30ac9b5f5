"""What ``{% generateimage ... as pictures %}`` assigns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.utils.safestring import SafeString

from ..generation.renditionset import RenditionSet
from ..specs import RenditionSpec, ThumbnailSpec
from . import pictures
from .shown import Shown, show
from .substitutes import format_of_filter


class ShownSet(RenditionSet):
    """
    A rendition set as a template shows it: written out it is the ``<img>`` or ``<picture>``, with ``attributes``; and
    :attr:`url`, :attr:`width` and :attr:`height` are those of the ``<img>``, also where something stands in the place
    of a rendition that is not there.

    The rest is as of any :class:`.RenditionSet`: it is iterated over the renditions that there are. What is shown is
    looked up when it is first asked for.
    """

    def __init__(self, spec: RenditionSpec, source: Any, attributes: Mapping[str, Any] | None = None) -> None:
        super().__init__(spec, source)
        self.attributes = dict(attributes or {})

    @cached_property
    def shown(self) -> list[Shown]:
        """What is shown for each filter spec, in the spec's order."""
        return show(self)

    @property
    def url(self) -> str | None:
        """Of what the ``<img>`` shows; ``None`` if there is nothing to show."""
        shown = self._in_img
        return None if shown is None else shown.url

    @property
    def width(self) -> int | None:
        """In pixels, of the rendition that the ``<img>`` is to show."""
        shown = self._in_img
        return None if shown is None else shown.width

    @property
    def height(self) -> int | None:
        """In pixels, of the rendition that the ``<img>`` is to show."""
        shown = self._in_img
        return None if shown is None else shown.height

    @property
    def alt(self) -> str:
        """The alternative text that Wagtail's own tags would give; none for a plain file."""
        shown = self._in_img
        return "" if shown is None else shown.alt

    def __html__(self) -> SafeString:
        formats = {format_of_filter(key.filter_spec) for key in self.wanted.filters}
        densities = self.spec.densities if isinstance(self.spec, ThumbnailSpec) else {}
        return pictures.html(self.shown, self.attributes, densities, in_picture=len(formats) > 1)

    def __str__(self) -> str:
        return self.__html__()

    @property
    def _in_img(self) -> Shown | None:
        return pictures.in_img(self.shown)
