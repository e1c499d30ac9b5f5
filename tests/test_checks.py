from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import checks
from django.core.management import CommandError, call_command

from wagtail_sourcegroups import conf, register
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, ImageFieldSourceGroup


@pytest.fixture
def registry() -> Iterator[Registry]:
    with get_registry().override(empty=True) as registry:
        yield registry


def found(**kwargs: Any) -> list[tuple[str, str]]:
    messages = checks.run_checks(tags=["sourcegroups"], **kwargs)
    return [(message.id.removeprefix("wagtail_sourcegroups."), message.msg) for message in messages]


def test_nothing_to_say(registry: Registry, settings: Any) -> None:
    register.spec("a", "width-100")
    assert found() == []


def test_needs_no_database(registry: Registry) -> None:
    # No db fixture: a query would fail this test.
    register.spec("a", "width-100")
    register.source_group("a", CollectionSourceGroup("Nowhere"))
    assert found(databases=[]) == []


@pytest.mark.parametrize(
    ("configured", "message"),
    [
        (
            {"BATCHSIZE": 3},
            "WAGTAIL_SOURCEGROUPS has an unknown key 'BATCHSIZE'; the keys are "
            f"{', '.join(sorted(conf.DEFAULTS))}.",
        ),
        (
            {"BATCH_SIZE": 0},
            "WAGTAIL_SOURCEGROUPS['BATCH_SIZE'] is 0; it must be a whole number of at least 1.",
        ),
        (
            {"WORKERS": "4"},
            "WAGTAIL_SOURCEGROUPS['WORKERS'] is '4'; it must be a whole number of at least 1.",
        ),
        (
            {"STORAGE_CONNECTIONS": 0},
            "WAGTAIL_SOURCEGROUPS['STORAGE_CONNECTIONS'] is 0; it must be a whole number of at least 1.",
        ),
        (
            {"ORPHAN_GRACE": -1},
            "WAGTAIL_SOURCEGROUPS['ORPHAN_GRACE'] is -1; it must be a whole number of at least 0.",
        ),
        (
            {"TASK_BACKEND": None},
            "WAGTAIL_SOURCEGROUPS['TASK_BACKEND'] is None; it must be the alias of a backend in TASKS.",
        ),
        ({"TASK_QUEUE": 3}, "WAGTAIL_SOURCEGROUPS['TASK_QUEUE'] is 3; it must be the name of a queue."),
        ({"EXACT": "no"}, "WAGTAIL_SOURCEGROUPS['EXACT'] is 'no'; it must be True or False."),
        ([], "WAGTAIL_SOURCEGROUPS is a list; it must be a dictionary."),
    ],
)
def test_settings(registry: Registry, settings: Any, configured: Any, message: str) -> None:
    settings.WAGTAIL_SOURCEGROUPS = configured
    assert found() == [("E001", message)]


def test_default_strategy(registry: Registry, settings: Any) -> None:
    settings.WAGTAIL_SOURCEGROUPS = {"DEFAULT_STRATEGY": "wagtail_sourcegroups.strategies.Optimist"}
    ((id_, message),) = found()
    assert id_ == "E002"
    assert message.startswith("The strategy 'wagtail_sourcegroups.strategies.Optimist' cannot be imported")


DUMMY = {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}


