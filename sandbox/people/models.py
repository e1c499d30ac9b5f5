"""People with pictures that are no Wagtail images: ``ImageField`` on a plain model and on an abstract one."""

from django.db import models

from wagtail_sourcegroups.fields import ImageSpecField


class Profile(models.Model):
    """A writer. ``profile.avatar_thumbnail`` is the rendition set of the avatar."""

    name = models.CharField(max_length=80)
    role = models.CharField(max_length=80, blank=True)
    about = models.TextField(blank=True)
    avatar = models.ImageField(upload_to="avatars", blank=True)
    avatar_thumbnail = ImageSpecField("fill-100x100", source="avatar")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Portrayed(models.Model):
    """Anybody with a portrait."""

    portrait = models.ImageField(upload_to="portraits", blank=True)
    portrait_card = ImageSpecField("fill-320x400|format-webp", source="portrait")

    class Meta:
        abstract = True


class Guest(Portrayed):
    """Somebody who came to dinner and left a story."""

    name = models.CharField(max_length=80)
    town = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
