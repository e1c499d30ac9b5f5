"""
Making the files of one image: in a worker thread, and without a word to the database.

A site's own image model that makes renditions in a way of its own is asked in the calling thread instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import willow
from django.db import router, transaction
from wagtail.images.models import AbstractImage, Filter

from ..rendering import Output, RenderFailure, render
from . import files
from .plan import Work
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
    orientation: int | None = None


def make_files(work: Work, *, max_output_pixels: int, admit: Callable[[int], Any]) -> Outcome:
    """
    Make and save the files of one image. For a worker thread.

    ``admit(pixels)`` is a context manager that waits until so many pixels may be held.
    """
    image = work.source.image
    assert image is not None
    outcome = Outcome()
    keys = {filter_: key for key, filter_ in work.filters}
    model = type(image).get_rendition_model()
    storage = files.storage_of(model)
    try:
        with admit(work.source.pixels), work.source.open() as source:
            started = time.perf_counter()
            for result in render(
                image, source, list(keys), max_output_pixels=max_output_pixels, inexact=work.wanted.inexact
            ):
                key = keys[result.filter]
                if isinstance(result, RenderFailure):
                    outcome.failed[key] = result.error
                else:
                    outcome.orientation = result.orientation
                    made = _save(result, key, work, image, model, storage, started)
                    if isinstance(made, Made):
                        outcome.made.append(made)
                    else:
                        outcome.failed[key] = made
                started = time.perf_counter()
    except Exception as error:  # noqa: BLE001 - the source cannot be read, and that is the failure of every output
        done = {made.key for made in outcome.made} | outcome.failed.keys()
        outcome.failed.update({key: error for key in keys.values() if key not in done})
    return outcome


def _save(
    output: Output, key: OutputKey, work: Work, image: Any, model: Any, storage: Any, started: float
) -> Made | Exception:
    lost = work.decision.lost.get(key)
    with output.file:
        try:
            if lost is not None:
                name = files.save_again(storage, lost.file, output.file)
            else:
                unsaved = model(image=image, filter_spec=key.filter_spec, focal_point_key=key.focal_point_key)
                wished = files.generated_name(unsaved, output.file)
                name = files.save(storage, wished, output.file, max_length=files.field_length(model))
        except Exception as error:  # noqa: BLE001 - a full disk costs this output, and no other
            return error
    return Made(key, name, output.width, output.height, output.size, time.perf_counter() - started)


def has_own_way(image: AbstractImage) -> bool:
    """Whether a site's image model makes renditions in a way of its own, which is then taken."""
    own_instance = type(image).generate_rendition_instance is not AbstractImage.generate_rendition_instance
    return own_instance or _creates_its_own_way(image)


def make_their_way(work: Work) -> Outcome:
    """
    Ask a site's own image model, through the method it has overridden. It touches database and storage both, so
    this is for the calling thread.
    """
    image = work.source.image
    assert image is not None
    outcome = Outcome()
    for key, filter_ in work.filters:
        started = time.perf_counter()
        old = work.decision.replace.get(key) or work.decision.lost.get(key)
        try:
            if old is not None:
                # There is a row, which create_rendition would only find again.
                made = _their_file(work, key, filter_, started)
            else:
                made = _their_row(work, key, filter_, started)
        except Exception as error:  # noqa: BLE001 - one output failing costs no other
            outcome.failed[key] = error
        else:
            outcome.made.append(made)
    return outcome


def _their_file(work: Work, key: OutputKey, filter_: Filter, started: float) -> Made:
    image = work.source.image
    assert image is not None
    model = type(image).get_rendition_model()
    with work.source.open(), image.generate_rendition_file(filter_) as file:
        width, height = _size_of(model, file)
        name = files.save(
            files.storage_of(model),
            files.generated_name(model(image=image, filter_spec=key.filter_spec), file),
            file,
            max_length=files.field_length(model),
        )
        return Made(key, name, width, height, file.size, time.perf_counter() - started)


def _size_of(model: Any, file: Any) -> tuple[int, int]:
    file.seek(0)
    width, height = willow.Image.open(file).get_size()
    return int(width), int(height)


def _their_row(work: Work, key: OutputKey, filter_: Filter, started: float) -> Made:
    image = work.source.image
    assert image is not None
    overridden = type(image).generate_rendition_instance is not AbstractImage.generate_rendition_instance
    with transaction.atomic(using=router.db_for_write(type(image))):
        if overridden and not _creates_its_own_way(image):
            with work.source.open() as source:
                rendition = image.generate_rendition_instance(filter_, BytesIO(source.read()))
            rendition.save()
        else:
            rendition = next(iter(image.create_renditions(filter_).values()))
    try:
        size = rendition.file.size
    except (OSError, NotImplementedError):
        size = 0
    took = time.perf_counter() - started
    return Made(key, rendition.file.name, rendition.width, rendition.height, size, took, rendition)


def _creates_its_own_way(image: AbstractImage) -> bool:
    return any(
        getattr(type(image), name) is not getattr(AbstractImage, name)
        for name in ("create_rendition", "create_renditions")
    )
