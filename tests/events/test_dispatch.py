"""From signals to strategies: who is heard, what is merged, and whom a failure costs."""

from __future__ import annotations

import logging

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import transaction
from django_tasks.backends.immediate import ImmediateBackend

from sandbox.gallery.models import CustomImage, CustomRendition
from sandbox.people.models import Guest, Portrayed, Profile
from wagtail_sourcegroups.generation import batches, collect
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.models import FileRendition, FileSource, GenerationFailure
from wagtail_sourcegroups.signals import source_created, source_deleted
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    ImageFieldSourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
    TagSourceGroup,
)
from wagtail_sourcegroups.strategies import Eager, JustInTime, Optimistic

from .conftest import create_image, jpeg

pytestmark = pytest.mark.django_db(transaction=True)


class Recorder:
    """A strategy that only remembers: (callback, name of the source's image or file)."""

    def __init__(self):
        self.calls = []

    def __deepcopy__(self, memo):
        return self

    def _note(self, callback, rendition_set):
        source = rendition_set.source
        self.calls.append((callback, source.image.title if source.image else source.file.name))

    def on_source_created(self, rendition_set):
        self._note("created", rendition_set)

    def on_source_changed(self, rendition_set):
        self._note("changed", rendition_set)

    def on_source_deleted(self, rendition_set):
        self._note("deleted", rendition_set)


@pytest.fixture
def recorder():
    return Recorder()


def avatar(name="a.jpg", color="teal"):
    return ContentFile(jpeg(color=color), name=name)


# ImageKit's contract ---------------------------------------------------------------------------------------


def test_one_signal_when_an_object_is_created_with_an_image(bind, recorder):
    bind(ImageFieldSourceGroup(Profile, "avatar"), strategy=recorder)
    Profile.objects.create(name="a", avatar=avatar())
    assert recorder.calls == [("created", "avatars/a.jpg")]


def test_no_signal_when_an_object_is_created_without_one(bind, recorder):
    bind(ImageFieldSourceGroup(Profile, "avatar"), strategy=recorder)
    Profile.objects.create(name="a")
    assert recorder.calls == []


def test_a_group_of_an_abstract_model_reaches_its_children(bind, recorder):
    bind(ImageFieldSourceGroup(Portrayed, "portrait"), strategy=recorder)
    Guest.objects.create(name="a", portrait=avatar())
    assert recorder.calls == [("created", "portraits/a.jpg")]


class Heap:
    """A group as anybody may write one."""

    def __init__(self, *images):
        self.images = images

    def files(self):
        for image in self.images:
            yield image.file


def test_any_registered_object_may_send_the_signals_itself(bind, recorder):
    image = create_image("a")
    heap = Heap(image)
    bind(heap, strategy=recorder)
    source_created.send(sender=heap, source=image.file)
    assert recorder.calls == [("created", "a")]


def test_an_equal_object_is_the_same_sender(bind, recorder):
    image = create_image("a")
    bind(ImageModelSourceGroup(), strategy=recorder)
    ImageModelSourceGroup().send_changed(image.file)
    assert recorder.calls == [("changed", "a")]


def test_an_unregistered_sender_reaches_nothing(bind, recorder):
    image = create_image("a")
    bind(Heap(image), strategy=recorder)
    source_created.send(sender=Heap(), source=image.file)
    source_created.send(sender=CustomImage, source=image.file)
    source_created.send(sender=None, source=image.file)
    assert recorder.calls == []


def test_a_sender_that_was_unregistered_reaches_nothing(bind, recorder, registry):
    image = create_image("a")
    group = ImageModelSourceGroup()
    spec = bind(group, strategy=recorder)
    registry.remove_group(spec.id, group)
    group.send_created(image.file)
    image.title = "b"
    create_image("c")
    assert recorder.calls == []


def test_a_group_that_sends_nothing_calls_nobody(bind, recorder):
    image = create_image("a")
    bind(Heap(image), strategy=recorder)
    image.file = avatar()
    image.save()
    image.delete()
    assert recorder.calls == []


def test_what_is_asked_by_somebody_s_own_signal_waits_for_the_commit(bind):
    image = create_image("a")
    heap = Heap(image)
    bind(heap, strategy=Eager())
    with transaction.atomic():
        source_created.send(sender=heap, source=image.file)
        assert not CustomRendition.objects.exists()
    assert CustomRendition.objects.count() == 1


# Once for each image and spec ------------------------------------------------------------------------------


def test_an_image_in_two_groups_of_a_spec_is_told_once(bind, recorder, press):
    bind(ImageModelSourceGroup(), CollectionSourceGroup("Press"), strategy=recorder)
    create_image("a", press)
    assert recorder.calls == [("created", "a")]


