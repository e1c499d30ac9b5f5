"""Images saved and deleted in code: what groups say of it."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.db import transaction

from sandbox.gallery.models import CustomImage
from tests.testapp.models import UUIDImage
from wagtail_sourcegroups.models import RenditionRecord, SourceState
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, ImageModelSourceGroup
from wagtail_sourcegroups.strategies import Eager

from .conftest import create_image, jpeg

pytestmark = pytest.mark.django_db(transaction=True)

ALL = "images:gallery.customimage"
PRESS = "collection:Press"


def test_a_new_image_is_created_for_its_groups(bind, told):
    bind(ImageModelSourceGroup())
    create_image("a")
    assert told == [("created", ALL, "a")]


def test_nothing_is_said_before_the_commit(bind, told):
    bind(ImageModelSourceGroup())
    with transaction.atomic():
        create_image("a")
        assert told == []
    assert told == [("created", ALL, "a")]


def test_a_title_alone_says_nothing(bind, told):
    bind(ImageModelSourceGroup())
    image = create_image("a")
    told.take()
    image.title = "b"
    image.save()
    assert told == []


def test_a_moved_focal_point_is_a_change(bind, told):
    bind(ImageModelSourceGroup())
    image = create_image("a")
    told.take()
    image.focal_point_x, image.focal_point_y = 3, 4
    image.focal_point_width = image.focal_point_height = 2
    image.save(update_fields=["focal_point_x", "focal_point_y", "focal_point_width", "focal_point_height"])
    assert told == [("changed", ALL, "a")]


def test_another_file_is_a_change(bind, told):
    bind(ImageModelSourceGroup())
    image = create_image("a")
    told.take()
    image.file = ContentFile(jpeg(color="red"), name="other.jpg")
    image.save()
    assert told == [("changed", ALL, "a")]


def test_learning_the_size_of_a_file_is_no_change(bind, told):
    bind(ImageModelSourceGroup())
    image = create_image("a")
    told.take()
    image.get_file_size()
    image.get_file_hash()
    assert told == []


def test_an_image_that_moves_is_created_here_and_deleted_there(bind, told, press, archive):
    bind(CollectionSourceGroup("Press"), CollectionSourceGroup("Archive"), ImageModelSourceGroup())
    image = create_image("a", press)
    told.take()
    image.collection = archive
    image.save(update_fields=["collection"])
    assert told == [("deleted", "collection:Press", "a"), ("created", "collection:Archive", "a")]


def test_a_deleted_image_is_deleted_for_the_groups_it_was_in(bind, told, press, archive):
    bind(CollectionSourceGroup("Press"), CollectionSourceGroup("Archive"))
    image = create_image("a", press)
    told.take()
    image.delete()
    assert told == [("deleted", "collection:Press", "a")]
    assert not SourceState.objects.exists()


def test_images_deleted_together_are_each_deleted(bind, told, press):
    bind(CollectionSourceGroup("Press"))
    create_image("a", press), create_image("b", press), create_image("c")
    told.take()
    CustomImage.objects.all().delete()
    assert sorted(told) == [("deleted", "collection:Press", "a"), ("deleted", "collection:Press", "b")]


def test_an_image_made_and_deleted_in_one_transaction_says_nothing(bind, told):
    bind(ImageModelSourceGroup())
    with transaction.atomic():
        create_image("a").delete()
    assert told == []


def test_an_image_nobody_has_looked_at_is_compared_with_what_the_database_held(bind, told, press, archive):
    bind(CollectionSourceGroup("Press"), CollectionSourceGroup("Archive"), ImageModelSourceGroup())
    image = create_image("a", press)
    told.take()
    for change, expected in (
        ({"title": "b"}, []),
        ({"focal_point_x": 3, "focal_point_y": 4}, [("changed", PRESS), ("changed", ALL)]),
        ({"collection": archive}, [("deleted", PRESS), ("created", "collection:Archive")]),
    ):
        SourceState.objects.all().delete()
        for name, value in change.items():
            setattr(image, name, value)
        image.save()
        assert [(event, key) for event, key, _ in told.take()] == expected
        assert SourceState.objects.count() == 1


def test_a_change_that_sent_no_signal_is_noticed_at_the_next_save(bind, told, press, archive):
    bind(CollectionSourceGroup("Press"), CollectionSourceGroup("Archive"))
    image = create_image("a", press)
    told.take()
    CustomImage.objects.update(collection=archive)
    assert told == []
    CustomImage.objects.get().save()
    assert told.take() == [("deleted", PRESS, "a"), ("created", "collection:Archive", "a")]
    CustomImage.objects.update(file=image.file.storage.save("b.jpg", ContentFile(jpeg())))
    CustomImage.objects.get().save(update_fields=["title"])
    assert told == [("changed", "collection:Archive", "a")]


def test_images_created_without_a_signal_say_nothing(bind, told):
    bind(ImageModelSourceGroup())
    image = CustomImage(title="a", width=64, height=48)
    image.__dict__["file"] = "a.jpg"
    CustomImage.objects.bulk_create([image])
    assert told == []


def test_more_images_than_a_batch_that_are_saved_together(bind, told, settings):
    settings.WAGTAIL_SOURCEGROUPS = {"BATCH_SIZE": 2}
    bind(ImageModelSourceGroup())
    with transaction.atomic():
        for title in "abcde":
            create_image(title)
    assert told == [("created", ALL, title) for title in "abcde"]


def test_images_whose_key_is_no_number(bind, told, press, archive):
    bind(CollectionSourceGroup("Press", model=UUIDImage), ImageModelSourceGroup(UUIDImage))
    image = UUIDImage(title="a", file=ContentFile(jpeg(), name="a.jpg"), collection=press)
    image.save()
    press_key = CollectionSourceGroup("Press", model=UUIDImage).key
    all_key = ImageModelSourceGroup(UUIDImage).key
    assert told.take() == [("created", press_key, "a"), ("created", all_key, "a")]
    image.title = "b"
    image.save()
    assert told.take() == []
    image.collection = archive
    image.save()
    assert told.take() == [("deleted", press_key, "b")]
    image.delete()
    assert told.take() == [("deleted", all_key, "b")]


def test_what_is_kept_beside_renditions_goes_with_them(bind):
    bind(ImageModelSourceGroup(), strategy=Eager())
    image = create_image("a")
    assert RenditionRecord.objects.count() == image.renditions.count() > 0
    image.delete()
    assert not RenditionRecord.objects.exists()
