"""Collections moved, renamed and deleted, and images put into others."""

from __future__ import annotations

import logging

import pytest
from django.urls import resolve, reverse

from wagtail_sourcegroups.admin.collections.moves import CollectionMoves
from wagtail_sourcegroups.admin.extending import extend_view
from wagtail_sourcegroups.models import SourceState
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, ImageModelSourceGroup

from .conftest import create_image

pytestmark = pytest.mark.django_db(transaction=True)

PRESS = "collection:Press"
NO_WORKER = (
    "More than BATCH_SIZE images may have changed groups (the images of collection #{}), and no worker is there to "
    "look at them: the next run of generateimages does."
)


@pytest.fixture
def events(bind, told):
    bind(CollectionSourceGroup("Press"), CollectionSourceGroup("Archive"), ImageModelSourceGroup())


def move(admin, collection, parent, name=None):
    data = {"name": name or collection.name, "parent": parent.pk}
    return admin.post(reverse("wagtailadmin_collections:edit", args=[collection.pk]), data)


def test_a_collection_that_is_moved_in_the_admin_takes_its_images_along(events, told, admin, press, archive):
    child = press.add_child(name="2026")
    create_image("a", child)
    told.take()
    assert move(admin, child, archive).status_code == 302
    assert told == [("deleted", PRESS, "a"), ("created", "collection:Archive", "a")]


def test_the_images_of_a_moved_collection_that_nobody_has_looked_at(events, told, admin, press, archive):
    child = press.add_child(name="2026")
    create_image("a", child)
    told.take()
    SourceState.objects.all().delete()
    move(admin, child, archive)
    assert told == [("deleted", PRESS, "a"), ("created", "collection:Archive", "a")]


def test_a_collection_that_is_moved_and_renamed_in_one_go(events, told, admin, press, archive):
    child = press.add_child(name="2026")
    create_image("a", child)
    told.take()
    move(admin, child, archive, name="Press")
    assert told == [("deleted", PRESS, "a"), ("created", "collection:Archive", "a")]


def test_a_collection_that_is_saved_in_the_admin_without_a_move_says_nothing(
    events, told, admin, root, press
):
    create_image("a", press)
    told.take()
    assert move(admin, press, root).status_code == 302
    assert told == []


def test_a_collection_that_gets_the_name_of_a_group_brings_its_images(bind, told, root):
    bind(CollectionSourceGroup("Press"))
    other = root.add_child(name="Other")
    create_image("a", other)
    assert told == []
    other.name = "Press"
    other.save()
    assert told == [("created", PRESS, "a")]


def test_a_collection_that_loses_the_name_of_a_group_takes_its_images_away(bind, told, press):
    bind(CollectionSourceGroup("Press"))
    create_image("a", press)
    told.take()
    press.name = "Other"
    press.save()
    assert told == [("deleted", PRESS, "a")]


def test_a_group_that_knows_its_collection_by_id_does_not_mind_the_name(bind, told, press):
    bind(CollectionSourceGroup(press.pk))
    create_image("a", press)
    told.take()
    press.name = "Other"
    press.save()
    assert told == []


def test_a_deleted_collection_deletes_its_images(events, told, press):
    create_image("a", press)
    told.take()
    press.delete()
    assert sorted(told) == [("deleted", PRESS, "a"), ("deleted", "images:gallery.customimage", "a")]


def test_the_bulk_action_that_puts_images_into_a_collection(events, told, admin, press, archive):
    images = [create_image("a", press), create_image("b", press), create_image("c", archive)]
    told.take()
    add_to_collection(admin, images, archive)
    assert sorted(told) == [
        ("created", "collection:Archive", "a"),
        ("created", "collection:Archive", "b"),
        ("deleted", PRESS, "a"),
        ("deleted", PRESS, "b"),
    ]


def test_the_bulk_action_over_images_that_nobody_has_looked_at(events, told, admin, press, archive):
    images = [create_image("a", press)]
    told.take()
    SourceState.objects.all().delete()
    add_to_collection(admin, images, archive)
    assert sorted(told) == [("created", "collection:Archive", "a"), ("deleted", PRESS, "a")]


def test_the_bulk_action_over_more_images_than_a_batch_is_left_to_the_next_run(
    events, told, admin, press, archive, settings, caplog
):
    settings.WAGTAIL_SOURCEGROUPS = {"BATCH_SIZE": 2}
    images = [create_image(title, press) for title in "abc"]
    told.take()
    caplog.set_level(logging.WARNING, "wagtail_sourcegroups")
    add_to_collection(admin, images, archive)
    assert told == []
    assert caplog.messages == [NO_WORKER.format(archive.pk)]


def test_a_moved_collection_of_more_images_than_a_batch_is_left_to_the_next_run(
    events, told, admin, press, archive, settings, caplog
):
    settings.WAGTAIL_SOURCEGROUPS = {"BATCH_SIZE": 2}
    for title in "abc":
        create_image(title, press)
    told.take()
    caplog.set_level(logging.WARNING, "wagtail_sourcegroups")
    move(admin, press, archive)
    assert told == []
    assert caplog.messages == [NO_WORKER.format(press.pk)]


def test_a_move_in_code_is_noticed_at_the_next_save(events, told, press, archive):
    child = press.add_child(name="2026")
    image = create_image("a", child)
    told.take()
    child.move(archive, "sorted-child")
    assert told == []
    image.save()
    assert told == [("deleted", PRESS, "a"), ("created", "collection:Archive", "a")]


def test_a_missing_collection_is_empty_and_says_so_once(bind, told, caplog, root):
    bind(CollectionSourceGroup("Nowhere"), ImageModelSourceGroup())
    image = create_image("a")
    create_image("b")
    assert told == [
        ("created", "images:gallery.customimage", "a"),
        ("created", "images:gallery.customimage", "b"),
    ]
    sentence = (
        "There is no collection 'Nowhere'; a name is written as in the admin under Settings, Collections, "
        "a path from below the root collection down. The source group collection:Nowhere is empty until then."
    )
    assert caplog.messages == [sentence]
    nowhere = root.add_child(name="Nowhere")
    image.save()
    nowhere.delete()
    image.save()
    assert caplog.messages == [sentence, sentence]


def test_a_collection_that_is_ambiguous_is_empty_and_says_so_once(bind, told, caplog, press, archive):
    bind(CollectionSourceGroup("Press"))
    archive.add_child(name="Press")
    create_image("a", press)
    create_image("b", press)
    assert told == []
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("2 collections are called 'Press': ")


def test_the_view_that_edits_collections_is_extended_once(db):
    from wagtail.admin.urls import collections

    view = resolve(reverse("wagtailadmin_collections:edit", args=[1])).func.view_class
    assert view.__mro__.count(CollectionMoves) == 1
    before = [pattern.callback for pattern in collections.urlpatterns]
    extend_view(collections.urlpatterns, "edit", CollectionMoves)
    assert [pattern.callback for pattern in collections.urlpatterns] == before


def add_to_collection(admin, images, collection):
    url = reverse("wagtail_bulk_action", args=["gallery", "customimage", "add_to_collection"])
    ids = "&".join(f"id={image.pk}" for image in images)
    response = admin.post(f"{url}?{ids}", {"collection": collection.pk})
    assert response.status_code == 302
