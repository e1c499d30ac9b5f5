"""Wagtail's filter, run on what it shares with the other filters of the source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.files import File
from wagtail.images import image_operations
from wagtail.images.models import Filter

from wagtail_sourcegroups.rendering.source import SharedSource

STOCK_FILTER_OPERATIONS = frozenset(
    {
        image_operations.AvifQualityOperation,
        image_operations.BackgroundColorOperation,
        image_operations.DoNothingOperation,
        image_operations.FormatOperation,
        image_operations.JPEGQualityOperation,
        image_operations.WebPQualityOperation,
    }
)
"""Those that are known to leave the image they are given as it was."""


class TidyFilter(Filter):
    """The stock filter, but for the temporary file of an output that failed: it is closed, not left to be found."""

    def run(self, image: Any, output: Any, source: File | None = None) -> Any:
        try:
            return super().run(image, output, source=source)
        except BaseException:
            output.close()
            raise


class SharedFilter(TidyFilter):
    """Equal to the stock filter of the same spec, and run by stock's own code.

    Only where its Willow image comes from differs, and only for the ``source`` that it was made for: a model
    that renders another file through it gets what stock gives.
    """

    def __init__(self, spec: str, shared: SharedSource, source: File) -> None:
        super().__init__(spec=spec)
        self._shared = shared
        self._source = source

    def on(self, shared: SharedSource) -> SharedFilter:
        """The same filter on another share of the source."""
        other = SharedFilter(self.spec, shared, self._source)
        # Reading them asks every hook.
        other.operations = self.operations
        return other

    @contextmanager
    def get_willow_image(self, image: Any, source: File | None = None) -> Iterator[Any]:
        if source is self._source:
            yield self._shared.lend(private=self.may_change_image)
        else:
            with super().get_willow_image(image, source) as willow_image:
                yield willow_image

    @property
    def tolerates_noise(self) -> bool:
        """Whether outputs of frames that differ by a hair differ by little: those of JPEG, and what loses nothing.

        Encoders that predict, and palettes, make much of it.
        """
        if self.may_change_image:
            return False
        source_format = self._shared.willow_file.format_name
        conversions = getattr(settings, "WAGTAILIMAGES_FORMAT_CONVERSIONS", {})
        chosen, options = conversions.get(source_format, source_format), ()
        for operation in self.filter_operations:
            if isinstance(operation, image_operations.FormatOperation):
                chosen, options = operation.format, operation.options
        return chosen in ("jpeg", "png") or (chosen == "webp" and "lossless" in options)

    @property
    def may_change_image(self) -> bool:
        """Whether an operation of the site's own could draw on the image in place."""
        return any(type(operation) not in STOCK_FILTER_OPERATIONS for operation in self.filter_operations)
