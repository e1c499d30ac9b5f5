"""Where tasks go, and what becomes of them where the settings send them nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from django_tasks import task_backends

from wagtail_sourcegroups import queueing
from wagtail_sourcegroups.exceptions import NoSuchQueue
from wagtail_sourcegroups.queueing import destination, is_inline, routed
from wagtail_sourcegroups.tasks import generate_task

DUMMY = {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
IMMEDIATE = {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}


def test_without_settings_they_go_to_the_default() -> None:
    assert destination() == ("default", "default")
    assert is_inline()


def test_the_backend_and_queue_of_the_settings(settings: Any) -> None:
    settings.TASKS = {"default": IMMEDIATE, "pixels": {**DUMMY, "QUEUES": ["small", "large"]}}
    settings.WAGTAIL_SOURCEGROUPS = {"TASK_BACKEND": "pixels", "TASK_QUEUE": "large"}
    result = routed(generate_task).enqueue([], [])
    assert task_backends["pixels"].results == [result]
    assert (result.backend, result.task.queue_name) == ("pixels", "large")
    assert not is_inline()


def test_the_only_queue_need_not_be_named(settings: Any) -> None:
    settings.TASKS = {"default": {**DUMMY, "QUEUES": ["default"]}, "pixels": {**DUMMY, "QUEUES": ["images"]}}
    settings.WAGTAIL_SOURCEGROUPS = {"TASK_BACKEND": "pixels"}
    assert routed(generate_task).queue_name == "images"


def test_djangos_own_immediate_backend_is_inline_too(settings: Any) -> None:
    pytest.importorskip("django.tasks", reason="Django 5.2 has no tasks of its own")
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
    assert is_inline()


def test_a_backend_that_does_not_exist_refuses_when_asked_and_not_before(settings: Any) -> None:
    settings.WAGTAIL_SOURCEGROUPS = {"TASK_BACKEND": "pixels"}
    assert not is_inline()
    # As at import: a site with wrong settings has to come as far as its checks.
    again = queueing.task(generate_task.func)
    assert again.backend == "default"
    with pytest.raises(NoSuchQueue, match="TASKS does not have"):
        routed(generate_task)
