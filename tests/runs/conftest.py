"""Runs over small images, and tasks that wait in a list until a test delivers them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from wagtail.images import get_image_model
from wagtail.models import Collection

from tests.images import picture
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.management import running, standing
from wagtail_sourcegroups.models import GenerationRun
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.runs import handing, starting, tasks
from wagtail_sourcegroups.runs.question import Question
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup

FILTERS = ["width-20", "fill-10x10"]


class Queue(list[tuple[int, int]]):
    """What was enqueued and nobody has taken: arguments of tasks."""

    taken = 0

    def enqueue(self, run: int, number: int) -> None:
        self.append((run, number))

    def deliver(self, index: int = 0) -> None:
        self.taken += 1
        tasks.deliver(*self.pop(index))

    def drain(self, limit: int = 1000) -> int:
        """Deliver all, and what they enqueue; how many."""
        for delivered in range(limit):
            if not self:
                return delivered
            self.deliver()
        raise AssertionError(f"{limit} tasks, and there are more.")


@pytest.fixture
def registry() -> Iterator[Registry]:
    with get_registry().override(empty=True) as registry:
        yield registry


@pytest.fixture
def spec(registry: Registry) -> RenditionSpec:
    """Two renditions of every image."""
    spec = RenditionSpec("test:spec", FILTERS)
    registry.add_spec(spec)
    registry.add_group(spec.id, ImageModelSourceGroup())
    return spec


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    """A backend with workers, which are the test."""
    queue = Queue()
    for module in (handing, starting, running, standing):
        monkeypatch.setattr(module, "is_inline", lambda: False)
    monkeypatch.setattr(handing, "routed", lambda task: queue)
    return queue


@pytest.fixture
def images(db: None) -> Callable[[int], list[Any]]:
    """Makes so many rows of images, which share a file."""

    def make(count: int) -> list[Any]:
        model = get_image_model()
        storage = model._meta.get_field("file").storage
        name = storage.save("original_images/shared.jpg", ContentFile(picture().getvalue()))
        collection = Collection.get_first_root_node()
        rows = model.objects.bulk_create(
            model(title=f"image {i}", file=name, width=60, height=40, collection=collection)
            for i in range(count)
        )
        return list(model.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk"))

    return make


def begin(*spec_ids: str, **options: Any) -> GenerationRun:
    """A run that is started, with ten images a batch unless told otherwise."""
    return starting.start(Question(spec_ids or ("test:spec",)), **{"batch_size": 10, **options})


def numbers(run: GenerationRun) -> dict[str, int]:
    """What it has come to in all, as it would be shown."""
    counted = GenerationRun.objects.get(pk=run.pk).counts["all"]
    return {
        name: counted[name] for name in ("sources", "expected", "existing", "generated", "skipped", "failed")
    }


def state(run: GenerationRun) -> str:
    return str(GenerationRun.objects.get(pk=run.pk).shown_state)
