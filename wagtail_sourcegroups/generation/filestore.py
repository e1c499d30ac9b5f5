"""Plain files: what is missing of them, and how it is kept. Their renditions are ``FileRendition`` rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, router, transaction
from django.utils import timezone
from wagtail.images.models import AbstractImage, Filter

from ..exceptions import SourceGone
from ..models import FileRendition, FileSource, GenerationFailure
from ..specs import RenditionSpec
from . import database, files
from .decision import NOTHING_VERIFIED, Decision, Old, decide, failed_before, outdated, tired_of
from .departures import Departures
from .failures import known_failures
from .making import Made, Order, Outcome
from .membership import FileBatch, Membership
from .options import Options
from .plan import Plan, Unsure, count_source, counts_in_all, unsure_of
from .progress import Totals
from .sources import FileSourceBase, storable
from .upsert import upsert
from .verifying import verify
from .wanted import OutputKey, Wanted


@dataclass(slots=True)
class FileWork:
    """What is to be made of one plain file."""

    source: FileSourceBase
    row: FileSource
    wanted: Wanted
    membership: Membership
    decision: Decision

    @property
    def filters(self) -> list[tuple[OutputKey, Filter]]:
        missing = self.decision.missing
        return [(key, filter_) for key, filter_ in self.wanted.filters.items() if key in missing]


def plan_files(batch: FileBatch, options: Options, totals: Totals) -> Plan[FileWork]:
    """
    What to make of a batch of plain files, as :func:`.plan_images` does of images.

    Three queries: the rows of the sources, their renditions, failures.
    """
    sources: list[FileSourceBase] = [request.source for request in batch.requests]  # type: ignore[misc]
    rows = source_rows(sources, batch.groups, write=not options.dry_run)
    renditions: dict[int, list[FileRendition]] = {}
    for rendition in FileRendition.objects.filter(source__in=[row.pk for row in rows.values() if row.pk]):
        renditions.setdefault(rendition.source_id, []).append(rendition)
    failures = known_failures([source.key for source in sources])
    checked = NOTHING_VERIFIED
    if options.verify:
        names = [rendition.file.name for each in renditions.values() for rendition in each]
        storage = files.storage_of(FileRendition)
        checked = verify(storage, names, threads=options.connections, listings=options.listings)
    memberships: dict[tuple[tuple[RenditionSpec, ...], tuple[RenditionSpec, ...]], Membership] = {}
    works: list[FileWork] = []
    doubtful: list[Unsure] = []
    outdated_failures: list[int] = []
    for request, source in zip(batch.requests, sources, strict=True):
        kind = (request.specs, request.covered)
        if kind not in memberships:
            memberships[kind] = Membership(AbstractImage, request.specs, covered=request.covered)
        membership = memberships[kind]
        wanted = membership.wanted.of_image(source.plain_image)
        row = rows[source.digest]
        key_of = {key.filter_spec: key for key in wanted.keys}
        have = [
            # A plain file has no focal point: its renditions are told apart by filter spec alone.
            Old(
                r.pk,
                r.filter_spec,
                key_of[r.filter_spec].focal_point_key if r.filter_spec in key_of else "",
                r.file.name,
            )
            for r in renditions.get(row.pk, [])
        ]
        stale = {str(r.pk) for r in renditions.get(row.pk, []) if r.version != source.version}
        known = failures.get(source.key, {})
        force = options.force or request.force
        decision = decide(
            wanted,
            have,
            stale=stale,
            files=checked if not force else NOTHING_VERIFIED,
            # What the former file left behind and nobody wants now goes with --prune.
            once_bound={old.filter_spec for old in have},
            force=force,
            only=failed_before(known) if options.only_failed else None,
            leave_alone=tired_of(known) if options.patient else (),
        )
        outdated_failures += outdated(known, wanted, decision)
        if not decision.missing:
            count_source(membership, totals)
        unsure = unsure_of(source.name, source.key, membership, wanted, decision, checked)
        doubtful += unsure.values()
        for key in decision.existing:
            if key in unsure:
                continue
            totals.count("existing", wanted.spec_ids[key], in_all=counts_in_all(key, membership))
        for key, reason in () if options.only_failed else wanted.skipped.items():
            totals.count("skipped", wanted.spec_ids[key], in_all=counts_in_all(key, membership))
            totals.skipped[reason] += 1
        if decision.missing:
            works.append(FileWork(source, row, wanted, membership, decision))
    return Plan(works, {}, outdated_failures, doubtful)


def source_rows(
    sources: Iterable[FileSourceBase], groups: Iterable[str] = (), *, write: bool = True
) -> dict[str, FileSource]:
    """
    The rows of sources, by digest; new ones are written, and so are groups that are new to a row.

    One query where every row is there.
    """
    by_digest = {source.digest: source for source in sources}
    rows = {row.digest: row for row in FileSource.objects.filter(digest__in=list(by_digest))}
    changed = []
    for digest, source in sorted(by_digest.items()):
        row = rows.get(digest)
        if row is None:
            row = rows[digest] = FileSource(
                digest=digest, identity=storable(source.identity), name=storable(source.name)[-255:]
            )
            row.groups = sorted(groups)
            changed.append(row)
        elif not set(groups) <= set(row.groups):
            row.groups = sorted({*row.groups, *groups})
            changed.append(row)
    if changed and write:
        upsert(changed, unique=["digest"], update=["groups", "name"])
        # Not every database tells the keys of rows it has upserted.
        for row in FileSource.objects.filter(digest__in=[row.digest for row in changed]):
            rows[row.digest] = row
    return rows


def file_order(work: FileWork) -> Order:
    """What is to be made of a plain file."""
    return Order(
        source=work.source,
        image=work.source.plain_image,
        filters={filter_: key for key, filter_ in work.filters},
        inexact=work.wanted.inexact,
        lost=work.decision.lost,
        model=FileRendition,
        unsaved=lambda _key: FileRendition(),
    )


def keep_plain(work: FileWork, outcome: Outcome, departures: Departures) -> None:
    """
    Give rows to the files of an outcome; as :func:`.store.keep`.

    Raises :exc:`.SourceGone` if the source's row was deleted meanwhile.
    """
    kept: set[OutputKey] = set()
    found: set[OutputKey] = set()
    failed: dict[OutputKey, Exception] = {}
    link = database.Link(router.db_for_write(FileRendition))
    for made in outcome.made:
        try:
            ours, old_name = _keep_row(work, made)
        except Exception as error:
            if link.is_broken:
                raise
            if isinstance(error, IntegrityError) and not FileSource.objects.filter(pk=work.row.pk).exists():
                departures.discard(FileRendition, [each.name for each in outcome.made])
                raise SourceGone(f"{work.source.name} went while its renditions were being made.") from error
            failed[made.key] = error
            continue
        (kept if ours else found).add(made.key)
        if ours and old_name and old_name != made.name:
            # Nobody caches the rows of plain files.
            departures.discard(FileRendition, [old_name])
    departures.discard(FileRendition, [made.name for made in outcome.made if made.key not in kept])
    # Not before: where the database goes away, all of it is done once more.
    outcome.failed.update(failed)
    outcome.found += found
    outcome.made = [made for made in outcome.made if made.key in kept]


def _keep_row(work: FileWork, made: Made) -> tuple[bool, str | None]:
    """Whether a row names the made file now, and the file it named before."""
    using = router.db_for_write(FileRendition)
    rows = FileRendition.objects.using(using)
    values = {
        "version": work.source.version,
        "file": made.name,
        "width": made.width,
        "height": made.height,
        "bytes": made.size,
        "seconds": made.seconds,
        "made_at": timezone.now(),
    }
    old = work.decision.replace.get(made.key) or work.decision.lost.get(made.key)
    if old is not None and rows.filter(pk=old.pk, file=old.file).update(**values):
        return True, old.file
    identity = {"source_id": work.row.pk, "filter_spec": made.key.filter_spec}
    thumbnail = work.membership.is_thumbnail(made.key, work.wanted)
    try:
        with transaction.atomic(using=using):
            FileRendition(**identity, **values, thumbnail=thumbnail).save(using=using, force_insert=True)
    except IntegrityError:
        there = rows.filter(**identity).first()
        if there is None:
            raise
        # Ours is one that was written before the database went away.
        ours = there.file.name == made.name
        return ours, old.file if ours and old is not None else None
    return True, None


def delete_renditions(source: FileSourceBase, filter_specs: Iterable[str] | None = None) -> int:
    """
    Delete the renditions of a plain source: rows, then files; how many. All of them, and all that is remembered
    of the source, unless filter specs are given.
    """
    rows = FileRendition.objects.filter(source__digest=source.digest)
    if filter_specs is not None:
        rows = rows.filter(filter_spec__in=list(filter_specs))
    names = list(rows.values_list("file", flat=True))
    rows.delete()
    if filter_specs is None:
        FileSource.objects.filter(digest=source.digest).delete()
        GenerationFailure.objects.filter(source_key=source.key).delete()
    departures = Departures()
    departures.discard(FileRendition, names)
    departures.take_leave()
    return len(names)
