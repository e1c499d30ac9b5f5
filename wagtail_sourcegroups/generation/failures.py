"""Failures, as rows: found, counted up, cleared."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from django.db import router, transaction
from django.db.models import BigIntegerField, Case, Exists, F, IntegerField, OuterRef, QuerySet, When
from django.db.models.functions import Cast
from django.utils import timezone

from ..exceptions import SourceGroupsError
from ..models import GenerationFailure
from .discretion import discreet
from .progress import Failed
from .sources import storable
from .state import content_type_of
from .upsert import upsert

logger = logging.getLogger("wagtail_sourcegroups")


class Known(NamedTuple):
    """A failure that is on record."""

    pk: int
    attempts: int


def known_failures(source_keys: Iterable[str]) -> dict[str, dict[str, Known]]:
    """Failures on record, by source key and filter spec. One query."""
    found: dict[str, dict[str, Known]] = {}
    rows = GenerationFailure.objects.filter(source_key__in=list(source_keys))
    for source_key, filter_spec, pk, attempts in rows.values_list(
        "source_key", "filter_spec", "pk", "attempts"
    ):
        found.setdefault(source_key, {})[filter_spec] = Known(pk, attempts)
    return found


def failures_of(images: QuerySet[Any]) -> QuerySet[GenerationFailure]:
    """The failures on record of some images of one model. One query, which begins with the failures."""
    model = images.model
    content_type = content_type_of(model)
    failures = GenerationFailure.objects.filter(content_type=content_type)
    key: Any = model._meta.pk
    same_database = router.db_for_read(model) == router.db_for_read(GenerationFailure)
    if same_database and isinstance(key, IntegerField):
        # Whatever the database looks at first: only what is a number is made one.
        number = Case(When(content_type=content_type, then=Cast("object_id", BigIntegerField())))
        inside = images.order_by().filter(pk=OuterRef("number"))
        return failures.alias(number=number).filter(Exists(inside))
    # Only numbers are text in the same way everywhere.
    texts = failures.order_by().values_list("object_id", flat=True).distinct()
    found = images.filter(pk__in=[key.to_python(text) for text in texts])
    return failures.filter(object_id__in=[str(pk) for pk in found.values_list("pk", flat=True)])


_run: ContextVar[Callable[[], int | None]] = ContextVar("run", default=lambda: None)


@contextmanager
def attributed(run: Callable[[], int | None]) -> Iterator[None]:
    """What is recorded inside failed in the run of this id, asked for each time: a run may begin late."""
    token = _run.set(run)
    try:
        yield
    finally:
        _run.reset(token)


def record(failures: Iterable[Failed], *, models: Mapping[str, tuple[type, Any]] | None = None) -> None:
    """
    Put failures on record; a second one of the same rendition counts as another attempt. Two statements.

    ``models`` gives the model and primary key of image sources, by source key.
    """
    rows = {}
    run_id = _run.get()()
    for failed in failures:
        model, pk = (models or {}).get(failed.source_key, (None, ""))
        rows[(failed.source_key, failed.filter_spec)] = GenerationFailure(
            source_key=failed.source_key,
            content_type=content_type_of(model) if model is not None else None,
            object_id=str(pk),
            source_name=storable(failed.source)[:255],
            spec_id=failed.spec[:255],
            filter_spec=failed.filter_spec,
            error=storable(failed.error),
            attempts=0,
            run_id=run_id,
            last_failed_at=timezone.now(),
        )
    if not rows:
        return
    by_filter: dict[str, list[str]] = {}
    for source_key, filter_spec in rows:
        by_filter.setdefault(filter_spec, []).append(source_key)
    # Whole or not at all: where the database goes away, it is done once more.
    with transaction.atomic(using=router.db_for_write(GenerationFailure)):
        upsert(
            [row for _, row in sorted(rows.items(), key=lambda item: item[0])],
            unique=["source_key", "filter_spec"],
            update=["source_name", "spec_id", "error", "run", "last_failed_at"],
        )
        # An upsert cannot count; this can, and twice at the same time.
        for filter_spec, keys in sorted(by_filter.items()):
            GenerationFailure.objects.filter(filter_spec=filter_spec, source_key__in=keys).update(
                attempts=F("attempts") + 1
            )


def forgive(source_keys: Iterable[str]) -> None:
    """Sources that failed are other ones now: nobody has failed with these yet. One statement, none for none."""
    source_keys = list(source_keys)
    if source_keys:
        GenerationFailure.objects.filter(source_key__in=source_keys).update(attempts=0)


def clear(pks: Iterable[int]) -> None:
    """Forget failures that are none any more. No query for none."""
    pks = list(pks)
    if pks:
        GenerationFailure.objects.filter(pk__in=pks).delete()


def clear_made(made: Mapping[str, Iterable[str]]) -> None:
    """Forget the failures of renditions that have been made: filter specs by source key."""
    known = known_failures(made)
    clear(
        found.pk
        for source_key, filter_specs in made.items()
        for filter_spec in filter_specs
        if (found := known.get(source_key, {}).get(filter_spec))
    )


def group_failed(key: str, label: str, spec_ids: Iterable[str], error: Exception) -> Failed:
    """Log that a group cannot be walked; the failure to record and report."""
    logger.error("The source group %s cannot be walked: %s", label, error, exc_info=error)
    return Failed(
        source=f"source group {label}",
        spec=", ".join(spec_ids),
        filter_spec="",
        error=sentence(error),
        source_key=f"group:{key}"[:255],
    )


def file_failed(key: str, name: str, spec_ids: Iterable[str], error: Exception) -> Failed:
    """A file of a group that cannot be read; the failure to record and report."""
    shown = os.path.basename(name)
    return Failed(
        source=shown,
        spec=", ".join(spec_ids),
        filter_spec="",
        error=sentence(error),
        source_key=storable(f"unreadable:{key}:{shown}")[:255],
    )


def clear_files(key: str) -> None:
    """A group is walked anew: which of its files cannot be read will show."""
    GenerationFailure.objects.filter(source_key__startswith=f"unreadable:{key}:"[:255]).delete()


def clear_groups(keys: Iterable[str]) -> None:
    """Groups can be walked: forget that they could not be. One statement."""
    source_keys = [f"group:{key}"[:255] for key in keys]
    if source_keys:
        GenerationFailure.objects.filter(source_key__in=source_keys, filter_spec="").delete()


def clear_tasks() -> None:
    """Everything has been looked at: whatever a task could not do has been done, or has failed by itself."""
    GenerationFailure.objects.filter(source_key__startswith="task:").delete()


def sentence(error: BaseException) -> str:
    """
    An error in one line for people: ours are sentences already, others say what kind they are. Paths and secrets
    in it are left out, since editors read it.
    """
    said = discreet(str(error))
    if isinstance(error, SourceGroupsError):
        return said
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