@pytest.mark.parametrize(
    ("tasks", "configured", "message"),
    [
        (
            {"default": DUMMY, "pixels": DUMMY},
            {"TASK_BACKEND": "pixel"},
            "WAGTAIL_SOURCEGROUPS['TASK_BACKEND'] is 'pixel', which TASKS does not have; it has 'default', 'pixels'.",
        ),
        (
            {"default": DUMMY},
            {"TASK_QUEUE": "images"},
            "WAGTAIL_SOURCEGROUPS['TASK_QUEUE'] is 'images', which the task backend 'default' does not have; "
            "its QUEUES are 'default'.",
        ),
        (
            {"default": DUMMY, "pixels": {**DUMMY, "QUEUES": ["small", "large"]}},
            {"TASK_BACKEND": "pixels"},
            "The task backend 'pixels' has the queues 'large', 'small' and none called 'default', so "
            "WAGTAIL_SOURCEGROUPS['TASK_QUEUE'] has to name one.",
        ),
        (
            {"default": DUMMY, "pixels": {"BACKEND": "no.such.Backend"}},
            {"TASK_BACKEND": "pixels"},
            "The task backend 'pixels' of TASKS cannot be set up: Could not find backend 'no.such.Backend': "
            "No module named 'no'",
        ),
    ],
)
def test_where_tasks_go(registry: Registry, settings: Any, tasks: Any, configured: Any, message: str) -> None:
    settings.TASKS = tasks
    settings.WAGTAIL_SOURCEGROUPS = configured
    assert found() == [("E006", message)]


@pytest.mark.parametrize(
    ("tasks", "configured"),
    [
        ({"default": DUMMY, "pixels": {**DUMMY, "QUEUES": ["images"]}}, {"TASK_BACKEND": "pixels"}),
        ({"default": {**DUMMY, "QUEUES": ["default", "images"]}}, {"TASK_QUEUE": "images"}),
        ({"default": {**DUMMY, "QUEUES": []}}, {"TASK_QUEUE": "any"}),
    ],
)
def test_places_that_tasks_may_go_to(registry: Registry, settings: Any, tasks: Any, configured: Any) -> None:
    settings.TASKS = tasks
    settings.WAGTAIL_SOURCEGROUPS = configured
    assert found() == []


def test_filters_and_the_place_of_their_registration(registry: Registry) -> None:
    register.spec("a", "widht-100")
    (message,) = checks.run_checks(tags=["sourcegroups"])
    assert message.id == "wagtail_sourcegroups.E004"
    assert message.hint.startswith(f"Registered at {__file__}:")
    assert message.is_serious()


def test_group_of_an_unknown_spec(registry: Registry) -> None:
    register.source_group("nobody", CollectionSourceGroup("Press"))
    assert [id_ for id_, _ in found()] == ["E004"]


def test_group_of_a_field_that_is_not_there(registry: Registry) -> None:
    register.spec("a", "width-100")
    register.source_group("a", ImageFieldSourceGroup("testapp.Person", "face"))
    (message,) = checks.run_checks(tags=["sourcegroups"])
    assert message.id == "wagtail_sourcegroups.E005"
    assert "'face'" in message.msg
    assert message.hint.startswith(f"Registered at {__file__}:")


@pytest.mark.django_db
def test_collection_that_is_not_there(registry: Registry) -> None:
    register.spec("a", "width-100")
    register.source_group("a", CollectionSourceGroup("Nowhere"))
    ((id_, message),) = found(databases=["default"])
    assert id_ == "W001"
    assert "'Nowhere'" in message


def test_a_cache_for_each_process_is_said_where_somebody_deploys(registry: Registry) -> None:
    assert found() == []
    assert [id_ for id_, _ in found(include_deployment_checks=True)] == ["W002"]


def test_stops_the_commands(registry: Registry) -> None:
    register.spec("a", "widht-100")
    with pytest.raises(CommandError, match="Unrecognised operation: widht"):
        call_command("check")


@pytest.mark.once
@pytest.mark.parametrize("command", ["check", "migrate", "runserver"])
def test_stops_in_a_process_of_its_own(command: str, tmp_path: Any) -> None:
    arguments = ["--noreload", "0"] if command == "runserver" else []
    code = (
        "import sys\n"
        "from wagtail_sourcegroups import register\n"
        "register.spec('bad', 'widht-100')\n"
        "from django.core.management import execute_from_command_line\n"
        f"execute_from_command_line(['manage.py', {command!r}, *{arguments!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (
        "Spec 'bad' has the filter spec 'widht-100', which Wagtail cannot read" in done.stderr + done.stdout
    )
    assert "Registered at <string>:3." in done.stderr + done.stdout
    if command != "runserver":
        assert done.returncode == 1
