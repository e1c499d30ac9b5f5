"""
From what happened to a source to what the strategies of its specs ask for, and on to having that made.

Everything that is told in one *round* ends as one callback for each source and spec, and one piece of work.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import transaction

from .. import signals, strategies
from ..generation import batches, failures, filestore
from ..generation.collect import Asked, collecting, enqueue
from ..generation.options import Options
from ..generation.progress import Failed
from ..generation.renditionset import RenditionSet
from ..generation.requests import Request
from ..generation.sources import FileSourceBase, Source, source_of
from ..registry import get_registry
from ..specs import RenditionSpec
from .comparing import Event

logger = logging.getLogger("wagtail_sourcegroups")

_SIGNALS = {
    "created": signals.source_created,
    "changed": signals.source_changed,
    "deleted": signals.source_deleted,
}
#: Of several things that happened to a source, the one that a spec's strategy is told.
_WEIGHT = {"created": 2, "changed": 1, "deleted": 0}


@dataclass
class Round:
    """What is being told now, by source and spec."""

    happened: dict[tuple[Source, RenditionSpec], Event] = field(default_factory=dict)
    members: dict[Source, frozenset[RenditionSpec]] = field(default_factory=dict)
    """Specs that some group the source is in still wants of it, whatever other groups it left."""
    failed: list[Failed] = field(default_factory=list)
    images: dict[str, tuple[type, Any]] = field(default_factory=dict)

    def note(self, event: Event, group: Any, source: Source) -> None:
        for spec in get_registry().specs_of(group):
            known = self.happened.get((source, spec))
            if known is None or _WEIGHT[known] < _WEIGHT[event]:
                self.happened[source, spec] = event

    def fail(self, source: Source, spec_ids: Iterable[str], error: BaseException) -> None:
        self.failed.append(
            Failed(source.name, ", ".join(spec_ids), "", failures.sentence(error), source_key=source.key)
        )
        if source.image is not None:
            self.images[source.key] = (source.model, source.image.pk)


_round: ContextVar[Round | None] = ContextVar("round", default=None)


@contextmanager
def telling() -> Iterator[Round]:
    """Gather what signals say inside, and have it done on leaving: one callback for each source and spec."""
    round_ = Round()
    token = _round.set(round_)
    try:
        yield round_
    finally:
        _round.reset(token)
    finish(round_)


def tell(round_: Round, event: Event, group: Any, source: Any) -> None:
    """Send the public signal of what happened. A receiver that raises is logged, recorded and costs nobody else."""
    responses = _SIGNALS[event].send_robust(sender=group.registered, source=source)
    for receiver, response in responses:
        if isinstance(response, Exception):
            logger.error("A receiver of source_%s failed: %r", event, receiver, exc_info=response)
            with _recorded(round_, group, source):
                raise response


def receive(event: Event) -> Callable[..., None]:
    """The receiver of one of the three signals: any registered object may send it, nobody else is heard."""

    def receiver(sender: Any, source: Any = None, **kwargs: Any) -> None:
        try:
            group = get_registry().group_of(sender)
            if group is None:
                return
            found = source_of(source, group.identity(source))
            if not found and event != "deleted":
                return
        except Exception:
            # Code of the site, or a file that cannot be read: whoever sent the signal must not suffer.
            logger.exception("source_%s of %r cannot be told to anybody.", event, sender)
            return
        round_ = _round.get()
        if round_ is not None:
            round_.note(event, group, found)
            return
        # Sent by somebody himself: at once. What is asked for still waits for the transaction around it.
        round_ = Round()
        round_.note(event, group, found)
        finish(round_, later=transaction.on_commit)

    return receiver


def require(callback_name: str) -> Callable[..., None]:
    """The receiver of ``existence_required`` or ``content_required``: the spec's strategy is told at once."""

    def receiver(sender: Any, rendition_set: Any = None, **kwargs: Any) -> None:
        spec = rendition_set.spec
        try:
            callback = strategies.callback(spec.strategy, callback_name)
            if callback is not None:
                callback(rendition_set)
        except Exception:
            # Code of the site. A page is shown with what there is.
            logger.exception("%s of the spec %r failed for %r.", callback_name, spec.id, rendition_set)

    return receiver


def finish(round_: Round, *, later: Callable[..., Any] | None = None) -> None:
    """Call the strategies, merge what they ask for, and have it done: now, or by ``later(function, robust=True)``."""
    with collecting() as asked:
        for (source, spec), event in round_.happened.items():
            if event == "deleted" and spec in round_.members.get(source, ()):
                continue
            _call(round_, source, spec, event)
    _forget_files(round_.happened)
    work = partial(_work, asked, round_)
    if later is None:
        work()
    else:
        # Named as Django names a commit callback that raises.
        later(_named(work), robust=True)


def call_again(round_: Round, source: Source, specs: Iterable[RenditionSpec]) -> None:
    """Have strategies asked once more about a source that changed, without telling the world a second time."""
    for spec in specs:
        round_.happened.setdefault((source, spec), "changed")


def _call(round_: Round, source: Source, spec: RenditionSpec, event: Event) -> None:
    try:
        callback = strategies.callback(spec.strategy, f"on_source_{event}")
        if callback is not None:
            callback(RenditionSet(spec, source))
    except Exception as error:
        # Code of the site.
        logger.exception("on_source_%s of the spec %r failed for %s.", event, spec.id, source.name)
        round_.fail(source, [spec.id], error)


def _forget_files(happened: Mapping[tuple[Source, RenditionSpec], Event]) -> None:
    """Wagtail cleans up after images; after plain files that are gone nobody else does."""
    gone = {source for (source, _), event in happened.items() if event == "deleted"}
    gone -= {source for (source, _), event in happened.items() if event != "deleted"}
    for source in gone:
        if isinstance(source, FileSourceBase):
            try:
                filestore.delete_renditions(source)
            except Exception:
                logger.exception("The renditions of %s, which is gone, cannot be deleted.", source.name)


def _work(asked: Asked, round_: Round) -> None:
    """Have made what was asked for: some now, the rest as one task. Then record what failed, which outlasts both."""
    now, afterwards = asked.now, asked.later
    if now:
        try:
            batches.make(now, options=Options(patient=True))
        except Exception as error:
            logger.exception("Renditions of %d sources cannot be made.", len(now))
            _fail_all(round_, now, error)
    if afterwards:
        try:
            enqueue(afterwards)
        except Exception as error:
            logger.exception("Renditions of %d sources cannot be enqueued.", len(afterwards))
            _fail_all(round_, afterwards, error)
    record(round_.failed, round_.images)


def record(failed: Iterable[Failed], images: Mapping[str, tuple[type, Any]] | None = None) -> None:
    """Put failures on record; if that fails too, they are in the log."""
    try:
        with transaction.atomic():
            failures.record(failed, models=images)
    except Exception:
        logger.exception("Failures cannot be recorded.")


def _fail_all(round_: Round, requests: Iterable[Request], error: BaseException) -> None:
    for request in requests:
        round_.fail(request.source, [spec.id for spec in request.specs], error)


@contextmanager
def _recorded(round_: Round, group: Any, source: Any) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - logged by the caller
        try:
            found = source_of(source, group.identity(source))
            round_.fail(found, [spec.id for spec in get_registry().specs_of(group)], error)
        except Exception:
            logger.exception("What failed for %r cannot be recorded.", source)


def _named(work: partial[None]) -> Callable[[], None]:
    def make_what_was_asked_for() -> None:
        work()

    return make_what_was_asked_for
