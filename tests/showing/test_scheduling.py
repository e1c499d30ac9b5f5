from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile

from tests.images import picture
from tests.testapp.models import Person
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation import collect
from wagtail_sourcegroups.generation.failures import record
from wagtail_sourcegroups.generation.progress import Failed
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.readonly import read_only
from wagtail_sourcegroups.showing.scheduling import schedule, schedule_all
from wagtail_sourcegroups.showing.shown import show
from wagtail_sourcegroups.strategies import Eager, JustInTime, Manual, Optimistic

pytestmark = pytest.mark.django_db


@pytest.fixture
def image(make_image: Any) -> Any:
    return make_image()


def wanted(image: Any, spec_id: str = "a", strategy: Any = None) -> RenditionSet:
    return RenditionSet(RenditionSpec(spec_id, "width-20", strategy=strategy or Optimistic()), image.file)


def test_once_and_not_once_for_every_visitor(image: Any, enqueued: list[Any]) -> None:
    assert schedule(wanted(image))
    assert not schedule(wanted(image))
    ((request,),) = enqueued
    assert (request.source.image, [spec.id for spec in request.specs]) == (image, ["a"])


def test_again_when_some_time_has_gone_by(image: Any, enqueued: list[Any]) -> None:
    schedule(wanted(image))
    cache.clear()
    assert schedule(wanted(image))


def test_another_spec_or_image_is_another_matter(image: Any, make_image: Any, enqueued: list[Any]) -> None:
    assert [schedule(wanted(image)), schedule(wanted(image, "b")), schedule(wanted(make_image("2.jpg")))] == [
        True
    ] * 3


def test_what_a_list_lacks_is_one_task(image: Any, make_image: Any, enqueued: list[Any]) -> None:
    other = make_image("2.jpg")
    schedule_all([wanted(image), wanted(image, "b"), wanted(other)])
    (requests,) = enqueued
    assert [(r.source.image.pk, [spec.id for spec in r.specs]) for r in requests] == [
        (image.pk, ["a", "b"]),
        (other.pk, ["a"]),
    ]


def test_a_page_shows_and_schedules(image: Any, enqueued: list[Any]) -> None:
    for _visit in range(2):
        (found,) = show(wanted(image))
        assert not found.is_ready
    assert len(enqueued) == 1


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (Optimistic(), True),
        (Eager(), True),
        ({"on_source_saved": print}, True),
        (Manual(), False),
        (JustInTime(), False),
        ({"on_source_deleted": print}, False),
    ],
)
def test_by_strategy(image: Any, strategy: Any, expected: bool, enqueued: list[Any]) -> None:
    assert schedule(wanted(image, strategy=strategy)) is expected


def test_nothing_where_tasks_are_run_by_whoever_enqueues_them(
    image: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "_enqueue", lambda requests: pytest.fail("a visitor would wait"))
    assert not schedule(wanted(image))


def test_nothing_on_a_read_only_head(image: Any, enqueued: list[Any], django_assert_num_queries: Any) -> None:
    with read_only(), django_assert_num_queries(0):
        assert not schedule(wanted(image))
    assert schedule(wanted(image))


def test_nothing_for_a_source_that_has_failed(
    image: Any, enqueued: list[Any], django_assert_num_queries: Any
) -> None:
    key = wanted(image).source.key
    record([Failed("one", "b", "width-99", "Broken", key)])
    assert not schedule(wanted(image))
    with django_assert_num_queries(0):
        assert not schedule(wanted(image))


def test_a_broker_that_is_down_costs_the_page_nothing(
    image: Any, enqueued: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(requests: Any) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(collect, "_enqueue", down)
    (found,) = show(wanted(image))
    assert found.url == image.file.url
    assert "cannot be scheduled" in caplog.text


def test_a_cache_that_is_down_costs_the_page_nothing(
    image: Any, enqueued: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*args: Any) -> None:
        raise ConnectionError("no cache")

    monkeypatch.setattr("wagtail_sourcegroups.showing.scheduling.cache.add", down)
    assert not schedule(wanted(image))
    assert enqueued == []


def test_what_no_worker_can_reach_is_not_made_while_a_visitor_waits(
    enqueued: list[Any], tmp_path: Any
) -> None:
    spec = RenditionSpec("a", "width-20", strategy=Optimistic())
    assert not schedule(RenditionSet(spec, io.BytesIO(picture().read())))
    path = tmp_path / "one.jpg"
    path.write_bytes(picture().read())
    with path.open("rb") as file:
        assert schedule(RenditionSet(spec, file))
    person = Person.objects.create(avatar=ContentFile(picture().read(), name="p.jpg"))
    assert schedule(RenditionSet(spec, person.avatar))
