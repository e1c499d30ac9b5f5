"""What :mod:`.scale` measures, in the process of a site: a library of rows on PostgreSQL, and what is done with it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from io import StringIO
from statistics import mean
from typing import Any

from .measure import measured
from .warm import FILTERS

SPEC = "benchmark"
#: That a rendition weighs.
BYTES = 40_000


def populate(images: int) -> None:
    """Rows for so many images, all of the same file."""
    from wagtail.images import get_image_model
    from wagtail.models import Collection

    image_model = get_image_model()
    first = image_model(
        title="photograph",
        file="original_images/shared.jpg",
        file_size=9_000_000,
        file_hash="0" * 40,
        width=6000,
        height=4000,
        collection=Collection.get_first_root_node(),
    )
    image_model._default_manager.bulk_create([first])
    multiply(
        image_model, f"CROSS JOIN generate_series(2, {images}) AS number", title="'photograph ' || number"
    )
    analyze()


def settle(images: int) -> None:
    """All renditions, and what this package keeps of them: by a run those of the first image, then of all the same."""
    from django.contrib.contenttypes.models import ContentType
    from wagtail.images import get_image_model

    from wagtail_sourcegroups.models import GenerationRun, RenditionRecord, SourceState

    from .cases import focal_point_key

    GenerationRun.objects.all().delete()
    image_model = get_image_model()
    first = first_image()
    rendition_model = image_model.get_rendition_model()
    for number, filter_spec in enumerate(FILTERS):
        rendition = rendition_model(
            image=first,
            filter_spec=filter_spec,
            focal_point_key=focal_point_key(first, filter_spec),
            file=f"images/shared-{number}.jpg",
            width=400,
            height=267,
        )
        rendition_model._default_manager.bulk_create([rendition])
    _register()
    _generate(1, "--image", str(first.pk))
    others = f"JOIN {image_model._meta.db_table} AS image ON image.id > {first.pk}"
    multiply(rendition_model, others, image_id="image.id")
    multiply(SourceState, others, object_id="image.id::varchar")
    pattern = RenditionRecord.objects.create(
        content_type=ContentType.objects.get_for_model(rendition_model),
        object_id="",
        source_fingerprint="",
        bytes=BYTES,
        seconds=0.1,
    )
    made = f"CROSS JOIN {rendition_model._meta.db_table} AS made"
    multiply(RenditionRecord, made, object_id="made.id::varchar")
    pattern.delete()
    analyze()


def plan(images: int) -> dict[str, Any]:
    """``generateimages --dry-run``, where nothing is made."""
    return _looked_through(images, "--dry-run", generated=images * len(FILTERS))


def settled(images: int) -> dict[str, Any]:
    """``generateimages``, where everything is."""
    return _looked_through(images, existing=images * len(FILTERS))


def _looked_through(images: int, *arguments: str, **expected: int) -> dict[str, Any]:
    _register()
    # Whatever Django and Wagtail do the first time.
    _generate(1, *arguments, "--image", str(first_image().pk))
    before = _scanned()
    with counting() as counted, measured() as usage:
        found = _generate(images, *arguments)
    assert {name: found[name] for name in expected} == expected, found
    return {**asdict(usage), **counted, "scanned": _scanned() - before}


def shared(images: int) -> dict[str, Any]:
    """A run as workers share it, by one of them: each batch is cut, leased, looked through and counted."""
    from wagtail_sourcegroups.models import GenerationRun
    from wagtail_sourcegroups.runs import starting, working
    from wagtail_sourcegroups.runs.question import Question

    _register()
    run = starting.start(Question((SPEC,)), by_workers=False)
    with counting() as counted, measured() as usage:
        working.drive_on(run.pk, stop=threading.Event())
    run = GenerationRun.objects.get(pk=run.pk)
    assert (run.state, run.sources, run.existing) == ("finished", images, images * len(FILTERS)), run.message
    return {**asdict(usage), **counted, "batches": run.cut}


def covered(images: int) -> dict[str, Any]:
    """The figures of every spec and group."""
    from wagtail_sourcegroups.coverage import Figures, coverage
    from wagtail_sourcegroups.registry import get_registry

    _register()
    bindings = [binding for binding in get_registry().bindings if binding.spec.id == SPEC]
    before = _scanned()
    with counting() as counted, measured() as usage:
        found = coverage(bindings, bindings).specs[SPEC]
    outputs = images * len(FILTERS)
    assert found == Figures(images, outputs, ready=outputs, bytes=outputs * BYTES), found
    return {**asdict(usage), **counted, "scanned": _scanned() - before}


def stock(sample: int) -> dict[str, Any]:
    """``get_renditions`` of so many images."""
    from wagtail.images import get_image_model

    first_image().get_renditions(*FILTERS)
    with counting() as counted, measured() as usage:
        done = 0
        for image in get_image_model()._default_manager.order_by("pk")[:sample].iterator():
            done += len(image.get_renditions(*FILTERS))
    assert done == sample * len(FILTERS)
    return {**asdict(usage), **counted}


def share_out(images: int) -> dict[str, Any]:
    """``generateimages --enqueue`` and ``--status``; then all batches are cut, each after the one before it is done."""
    from django.core.management import call_command
    from django_tasks_db.models import DBTaskResult

    from wagtail_sourcegroups.models import GenerationRun, RunBatch
    from wagtail_sourcegroups.runs import cutting, working

    _register()
    _generate(1, "--dry-run", "--image", str(first_image().pk))
    with counting() as counted, measured() as usage:
        call_command("generateimages", SPEC, "--enqueue", stdout=StringIO(), stderr=StringIO())
    found = {"enqueue": {**asdict(usage), **counted}}
    run = GenerationRun.objects.get()
    batches = RunBatch.objects.filter(run=run)
    found["waiting"], found["tasks"] = batches.open().count(), DBTaskResult.objects.count()
    with counting() as counted, measured() as usage:
        call_command("generateimages", "--status", str(run.pk), stdout=StringIO())
    found["status"] = {**asdict(usage), **counted}
    walk = working.walk_for(run)
    spent = []
    batches.update(state=RunBatch.State.DONE)
    while True:
        began = time.perf_counter()
        batch = cutting.cut(run, walk)
        spent.append(time.perf_counter() - began)
        if batch is None:
            break
        batches.filter(pk=batch.pk).update(state=RunBatch.State.DONE)
    tenth = max(len(spent) // 10, 1)
    found["first"], found["last"] = mean(spent[:tenth]), mean(spent[-tenth:])
    found["cuts"] = batches.count()
    GenerationRun.objects.all().delete()
    DBTaskResult.objects.all().delete()
    return found


def plans(images: int) -> list[str]:
    """What PostgreSQL does for each query of a run that finds nothing: the first time and the last, in short."""
    from django.db import connection

    seen: dict[str, list[Any]] = {}

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and any(table in sql for table in _tables()):
            asked = seen.setdefault(sql, [0, parameters, parameters])
            asked[0], asked[2] = asked[0] + 1, parameters
        return execute(sql, parameters, many, context)

    _register()
    with connection.execute_wrapper(note):
        _generate(images)
    lines = []
    for sql, (times, *each) in seen.items():
        lines.append(f"{times:,} times: {sql[:80]} … {sql[-60:]}")
        for which, parameters in zip(("first", "last")[:times], each, strict=False):
            lines.append(f"  {which}:")
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", parameters)
                lines += [f"    {line[:200]}" for (line,) in cursor.fetchall()]
    return lines


@contextmanager
def counting() -> Iterator[dict[str, int]]:
    """How many queries the block sends."""
    from django.db import connection

    counted = {"queries": 0}

    def count(execute: Any, *arguments: Any) -> Any:
        counted["queries"] += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        yield counted


def _register() -> None:
    from wagtail_sourcegroups import register
    from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup

    register.spec(SPEC, FILTERS)
    register.source_group(SPEC, ImageModelSourceGroup())


def _generate(images: int, *arguments: str) -> dict[str, Any]:
    from django.core.management import call_command

    answer = StringIO()
    try:
        call_command("generateimages", SPEC, "--json", *arguments, stdout=answer, stderr=StringIO())
    except SystemExit as error:
        # What a dry run that finds something missing ends with.
        assert "--dry-run" in arguments and error.code == 1, error
    found: dict[str, Any] = json.loads(answer.getvalue())
    assert (found["sources"], found["failed"]) == (images, 0), found
    return found


def first_image() -> Any:
    from wagtail.images import get_image_model

    return get_image_model()._default_manager.earliest("pk")


def _tables() -> list[str]:
    from wagtail.images import get_image_model

    from wagtail_sourcegroups.models import SourceState

    image_model = get_image_model()
    models = (image_model, image_model.get_rendition_model(), SourceState)
    return [model._meta.db_table for model in models]


def _scanned() -> int:
    """Rows of the large tables that were read by going through all of them, so far."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname = ANY(%s)", [_tables()]
        )
        return int(cursor.fetchone()[0])


def multiply(model: Any, join: str, **expressions: str) -> None:
    """More rows like those there are: one for each that ``join`` gives, with these expressions in some columns."""
    from django.db import connection

    names = [field.column for field in model._meta.concrete_fields if not field.primary_key]
    values = [expressions.get(name, f"row.{name}") for name in names]
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table} AS row {join}"
        )


def analyze() -> None:
    """What autovacuum does in time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
