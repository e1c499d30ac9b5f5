"""
What is remembered about sources and renditions. The renditions themselves are Wagtail's own rows.
"""

from __future__ import annotations

import os
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.images.models import WagtailImageField, get_rendition_storage


def file_rendition_upload_to(instance: FileRendition, filename: str) -> str:
    """Where the renditions of plain files go: beside those of images, in a folder of their own."""
    return os.path.join("images", "files", os.path.basename(filename))


class SourceState(models.Model):
    """
    How an image was when it was last looked at: its file, its focal point, the groups it was in.

    Signals are an accelerator; this is how a change that sent none is noticed. Never read from storage.
    """

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(max_length=64)
    file_name = models.CharField(max_length=255)
    file_size = models.BigIntegerField(null=True)
    file_hash = models.CharField(max_length=64, blank=True)
    focal_point = models.CharField(max_length=64, blank=True)
    collection = models.CharField(max_length=64, blank=True)
    groups = models.JSONField(default=list)
    """Keys of the source groups the image was in."""
    stale = models.JSONField(default=list)
    """Primary keys, as text, of the renditions made from a file the image no longer has."""
    orientation = models.PositiveSmallIntegerField(null=True)
    """The EXIF orientation of the file, where our engine has read it."""
    seen_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("source state")
        verbose_name_plural = _("source states")
        constraints = [
            models.UniqueConstraint(fields=["content_type", "object_id"], name="sourcegroups_state_of_source")
        ]

    def __str__(self) -> str:
        return self.file_name


class RenditionRecord(models.Model):
    """What a rendition row does not say: its weight, when and how fast it was made, and from which file."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(max_length=64)
    source_fingerprint = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    seconds = models.FloatField()
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("rendition record")
        verbose_name_plural = _("rendition records")
        constraints = [
            models.UniqueConstraint(
                fields=["content_type", "object_id"], name="sourcegroups_record_of_rendition"
            )
        ]

    def __str__(self) -> str:
        return f"{self.bytes} bytes, {self.seconds:.2f} s"


class FileSource(models.Model):
    """
    A source that is no Wagtail image: the file of a model's ``ImageField``, or of a group of plain files.

    ``identity`` names it for good: ``field:app.model:pk:field``, ``group:key:relative/path`` or
    ``path:/absolute/path``; ``digest`` is its hash, since a path may be longer than an index allows.
    """

    digest = models.CharField(max_length=64, unique=True, editable=False)
    identity = models.TextField()
    name = models.CharField(max_length=255)
    """For people: no directory above the source's own root."""
    groups = models.JSONField(default=list)

    class Meta:
        verbose_name = _("file source")
        verbose_name_plural = _("file sources")

    def __str__(self) -> str:
        return self.name


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


class GenerationFailure(models.Model):
    """A rendition that could not be made, or a group that could not be walked; gone when it succeeds."""

    source_key = models.CharField(max_length=255)
    """``app.model:pk`` of an image, ``file:digest`` of a :class:`FileSource`, ``group:key`` of a group."""
    content_type = models.ForeignKey(ContentType, null=True, on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(max_length=64, blank=True)
    source_name = models.CharField(max_length=255)
    spec_id = models.CharField(max_length=255)
    filter_spec = models.CharField(max_length=255, blank=True)
    error = models.TextField()
    attempts = models.PositiveIntegerField(default=1)
    first_failed_at = models.DateTimeField(auto_now_add=True)
    last_failed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("generation failure")
        verbose_name_plural = _("generation failures")
        ordering = ["-last_failed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["source_key", "filter_spec"], name="sourcegroups_one_failure")
        ]
        indexes = [models.Index(fields=["content_type", "object_id"], name="sourcegroups_failure_source")]

    def __str__(self) -> str:
        return f"{self.source_name}: {self.filter_spec}: {self.error}"


class BoundFilterSpec(models.Model):
    """A filter spec that a binding asked for at some time: only these may ever be pruned."""

    filter_spec = models.CharField(max_length=255, unique=True)
    first_bound_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("bound filter spec")
        verbose_name_plural = _("bound filter specs")

    def __str__(self) -> str:
        return self.filter_spec


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
