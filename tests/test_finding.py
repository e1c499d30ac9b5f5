"""Finding images by how their outputs stand."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.test_pages import EVENTS, FOCUS, KINDS, Library, nothing_registered
from tests.testapp.models import CodeImage, UUIDImage
from wagtail_sourcegroups import finding
from wagtail_sourcegroups.finding import Found, look, pieces
from wagtail_sourcegroups.generation.membership import ImageBatch
from wagtail_sourcegroups.generation.settled import Evidence
from wagtail_sourcegroups.generation.sources import image_key
from wagtail_sourcegroups.generation.standing import standings
from wagtail_sourcegroups.generation.state import content_type_of
from wagtail_sourcegroups.models import GenerationFailure
from wagtail_sourcegroups.registry import Binding
from wagtail_sourcegroups.walk import Walk

pytestmark = pytest.mark.django_db

__all__ = ["nothing_registered"]

PATIENT = 60.0


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages and pieces of a few images, so that there are several."""
    for name, size in (("FIRST", 3), ("MOST", 7), ("READ", 2)):
        monkeypatch.setattr(finding, name, size)


def walked(library: Library, binding: Binding) -> tuple[Any, Any]:
    walk = Walk([binding], library.bindings, write=False)
    walk.prepare()
    return walk.images_of(library.model)


def images_of(library: Library, binding: Binding) -> Any:
    return walked(library, binding)[1]


def read(library: Library, binding: Binding, state: str) -> list[Found]:
    """By reading every image."""
    table, images = walked(library, binding)
    rows = [table.row(row) for row in table.annotated(images).order_by("pk").values_list(*table.columns)]
    found = zip(rows, standings(ImageBatch(library.model, rows, table.fields)), strict=True)
    return [Found(row.pk, standing) for row, standing in found if getattr(standing, state)]


def every(images: Any, binding: Binding, state: str) -> Iterator[Found]:
    for piece in pieces(images, [binding.spec], state):
        yield from piece.found


def fail(library: Library, image: Any, filter_spec: str = "width-20") -> None:
    """As a run records it."""
    GenerationFailure.objects.create(
        source_key=image_key(library.model, image.pk),
        content_type=content_type_of(library.model),
        object_id=str(image.pk),
        filter_spec=filter_spec,
    )


@pytest.mark.parametrize("model", [None, CodeImage, UUIDImage])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_found_is_what_reading_all_finds(
    model: Any, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    library = Library(model)
    images = [library.add(complete=False, **KINDS[chance.choice(list(KINDS))]) for _ in range(40)]
    for image in images[:30]:
        library.set(image, collection=chance.choice([library.root, library.press]))
    library.complete()
    monkeypatch.setattr(Library, "fail", lambda self, key, *rest: None)
    for image in chance.sample(images, 20):
        for event in chance.sample(list(EVENTS), 2):
            with suppress(IntegrityError), transaction.atomic():
                EVENTS[event](library, image)
    for image in chance.sample(images, 6):
        fail(library, image, chance.choice(["width-20", "fill-10x10", ""]))
    for binding in library.bindings:
        chosen = images_of(library, binding)
        for state in finding.STATES:
            expected = read(library, binding, state)
            assert [(found.pk, found.standing.wanted.keys) for found in every(chosen, binding, state)] == [
                (found.pk, found.standing.wanted.keys) for found in expected
            ]
            for mine, theirs in zip(every(chosen, binding, state), expected, strict=True):
                assert mine.standing[1:] == theirs.standing[1:]
            with monkeypatch.context() as patch:
                patch.setattr(Evidence, "available", False)
                assert [found.pk for found in every(chosen, binding, state)] == [
                    found.pk for found in expected
                ]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 50])
def test_page_by_page_each_is_found_once(limit: int) -> None:
    library = Library()
    images = [library.add() for _ in range(20)]
    lacking = [image.pk for image in images[::3]]
    for pk in lacking:
        library.renditions.objects.filter(image_id=pk, filter_spec="width-20").delete()
    # A focal point is for Python to judge.
    lacking += [image.pk for image in (library.add(complete=False, **FOCUS) for _ in range(5))]
    binding = library.bindings[0]
    found, after = [], None
    for _ in range(30):
        came_to = look(
            images_of(library, binding),
            [binding.spec],
            "missing",
            after=after,
            limit=limit,
            seconds=PATIENT,
        )
        assert len(came_to.found) <= limit
        found += [each.pk for each in came_to.found]
        after = came_to.after
        if after is None:
            break
    assert found == lacking


def test_where_the_rest_fits_nothing_is_left_to_go_on_with() -> None:
    library = Library()
    for _ in range(2):
        library.add(complete=False)
    binding = library.bindings[0]
    images = images_of(library, binding)
    assert look(images, [binding.spec], "missing", limit=2, seconds=PATIENT).after is None


def test_who_waits_no_longer_is_told_how_far_it_came_and_goes_on_from_there() -> None:
    library = Library()
    for _ in range(9):
        library.add()
    last = library.add(complete=False)
    binding = library.bindings[0]
    images = images_of(library, binding)
    first = look(images, [binding.spec], "missing", limit=50, seconds=0)
    assert (first.found, first.looked_at) == ([], 3)
    assert first.after is not None
    rest = look(images, [binding.spec], "missing", after=first.after, limit=50, seconds=PATIENT)
    assert ([found.pk for found in rest.found], rest.looked_at, rest.after) == ([last.pk], 7, None)


def test_queries_do_not_grow_with_images_that_need_no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "FIRST", 50)
    library = Library()
    binding = library.bindings[0]

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert not look(
                images_of(library, binding), [binding.spec], "missing", limit=5, seconds=PATIENT
            ).found
        return len(queries)

    library.add()
    asked()
    few = asked()
    for _ in range(20):
        library.add()
    assert asked() == few


def test_only_images_with_a_failure_on_record_are_looked_at_for_failures() -> None:
    library = Library()
    for _ in range(9):
        library.add(complete=False)
    failed = library.add(complete=False)
    fail(library, failed)
    binding = library.bindings[0]
    came_to = look(images_of(library, binding), [binding.spec], "failed", limit=5, seconds=PATIENT)
    assert ([found.pk for found in came_to.found], came_to.looked_at) == ([failed.pk], 1)
