"""
What is missing? Wanted minus have, for a batch of images, in a constant number of queries.

The set algebra is done on tuples; an image becomes an object only when something is to be made of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, NamedTuple, TypeVar

from wagtail.images.models import Filter

from ..models import BoundFilterSpec
from .decision import NOTHING_VERIFIED, Decision, Old, decide, failed_before, outdated, tired_of
from .failures import Known, known_failures, sentence
from .membership import ImageBatch, ImageRow, Membership, Settled
from .options import Options
from .progress import Failed, Totals
from .sources import ImageSource, image_key, image_name
from .state import Snapshot, following, read_states, snapshot_of_values
from .verifying import Verdict, verify
from .wanted import OutputKey, Wanted, WantedFilters


@dataclass(slots=True)
class Work:
    """What is to be made of one image."""

    source: ImageSource
    wanted: Wanted
    membership: Membership
    decision: Decision
    snapshot: Snapshot

    @property
    def filters(self) -> list[tuple[OutputKey, Filter]]:
        """In the order of the specs."""
        missing = self.decision.missing
        return [(key, filter_) for key, filter_ in self.wanted.filters.items() if key in missing]


class Unsure(NamedTuple):
    """A rendition that is there, and whose file storage would not tell about."""

    failed: Failed
    spec_ids: tuple[str, ...]
    in_all: bool


WorkT = TypeVar("WorkT")


@dataclass(slots=True)
class Plan(Generic[WorkT]):
    """For a batch: what to make, what to remember, and failures that are none any more."""

    works: list[WorkT]
    states: dict[str, Snapshot]
    outdated_failures: list[int]
    unsure: list[Unsure] = field(default_factory=list)


class Draft(NamedTuple):
    """One image as it is: its row, its state now, what is wanted of it, what it has, what failed by filter spec."""

    row: ImageRow
    snapshot: Snapshot
    wanted: Wanted
    renditions: list[Old]
    failures: dict[str, Known]


def plan_images(batch: ImageBatch, options: Options, totals: Totals) -> Plan[Work]:
    """
    What to make of a batch of images. Counts what exists and what is skipped into ``totals``, and images of which
    nothing is to be made.

    Three queries at most: states, renditions, failures; one more for the images of which something is missing. None
    for images that are settled.
    """
    for settled in batch.settled:
        _count_complete(settled, totals)
    if not batch.rows:
        return Plan([], {}, [])
    drafts, states = drafts_of(batch)
    force = options.force or batch.force
    files = _verified(batch.model, drafts, options) if options.verify and not force else NOTHING_VERIFIED
    once_bound: Collection[str] = frozenset()
    if any(draft.snapshot.stale for draft in drafts):
        once_bound = frozenset(BoundFilterSpec.objects.values_list("filter_spec", flat=True))

    todo: list[tuple[Draft, Decision]] = []
    doubtful: list[Unsure] = []
    outdated_failures: list[int] = []
    complete: dict[tuple[int, int], Settled] = {}
    for draft in drafts:
        wanted, membership = draft.wanted, draft.row.membership
        plain = not (force or options.only_failed or files or draft.failures or draft.snapshot.stale)
        if plain and wanted.keys <= {old.key for old in draft.renditions}:
            # The usual case by far, counted by the thousand.
            kind = (id(wanted), id(membership))
            before = complete.get(kind)
            complete[kind] = Settled(membership, wanted, before.images + 1 if before else 1)
            continue
        tired = tired_of(draft.failures) if options.patient else frozenset()
        decision = decide(
            wanted,
            draft.renditions,
            stale=draft.snapshot.stale,
            files=files,
            once_bound=once_bound,
            force=force,
            only=failed_before(draft.failures) if options.only_failed else None,
            leave_alone=tired,
        )
        outdated_failures += outdated(draft.failures, wanted, decision)
        if decision.nothing_to_do:
            count_source(membership, totals)
        pk = draft.row.pk
        name = image_name(draft.row.title, pk)
        unsure = unsure_of(name, image_key(batch.model, pk), membership, wanted, decision, files)
        doubtful += unsure.values()
        existing = [key for key in decision.existing if key not in unsure]
        _count(wanted, membership, existing, totals, with_skipped=not options.only_failed)
        if not decision.nothing_to_do:
            todo.append((draft, decision))
    for settled in complete.values():
        _count_complete(settled, totals)
    return Plan(_works(batch, todo), states, outdated_failures, doubtful)


def count_source(membership: Membership, totals: Totals, times: int = 1) -> None:
    """Count sources that are done, in all unless another part of the walk does, and for each spec."""
    if not membership.covered:
        totals.all.sources += times
    for spec in membership.specs:
        totals.spec(spec.id).sources += times


def _count_complete(settled: Settled, totals: Totals) -> None:
    membership, wanted, images = settled
    count_source(membership, totals, images)
    _count(wanted, membership, wanted.keys, totals, times=images)


def counts_in_all(key: OutputKey, membership: Membership) -> bool:
    return key.filter_spec not in membership.covered_filter_specs


def _count(
    wanted: Wanted,
    membership: Membership,
    existing: Iterable[OutputKey],
    totals: Totals,
    *,
    times: int = 1,
    with_skipped: bool = True,
) -> None:
    for key in existing:
        totals.count("existing", wanted.spec_ids[key], times=times, in_all=counts_in_all(key, membership))
    for key, reason in wanted.skipped.items() if with_skipped else ():
        totals.count("skipped", wanted.spec_ids[key], times=times, in_all=counts_in_all(key, membership))
        totals.skipped[reason] += times


def drafts_of(batch: ImageBatch) -> tuple[list[Draft], dict[str, Snapshot]]:
    """Each image with its state now, what is wanted of it and what it has; and the states to be written."""
    model = batch.model
    pks = [row.pk for row in batch.rows]
    states = read_states(model, pks)
    renditions = renditions_of(model, pks)
    failures = known_failures([image_key(model, pk) for pk in pks]) if batch.failed else {}
    drafts: list[Draft] = []
    written: dict[str, Snapshot] = {}
    for row in batch.rows:
        before = states.get(str(row.pk))
        now = snapshot_of_values(row.snapshot_values, _groups(row, before))
        if before is not None:
            now = following(now, before, [str(old.pk) for old in renditions.get(row.pk, ())])
        if before != now:
            written[str(row.pk)] = now
        filters = row.membership.wanted
        wanted = filters.of(vary_values(filters, row, batch), is_svg=is_svg(now.file_name))
        drafts.append(
            Draft(row, now, wanted, renditions.get(row.pk, []), failures.get(image_key(model, row.pk), {}))
        )
    return drafts, written


def _groups(row: ImageRow, before: Snapshot | None) -> frozenset[str]:
    if row.membership.groups is not None:
        return row.membership.groups
    return before.groups if before is not None else frozenset()


def is_svg(file_name: str) -> bool:
    """As Wagtail's image model tells."""
    return file_name.lower().endswith(".svg")


