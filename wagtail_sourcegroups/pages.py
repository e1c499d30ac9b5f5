"""Images of one model, by key, each with what it belongs to: pages of a walk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from django.db.models import QuerySet

from .generation.membership import ImageBatch, Settled
from .generation.settled import Evidence
from .generation.wanted import Wanted
from .memberships import Memberships

#: Images of one page where little is asked of each. More make a run hardly quicker, and a query that PostgreSQL thinks
#: dear enough to compile.
PAGE = 2000

_KIND = itemgetter(slice(1, None))


def every_page(
    table: Memberships, images: QuerySet[Any], size: int, after: Any = None
) -> Iterator[ImageBatch]:
    """All of some images, ``size`` at a time, from a key on. One query a batch."""
    while True:
        rows = table.read(images, table.columns, after=after, limit=size)
        if rows:
            yield ImageBatch(table.model, [table.row(row) for row in rows], table.fields, upto=rows[-1][0])
        if len(rows) < size:
            return
        after = rows[-1][0]


def unsettled_pages(
    table: Memberships, images: QuerySet[Any], size: int, after: Any = None
) -> Iterator[ImageBatch]:
    """
    As :func:`every_page`, but images of which nothing is missing only as numbers, by the thousand.

    Two queries for each thousands of images, and one for each batch of those to be looked at. These are read when
    their turn comes, not when they are found: many may be made in between, and meanwhile others change what was read.
    """
    evidence = Evidence(table.model, table.specs)
    if not evidence.available:
        yield from every_page(table, images, size, after)
        return
    for rows, failed, last in told_pages(table, evidence, images, max(size, PAGE), after):
        settled = _settled(table, evidence, Counter(_KIND(row) for row in rows if row[0] not in failed))
        keys = [row[0] for row in rows if row[0] in failed or _KIND(row) not in settled]
        if settled:
            upto = None if keys else last
            counted = _together(settled.values())
            yield ImageBatch(table.model, [], table.fields, settled=counted, upto=upto)
        for first in range(0, len(keys), size):
            chosen = keys[first : first + size]
            batch = [table.row(row) for row in table.read(images, table.columns, pks=chosen)]
            if batch:
                upto = last if first + size >= len(keys) else None
                yield ImageBatch(
                    table.model, batch, table.fields, upto=upto, failed=not failed.isdisjoint(chosen)
                )


def told_pages(
    table: Memberships, evidence: Evidence, images: QuerySet[Any], size: int, after: Any = None
) -> Iterator[tuple[list[Any], frozenset[Any], Any]]:
    """
    What the database tells of some images, in the order of keys.

    By the page: rows of the key, of what :attr:`.Memberships.told` has, and of the columns of ``evidence``; the keys
    of those with a failure on record; the last key. Two queries a page.
    """
    columns = evidence.columns
    images = images.annotate(**columns)
    while True:
        # One more than the page has, so that no empty page follows the last one.
        rows = table.read(images, ("pk", *table.told, *columns), after=after, limit=size + 1)
        more = len(rows) > size
        del rows[size:]
        if not rows:
            return
        after = rows[-1][0]
        yield rows, evidence.failed(row[0] for row in rows), after
        if not more:
            return


def _settled(
    table: Memberships, evidence: Evidence, kinds: Mapping[tuple[Any, ...], int]
) -> dict[tuple[Any, ...], Settled]:
    """Of kinds of images, so many of each, those of which nothing is missing."""
    found = {}
    judged: dict[tuple[Any, ...], Wanted | None] = {}
    groups = len(table.told)
    for kind, images in kinds.items():
        membership = table.membership(kind[:groups])
        # Images of several collections may be alike in all that matters.
        alike = (id(membership), *kind[groups:])
        if alike not in judged:
            judged[alike] = evidence.settled(membership, kind[groups:])
        wanted = judged[alike]
        if wanted is not None:
            found[kind] = Settled(membership, wanted, images)
    return found


def _together(settled: Iterable[Settled]) -> list[Settled]:
    """Each of those that differ in nothing but the collection once."""
    found: dict[tuple[int, int], Settled] = {}
    for membership, wanted, images in settled:
        kind = (id(membership), id(wanted))
        before = found[kind].images if kind in found else 0
        found[kind] = Settled(membership, wanted, before + images)
    return list(found.values())
