"""One spec applied to one source: what is wanted, and which of it is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from wagtail.images.models import AbstractImage, Picture

from ..models import FileRendition
from ..readonly import is_read_only
from ..signals import content_required, existence_required
from ..specs import RenditionSpec
from . import filestore
from .batches import make
from .collect import ask
from .departures import delete_rows
from .options import Options
from .progress import Totals
from .requests import Request
from .sources import FileSourceBase, ImageSource, Source, source_of
from .wanted import OutputKey, Wanted, filters_of


class RenditionSet:
    """
    A spec applied to a source: a Wagtail image's ``file``, a model field's file, or any open file.

    Iterating, :attr:`url`, :attr:`width` and :attr:`height` send ``existence_required``, and :meth:`open` sends
    ``content_required``, so that the spec's strategy may make what is missing. Nothing is asked of storage.
    """

    def __init__(self, spec: RenditionSpec, source: Any, identity: str | None = None) -> None:
        self.spec = spec
        self.source: Source = source_of(source, identity)
        self._announced = False

    def __repr__(self) -> str:
        # Says what it is without asking anybody: no signal, no query.
        return f"<RenditionSet {self.spec.id!r} of {self.source.key}>"

    def __bool__(self) -> bool:
        """Whether there is a source at all."""
        return bool(self.source)

    # Asking for it ------------------------------------------------------------------------------------

    def generate(self, force: bool = False) -> Totals | None:
        """
        Make what is missing; with ``force``, make all of it again.

        While a strategy's wishes are gathered it is done afterwards, merged with what others ask of this source,
        and ``None`` is returned. Failures are recorded, not raised: see the returned totals.
        """
        request = Request(self.source, (self.spec,), force)
        if ask(request, now=True):
            return None
        return make([request], options=Options())

    def enqueue(self) -> None:
        """Have what is missing made by the task backend."""
        ask(Request(self.source, (self.spec,)), now=False)

    # Not for templates, which call whatever they name.
    generate.alters_data = True  # type: ignore[attr-defined]
    enqueue.alters_data = True  # type: ignore[attr-defined]

    # What there is ------------------------------------------------------------------------------------

    def exists(self) -> bool:
        """Whether every rendition that is wanted has a row. One query, no storage."""
        return not self.missing()

    @property
    def ready(self) -> bool:
        """As :meth:`exists`."""
        return self.exists()

    def missing(self) -> list[str]:
        """The filter specs that are wanted and not there, in the spec's order."""
        found = self._find()
        return [key.filter_spec for key in self.wanted.filters if key not in found]

    def delete(self) -> int:
        """Delete the renditions of this set, rows and files; how many there were."""
        filters = self.wanted.filters
        specs = {key.filter_spec for key in filters}
        if isinstance(self.source, FileSourceBase):
            return filestore.delete_renditions(self.source, specs)
        model = self.source.model.get_rendition_model()  # type: ignore[attr-defined]
        # From the database: what a cache remembers may name another file by now.
        rows = model._base_manager.filter(image_id=self.source.image.pk, filter_spec__in=specs)  # type: ignore[union-attr]
        mine = [row for row in rows if OutputKey(row.filter_spec, row.focal_point_key) in filters]
        delete_rows(model, [row.pk for row in mine], [row.file.name for row in mine])
        return len(mine)

    delete.alters_data = True  # type: ignore[attr-defined]

    def __iter__(self) -> Iterator[Any]:
        """The renditions there are, in the spec's order."""
        self._require(existence_required)
        found = self._find()
        return iter([found[key] for key in self.wanted.filters if key in found])

    @property
    def url(self) -> str | None:
        """Of the rendition an ``<img>`` shows; ``None`` while there is none."""
        rendition = self._representative()
        return None if rendition is None else rendition.url

    @property
    def width(self) -> int | None:
        """In pixels, of the rendition an ``<img>`` shows."""
        rendition = self._representative()
        return None if rendition is None else rendition.width

    @property
    def height(self) -> int | None:
        """In pixels, of the rendition an ``<img>`` shows."""
        rendition = self._representative()
        return None if rendition is None else rendition.height

    @contextmanager
    def open(self, filter_spec: str | None = None) -> Iterator[IO[bytes]]:
        """
        Read a rendition: of one filter spec, or the one an ``<img>`` shows.

        Raises ``LookupError`` for a filter spec that is not the spec's, and ``FileNotFoundError`` for a rendition
        that has not been made.
        """
        self._require(content_required)
        found = self._find()
        if filter_spec is None:
            rendition = self._first_of_least_modern(found)
        else:
            keys = [key for key in self.wanted.filters if key.filter_spec == filter_spec]
            if not keys:
                raise LookupError(
                    f"The spec {self.spec.id!r} has no filter spec {filter_spec!r}; it has "
                    f"{', '.join(repr(key.filter_spec) for key in self.wanted.filters)}."
                )
            rendition = found.get(keys[0])
        if rendition is None:
            what = repr(filter_spec) if filter_spec else "Any rendition"
            raise FileNotFoundError(
                f"{what} of {self.source.name} for {self.spec.id!r} has not been made yet; generate() makes it."
            )
        with rendition.file.storage.open(rendition.file.name, "rb") as file:
            yield file

    # How it is found ----------------------------------------------------------------------------------

    @property
    def wanted(self) -> Wanted:
        """What the spec wants of this source: filters, told apart as Wagtail tells renditions apart."""
        if isinstance(self.source, FileSourceBase):
            return filters_of(self.spec).of_image(self.source.plain_image)
        return filters_of(self.spec, self.source.model).of_image(self.source.image)

    def _find(self) -> dict[OutputKey, Any]:
        """The renditions there are. Through Wagtail's own lookup for images: prefetched, cached, else one query."""
        filters = self.wanted.filters
        if isinstance(self.source, ImageSource):
            image: AbstractImage = self.source.image
            by_filter = image.find_existing_renditions(*filters.values()) if filters else {}
            return {key: by_filter[filter_] for key, filter_ in filters.items() if filter_ in by_filter}
        assert isinstance(self.source, FileSourceBase)
        rows = FileRendition.objects.filter(source__digest=self.source.digest, version=self.source.version)
        by_spec = {row.filter_spec: row for row in rows}
        return {key: by_spec[key.filter_spec] for key in filters if key.filter_spec in by_spec}

    def _require(self, signal: Any) -> None:
        if is_read_only():
            return
        signal.send(sender=RenditionSet, rendition_set=self)

    def _representative(self) -> Any:
        self._require(existence_required)
        return self._first_of_least_modern(self._find())

    def _first_of_least_modern(self, found: dict[OutputKey, Any]) -> Any:
        """As ``{% picture %}`` chooses: the format that every browser knows, and the first rendition of it."""
        order = [file_format.name for file_format in Picture.source_format_order]
        formats = {key: _format_of(found[key]) for key in self.wanted.filters if key in found}
        if not formats:
            return None

        def modernity(format_name: str) -> int:
            return order.index(format_name) if format_name in order else len(order)

        least = max(formats.values(), key=modernity)
        return next(found[key] for key, format_name in formats.items() if format_name == least)


def _format_of(rendition: Any) -> str:
    extension = rendition.file.name.rpartition(".")[2].lower()
    return {"jpg": "jpeg", "jpe": "jpeg"}.get(extension, extension)