def vary_values(filters: WantedFilters, row: ImageRow, batch: ImageBatch) -> tuple[Any, ...]:
    """What the focal-point keys of an image depend on, for :meth:`.WantedFilters.of`."""
    values = []
    for name in filters.vary_fields:
        if name in batch.fields:
            values.append(row.values[batch.fields.index(name)])
        else:
            # No column: some property of a site's image model. Such sites pay for objects.
            if row.pk not in batch.images:
                _load(batch, [each.pk for each in batch.rows])
            values.append(getattr(batch.images.get(row.pk), name, ""))
    return tuple(values)


def renditions_of(model: type, pks: list[Any]) -> dict[Any, list[Old]]:
    """
    Every rendition of these images. By their keys alone: a list of ``image_id`` is an index lookup on every
    database, where a filter spec beside a range of them tempts SQLite into walking the index of all filter specs.
    """
    found: dict[Any, list[Old]] = defaultdict(list)
    rows = model.get_rendition_model()._base_manager.filter(image_id__in=pks)  # type: ignore[attr-defined]
    for image_id, *old in rows.values_list(
        "image_id", "pk", "filter_spec", "focal_point_key", "file"
    ).iterator():
        found[image_id].append(Old(*old))
    return found


def unsure_of(
    name: str, source_key: str, membership: Membership, wanted: Wanted, decision: Decision, files: Verdict
) -> dict[OutputKey, Unsure]:
    """Of the existing outputs of one source, those whose file storage would not tell about."""
    found = {}
    for key, old in decision.existing.items() if files.unsure else ():
        if old.file in files.unsure:
            spec_ids = wanted.spec_ids[key]
            error = f"Storage does not tell whether its file is there: {sentence(files.unsure[old.file])}"
            failed = Failed(name, spec_ids[0], key.filter_spec, error, source_key)
            found[key] = Unsure(failed, spec_ids, counts_in_all(key, membership))
    return found


def _verified(model: type, drafts: list[Draft], options: Options) -> Verdict:
    storage = model.get_rendition_model()._meta.get_field("file").storage  # type: ignore[attr-defined]
    names = [old.file for draft in drafts for old in draft.renditions if old.key in draft.wanted.keys]
    return verify(storage, names, threads=options.connections, listings=options.listings)


def _load(batch: ImageBatch, pks: Iterable[Any]) -> None:
    missing = [pk for pk in pks if pk not in batch.images]
    if missing:
        for image in batch.model._default_manager.filter(pk__in=missing):  # type: ignore[attr-defined]
            batch.images[image.pk] = image


def _works(batch: ImageBatch, todo: list[tuple[Draft, Decision]]) -> list[Work]:
    """In the order of the batch. An image deleted meanwhile is left out: nothing is wanted of it any more."""
    _load(batch, [draft.row.pk for draft, _ in todo])
    return [
        Work(
            source=ImageSource(batch.images[draft.row.pk]),
            wanted=draft.wanted,
            membership=draft.row.membership,
            decision=decision,
            snapshot=replace(draft.snapshot),
        )
        for draft, decision in todo
        if draft.row.pk in batch.images
    ]
