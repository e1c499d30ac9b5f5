"""What was ever asked for."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class BoundFilterSpec(models.Model):
    """A filter spec that a binding asked for at some time: only these may ever be pruned."""

    filter_spec = models.CharField(max_length=255, unique=True)
    first_bound_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("bound filter spec")
        verbose_name_plural = _("bound filter specs")

    def __str__(self) -> str:
        return self.filter_spec
