"""Sources, as they were when last seen."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _


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
