"""Insert rows, or update those that are there: one statement on every database Django knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connections, models, router


def upsert(objects: Sequence[models.Model], *, unique: Iterable[str], update: Iterable[str]) -> None:
    """
    Write ``objects`` of one model; where the ``unique`` fields match a row, its ``update`` fields are set.

    They are written in the given order: sort them where two processes may write the same ones.
    """
    if not objects:
        return
    model = type(objects[0])
    using = router.db_for_write(model)
    options: dict[str, Any] = {"update_conflicts": True, "update_fields": list(update)}
    # MySQL finds the conflict by itself and refuses to be told.
    if connections[using].features.supports_update_conflicts_with_target:
        options["unique_fields"] = list(unique)
    model._default_manager.using(using).bulk_create(objects, **options)
