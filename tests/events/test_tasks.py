"""What is handed to the task backend, and what becomes of it."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import OperationalError, connection, transaction
from django_tasks.base import TaskResultStatus

from sandbox.gallery.models import CustomImage, CustomRendition
from sandbox.people.models import Profile
from tests.testapp.models import UUIDImage
from wagtail_sourcegroups import tasks
from wagtail_sourcegroups.events.facts import Question
from wagtail_sourcegroups.exceptions import SourceUnreadable
from wagtail_sourcegroups.generation.requests import Request
from wagtail_sourcegroups.generation.sources import source_of
from wagtail_sourcegroups.models import FileRendition, FileSource, GenerationFailure, SourceState
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    DirectorySourceGroup,
    ImageFieldSourceGroup,
    ImageModelSourceGroup,
)
from wagtail_sourcegroups.strategies import Manual, Optimistic

from .conftest import create_image, jpeg

pytestmark = pytest.mark.django_db(transaction=True)


class Queue:
    """A backend with a worker that works when told to. Wagtail's own tasks are not kept."""

    def __init__(self):
        self.waiting = []

    def enqueue(self, task, args, kwargs):
        if task.func.__module__ == tasks.__name__:
            self.waiting.append((task, json.loads(json.dumps([args, kwargs]))))

    def work(self, limit=100):
        """Run what waits, and what that enqueues; how many tasks there were."""
        done = 0
        while self.waiting:
            task, (args, kwargs) = self.waiting.pop(0)
            task.call(*args, **kwargs)
            done += 1
            assert done < limit
        return done

    @property
    def payloads(self):
        return [(task.name, args) for task, (args, _) in self.waiting]


@pytest.fixture
def queue(settings):
    """Tasks wait in it until it is told to work."""
    from django_tasks import task_backends

    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
    queue = Queue()
    backend = task_backends["default"]
    original = type(backend).enqueue
    type(backend).enqueue = lambda self, task, args, kwargs: queue.enqueue(task, args, kwargs)
    yield queue
    type(backend).enqueue = original


def specs_of(*specs):
    return tuple(specs)


# Making renditions -----------------------------------------------------------------------------------------


def test_one_task_of_ids_for_many_images_and_specs(bind, queue):
    one = bind(ImageModelSourceGroup(), strategy=Optimistic())
    two = bind(ImageModelSourceGroup(), strategy=Optimistic(), filters="width-10")
    with transaction.atomic():
        images = [create_image(title) for title in "abc"]
    assert queue.payloads == [
        (
            "generate_task",
            [
                [["gallery.customimage", [one.id, two.id], False, [str(image.pk) for image in images]]],
                [],
            ],
        )
    ]
    queue.work()
    assert CustomRendition.objects.count() == 6


def test_a_task_delivered_twice_does_nothing_the_second_time(bind, queue):
    bind(ImageModelSourceGroup(), strategy=Optimistic())
    create_image("a")
    task, (args, _) = queue.waiting[0]
    queue.work()
    before = list(CustomRendition.objects.values())
    task.call(*args)
    assert list(CustomRendition.objects.values()) == before


def test_images_that_are_gone_and_specs_that_are_unknown_are_left_out(bind, registry, queue, caplog):
    spec = bind(ImageModelSourceGroup(), strategy=Optimistic())
    gone = bind(ImageModelSourceGroup(), strategy=Optimistic(), filters="width-10")
    with transaction.atomic():
        kept, deleted = create_image("a"), create_image("b")
    deleted.delete()
    registry.remove_spec(gone.id)
    queue.work()
    assert [(r.image, r.filter_spec) for r in CustomRendition.objects.all()] == [(kept, "width-20")]
    assert spec.filters == ("width-20",)
    assert caplog.messages == []


def test_a_model_that_is_not_installed_is_left_out(bind, caplog):
    spec = bind(ImageModelSourceGroup())
    image = create_image("a")
    tasks.generate_task.func(
        [["gone.image", [spec.id], False, ["1"]], ["gallery.customimage", [spec.id], False, [str(image.pk)]]],
        [],
    )
    assert CustomRendition.objects.count() == 1
    assert caplog.messages == ["A task names the model gone.image, which is not installed."]


def test_keys_that_are_no_numbers(bind, queue):
    bind(ImageModelSourceGroup(UUIDImage), strategy=Optimistic())
    image = UUIDImage.objects.create(title="a", file=ContentFile(jpeg(), name="a.jpg"))
    queue.work()
    assert image.renditions.count() == 1
    state = SourceState.objects.get()
    assert state.object_id == str(image.pk)


def test_what_is_to_be_made_again_is_made_again(bind, queue):
    spec = bind(ImageModelSourceGroup())
    image = create_image("a")
    first = image.get_rendition("width-20").file.name
    tasks.enqueue([Request(source_of(image.file), specs_of(spec), force=True)])
    queue.work()
    assert CustomRendition.objects.get().file.name != first


