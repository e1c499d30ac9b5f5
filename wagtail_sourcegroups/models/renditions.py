"""What is remembered of renditions: those of images are Wagtail's own rows, those of plain files ours."""

from __future__ import annotations

import os
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.images.models import WagtailImageField, get_rendition_storage

from .sources import FileSource


def file_rendition_upload_to(instance: FileRendition, filename: str) -> str:
    """Where the renditions of plain files go: beside those of images, in a folder of their own."""
    return os.path.join("images", "files", os.path.basename(filename))


class RenditionRecord(models.Model):
    """What a rendition row does not say: its weight, when and how fast it was made, and from which file."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(max_length=64)
    source_fingerprint = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    seconds = models.FloatField()
    made_at = models.DateTimeField(auto_now=True)
    thumbnail = models.BooleanField(default=False)
    """Whether a template's thumbnail asked for it, which no binding says: it counts as wanted."""

    class Meta:
        verbose_name = _("rendition record")
        verbose_name_plural = _("rendition records")
        constraints = [
            models.UniqueConstraint(
                fields=["content_type", "object_id"], name="sourcegroups_record_of_rendition"
            )
        ]
        # For the newest ones, which pages that watch a run ask for every other second.
        indexes = [models.Index(fields=["made_at"], name="sourcegroups_record_made_at")]

    def __str__(self) -> str:
        return f"{self.bytes} bytes, {self.seconds:.2f} s"


class FileRendition(models.Model):
    """A rendition of a plain file, as ``Rendition`` is of an image."""

    source = models.ForeignKey(FileSource, on_delete=models.CASCADE, related_name="renditions")
    version = models.CharField(max_length=255)
    """Of the source, when this was made: another one makes it stale."""
    filter_spec = models.CharField(max_length=255)
    file = WagtailImageField(
        upload_to=file_rendition_upload_to,
        storage=get_rendition_storage,
        max_length=255,
        width_field="width",
        height_field="height",
    )
    width = models.IntegerField(editable=False)
    height = models.IntegerField(editable=False)
    bytes = models.BigIntegerField()
    seconds = models.FloatField()
    made_at = models.DateTimeField(auto_now=True)
    thumbnail = models.BooleanField(default=False)
    """As of a :class:`RenditionRecord`."""

    class Meta:
        verbose_name = _("file rendition")
        verbose_name_plural = _("file renditions")
        constraints = [
            models.UniqueConstraint(fields=["source", "filter_spec"], name="sourcegroups_one_file_rendition")
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.filter_spec}"

    @property
    def url(self) -> str:
        return self.file.url

    @property
    def alt(self) -> str:
        """Wagtail's renditions have one; a plain file has no words of its own."""
        return ""

    @property
    def attrs_dict(self) -> dict[str, Any]:
        return {"src": self.url, "width": self.width, "height": self.height, "alt": self.alt}


class LeftoverFile(models.Model):
    """
    A rendition file whose row has moved on, kept a while for processes whose cache still names it.
    """

    model = models.CharField(max_length=255)
    """Label of the model whose ``file`` field's storage holds it."""
    name = models.CharField(max_length=255)
    left_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("leftover file")
        verbose_name_plural = _("leftover files")
        constraints = [models.UniqueConstraint(fields=["model", "name"], name="sourcegroups_one_leftover")]

    def __str__(self) -> str:
        return self.name
