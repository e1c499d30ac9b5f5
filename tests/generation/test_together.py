"""The rows of one image: in one transaction where that harms nobody, since every commit waits for the disk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.models.signals import pre_save
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model

from tests.generation.gates import PATIENCE, until, wait_for
from tests.images import asks, rows, stored
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation import records
from wagtail_sourcegroups.generation.batches import make
from wagtail_sourcegroups.models import RenditionRecord
from wagtail_sourcegroups.registry import get_registry

pytestmark = pytest.mark.django_db(transaction=True)

FIVE = RenditionSpec("test:five", "width-{20,22,24,26,28}")
TWO = RenditionSpec("test:two", "width-{20,22}")


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    with get_registry().override(empty=True):
        yield


@pytest.fixture
def on_save() -> Iterator[Any]:
    """Calls a function with every rendition that is being saved, or has been."""
    model = get_image_model().get_rendition_model()
    connected: list[tuple[Any, Any]] = []

    def connect(signal: Any, do: Any) -> None:
        def hear(instance: Any, **kwargs: Any) -> None:
            do(instance)

        signal.connect(hear, sender=model)
        connected.append((signal, hear))

    yield connect
    for signal, hear in connected:
        signal.disconnect(hear, sender=model)


def commits(*requests: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert make(requests).ok
    return sum(query["sql"] == "COMMIT" for query in captured)


def test_as_many_commits_for_five_outputs_as_for_two(make_image: Any) -> None:
    two, five = (asks(make_image(f"{spec.id[5:]}.jpg"), spec) for spec in (TWO, FIVE))
    assert commits(*two) == commits(*five)


def test_one_more_commit_for_one_more_image(make_image: Any) -> None:
    one, *three = (asks(make_image(f"{number}.jpg"), FIVE)[0] for number in range(4))
    assert commits(*three) - commits(one) == 2
    # What is remembered of all of them is written once.
    assert RenditionRecord.objects.count() == 20


def test_records_do_not_wait_for_ever(make_image: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "ENOUGH", 5)
    requests = [asks(make_image(f"{number}.jpg"), FIVE)[0] for number in range(3)]
    known: list[int] = []

    def hear(**kwargs: Any) -> None:
        known.append(RenditionRecord.objects.count())

    from wagtail_sourcegroups.signals import renditions_generated

    renditions_generated.connect(hear)
    try:
        make(requests)
    finally:
        renditions_generated.disconnect(hear)
    assert known == [5, 10, 15]


def test_a_row_that_cannot_be_written_costs_no_other(make_image: Any, on_save: Any, media_root: Any) -> None:
    def refuse(rendition: Any) -> None:
        if rendition.filter_spec == "width-24":
            raise ValueError("not this one")

    on_save(pre_save, refuse)
    image = make_image()
    totals = make(asks(image, FIVE))
    assert (totals.all.generated, totals.all.failed) == (4, 1)
    assert totals.failures[0].error == "ValueError: not this one"
    assert set(rows(image)) == set(FIVE.filters) - {"width-24"}
    assert stored(media_root) == {row.file.name for row in rows(image).values()}


def test_a_row_that_somebody_else_has_written_meanwhile_is_found(
    make_image: Any, on_save: Any, media_root: Any
) -> None:
    image = make_image()
    model = image.get_rendition_model()

    def be_faster(rendition: Any) -> None:
        if rendition.filter_spec == "width-20" and not rows(image):
            model._base_manager.bulk_create(
                [
                    model(
                        image=image,
                        filter_spec="width-24",
                        focal_point_key="",
                        file="images/theirs.jpg",
                        width=24,
                        height=16,
                    )
                ]
            )

    on_save(pre_save, be_faster)
    totals = make(asks(image, FIVE)).all
    assert (totals.generated, totals.existing, totals.failed) == (4, 1, 0)
    assert rows(image)["width-24"].file.name == "images/theirs.jpg"
    assert len(stored(media_root)) == 4


@pytest.mark.requires_postgres
def test_who_waits_for_one_of_them_is_never_the_one_to_fail(make_image: Any) -> None:
    """A visitor's request writes two of the rows, in the order in which that is a deadlock."""
    image = make_image()
    model = image.get_rendition_model()
    holds = threading.Event()
    came_of_it: list[BaseException | None] = []

    def write(filter_spec: str) -> None:
        file = f"images/{filter_spec}.theirs.jpg"
        values = {"file": file, "width": 20, "height": 13}
        row = model(image=image, filter_spec=filter_spec, focal_point_key="", **values)
        model._base_manager.bulk_create([row])

    def somebody_waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            return bool(cursor.fetchone()[0])

    def visit() -> None:
        try:
            with transaction.atomic():
                write("width-28")
                holds.set()
                # By then we have written the others and not committed, and wait for the one that the visitor has.
                until(somebody_waits)
                write("width-20")
        except BaseException as error:  # noqa: BLE001 - told to the test
            came_of_it.append(error)
        else:
            came_of_it.append(None)
        finally:
            connections.close_all()

    visitor = threading.Thread(target=visit)
    visitor.start()
    wait_for(holds)
    totals = make(asks(image, FIVE)).all
    visitor.join(PATIENCE)

    assert came_of_it == [None]
    assert (totals.generated, totals.existing, totals.failed) == (3, 2, 0)
    assert {spec for spec, row in rows(image).items() if "theirs" in row.file.name} == {
        "width-20",
        "width-28",
    }
