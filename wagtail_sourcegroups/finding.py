"""
Finding images by how the outputs that a spec wants of them stand: in the order of keys, as far as somebody waits.

The database leaves out most images, and tells of others, in a few columns; those of which it cannot be certain are
read, some at a time.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import QuerySet

from .generation.membership import ImageBatch
from .generation.settled import Evidence
from .generation.standing import Standing, standing_as_told, standings
from .memberships import Memberships
from .selection import failed_images
from .specs import RenditionSpec

#: Images that the first query is about; each one after it is about twice as many, up to the most.
FIRST, MOST = 100, 5000
#: Images that are read at once.
READ = 200

#: What can be looked for: the names of :class:`.Standing`.
STATES = ("ready", "missing", "stale", "failed")


class Found(NamedTuple):
    """An image by its key, and how its outputs stand."""

    pk: Any
    standing: Standing


class Piece(NamedTuple):
    """What came of looking at some images: how many, the key of the last one, whether there may be more, the found."""

    looked_at: int
    upto: Any
    more: bool
    found: list[Found]


@dataclass
class Look:
    """What came of a look: the images ``found``, how many it went through, and the key to go on after, if any."""

    found: list[Found] = field(default_factory=list)
    looked_at: int = 0
    after: Any = None


def look(
    images: QuerySet[Any],
    specs: Iterable[RenditionSpec],
    state: str,
    *,
    after: Any = None,
    limit: int,
    seconds: float,
) -> Look:
    """
    The next images with an output in this state, ``limit`` of them or as many as are found in about so many seconds.

    ``images`` are those that the specs are wanted of. Four queries for each thousands of them, four more for each few
    hundred that have to be read.
    """
    until = time.monotonic() + seconds
    came_to = Look()
    for piece in pieces(images, specs, state, after):
        room = limit - len(came_to.found)
        came_to.found += piece.found[:room]
        came_to.looked_at += piece.looked_at
        if len(piece.found) > room:
            came_to.after = came_to.found[-1].pk
            break
        if len(piece.found) == room or time.monotonic() > until:
            came_to.after = piece.upto if piece.more else None
            break
    return came_to


def pieces(
    images: QuerySet[Any], specs: Iterable[RenditionSpec], state: str, after: Any = None
) -> Iterator[Piece]:
    """All images with an output in this state, as they are found."""
    model = images.model
    wanted = tuple(specs)
    # Which groups they are in is settled: that is not asked of each, nor held against what was kept.
    table = Memberships(model, (), {}, wanted, incomplete=True, given=wanted)
    evidence = Evidence(model, wanted)
    if state == "failed":
        images = images.filter(pk__in=failed_images(model))
    images = images.order_by("pk")
    size = FIRST
    while True:
        rest = images if after is None else images.filter(pk__gt=after)
        keys = list(rest.values_list("pk", flat=True)[:size])
        if not keys:
            return
        after = keys[-1]
        more = len(keys) == size
        told = _told(table, evidence, rest.filter(pk__lte=after), state) if evidence.available else None
        page = dict.fromkeys(keys) if told is None else told
        yield from _pieces(table, images, keys, page, state, more=more)
        if not more:
            return
        size = min(2 * size, MOST)


def _told(
    table: Memberships, evidence: Evidence, images: QuerySet[Any], state: str
) -> dict[Any, Standing | None]:
    """
    Those of some images that may have an output in this state: how their outputs stand, by key, or ``None`` where the
    database cannot be certain. Two or three queries.
    """
    membership = table.membership(())
    images = images.annotate(**evidence.columns)
    if state == "stale":
        # An image that is as it was kept has nothing stale.
        images = images.filter(as_kept=None)
    elif state != "ready":
        images = evidence.unsettled(images, membership)
    rows = list(images.values_list("pk", *evidence.columns))
    failed = evidence.failed(row[0] for row in rows)
    kinds: dict[tuple[Any, ...], Standing | None] = {}
    page: dict[Any, Standing | None] = {}
    for pk, *values in rows:
        kind = tuple(values)
        if kind not in kinds:
            told = evidence.told(membership, kind)
            kinds[kind] = None if told is None else standing_as_told(told)
        standing = kinds[kind]
        # A failure of something else: what is there has not failed.
        page[pk] = None if standing and standing.missing and pk in failed else standing
    return page


def _pieces(
    table: Memberships,
    images: QuerySet[Any],
    keys: Sequence[Any],
    page: Mapping[Any, Standing | None],
    state: str,
    *,
    more: bool,
) -> Iterator[Piece]:
    """
    A page of images with these keys, of which ``page`` has those to be judged, in its order; cut so that no more images
    are read for a piece than can be at once.
    """
    chosen: list[Any] = []
    unread: list[Any] = []
    looked_at = 0
    for number, key in enumerate(keys, start=1):
        if key in page:
            chosen.append(key)
            if page[key] is None:
                unread.append(key)
        last = number == len(keys)
        if last or len(unread) == READ:
            read = _read(table, images, unread)
            found = []
            for pk in chosen:
                standing = page[pk] or read.get(pk)
                # One that has gone since is not there to be found.
                if standing is not None and getattr(standing, state):
                    found.append(Found(pk, standing))
            yield Piece(number - looked_at, key, more or not last, found)
            chosen, unread, looked_at = [], [], number


def _read(table: Memberships, images: QuerySet[Any], pks: Collection[Any]) -> dict[Any, Standing]:
    """Image by image. Four queries, none for none."""
    if not pks:
        return {}
    rows = [table.row(row) for row in images.filter(pk__in=pks).values_list(*table.columns)]
    batch = ImageBatch(table.model, rows, table.fields)
    return dict(zip((row.pk for row in rows), standings(batch), strict=True))
