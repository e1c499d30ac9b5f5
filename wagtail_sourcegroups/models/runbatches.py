"""A batch of a run: a range of keys that one worker holds at a time."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from . import leasing
from .primary import PrimaryManager
from .runs import GenerationRun


class BatchQuerySet(models.QuerySet["RunBatch"]):
    def open(self) -> BatchQuerySet:
        """Those that are not done. Named rather than excluded: an index finds them among all that are."""
        return self.filter(state__in=(BatchState.WAITING, BatchState.LEASED))

    def lapsed(self) -> BatchQuerySet:
        """Those whose holder has not been heard of for the length of a lease."""
        return self.filter(leasing.lapsed(), state=BatchState.LEASED)

    def free(self) -> BatchQuerySet:
        """Those that may be taken."""
        return self.filter(Q(state=BatchState.WAITING) | Q(leasing.lapsed(), state=BatchState.LEASED))


class BatchState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    LEASED = "leased", _("in hand")
    DONE = "done", _("done")


class RunBatch(models.Model):
    """
    The sources of one part of a walk with keys after :attr:`after` and up to :attr:`upto`, and a cursor that moves
    through them. Whoever takes it over begins at the cursor.
    """

    State = BatchState

    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    part = models.CharField(max_length=255)
    after = models.CharField(max_length=64, blank=True)
    upto = models.CharField(max_length=64, blank=True)
    """None for the last of its part, which has no end."""
    whole = models.BooleanField(default=False)
    """Whether the command that started the run holds the whole part at once: to be cut when others go on with it."""
    cursor = models.CharField(max_length=64, blank=True)
    """All keys up to this one are done."""
    state = models.CharField(max_length=8, choices=BatchState.choices, default=BatchState.WAITING)
    token = models.CharField(max_length=32, blank=True)
    """Of its holder: who has another one has lost it."""
    leased_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=128, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    """How often it was taken since it last got on."""
    totals = models.JSONField(default=dict)
    """What lies before the cursor came to."""
    in_hand = models.JSONField(default=dict)
    """What its holder has done beyond the cursor: shown, and never added up, since the next holder counts it again."""
    handed_out_at = models.DateTimeField(null=True)
    """When the task backend was given it; null if it has to be."""

    objects = PrimaryManager.from_queryset(BatchQuerySet)()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("batch of a run")
        verbose_name_plural = _("batches of runs")
        ordering = ["run", "number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="sourcegroups_batch_number"),
        ]
        indexes = [models.Index(fields=["run", "state"], name="sourcegroups_batch_state")]

    def __str__(self) -> str:
        return f"Run {self.run_id}, batch {self.number}"
