"""Plain files: what is missing of them, and how it is kept. Their renditions are ``FileRendition`` rows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any

import PIL.Image
from django.db import IntegrityError, router, transaction
from wagtail.images.models import AbstractImage, Filter

from ..exceptions import SourceGone
from ..models import FileRendition, FileSource, GenerationFailure
from ..rendering import RenderFailure, render
from ..specs import RenditionSpec
from . import files
from .failures import known_failures
from .membership import FileBatch, Membership
from .options import Options
from .plan import PATIENCE, Decision, Old, Plan, count_source, counts_in_all, decide, failed_before
from .progress import Totals
from .sources import FileSourceBase
from .store import Made, Outcome
from .upsert import upsert
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
    memberships: dict[tuple[tuple[RenditionSpec, ...], tuple[RenditionSpec, ...]], Membership] = {}
    works: list[FileWork] = []
    outdated: list[int] = []
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
        tired = {spec for spec, failure in known.items() if failure.attempts >= PATIENCE}
        force = options.force or request.force
        decision = decide(
            wanted,
            have,
            stale=stale,
            lost=_lost(have) if options.verify and not force else (),
            # What the former file left behind and nobody wants now goes with --prune.
            once_bound={old.filter_spec for old in have},
            force=force,
            only=failed_before(known) if options.only_failed else None,
            leave_alone=tired if options.patient else (),
        )
        made = {key.filter_spec for key in (*decision.missing, *wanted.skipped)}
        outdated += [failure.pk for spec, failure in known.items() if spec not in made and spec not in tired]
        count_source(membership, totals)
        for key in decision.existing:
            totals.count("existing", wanted.spec_ids[key], in_all=counts_in_all(key, membership))
        for key, reason in () if options.only_failed else wanted.skipped.items():
            totals.count("skipped", wanted.spec_ids[key], in_all=counts_in_all(key, membership))
            totals.skipped[reason] += 1
        if decision.missing:
            works.append(FileWork(source, row, wanted, membership, decision))
    return Plan(works, {}, outdated)


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
            row = rows[digest] = FileSource(digest=digest, identity=source.identity, name=source.name[-255:])
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


def make_plain_files(work: FileWork, *, max_output_pixels: int, admit: Callable[[int], Any]) -> Outcome:
    """Make and save the outputs of one plain file. For a worker thread: it touches no database."""
    outcome = Outcome()
    keys = {filter_: key for key, filter_ in work.filters}
    storage = files.storage_of(FileRendition)
    length = files.field_length(FileRendition)
    try:
        with work.source.open() as source, admit(_pixels(source)):
            started = time.perf_counter()
            image = work.source.plain_image
            for result in render(image, source, list(keys), max_output_pixels=max_output_pixels):
                key = keys[result.filter]
                if isinstance(result, RenderFailure):
                    outcome.failed[key] = result.error
                    continue
                lost = work.decision.lost.get(key)
                with result.file:
                    try:
                        if lost is not None:
                            name = files.save_again(storage, lost.file, result.file)
                        else:
                            wished = files.generated_name(FileRendition(), result.file)
                            name = files.save(storage, wished, result.file, max_length=length)
                    except Exception as error:  # noqa: BLE001 - a full disk costs this output, and no other
                        outcome.failed[key] = error
                        continue
                took = time.perf_counter() - started
                outcome.made.append(Made(key, name, result.width, result.height, result.size, took))
                started = time.perf_counter()
    except Exception as error:  # noqa: BLE001 - the source cannot be read, and that is the failure of every output
        done = {made.key for made in outcome.made} | outcome.failed.keys()
        outcome.failed.update({key: error for key in keys.values() if key not in done})
    return outcome


def keep_plain(work: FileWork, outcome: Outcome) -> None:
    """
    Give rows to the files of an outcome, then let go of those they replace; as :func:`.store.keep`.

    Raises :exc:`.SourceGone` if the source's row was deleted meanwhile.
    """
    using = router.db_for_write(FileRendition)
    names = [made.name for made in outcome.made]
    retired: list[str] = []
    lost_races: list[Made] = []
    try:
        with transaction.atomic(using=using):
            for made in sorted(outcome.made, key=lambda made: made.key):
                kept, old_name = _keep_row(work, made, using)
                if not kept:
                    lost_races.append(made)
                elif old_name and old_name != made.name:
                    retired.append(old_name)
    except BaseException as error:
        files.discard(FileRendition, names)
        if isinstance(error, IntegrityError) and not FileSource.objects.filter(pk=work.row.pk).exists():
            raise SourceGone(f"{work.source.name} went while its renditions were being made.") from error
        raise
    outcome.found += [made.key for made in lost_races]
    outcome.made = [made for made in outcome.made if made not in lost_races]
    files.discard(FileRendition, [*(made.name for made in lost_races), *retired])


def _keep_row(work: FileWork, made: Made, using: str) -> tuple[bool, str | None]:
    values = {
        "version": work.source.version,
        "file": made.name,
        "width": made.width,
        "height": made.height,
        "bytes": made.size,
        "seconds": made.seconds,
    }
    old = work.decision.replace.get(made.key) or work.decision.lost.get(made.key)
    if old is not None:
        switched = FileRendition.objects.using(using).filter(pk=old.pk, file=old.file).update(**values)
        return bool(switched), old.file
    try:
        with transaction.atomic(using=using):
            row = FileRendition(source_id=work.row.pk, filter_spec=made.key.filter_spec, **values)
            row.save(using=using, force_insert=True)
    except IntegrityError:
        if (
            FileRendition.objects.using(using)
            .filter(source_id=work.row.pk, filter_spec=made.key.filter_spec)
            .exists()
        ):
            return False, None
        raise
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
    files.discard(FileRendition, names)
    return len(names)


def _lost(have: Iterable[Old]) -> set[str]:
    storage = files.storage_of(FileRendition)
    return {old.file for old in have if not storage.exists(old.file)}


def _pixels(source: IO[bytes]) -> int:
    """Of an original nobody has measured: its header tells. Nothing is decoded; what cannot be read holds none."""
    try:
        # Pillow reads the header only, where Willow would decode. The file is not ours to close.
        return math.prod(PIL.Image.open(source).size)
    except Exception:  # noqa: BLE001 - rendering meets it again, and says so
        return 0
    finally:
        source.seek(0)
