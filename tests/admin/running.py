"""Runs as the admin's pages start them, in whatever state a test wants them."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.images import get_image_model

from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.admin.starting import selection_for, start_run
from wagtail_sourcegroups.generation.sources import image_key
from wagtail_sourcegroups.models import GenerationFailure, GenerationRun
from wagtail_sourcegroups.runs.question import Question
from wagtail_sourcegroups.runs.recording import Recorder
from wagtail_sourcegroups.runs.working import drive
from wagtail_sourcegroups.selection import Selection
from wagtail_sourcegroups.walk import IMAGES

#: What the script of a page sends along.
FETCHED = {"X-Requested-With": "XMLHttpRequest"}


def asked(user: Any, spec: RenditionSpec, *, force: bool = False, **narrowed: Any) -> GenerationRun:
    """A run that a page has started, and nobody has worked on."""
    return start_run(user, [spec], selection_for(user, **narrowed), force=force)


def in_state(run: GenerationRun, state: str, **values: Any) -> GenerationRun:
    """As if somebody had come so far with it; "stalled" as it is shown."""
    heartbeat = timezone.now()
    if state == "stalled":
        state, heartbeat = "running", heartbeat - timedelta(hours=1)
    ended = timezone.now() if state in ("finished", "cancelled", "failed") else None
    values.setdefault("pace_from", run.created_at)
    GenerationRun.objects.filter(pk=run.pk).update(
        state=state, heartbeat_at=heartbeat, finished_at=ended, **values
    )
    run.refresh_from_db()
    return run


def of_the_command(spec: RenditionSpec, **narrowed: Any) -> GenerationRun:
    """One of ``generateimages``, which holds it."""
    question = Question((spec.id,), selection=Selection(**narrowed))
    parts = [f"{IMAGES}{get_image_model()._meta.label_lower}"]
    recorder = Recorder(question, {}, threading.Event(), parts=parts)
    recorder.working_on("a picture")
    assert recorder.run is not None
    return recorder.run


def fail(run: GenerationRun, image: Any, filter_spec: str = "width-20", error: str = "") -> GenerationFailure:
    """As if it had not been possible to make a rendition of an image."""
    return GenerationFailure.objects.create(
        source_key=image_key(type(image), image.pk),
        content_type=ContentType.objects.get_for_model(type(image)),
        object_id=str(image.pk),
        source_name=image.title,
        spec_id=run.question["specs"][0],
        filter_spec=filter_spec,
        error=error or f"The original {image.title!r} is not in storage.",
        run=run,
    )


def finish(run: GenerationRun) -> GenerationRun:
    """Work on it to its end."""
    while drive(run.pk):
        pass
    run.refresh_from_db()
    return run


def url(name: str, run: GenerationRun) -> str:
    return reverse(f"sourcegroups:{name}", args=[run.pk])


def standing(client: Client, run: GenerationRun) -> dict[str, Any]:
    """What the page's script is told."""
    response = client.get(url("run_standing", run), headers=FETCHED)
    assert response.status_code == 200, response
    told: dict[str, Any] = response.json()
    return told