def test_an_image_that_moves_between_two_groups_of_a_spec_has_not_gone(bind, recorder, press, archive):
    bind(CollectionSourceGroup("Press"), CollectionSourceGroup("Archive"), strategy=recorder)
    image = create_image("a", press)
    image.collection = archive
    image.save()
    assert recorder.calls == [("created", "a"), ("created", "a")]


def test_an_image_that_leaves_one_of_two_groups_of_a_spec_has_not_gone(bind, recorder, press, root):
    bind(CollectionSourceGroup("Press"), ImageModelSourceGroup(), strategy=recorder)
    image = create_image("a", press)
    image.collection = root
    image.save()
    assert recorder.calls == [("created", "a")]
    image.delete()
    assert recorder.calls == [("created", "a"), ("deleted", "a")]


def test_each_spec_is_told(bind, recorder):
    bind(ImageModelSourceGroup(), strategy=recorder)
    bind(ImageModelSourceGroup(), strategy=recorder)
    create_image("a")
    assert recorder.calls == [("created", "a"), ("created", "a")]


def test_what_is_asked_for_now_takes_along_what_is_asked_for_later(bind, monkeypatch):
    now = bind(ImageModelSourceGroup(), strategy=Eager())
    later = bind(ImageModelSourceGroup(), strategy=Optimistic())
    made, enqueued = [], []
    monkeypatch.setattr(batches, "make", lambda requests, options: made.extend(requests))
    monkeypatch.setattr(collect, "_enqueue", enqueued.extend)
    create_image("a")
    assert [request.specs for request in made] == [(now, later)]
    assert enqueued == []


def test_images_of_one_transaction_are_one_task(bind, monkeypatch):
    bind(ImageModelSourceGroup(), strategy=Optimistic())
    bind(ImageModelSourceGroup(), strategy=Optimistic(), filters="width-10")
    tasks = []
    enqueue = ImmediateBackend.enqueue

    def counting(self, task, args, kwargs):
        if task.name == "generate_task":
            tasks.append(task)
        return enqueue(self, task, args, kwargs)

    monkeypatch.setattr(ImmediateBackend, "enqueue", counting)
    with transaction.atomic():
        create_image("a")
        create_image("b")
    assert len(tasks) == 1
    assert CustomRendition.objects.count() == 4


# Failures --------------------------------------------------------------------------------------------------


def failures():
    return sorted(GenerationFailure.objects.values_list("source_key", "spec_id", "error"))


def test_a_strategy_that_raises_costs_nobody_else(bind, recorder, caplog):
    def broken(rendition_set):
        raise ValueError("no such luck")

    bad = bind(ImageModelSourceGroup(), strategy={"on_source_created": broken})
    bind(ImageModelSourceGroup(), strategy=recorder)
    bind(ImageModelSourceGroup(), strategy=Eager())
    image = create_image("a")
    assert recorder.calls == [("created", "a")]
    assert CustomRendition.objects.count() == 1
    assert failures() == [(f"gallery.customimage:{image.pk}", bad.id, "ValueError: no such luck")]
    assert f"on_source_created of the spec '{bad.id}' failed for a (#{image.pk})." in caplog.messages


def test_a_receiver_that_raises_costs_nobody_else(bind, recorder, caplog):
    def broken(sender, **kwargs):
        raise ValueError("no such luck")

    spec = bind(ImageModelSourceGroup(), strategy=recorder)
    source_created.connect(broken)
    try:
        image = create_image("a")
    finally:
        source_created.disconnect(broken)
    assert recorder.calls == [("created", "a")]
    assert failures() == [(f"gallery.customimage:{image.pk}", spec.id, "ValueError: no such luck")]


class Broken(QuerySetSourceGroup):
    key = "broken"

    def get_queryset(self):
        raise ValueError("no such luck")


class Wrong(QuerySetSourceGroup):
    """Its query is refused by the database alone."""

    key = "wrong"

    def get_queryset(self):
        return CustomImage.objects.extra(where=["no_such_column = 1"])


@pytest.mark.parametrize("group", [Broken(), Wrong()], ids=["python", "database"])
@pytest.mark.parametrize("in_transaction", [False, True])
def test_a_group_that_raises_costs_the_others_nothing(bind, recorder, group, in_transaction):
    bind(group, ImageModelSourceGroup(), strategy=recorder)
    if in_transaction:
        with transaction.atomic():
            image = create_image("a")
            image.save()
    else:
        image = create_image("a")
        image.save()
    assert recorder.calls == [("created", "a")]
    assert [source_key for source_key, _, _ in failures()] == [f"group:{group.key}"]


