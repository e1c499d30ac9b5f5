"""Making the files of one source: read, computed and stored in threads, and without a word to the database."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Generic, TypeVar

import PIL.Image
from django.conf import settings
from django.db import connections, models
from wagtail.images.models import AbstractImage, Filter

from ..models import RenditionRecord
from ..rendering import Output, PlainImage, RenderFailure, Side, render
from . import files, naming, saving
from .budget import PixelBudget
from .decision import Old
from .pipeline import HandOver
from .plan import Work
from .sources import Source
from .wanted import OutputKey


@dataclass(frozen=True, slots=True)
class Made:
    """One output whose file is in storage, and has no row yet."""

    key: OutputKey
    name: str
    width: int
    height: int
    size: int
    seconds: float
    row: Any = None
    """The rendition, where a site's own image model has saved it already."""


@dataclass(slots=True)
class Outcome:
    """What became of one source: what was made, and what failed with which error."""

    made: list[Made] = field(default_factory=list)
    failed: dict[OutputKey, Exception] = field(default_factory=dict)
    found: list[OutputKey] = field(default_factory=list)
    """Made by somebody else meanwhile."""
    records: list[RenditionRecord] = field(default_factory=list)
    """What is to be remembered of those that were kept."""
    orientation: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    All that threads need to know to make the files of one source: Wagtail's ``image`` or what stands in for one;
    ``lost`` outputs, whose files come back under their names; ``model`` of the renditions, and one that is
    ``unsaved``, for its name; ``pixels`` of the original, if they are known.
    """

    source: Source
    image: AbstractImage | PlainImage
    filters: Mapping[Filter, OutputKey]
    inexact: Collection[str]
    lost: Mapping[OutputKey, Old]
    model: type[models.Model]
    unsaved: Callable[[OutputKey], models.Model]
    pixels: int | None = None


def image_order(work: Work) -> Order:
    """What is to be made of a Wagtail image."""
    image = work.source.image
    assert image is not None
    model = type(image).get_rendition_model()
    return Order(
        source=work.source,
        image=image,
        filters={filter_: key for key, filter_ in work.filters},
        inexact=work.wanted.inexact,
        lost=work.decision.lost,
        model=model,
        unsaved=lambda key: model(
            image=image, filter_spec=key.filter_spec, focal_point_key=key.focal_point_key
        ),
        pixels=work.source.pixels,
    )


T = TypeVar("T")
WorkT = TypeVar("WorkT")


class Making(Generic[WorkT]):
    """
    A piece of work on its way through the :class:`.Pipeline`, as ordered. Its ``outcome`` is complete when it is done.

    Made in the thread that called the loop, which is where a storage first finds out where it is.
    """

    def __init__(self, work: WorkT, order: Order, budget: PixelBudget, max_output_pixels: int | None) -> None:
        self.work = work
        self.outcome = Outcome()
        self.stored: list[str] = []
        """Names of the files that are in storage, whatever becomes of them."""
        self.is_far = bool(order.filters) and not order.source.is_near
        self._order = order
        self._budget = budget
        self._max_output_pixels = max_output_pixels
        self._storage = files.storage_of(order.model)
        self._stores_far = not files.is_near(self._storage)
        self._fetched: IO[bytes] | None = None
        self._unstored: dict[OutputKey, Output] = {}
        self._unread: Exception | None = None

    def fetch(self) -> None:
        """Copy a source that is far away: in memory if it is small, otherwise in a temporary file."""
        copy = SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE)  # noqa: SIM115 - kept
        try:
            with _own_connections():
                self._order.source.copy_to(copy)
        except Exception as error:  # noqa: BLE001 - the failure of every output, when it is their turn
            copy.close()
            self._unread = error
        else:
            self._fetched = copy

    def drop(self) -> None:
        """Let go of what it holds: the source, and outputs that were not stored."""
        if self._fetched is not None:
            self._fetched.close()
        for output in self._unstored.values():
            output.file.close()

    def result(self) -> Outcome:
        """What became of it, once it is done; in the order of the filters, whatever was stored first."""
        places = {key: place for place, key in enumerate(self._order.filters.values())}
        self.outcome.made.sort(key=lambda made: places[made.key])
        return self.outcome

    def make(self, side: Side, hand_over: HandOver) -> None:
        """Render all outputs. Where storing means waiting, that is handed over."""
        filters = self._order.filters
        if not filters:
            return
        settled: set[OutputKey] = set()
        try:
            with _own_connections(), self._opened() as source, ExitStack() as pixels:
                pixels.enter_context(self._budget.admit(self._pixels(source)))
                started = time.perf_counter()
                # Closed first: whoever helps has let go of the pixels when they are no longer counted.
                results = pixels.enter_context(closing(self._render(source, _Helpers(side))))
                for number, result in enumerate(results, start=1):
                    if number == len(filters):
                        # Rendering has let go of them: they need not be held while the last output is stored.
                        pixels.close()
                    key = filters[result.filter]
                    settled.add(key)
                    if isinstance(result, RenderFailure):
                        self.outcome.failed[key] = result.error
                    elif not self._is_taken(result, key, time.perf_counter() - started, hand_over):
                        return
                    started = time.perf_counter()
        except Exception as error:  # noqa: BLE001 - the source cannot be read, and that is the failure of every output
            self.outcome.failed.update({key: error for key in filters.values() if key not in settled})

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        if self._unread is not None:
            raise self._unread
        if self._fetched is None:
            with self._order.source.opened() as source:
                yield source
            return
        with self._fetched:
            self._fetched.seek(0)
            yield self._fetched

    def _pixels(self, source: IO[bytes]) -> int:
        # A row may say too little of its file; what Pillow cannot read is what the row says.
        return measured(source) or self._order.pixels or 0

    def _render(self, source: IO[bytes], side: Side) -> Generator[Output | RenderFailure, None, None]:
        return render(
            self._order.image,
            source,
            list(self._order.filters),
            max_output_pixels=self._max_output_pixels,
            inexact=self._order.inexact,
            side=side,
        )

    def _is_taken(self, output: Output, key: OutputKey, seconds: float, hand_over: HandOver) -> bool:
        """Store an output, or have it stored; whether anybody wants more."""
        self.outcome.orientation = output.orientation
        try:
            wished = files.generated_name(self._order.unsaved(key), output.file)
        except Exception as error:  # noqa: BLE001 - a site's own upload_to costs this output, and no other
            output.file.close()
            self.outcome.failed[key] = error
            return True
        if not self._stores_far:
            self._store(output, key, wished, seconds)
            return True
        self._unstored[key] = output
        try:
            return hand_over(partial(self._store, output, key, wished, seconds))
        except RuntimeError as error:  # no thread can be started
            self._unstored.pop(key).file.close()
            self.outcome.failed[key] = error
            return True

    def _store(self, output: Output, key: OutputKey, wished: str, seconds: float) -> None:
        """Save the file of one output. In any thread, and in several at the same time."""
        order = self._order
        lost = order.lost.get(key)
        started = time.perf_counter()
        try:
            with _own_connections(), output.file:
                if lost is not None:
                    name = saving.save_again(self._storage, lost.file, output.file)
                else:
                    length = files.field_length(order.model)
                    own = naming.own_suffix(order.source, wished, key)
                    name = saving.save(self._storage, wished, output.file, max_length=length, suffix=own)
        except Exception as error:  # noqa: BLE001 - a full disk costs this output, and no other
            self.outcome.failed[key] = error
            return
        finally:
            self._unstored.pop(key, None)
        self.stored.append(name)
        seconds += time.perf_counter() - started
        self.outcome.made.append(Made(key, name, output.width, output.height, output.size, seconds))


class _Helpers:
    """A side whose threads, too, leave no connection open that a site's own code may need."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def try_submit(self, fn: Callable[[], T], /) -> Future[T] | None:
        return self._side.try_submit(partial(_with_own_connections, fn))

    def offer(self, fn: Callable[[], T], /) -> Future[T] | None:
        return self._side.offer(partial(_with_own_connections, fn))


def _with_own_connections(fn: Callable[[], T]) -> T:
    with _own_connections():
        return fn()


@contextmanager
def _own_connections() -> Iterator[None]:
    """A site's own ``upload_to`` or storage may ask the database, in a connection of this thread."""
    try:
        yield
    finally:
        connections.close_all()


def measured(source: IO[bytes]) -> int:
    """Of an original nobody has measured: its header tells. Nothing is decoded; what cannot be read holds none."""
    try:
        # Pillow reads the header only, where Willow would decode. The file is not ours to close.
        return math.prod(PIL.Image.open(source).size)
    except Exception:  # noqa: BLE001 - rendering meets it again, and says so
        return 0
    finally:
        source.seek(0)
