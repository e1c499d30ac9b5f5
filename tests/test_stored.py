"""What admins store, and the registry of every process: who sees it when, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import checks
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from wagtail.models import Collection

from tests.images import rows
from wagtail_sourcegroups import RenditionSpec, stored, tasks
from wagtail_sourcegroups import registry as registry_module
from wagtail_sourcegroups.models import Assignment, StoredSpec, StoredVersion
from wagtail_sourcegroups.registry import RECENT, Binding, Registry, get_registry
from wagtail_sourcegroups.runs.question import Question
from wagtail_sourcegroups.runs.starting import start
from wagtail_sourcegroups.runs.working import drive
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, ImageModelSourceGroup

pytestmark = pytest.mark.django_db(transaction=True)

MANUAL = StoredSpec.When.MANUAL


@pytest.fixture
def registry() -> Iterator[Registry]:
    """Of a process in which code has registered nothing."""
    with get_registry().override(empty=True) as registry:
        registry.notice(None)
        yield registry
        registry.notice(None)


@pytest.fixture
def other_process(registry: Registry) -> Registry:
    """The registry of another process of the same site, which has looked at what was stored before."""
    return Registry(registry._registrations.copy()).refresh()


@pytest.fixture
def press(db: None) -> Collection:
    return Collection.get_first_root_node().add_child(name="Press")


@pytest.fixture
def define() -> Callable[..., StoredSpec]:
    def define(spec_id: str = "stored", filters: str = "width-20", **fields: Any) -> StoredSpec:
        return StoredSpec.objects.create(spec_id=spec_id, label=spec_id.title(), filters=filters, **fields)

    return define


def assign(place: Collection | str, spec_id: str = "stored") -> Assignment:
    if isinstance(place, str):
        return Assignment.objects.create(spec_id=spec_id, image_model=place)
    return Assignment.objects.create(spec_id=spec_id, collection=place)


# Other processes ---------------------------------------------------------------------------------------------------


def test_another_process_knows_when_it_starts_something(
    other_process: Registry, define: Any, press: Collection
) -> None:
    define()
    assign(press)
    assert other_process.specs == {}
    assert list(other_process.refresh().specs) == ["stored"]
    (binding,) = other_process.bindings
    assert binding.group == CollectionSourceGroup(press.pk)
    assert other_process.is_stored("stored") and other_process.is_stored(binding)


def test_looking_costs_one_query_and_two_more_if_there_is_something_new(
    other_process: Registry, define: Any, press: Collection
) -> None:
    define()
    assign(press)
    with CaptureQueriesContext(connection) as queries:
        other_process.refresh()
    assert len(queries) == 3
    with CaptureQueriesContext(connection) as queries:
        other_process.refresh()
    assert len(queries) == 1


def test_whoever_shows_things_sees_it_within_five_seconds_and_pays_no_query_before(
    other_process: Registry, define: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(registry_module.time, "monotonic", lambda: now)
    other_process.refresh()
    define()
    with CaptureQueriesContext(connection) as queries:
        for _tag in range(100):
            assert other_process.recent().specs == {}
    assert len(queries) == 0
    now += RECENT + 0.01
    assert RECENT <= 5
    assert list(other_process.recent().specs) == ["stored"]


@pytest.mark.parametrize("everywhere", [False, True])
def test_an_upload_after_it_gets_its_renditions_where_nothing_was_registered(
    registry: Registry, define: Any, press: Collection, make_image: Any, everywhere: bool
) -> None:
    assert registry.groups == ()
    before = make_image(collection=press)
    define()
    assign("gallery.customimage" if everywhere else press)
    assert registry.groups == (), "nobody has told this process"
    assert set(rows(make_image(collection=press))) == {"width-20"}
    assert rows(before) == {}


def test_an_upload_after_it_gets_its_renditions_beside_those_of_code(
    registry: Registry, define: Any, press: Collection, make_image: Any
) -> None:
    registry.add_spec(RenditionSpec("code", "width-10"))
    registry.add_group("code", ImageModelSourceGroup())
    make_image(collection=press)
    define()
    assign(press)
    assert set(rows(make_image(collection=press))) == {"width-10", "width-20"}


def test_only_images_in_the_collection_and_below_it_get_them(
    registry: Registry, define: Any, press: Collection, make_image: Any
) -> None:
    below = press.add_child(name="2026")
    beside = Collection.get_first_root_node().add_child(name="Pressure")
    define()
    assign(press)
    got = [set(rows(make_image(collection=each))) for each in (press, below, beside)]
    assert got == [{"width-20"}, {"width-20"}, set()]


def test_a_run_after_it_makes_them(
    registry: Registry, define: Any, press: Collection, make_image: Any
) -> None:
    image = make_image(collection=press)
    define(strategy=MANUAL)
    assign(press)
    run = start(Question(("stored",)))
    registry.notice(None)
    while drive(run.pk, seconds=10):
        pass
    assert set(rows(image)) == {"width-20"}


def test_a_worker_that_was_started_before_makes_them(
    registry: Registry, define: Any, press: Collection, make_image: Any
) -> None:
    image = make_image(collection=press)
    define()
    assign(press)
    assert registry.specs == {}
    tasks.generate_task.call([["gallery.customimage", ["stored"], False, [str(image.pk)]]], [])
    assert set(rows(image)) == {"width-20"}


def test_another_definition_counts_from_then_on(
    registry: Registry, define: Any, press: Collection, make_image: Any
) -> None:
    spec = define()
    assign(press)
    make_image(collection=press)
    spec.filters = "width-30"
    spec.save()
    assert set(rows(make_image(collection=press))) == {"width-30"}


def test_an_assignment_that_is_taken_back_leaves_renditions_where_they_are(
    registry: Registry, define: Any, press: Collection, make_image: Any
) -> None:
    define()
    assignment = assign(press)
    before = make_image(collection=press)
    assignment.delete()
    after = make_image(collection=press)
    assert set(rows(before)) == {"width-20"}
    assert before.renditions.get().file.storage.exists(before.renditions.get().file.name)
    assert rows(after) == {}


def test_an_assignment_that_is_rolled_back_was_never_there(
    registry: Registry, define: Any, press: Collection, make_image: Any
) -> None:
    define()
    with transaction.atomic():
        assign(press)
        assert registry.refresh().bindings
        transaction.set_rollback(True)
    assert rows(make_image(collection=press)) == {}


def test_a_collection_that_is_deleted_takes_its_assignments_along_and_every_process_is_told(
    other_process: Registry, define: Any, press: Collection
) -> None:
    define()
    assign(press)
    assert other_process.refresh().bindings
    press.delete()
    assert not Assignment.objects.exists()
    assert other_process.refresh().bindings == ()


# What cannot be ------------------------------------------------------------------------------------------------------


def test_tables_that_are_not_migrated_count_as_none(
    registry: Registry, define: Any, make_image: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    define()
    monkeypatch.setattr(stored, "_migrated", set())
    monkeypatch.setattr(
        connection.introspection, "table_names", lambda *args, **kwargs: ["wagtailimages_image"]
    )
    assert registry.refresh().specs == {}
    make_image()
    monkeypatch.undo()
    assert list(registry.refresh().specs) == ["stored"], "it is asked until they are there"


def test_an_id_that_code_has_taken_means_what_code_says_and_a_check_names_both(
    registry: Registry, define: Any, press: Collection
) -> None:
    define("code", "width-99")
    assign(press, "code")
    registry.add_spec(RenditionSpec("code", "width-10"), "site/specs.py:3")
    assert registry.refresh().spec("code").filters == ("width-10",)
    assert not registry.is_stored("code")
    assert [binding.spec.filters for binding in registry.bindings] == [("width-10",)]
    (message,) = checks.run_checks(tags=["sourcegroups"], databases=[])
    assert message.id == "wagtail_sourcegroups.E004"
    assert "defined in the admin and in code, at site/specs.py:3" in message.msg


def test_a_stored_spec_that_cannot_be_one_costs_no_other(registry: Registry, define: Any) -> None:
    define("good")
    define("bad", "width-{1")
    assert list(registry.refresh().specs) == ["good"]
    assert ["'width-{1'" in problem.message for problem in registry.problems] == [True]


def test_an_assignment_of_a_spec_that_code_does_not_register_any_more_waits_for_it(
    registry: Registry, press: Collection
) -> None:
    assign(press, "code")
    assert registry.refresh().bindings == ()
    assert registry.problems == ()
    registry.add_spec(RenditionSpec("code", "width-10"))
    assert [binding.spec.id for binding in registry.bindings] == ["code"]


def test_what_code_binds_is_told_from_what_an_admin_has_assigned(
    registry: Registry, define: Any, press: Collection
) -> None:
    group = CollectionSourceGroup(press.pk)
    registry.add_spec(RenditionSpec("code", "width-10"))
    registry.add_group("code", group, "site/specs.py:4")
    define()
    assign(press)
    assign(press, "code")
    registry.refresh()
    in_code, in_admin = Binding(registry.spec("code"), group), Binding(registry.spec("stored"), group)
    assert registry.location(in_code) == "site/specs.py:4"
    assert registry.is_stored(in_admin) and not registry.is_stored(in_code)


def test_bulk_writes_tell_themselves(other_process: Registry, define: Any, press: Collection) -> None:
    define()
    other_process.refresh()
    Assignment.objects.bulk_create([Assignment(spec_id="stored", collection=press)])
    assert other_process.refresh().bindings == ()
    StoredVersion.change()
    assert other_process.refresh().bindings
