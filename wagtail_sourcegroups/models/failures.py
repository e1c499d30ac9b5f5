"""What could not be made."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _

from .runs import GenerationRun


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
    run = models.ForeignKey(
        GenerationRun, null=True, editable=False, on_delete=models.SET_NULL, related_name="failures"
    )
    """The run it failed in the last time, if it was in one."""
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