def test_a_file_of_a_field_goes_by_its_ids(bind, queue):
    spec = bind(ImageFieldSourceGroup(Profile, "avatar"), strategy=Optimistic())
    profile = Profile.objects.create(name="a", avatar=ContentFile(jpeg(), name="a.jpg"))
    assert queue.payloads == [
        (
            "generate_task",
            [[], [[["field", "people.profile", str(profile.pk), "avatar"], [spec.id], False]]],
        )
    ]
    queue.work()
    assert FileRendition.objects.get().version == profile.avatar.name


def test_a_file_of_a_field_that_is_gone_is_left_out(bind, queue, caplog):
    bind(ImageFieldSourceGroup(Profile, "avatar"), strategy=Optimistic())
    profile = Profile.objects.create(name="a", avatar=ContentFile(jpeg(), name="a.jpg"))
    Profile.objects.filter(pk=profile.pk).update(avatar="")
    queue.work()
    assert not FileRendition.objects.exists()
    assert caplog.messages == []


def test_a_file_of_a_directory_goes_by_the_id_of_its_row(bind, queue, tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg())
    group = DirectorySourceGroup(tmp_path)
    spec = bind(group, strategy=Optimistic())
    for file in group.files():
        group.send_created(file)
    row = FileSource.objects.get()
    assert queue.payloads == [("generate_task", [[], [[["source", str(row.pk)], [spec.id], False]]])]
    queue.work()
    assert FileRendition.objects.get().source == row


def test_a_file_that_is_not_on_the_worker_s_machine_is_left_to_the_next_run(bind, queue, tmp_path, caplog):
    (tmp_path / "a.jpg").write_bytes(jpeg())
    group = DirectorySourceGroup(tmp_path)
    bind(group, strategy=Optimistic())
    for file in group.files():
        group.send_created(file)
    (tmp_path / "a.jpg").unlink()
    queue.work()
    assert caplog.messages == [
        "A plain source (a.jpg) cannot be read here; the next run where it can be makes its renditions."
    ]
    assert not GenerationFailure.objects.exists()


def test_a_file_that_goes_while_its_task_looks_for_it_costs_no_other(bind, queue, tmp_path, monkeypatch):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(jpeg())
    group = DirectorySourceGroup(tmp_path)
    bind(group, strategy=Optimistic())
    for file in group.files():
        group.send_created(file)
    isfile = os.path.isfile

    def seen_for_the_last_time(path):
        found = isfile(path)
        if found and os.path.basename(path) == "a.jpg":
            os.remove(path)
        return found

    monkeypatch.setattr(os.path, "isfile", seen_for_the_last_time)
    queue.work()
    assert FileRendition.objects.get().source.name == "b.jpg"
    assert not GenerationFailure.objects.exists()


def test_a_file_that_becomes_a_link_after_its_task_has_found_it_is_not_followed(bind, queue, tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "private.jpg").write_bytes(jpeg())
    (inside / "a.jpg").write_bytes(jpeg())
    group = DirectorySourceGroup(inside)
    bind(group, strategy=Optimistic())
    for file in group.files():
        group.send_created(file)
    source = tasks._source(["source", str(FileSource.objects.get().pk)])
    with source.open():
        pass
    (inside / "a.jpg").unlink()
    (inside / "a.jpg").symlink_to(tmp_path / "private.jpg")
    with pytest.raises(SourceUnreadable), source.open():
        pass


def test_a_path_outside_a_group_s_directory_is_nobody_s(bind, tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "a.jpg").write_bytes(jpeg())
    group = DirectorySourceGroup(inside)
    bind(group)
    assert tasks.path_of(f"group:{group.key}:b.jpg") == str(inside / "b.jpg")
    assert tasks.path_of(f"group:{group.key}:../a.jpg") is None
    (inside / "link.jpg").symlink_to(tmp_path / "a.jpg")
    assert tasks.path_of(f"group:{group.key}:link.jpg") is None
    assert tasks.path_of("group:unknown:a.jpg") is None
    assert tasks.path_of("content:abc") is None


def test_a_file_that_only_this_process_can_read_is_made_here(bind, queue):
    spec = bind()
    source = source_of(ContentFile(jpeg(), name="a.jpg"))
    tasks.enqueue([Request(source, specs_of(spec))])
    assert queue.payloads == []
    assert FileRendition.objects.count() == 1


def test_a_task_that_fails_does_not_raise(bind, monkeypatch, caplog):
    def broken(*args: Any, **kwargs: Any) -> None:
        raise OSError("no disk")

    spec = bind(ImageModelSourceGroup())
    image = create_image("a")
    monkeypatch.setattr("wagtail_sourcegroups.generation.batches.make", broken)
    result = tasks.generate_task.enqueue([["gallery.customimage", [spec.id], False, [str(image.pk)]]], [])
    assert result.status == TaskResultStatus.SUCCESSFUL
    assert caplog.messages == ["A task that makes renditions failed."]
    assert GenerationFailure.objects.get().error == "OSError: no disk"


