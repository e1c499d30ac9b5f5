"""
What the task backend runs. Arguments are ids only: what they stand for is looked up when the time comes.

A task is enqueued after the transaction it comes from has committed, may be delivered twice, and never raises.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, router, transaction

from .events.dispatch import record
from .events.facts import Question
from .events.flush import tell_again
from .events.questions import images_meant, in_words
from .exceptions import SourceUnreadable
from .generation import batches, database, filestore
from .generation.failures import sentence
from .generation.options import Options
from .generation.progress import Failed
from .generation.requests import Request
from .generation.sources import FieldFileSource, PlainSource, Source, source_of, storable
from .models import FileSource, GenerationFailure
from .queueing import is_inline, routed, task
from .registry import get_registry
from .sourcegroups.directories import DirectoryFile, DirectorySourceGroup
from .specs import RenditionSpec, ThumbnailSpec

logger = logging.getLogger("wagtail_sourcegroups")

# Making renditions ---------------------------------------------------------------------------------------


def enqueue(requests: Iterable[Request]) -> None:
    """
    Have requests made by the task backend: all of them by one task, once the open transaction has committed.

    What no worker can reach is made here, by then. Never raises: what fails is logged and recorded.
    """
    requests = list(requests)
    if requests:
        transaction.on_commit(_doing(_enqueue, requests), robust=True)


@task
def generate_task(images: list[Any], files: list[Any]) -> None:
    """
    Make renditions.

    ``images`` are lists of a model label, specs, whether to make again what exists, and primary keys; ``files`` of the
    ids of one source, specs, and whether to make again what exists. A spec is told by its id; a thumbnail's, which is
    registered nowhere, by its id, its filter specs and whether it is exact.
    """
    try:
        get_registry().refresh()
        requests = [*_image_requests(images), *_file_requests(files)]
        if requests:
            batches.make(requests, options=Options(patient=True))
    except Exception as error:
        logger.exception("A task that makes renditions failed.")
        _record_failure("a task that makes renditions", "task:generate", error)


def _record_failure(what: str, key: str, error: Exception) -> None:
    """That a task failed, if that can be recorded. Never raises."""
    # If it was the database, it may be back; the worker's own next query is to find a connection, too.
    database.close_if_broken(router.db_for_write(GenerationFailure))
    record([Failed(what, "", "", sentence(error), key)])


def _enqueue(requests: list[Request]) -> None:
    images: dict[tuple[str, tuple[RenditionSpec, ...], bool], list[str]] = {}
    files: list[Any] = []
    here: list[Request] = []
    for request in requests:
        source = request.source
        if source.image is not None:
            label = source.model._meta.label_lower  # type: ignore[attr-defined]
            images.setdefault((label, request.specs, request.force), []).append(str(source.image.pk))
            continue
        ids = _ids_of(source)
        if ids is None:
            here.append(request)
        else:
            files.append([ids, list(map(_told, request.specs)), request.force])
    given = [[label, list(map(_told, specs)), force, pks] for (label, specs, force), pks in images.items()]
    try:
        if here:
            batches.make(here, options=Options(patient=True))
        if given or files:
            routed(generate_task).enqueue(given, files)
    except Exception as error:
        # A broker that is down, a queue that is full: the next run makes it.
        logger.exception("The task backend refused to make renditions of %d sources.", len(requests))
        _record_refusal(requests, error)


def _record_refusal(requests: Iterable[Request], error: Exception) -> None:
    failed, models = [], {}
    for request in requests:
        source = request.source
        spec_ids = ", ".join(spec.id for spec in request.specs)
        failed.append(Failed(source.name, spec_ids, "", f"Not enqueued: {sentence(error)}", source.key))
        if source.image is not None:
            models[source.key] = (source.model, source.image.pk)
    record(failed, models)


def _image_requests(images: list[Any]) -> Iterator[Request]:
    """One query for each model. What is gone by now, or known no more, is left out."""
    wanted: dict[str, set[Any]] = {}
    for label, _, _, pks in images:
        wanted.setdefault(label, set()).update(pks)
    found: dict[str, dict[str, Any]] = {}
    for label, keys in wanted.items():
        model: Any = _model(label)
        rows = model._base_manager.filter(pk__in=keys) if model is not None else ()
        found[label] = {str(image.pk): image for image in rows}
    for label, told, force, pks in images:
        specs = _specs(told)
        for pk in pks if specs else ():
            if pk in found[label]:
                yield Request(source_of(found[label][pk].file), specs, force)


def _file_requests(files: list[Any]) -> Iterator[Request]:
    """One query for each source."""
    for ids, told, force in files:
        specs = _specs(told)
        source = _source(ids) if specs else None
        if source:
            yield Request(source, specs, force)


def _told(spec: RenditionSpec) -> Any:
    return [spec.id, list(spec.filters), spec.exact] if isinstance(spec, ThumbnailSpec) else spec.id


def _specs(told: Iterable[Any]) -> tuple[RenditionSpec, ...]:
    known = get_registry().specs
    specs = []
    for each in told:
        if isinstance(each, str):
            specs += [known[each]] if each in known else []
        else:
            spec_id, filters, exact = each
            specs.append(ThumbnailSpec(spec_id, filters, exact=exact))
    return tuple(specs)


def _model(label: str) -> Any:
    try:
        return apps.get_model(label)
    except LookupError:
        logger.warning("A task names the model %s, which is not installed.", label)
        return None


# Files, which have no row of their own --------------------------------------------------------------------


def _ids_of(source: Source) -> list[str] | None:
    """What a worker finds a plain source by; ``None`` for one that only this process can read."""
    if isinstance(source, FieldFileSource):
        instance = source.file.instance
        return ["field", instance._meta.label_lower, str(instance.pk), source.file.field.name]
    stored = storable(source.identity) if isinstance(source, PlainSource) else ""
    # A name that is no text cannot be found again by what a row says of it.
    if isinstance(source, PlainSource) and stored == source.identity and path_of(stored) is not None:
        row = filestore.source_rows([source])[source.digest]
        return ["source", str(row.pk)]
    return None


def _source(ids: list[str]) -> Source | None:
    kind, *which = ids
    if kind == "field":
        label, pk, field = which
        model = _model(label)
        owner = model._base_manager.filter(pk=pk).first() if model is not None else None
        file = getattr(owner, field, None)
        return source_of(file) if file else None
    row = FileSource.objects.filter(pk=which[0]).first()
    source = _plain_source(row.identity) if row is not None else None
    if source is None:
        logger.warning(
            "A plain source (%s) cannot be read here; the next run where it can be makes its renditions.",
            row.name if row is not None else f"#{which[0]}",
        )
    return source


def _plain_source(identity: str) -> Source | None:
    """The source of this identity, if this machine has it and can read it."""
    path, root = _place_of(identity)
    if path is None or not os.path.isfile(path):
        return None
    try:
        if root is not None:
            # Looks again where it leads whenever it is read.
            return source_of(DirectoryFile(path, root=root), identity)
        with open(path, "rb") as file:
            return source_of(file, identity)
    except (OSError, SourceUnreadable):
        # It has gone since.
        return None


def path_of(identity: str) -> str | None:
    """The path that the identity of a plain source stands for on this machine, if it can be told."""
    return _place_of(identity)[0]


def _place_of(identity: str) -> tuple[str | None, Path | None]:
    """That path, and the directory which it must not lead out of, if there is one."""
    kind, _, rest = identity.partition(":")
    if kind == "path":
        return rest, None
    for group in get_registry().groups:
        beginning = f"group:{group.key}:"
        if isinstance(group, DirectorySourceGroup) and identity.startswith(beginning):
            path = os.path.join(group.path, identity.removeprefix(beginning))
            root = os.path.realpath(group.path)
            inside = os.path.commonpath([root, os.path.realpath(path)]) == root
            return (path, group.path) if inside else (None, None)
    return None, None


# Questions ------------------------------------------------------------------------------------------------


def ask(question: Question) -> None:
    """
    Have a question about many images answered batch by batch, by one task after the other.

    Without a worker that would be done in somebody's request, so it is left to the next run.
    """
    if is_inline():
        logger.warning(
            "More than BATCH_SIZE images may have changed groups (%s), and no worker is there to look at them: "
            "the next run of generateimages does.",
            in_words(question),
        )
        return
    transaction.on_commit(_doing(_enqueue_question, question), robust=True)


@task
def sweep_task(question: dict[str, str]) -> None:
    """Look at one batch of the images that a question is about, and enqueue the rest of the question."""
    try:
        get_registry().refresh()
        asked = Question(**question)
        model = _model(asked.model)
        where = images_meant(asked) if model is not None else None
        if where is None:
            return
        using = router.db_for_read(model) or DEFAULT_DB_ALIAS
        after = tell_again(asked.model, where, asked.after, using)
        if after is not None:
            _enqueue_question(replace(asked, after=after))
    except Exception as error:
        logger.exception("A task that looks at images failed: %r.", question)
        _record_failure("a task that looks at images", "task:sweep", error)


def _enqueue_question(question: Question) -> None:
    try:
        routed(sweep_task).enqueue(asdict(question))
    except Exception as error:
        logger.exception("The task backend refused to look at %s; the next run does.", in_words(question))
        failed = Failed(in_words(question), "", "", f"Not enqueued: {sentence(error)}", "task:sweep")
        record([failed])


def _doing(function: Callable[..., None], argument: Any) -> Callable[[], None]:
    """A commit callback with a name, which Django asks for when one raises."""

    def do() -> None:
        function(argument)

    return do
