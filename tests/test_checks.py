from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.core import checks
from django.core.management import CommandError, call_command
from PIL import Image
from wagtail.models import Collection

from wagtail_sourcegroups import conf, register
from wagtail_sourcegroups.checks import check_templates
from wagtail_sourcegroups.checks.uploads import pixels_of
from wagtail_sourcegroups.models import Assignment
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.rendering.encoders import can_write
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    ImageFieldSourceGroup,
    ImageModelSourceGroup,
    ReferenceSourceGroup,
)
from wagtail_sourcegroups.strategies import Eager, JustInTime, Manual


@pytest.fixture
def registry() -> Iterator[Registry]:
    with get_registry().override(empty=True) as registry:
        yield registry


def said(databases: Sequence[str] = (), **kwargs: Any) -> list[checks.CheckMessage]:
    """What our checks say. Where nothing is said of databases, Django 6.1 gives them all there are."""
    return checks.run_checks(tags=["sourcegroups"], databases=databases, **kwargs)


def found(**kwargs: Any) -> list[tuple[str, str]]:
    return [(message.id.removeprefix("wagtail_sourcegroups."), message.msg) for message in said(**kwargs)]


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
        ({"ADMIN_SPEC": 1}, "WAGTAIL_SOURCEGROUPS['ADMIN_SPEC'] is 1; it must be True or False."),
        (
            {"CHECK_TEMPLATES": None},
            "WAGTAIL_SOURCEGROUPS['CHECK_TEMPLATES'] is None; it must be True or False.",
        ),
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
    (message,) = said()
    assert message.id == "wagtail_sourcegroups.E004"
    assert message.hint.startswith(f"Registered at {__file__}:")
    assert message.is_serious()


def test_group_of_an_unknown_spec(registry: Registry) -> None:
    register.source_group("nobody", CollectionSourceGroup("Press"))
    assert [id_ for id_, _ in found()] == ["E004"]


def test_group_of_a_field_that_is_not_there(registry: Registry) -> None:
    register.spec("a", "width-100")
    register.source_group("a", ImageFieldSourceGroup("testapp.Person", "face"))
    (message,) = said()
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


# Formats ----------------------------------------------------------------------------------------------------


@pytest.fixture
def no_avif(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    Image.init()
    monkeypatch.delitem(Image.SAVE, "AVIF")
    can_write.cache_clear()
    yield
    can_write.cache_clear()


def test_format_without_an_encoder(registry: Registry, no_avif: None) -> None:
    register.spec("a", "format-{avif,webp}|width-{1,2}|preserve-svg")
    register.spec("b", "width-1")
    (message,) = said()
    assert message.id == "wagtail_sourcegroups.W005"
    assert message.msg == "The spec 'a' asks for AVIF, which this server cannot write."
    assert "Install Pillow with AVIF" in message.hint
    assert f"Registered at {__file__}:" in message.hint
    assert not message.is_serious()


def test_format_with_an_encoder(registry: Registry) -> None:
    register.spec("a", "format-{avif,webp,jpeg}|width-1")
    assert found() == []


# Specs without a group --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_spec_that_no_group_uses(registry: Registry) -> None:
    register.spec("used", "width-1")
    register.source_group("used", ImageModelSourceGroup())
    register.spec("on:demand", "width-1", strategy=JustInTime())
    register.spec("forgotten", "width-1", strategy=Manual())
    message = next(
        message for message in said(databases=["default"]) if message.id == "wagtail_sourcegroups.W006"
    )
    assert message.msg == "No source group is bound to the spec 'forgotten', so nothing is made for it."
    assert f"Registered at {__file__}:" in message.hint
    assert [id_ for id_, _ in found(databases=["default"])] == ["W006"]


@pytest.mark.django_db
def test_spec_that_an_admin_has_assigned(registry: Registry) -> None:
    register.spec("assigned", "width-1")
    assert [id_ for id_, _ in found(databases=["default"])] == ["W006"]
    Assignment.objects.create(spec_id="assigned", collection=Collection.get_first_root_node())
    assert found(databases=["default"]) == []


# Templates --------------------------------------------------------------------------------------------------


@pytest.fixture
def templates(settings: Any) -> dict[str, str]:
    """Templates by their names, in memory; the check reads them."""
    texts: dict[str, str] = {}
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [("django.template.loaders.locmem.Loader", texts)],
                "builtins": ["wagtail.images.templatetags.wagtailimages_tags"],
                "libraries": {"odd": "tests.findspecs.oddtags"},
            },
        }
    ]
    settings.WAGTAIL_SOURCEGROUPS = {"CHECK_TEMPLATES": True}
    register.spec("rich:text", ["width-800", "width-500"])
    return texts