def test_a_group_that_cannot_be_asked_does_not_lose_its_images(bind, told, monkeypatch):
    bind(TagSourceGroup("press"))
    image = create_image("a")
    image.tags.add("press")
    told.take()

    def broken(self):
        raise ValueError("no such luck")

    with monkeypatch.context() as patched:
        patched.setattr(TagSourceGroup, "get_queryset", broken)
        patched.setattr(TagSourceGroup, "condition", QuerySetSourceGroup.condition)
        image.save()
    image.save()
    assert told == []


def test_a_task_backend_that_refuses_costs_nobody_his_save(bind, monkeypatch, caplog):
    spec = bind(ImageModelSourceGroup(), strategy=Optimistic())

    def refuse(self, task, args, kwargs):
        if task.name == "generate_task":
            raise ConnectionError("the broker is down")

    monkeypatch.setattr(ImmediateBackend, "enqueue", refuse)
    image = create_image("a")
    assert CustomImage.objects.count() == 1
    assert failures() == [
        (
            f"gallery.customimage:{image.pk}",
            spec.id,
            "Not enqueued: ConnectionError: the broker is down",
        )
    ]
    assert "The task backend refused to make renditions of 1 sources." in caplog.messages


def test_making_that_fails_altogether_costs_nobody_his_save(bind, monkeypatch, caplog):
    spec = bind(ImageModelSourceGroup(), strategy=Eager())

    def broken(requests, options):
        raise MemoryError

    monkeypatch.setattr(batches, "make", broken)
    image = create_image("a")
    assert failures() == [(f"gallery.customimage:{image.pk}", spec.id, "MemoryError")]


def test_a_corrupt_image_costs_nobody_his_save(bind):
    bind(ImageModelSourceGroup(), strategy=Eager())
    image = CustomImage(title="a", width=64, height=48)
    image.__dict__["file"] = image.file.storage.save("a.jpg", ContentFile(b"no picture"))
    image.save()
    assert GenerationFailure.objects.get().filter_spec == "width-20"


def test_tables_that_are_not_there_yet_are_no_failure(bind, recorder, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "wagtail_sourcegroups")
    bind(ImageModelSourceGroup(), strategy=recorder)
    monkeypatch.setattr("wagtail_sourcegroups.models.SourceState._meta.db_table", "not_there_yet")
    create_image("a").save()
    assert recorder.calls == []
    assert caplog.messages == []


# What is gone ----------------------------------------------------------------------------------------------


def test_renditions_of_a_plain_file_go_with_it(bind):
    bind(ImageFieldSourceGroup(Profile, "avatar"), strategy=Eager())
    profile = Profile.objects.create(name="a", avatar=avatar())
    rendition = FileRendition.objects.get()
    storage, name = rendition.file.storage, rendition.file.name
    assert storage.exists(name)
    profile.delete()
    assert not FileRendition.objects.exists()
    assert not FileSource.objects.exists()
    assert not storage.exists(name)


def test_renditions_of_an_image_that_leaves_a_group_stay(bind, press, root):
    bind(CollectionSourceGroup("Press"), strategy=Eager())
    image = create_image("a", press)
    image.collection = root
    image.save()
    assert CustomRendition.objects.count() == 1


def test_a_deleted_signal_of_a_stranger_deletes_nothing(bind):
    bind(ImageFieldSourceGroup(Profile, "avatar"), strategy=Eager())
    profile = Profile.objects.create(name="a", avatar=avatar())
    source_deleted.send(sender=object(), source=profile.avatar)
    assert FileRendition.objects.count() == 1


# When somebody looks ---------------------------------------------------------------------------------------


def test_just_in_time_makes_what_is_named(bind):
    spec = bind(ImageModelSourceGroup(), strategy=JustInTime())
    image = create_image("a")
    assert not CustomRendition.objects.exists()
    assert RenditionSet(spec, image.file).width == 20
    assert CustomRendition.objects.count() == 1


def test_just_in_time_makes_what_is_read(bind):
    spec = bind(ImageModelSourceGroup(), strategy=JustInTime())
    image = create_image("a")
    with RenditionSet(spec, image.file).open() as file:
        assert file.read(2) == b"\xff\xd8"


def test_a_strategy_that_raises_when_somebody_looks_costs_nobody_the_page(bind, caplog):
    def broken(rendition_set):
        raise ValueError("no such luck")

    spec = bind(ImageModelSourceGroup(), strategy={"on_existence_required": broken})
    image = create_image("a")
    assert RenditionSet(spec, image.file).url is None
    assert len(caplog.messages) == 1


def test_optimistic_asks_no_storage_to_show_what_is_there(bind, django_assert_max_num_queries, monkeypatch):
    spec = bind(ImageModelSourceGroup(), strategy=Optimistic())
    image = create_image("a")
    for name in ("_open", "_save", "exists", "size"):
        monkeypatch.setattr(FileSystemStorage, name, None)
    with django_assert_max_num_queries(1):
        assert RenditionSet(spec, image.file).url.endswith(".jpg")
