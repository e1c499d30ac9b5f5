"""Models that only tests need. Their one migration makes the tables as these classes stand."""

from __future__ import annotations

import uuid

from django.db import models
from modelcluster.fields import ParentalKey
from taggit.managers import TaggableManager
from taggit.models import TaggedItemBase
from wagtail.blocks import RichTextBlock
from wagtail.fields import RichTextField, StreamField
from wagtail.images import get_image_model_string
from wagtail.images.blocks import ImageChooserBlock
from wagtail.images.models import AbstractImage, AbstractRendition
from wagtail.models import DraftStateMixin, Page, RevisionMixin

from wagtail_sourcegroups.fields import ImageSpecField

# Image models beside the site's own ------------------------------------------------------------------------


class UUIDImage(AbstractImage):
    """An image with a UUID for a key, and a through model of its own for its tags."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tags = TaggableManager(blank=True, through="testapp.UUIDImageTag")

    admin_form_fields = ("title", "file", "collection")


class UUIDImageTag(TaggedItemBase):
    content_object = models.ForeignKey(UUIDImage, on_delete=models.CASCADE, related_name="tagged")


class UUIDRendition(AbstractRendition):
    image = models.ForeignKey(UUIDImage, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("image", "filter_spec", "focal_point_key"), name="testapp_uuid_rendition_unique"
            )
        ]


class CodeImage(AbstractImage):
    """An image with a text for a key. The stock tags it inherits cannot hold that."""

    id = models.CharField(max_length=20, primary_key=True)

    admin_form_fields = ("title", "file", "collection")


class CodeRendition(AbstractRendition):
    image = models.ForeignKey(CodeImage, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("image", "filter_spec", "focal_point_key"), name="testapp_code_rendition_unique"
            )
        ]


# Fields that name images -----------------------------------------------------------------------------------


class Person(models.Model):
    """A parent of multi-table children, with a picture of each kind."""

    name = models.CharField(max_length=80, blank=True)
    portrait = models.ForeignKey(
        get_image_model_string(), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    badge = models.OneToOneField(
        get_image_model_string(), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    other_portrait = models.ForeignKey(
        UUIDImage, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    avatar = models.ImageField(upload_to="avatars", null=True, blank=True)

    avatar_thumbnail = ImageSpecField("fill-100x100", source="avatar")
    portrait_card = ImageSpecField(
        ["width-320", "width-640"], source="portrait", id="people:card", label="Card"
    )

    def __str__(self) -> str:
        return self.name


class Employee(Person):
    """A multi-table child."""

    desk = models.CharField(max_length=20, blank=True)


class Colleague(Person):
    """A proxy."""

    class Meta:
        proxy = True


class Pictured(models.Model):
    """An abstract model with a picture of each kind."""

    cover = models.ForeignKey(
        get_image_model_string(), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    photo = models.ImageField(
        upload_to="photos", blank=True, width_field="photo_width", height_field="photo_height"
    )
    photo_width = models.IntegerField(null=True, editable=False)
    photo_height = models.IntegerField(null=True, editable=False)

    photo_card = ImageSpecField("fill-320x400|format-webp", source="photo")
    cover_card = ImageSpecField("fill-40x40", source="cover", id="testapp:cover")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class Place(Pictured):
    """A concrete child of the abstract model."""


class Product(Pictured):
    """Another, which does without one of its spec fields."""

    cover_card = None


class Shop(Place):
    """A multi-table child of a concrete child."""


class Mistaken(models.Model):
    """Fields that are no pictures."""

    caption = models.CharField(max_length=80, blank=True)
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


# Objects that refer to images ------------------------------------------------------------------------------


class StoryPage(Page):
    """A page with images in every place that Wagtail's reference index looks at."""

    hero = models.ForeignKey(
        get_image_model_string(), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    intro = RichTextField(blank=True)
    body = StreamField([("picture", ImageChooserBlock()), ("text", RichTextBlock())], blank=True)


class StoryPicture(models.Model):
    """An inline child of a page."""

    page = ParentalKey(StoryPage, on_delete=models.CASCADE, related_name="pictures")
    image = models.ForeignKey(get_image_model_string(), on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class LongStoryPage(StoryPage):
    """A page type that inherits another."""


class Advert(models.Model):
    """An object without a draft."""

    image = models.ForeignKey(
        get_image_model_string(), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    other_image = models.ForeignKey(
        UUIDImage, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    code_image = models.ForeignKey(
        CodeImage, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    text = RichTextField(blank=True)

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class Promotion(DraftStateMixin, RevisionMixin, models.Model):
    """An object with a draft, and a UUID for a key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(
        get_image_model_string(), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"