def test_filter_spec_that_no_spec_covers(registry: Registry, templates: dict[str, str]) -> None:
    for number in range(5):
        templates[f"{number}.html"] = "\n{% image x width-1 %}"
    templates["covered.html"] = "{% image x width-2 %}"
    register.spec("a", "width-2")
    (message,) = check_templates()
    assert message.id == "wagtail_sourcegroups.W007"
    assert message.msg == (
        "No spec covers 'width-1', which is asked for at 0.html:2, 1.html:2, 2.html:2 and 2 more."
    )
    assert message.hint.startswith("manage.py findspecs --as-hook writes a spec that does. Specs that admins")


def test_filter_spec_that_a_spec_almost_covers(registry: Registry, templates: dict[str, str]) -> None:
    templates["a.html"] = "{% image x width-1 format-webp %}"
    register.spec("a", "format-webp|width-1")
    (message,) = check_templates()
    assert message.id == "wagtail_sourcegroups.W008"
    assert message.msg == (
        "'width-1|format-webp', which is asked for at a.html:1, is almost what the spec 'a' makes, and to Wagtail "
        "another rendition."
    )


def test_tag_with_an_unknown_spec(registry: Registry, templates: dict[str, str]) -> None:
    templates["a.html"] = "{% load odd %}{% generateimage 'blog:hreo' source=x %}"
    register.spec("blog:hero", "width-1")
    (message,) = check_templates()
    assert message.id == "wagtail_sourcegroups.W010"
    assert message.msg == (
        "The tag 'generateimage' at a.html:1 names the spec 'blog:hreo', which is not registered."
    )
    assert message.hint.startswith("Did you mean 'blog:hero'?")


def test_templates_are_read_by_sites_that_want_it(
    registry: Registry, templates: dict[str, str], settings: Any
) -> None:
    templates["a.html"] = "{% image x width-1 %}"
    assert [id_ for id_, _ in found()] == ["W007"]
    settings.WAGTAIL_SOURCEGROUPS = {}
    assert found() == []


def test_templates_are_checked_without_a_database(registry: Registry, templates: dict[str, str]) -> None:
    # No db fixture: a query would fail this test.
    templates["a.html"] = "{% image x width-1 %}"
    assert [message.id for message in check_templates(databases=["default"])] == ["wagtail_sourcegroups.W007"]


# What uploads cost ------------------------------------------------------------------------------------------

IMMEDIATE = {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}


@pytest.fixture
def no_worker(settings: Any) -> None:
    settings.TASKS = {"default": IMMEDIATE}


def test_uploads_that_wait_for_many_renditions(registry: Registry, no_worker: None) -> None:
    register.spec("many", "width-{10,20,30,40,50,60,70}|format-{webp,jpeg}")
    register.spec("other", "width-10|format-webp")
    register.source_group("many", ImageModelSourceGroup())
    register.source_group("other", CollectionSourceGroup("Press"))
    (message,) = said()
    assert message.id == "wagtail_sourcegroups.W009"
    assert message.msg == (
        "Whoever uploads an image waits until up to 14 renditions of it are made: no "
        "worker takes the tasks of the Optimistic specs 'many' and 'other', so they are run in the request."
    )
    assert "docs/background.md" in message.hint


def test_uploads_that_wait_for_large_renditions(registry: Registry, no_worker: None) -> None:
    register.spec("large", "width-{3000,4000}|format-{webp,jpeg}")
    register.source_group("large", ImageModelSourceGroup())
    ((id_, message),) = found()
    assert id_ == "W009"
    assert "up to 4 renditions of it are made, of about 33 megapixels together" in message
    assert "of the Optimistic spec 'large'," in message


@pytest.mark.parametrize(
    ("strategy", "group", "tasks"),
    [
        (Eager(), ImageModelSourceGroup(), IMMEDIATE),
        (Manual(), ImageModelSourceGroup(), IMMEDIATE),
        # Nothing refers to an image that is new.
        (None, ReferenceSourceGroup("testapp.Advert"), IMMEDIATE),
        (None, ImageModelSourceGroup("testapp.UUIDImage"), IMMEDIATE),
        (None, ImageModelSourceGroup(), DUMMY),
    ],
)
def test_uploads_that_do_not_wait(
    registry: Registry, settings: Any, strategy: Any, group: Any, tasks: Any
) -> None:
    settings.TASKS = {"default": tasks}
    register.spec("many", "width-{3000,4000,5000}|format-{avif,webp,jpeg}", strategy=strategy)
    register.source_group("many", group)
    assert found() == []


@pytest.mark.parametrize(
    ("filter_spec", "pixels"),
    [
        ("fill-200x100|format-webp", 20_000),
        ("max-200x100", 20_000),
        ("width-300", 60_000),
        ("height-200", 60_000),
        ("scale-50", 3_000_000),
        ("original", 12_000_000),
        ("format-webp", 12_000_000),
        ("width-9000", 12_000_000),
        ("widht-1", 0),
    ],
)
def test_pixels_of_a_rendition(filter_spec: str, pixels: int) -> None:
    assert pixels_of(filter_spec) == pixels