def test_nothing_to_do_is_no_task(queue):
    tasks.enqueue([])
    assert queue.payloads == []


# Questions -------------------------------------------------------------------------------------------------


@pytest.fixture
def small_batches(settings):
    settings.WAGTAIL_SOURCEGROUPS = {"BATCH_SIZE": 2}


def test_a_question_is_one_task_that_is_answered_batch_by_batch(bind, told, queue, press, small_batches):
    bind(CollectionSourceGroup("Press"), strategy=Manual())
    images = [create_image(title) for title in "abcde"]
    told.take()
    CustomImage.objects.update(collection=press)
    question = Question("gallery.customimage", collection=str(press.pk))
    tasks.ask(question)
    assert queue.payloads == [("sweep_task", [asdict(question)])]
    queue.waiting[0][0].call(*queue.waiting.pop(0)[1][0])
    assert [title for _, _, title in told.take()] == ["a", "b"]
    assert queue.payloads == [("sweep_task", [{**asdict(question), "after": str(images[1].pk)}])]
    assert queue.work() == 2
    assert told == [("created", "collection:Press", title) for title in "cde"]


def test_a_question_about_everything(bind, told, queue, press, small_batches):
    bind(CollectionSourceGroup("Press"), strategy=Manual())
    for title in "abc":
        create_image(title, press)
    told.take()
    CustomImage.objects.update(collection=press.get_parent())
    tasks.ask(Question("gallery.customimage"))
    queue.work()
    assert told == [("deleted", "collection:Press", title) for title in "abc"]


def test_an_answer_enqueues_what_strategies_ask_for(bind, queue, press, small_batches):
    bind(CollectionSourceGroup("Press"), strategy=Optimistic())
    for title in "abc":
        create_image(title)
    CustomImage.objects.update(collection=press)
    tasks.ask(Question("gallery.customimage"))
    assert queue.work() == 4
    assert CustomRendition.objects.count() == 3


def test_a_question_about_a_collection_that_is_gone(bind, told, queue):
    bind(ImageModelSourceGroup())
    tasks.ask(Question("gallery.customimage", collection="123456"))
    assert queue.work() == 1
    assert told == []


def test_without_a_worker_a_question_is_left_to_the_next_run(bind, told, press, caplog):
    bind(CollectionSourceGroup("Press"))
    create_image("a")
    CustomImage.objects.update(collection=press)
    caplog.set_level(logging.WARNING, "wagtail_sourcegroups")
    tasks.ask(Question("gallery.customimage", collection=str(press.pk)))
    assert told == []
    assert caplog.messages == [
        f"More than BATCH_SIZE images may have changed groups (the images of collection #{press.pk}), and no worker "
        "is there to look at them: the next run of generateimages does."
    ]


def test_an_answer_that_fails_does_not_raise(bind, caplog):
    tasks.sweep_task.func({"model": "gallery.customimage", "no": "such thing"})
    assert len(caplog.messages) == 1
    assert GenerationFailure.objects.get().source_name == "a task that looks at images"


@pytest.mark.requires_postgres
@pytest.mark.parametrize("task", ["generate", "sweep"])
def test_a_task_that_loses_its_connection_does_not_raise_and_leaves_another(bind, monkeypatch, task):
    """Its worker says over the same connection what has become of it."""

    def cut_off(*args: Any, **kwargs: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    spec = bind(ImageModelSourceGroup())
    image = create_image("a")
    monkeypatch.setattr("wagtail_sourcegroups.generation.batches.make", cut_off)
    monkeypatch.setattr("wagtail_sourcegroups.tasks.tell_again", cut_off)
    if task == "generate":
        tasks.generate_task.func([["gallery.customimage", [spec.id], False, [str(image.pk)]]], [])
    else:
        tasks.sweep_task.func(asdict(Question(model="gallery.customimage")))
    failure = GenerationFailure.objects.get()
    assert failure.source_key == f"task:{task}"
    assert "OperationalError" in failure.error


@pytest.mark.parametrize("task", ["generate", "sweep"])
def test_a_task_that_cannot_say_that_it_failed_does_not_raise(bind, monkeypatch, caplog, task):
    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("no database")

    monkeypatch.setattr("wagtail_sourcegroups.generation.failures.upsert", away)
    if task == "generate":
        tasks.generate_task.func([["gallery.customimage", "no", "list"]], [])
    else:
        tasks.sweep_task.func({"no": "such thing"})
    assert caplog.messages[-1] == "Failures cannot be recorded."
    assert not GenerationFailure.objects.exists()
