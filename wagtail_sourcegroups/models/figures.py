"""How much of what is wanted was there when it was last counted."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .primary import PrimaryManager


class CoverageFigure(models.Model):
    """
    Of the images of one collection: one spec, or all together where ``spec_id`` is empty; and one group, or all
    together where ``group_key`` is. What is together counts each image and each rendition once.

    Always ``expected == ready + missing + stale + failed``.
    """

    image_model = models.CharField(max_length=255)
    collection = models.ForeignKey("wagtailcore.Collection", on_delete=models.CASCADE, related_name="+")
    spec_id = models.CharField(max_length=255, blank=True)
    group_key = models.CharField(max_length=255, blank=True)
    images = models.BigIntegerField()
    expected = models.BigIntegerField()
    ready = models.BigIntegerField()
    missing = models.BigIntegerField()
    stale = models.BigIntegerField()
    failed = models.BigIntegerField()
    bytes = models.BigIntegerField()
    """Of renditions that this package has made."""

    class Meta:
        verbose_name = _("coverage figure")
        verbose_name_plural = _("coverage figures")
        constraints = [
            models.UniqueConstraint(
                fields=["spec_id", "group_key", "image_model", "collection"], name="sourcegroups_one_figure"
            )
        ]

    def __str__(self) -> str:
        return f"{self.spec_id} {self.group_key}: {self.ready} of {self.expected}"


class CoverageCount(models.Model):
    """One row: when the figures were counted, and whether somebody is counting now."""

    counted_at = models.DateTimeField(null=True)
    """When the count began that the figures are from."""
    asked_at = models.DateTimeField(null=True)
    """When somebody asked for another count; none once it is done. By the database's clock."""
    again = models.BooleanField(default=False)
    """Whether somebody has asked since: what is being counted may be from before that."""
    counted = models.JSONField(default=list)
    """Pairs of a spec id and a group key: what was counted, with figures or without."""
    unknown = models.JSONField(default=list)
    """Keys of groups that could not say who is in them."""

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("coverage count")
        verbose_name_plural = _("coverage counts")

    def __str__(self) -> str:
        return f"{self.counted_at}"
