"""A site's own image model that makes renditions in a way of its own, which is then taken."""

from __future__ import annotations

import time
from io import BytesIO
from typing import Any

import willow
from django.db import router, transaction
from wagtail.images.models import AbstractImage, Filter

from . import files, naming, saving
from .making import Made, Outcome
from .plan import Work
from .wanted import OutputKey


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
    with work.source.opened(), image.generate_rendition_file(filter_) as file:
        width, height = _size_of(model, file)
        wished = files.generated_name(model(image=image, filter_spec=key.filter_spec), file)
        name = saving.save(
            files.storage_of(model),
            wished,
            file,
            max_length=files.field_length(model),
            suffix=naming.own_suffix(work.source, wished, key),
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
            with work.source.opened() as source:
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
