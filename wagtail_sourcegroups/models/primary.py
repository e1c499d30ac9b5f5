"""Rows that are read to decide what to write: where they are written, and not from a replica, which may lag behind."""

from __future__ import annotations

from typing import Any

from django.db import models, router


class PrimaryManager(models.Manager[Any]):
    """Reads from the database that the site's routers write to, unless told which one."""

    def get_queryset(self) -> models.QuerySet[Any]:
        hints = self._hints  # type: ignore[attr-defined]
        return super().get_queryset().using(self._db or router.db_for_write(self.model, **hints))
