"""Rows of one image: in one statement where that is the same as saving them, else one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, models
from django.db.models.signals import post_save, pre_save
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model

from tests.images import asks, rows
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation import batches
from wagtail_sourcegroups.registry import get_registry

pytestmark = pytest.mark.django_db(transaction=True)

FIVE = RenditionSpec("test:five", "width-{20,22,24,26,28}")


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    with get_registry().override(empty=True):
        yield


@pytest.fixture
def model() -> Any:
    return get_image_model().get_rendition_model()


@pytest.fixture
def made(make_image: Any, model: Any) -> Callable[[], tuple[Any, int, Any]]:
    """Makes five renditions of an image: the image, how many statements inserted them, and the totals."""

    def make() -> tuple[Any, int, Any]:
        image = make_image()
        image = type(image).objects.get(pk=image.pk)
        with CaptureQueriesContext(connection) as captured:
            totals = batches.make(asks(image, FIVE))
        begins = f'INSERT INTO "{model._meta.db_table}"'
        return image, sum(query["sql"].startswith(begins) for query in captured), totals

    return make


@pytest.fixture
def heard(model: Any) -> Iterator[list[tuple[str, Any]]]:
    """What was sent when rows were saved."""
    said: list[tuple[str, Any]] = []

    def before(instance: Any, raw: bool, using: str, update_fields: Any, **kwargs: Any) -> None:
        said.append(("before", instance.filter_spec))
        assert (instance.pk, raw, using, update_fields) == (None, False, "default", None)

    def after(instance: Any, created: bool, raw: bool, using: str, update_fields: Any, **kwargs: Any) -> None:
        said.append(("after", instance.filter_spec))
        assert instance.pk
        assert (created, raw, using, update_fields) == (True, False, "default", None)

    pre_save.connect(before, sender=model)
    post_save.connect(after, sender=model)
    yield said
    pre_save.disconnect(before, sender=model)
    post_save.disconnect(after, sender=model)


def test_new_ones_are_one_statement(made: Any, heard: list[tuple[str, Any]]) -> None:
    image, statements, totals = made()
    assert (statements, totals.all.generated) == (1, 5)
    assert set(rows(image)) == set(FIVE.filters)
    assert sorted(heard) == sorted((when, spec) for when in ("before", "after") for spec in FIVE.filters)


@pytest.mark.parametrize("name", ["save", "save_base"])
def test_a_model_that_does_more_to_save_is_asked(
    made: Any, model: Any, heard: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    asked: list[str] = []
    saves = getattr(models.Model, name)

    def own(self: Any, *args: Any, **kwargs: Any) -> None:
        asked.append(self.filter_spec)
        saves(self, *args, **kwargs)

    monkeypatch.setattr(model, name, own, raising=False)
    image, statements, totals = made()
    assert (statements, totals.all.generated) == (5, 5)
    assert sorted(asked) == sorted(FIVE.filters) == sorted(rows(image))
    assert len(heard) == 10


def test_what_one_receiver_refuses_costs_that_row_only(made: Any, model: Any) -> None:
    def refuse(instance: Any, **kwargs: Any) -> None:
        if instance.filter_spec == "width-24":
            raise ValueError("not this one")

    pre_save.connect(refuse, sender=model)
    try:
        image, _, totals = made()
    finally:
        pre_save.disconnect(refuse, sender=model)
    assert (totals.all.generated, totals.all.failed) == (4, 1)
    assert set(rows(image)) == set(FIVE.filters) - {"width-24"}


def test_a_row_that_somebody_was_faster_with_costs_no_other(
    made: Any, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def be_faster(instance: Any, **kwargs: Any) -> None:
        pre_save.disconnect(be_faster, sender=model)
        values = {"file": "images/theirs.jpg", "width": 1, "height": 1}
        models.QuerySet(model).bulk_create(
            [model(image=instance.image, filter_spec="width-26", focal_point_key="", **values)]
        )

    pre_save.connect(be_faster, sender=model)
    image, _, totals = made()
    assert totals.all.failed == 0
    assert set(rows(image)) == set(FIVE.filters)
