"""One flush for each transaction, of what lasted in it."""

from __future__ import annotations

import logging

import pytest
from django.db import transaction
from django.test import TestCase

from sandbox.gallery.models import CustomImage
from wagtail_sourcegroups import tasks
from wagtail_sourcegroups.generation import collect
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, ImageModelSourceGroup
from wagtail_sourcegroups.strategies import Optimistic

from .conftest import create_image

pytestmark = pytest.mark.django_db(transaction=True)

ALL = "images:gallery.customimage"


class Oops(Exception):
    """What a savepoint fails with."""


@pytest.fixture
def asked(monkeypatch):
    """Each piece of work that was handed on: the titles of its images."""
    handed_on = []
    monkeypatch.setattr(
        collect, "_enqueue", lambda requests: handed_on.append([r.source.image.title for r in requests])
    )
    return handed_on


def test_the_first_image_of_a_transaction_is_lost_with_its_savepoint_and_no_other_is(bind, told):
    bind(ImageModelSourceGroup())
    with transaction.atomic():
        with pytest.raises(Oops), transaction.atomic():
            create_image("lost")
            raise Oops
        create_image("kept")
    assert told == [("created", ALL, "kept")]


def test_the_last_image_of_a_transaction_is_lost_with_its_savepoint_and_no_other_is(bind, told):
    bind(ImageModelSourceGroup())
    with transaction.atomic():
        create_image("first")
        with pytest.raises(Oops), transaction.atomic():
            create_image("lost")
            with transaction.atomic():
                create_image("lost deeper")
            raise Oops
    assert told == [("created", ALL, "first")]


def test_an_image_between_lost_savepoints_is_kept(bind, told):
    bind(ImageModelSourceGroup())
    with transaction.atomic():
        with pytest.raises(Oops), transaction.atomic():
            create_image("lost")
            raise Oops
        with transaction.atomic():
            create_image("kept")
        with pytest.raises(Oops), transaction.atomic():
            create_image("lost too")
            raise Oops
    assert told == [("created", ALL, "kept")]


def test_a_rolled_back_save_of_an_image_that_was_there_says_nothing(bind, told, press, archive):
    bind(CollectionSourceGroup("Press"), CollectionSourceGroup("Archive"))
    image = create_image("a", press)
    told.take()
    with transaction.atomic():
        with pytest.raises(Oops), transaction.atomic():
            image.collection = archive
            image.save()
            raise Oops
        image.collection = press
        image.title = "b"
        image.save()
    assert told == []


def test_a_rolled_back_transaction_says_nothing(bind, told):
    bind(ImageModelSourceGroup())
    with pytest.raises(Oops), transaction.atomic():
        create_image("lost")
        raise Oops
    create_image("next")
    assert told == [("created", ALL, "next")]


def test_one_piece_of_work_for_all_images_of_a_transaction(bind, asked):
    bind(ImageModelSourceGroup(), strategy=Optimistic())
    with transaction.atomic():
        create_image("a")
        with transaction.atomic():
            create_image("b")
        create_image("c")
    assert asked == [["a", "b", "c"]]


def test_several_saves_of_one_image_are_told_once(bind, told, press):
    bind(ImageModelSourceGroup(), CollectionSourceGroup("Press"))
    with transaction.atomic():
        image = create_image("a")
        image.collection = press
        image.save()
        image.title = "b"
        image.save()
    assert told == [("created", ALL, "b"), ("created", "collection:Press", "b")]


def test_what_changes_and_changes_back_says_nothing(bind, told, press, archive):
    bind(CollectionSourceGroup("Press"), CollectionSourceGroup("Archive"))
    image = create_image("a", press)
    told.take()
    with transaction.atomic():
        image.collection = archive
        image.save()
        image.collection = press
        image.save()
    assert told == []


def test_images_saved_by_another_commit_callback_are_told_too(bind, told):
    bind(ImageModelSourceGroup())
    with transaction.atomic():
        transaction.on_commit(lambda: create_image("by a callback"))
        create_image("a")
    assert sorted(told) == [("created", ALL, "a"), ("created", ALL, "by a callback")]


def test_images_saved_by_a_strategy_are_told_afterwards(bind, told):
    def on_source_created(rendition_set):
        if rendition_set.source.image.title == "a":
            create_image("by a strategy")

    bind(ImageModelSourceGroup(), strategy={"on_source_created": on_source_created})
    create_image("a")
    assert told == [("created", ALL, "a"), ("created", ALL, "by a strategy")]


def test_a_strategy_that_never_comes_to_an_end_is_stopped(bind, told, caplog):
    def on_source_created(rendition_set):
        create_image("and another")

    bind(ImageModelSourceGroup(), strategy={"on_source_created": on_source_created})
    create_image("a")
    assert len(told) == 20
    assert [r.message for r in caplog.records if r.levelno == logging.ERROR] == [
        "Telling what changed kept changing images; after 20 rounds the rest is left to the next run."
    ]


def test_nothing_is_enqueued_before_the_commit(bind, registry, monkeypatch):
    """Also by who asks himself."""
    spec = bind(ImageModelSourceGroup())
    enqueued = []
    monkeypatch.setattr(tasks, "_enqueue", enqueued.append)
    image = create_image("a")
    from wagtail_sourcegroups.generation.renditionset import RenditionSet

    with transaction.atomic():
        RenditionSet(spec, image.file).enqueue()
        assert enqueued == []
    assert [[request.source.image for request in requests] for requests in enqueued] == [[image]]


@pytest.mark.django_db(transaction=False)
def test_commit_callbacks_that_a_test_case_runs_tell_once(bind, told):
    bind(ImageModelSourceGroup())
    with TestCase.captureOnCommitCallbacks(execute=True):
        create_image("a")
        with transaction.atomic():
            create_image("b")
        assert told == []
    assert told == [("created", ALL, "a"), ("created", ALL, "b")]
    assert CustomImage.objects.count() == 2
