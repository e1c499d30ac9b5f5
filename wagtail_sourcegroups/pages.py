"""Images of one model, by key, each with what it belongs to: pages of a walk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from django.db.models import Case, IntegerField, Model, Q, QuerySet, Value, When

from .generation.membership import ImageBatch, ImageRow, Membership, Settled, row_fields
from .generation.settled import Evidence
from .sourcegroups.base import QuerySetSourceGroup, SourceGroup
from .sourcegroups.lookups import row_condition
from .specs import RenditionSpec

Specs = tuple[RenditionSpec, ...]

#: Images of one page where little is asked of each. More make a run hardly quicker, and a query that PostgreSQL thinks
#: dear enough to compile.
PAGE = 2000

_KIND = itemgetter(slice(1, None))


class Memberships:
    """
    Columns that tell which groups an image is in, and what that means, worked out once for all alike.

    ``specs_of`` are the specs wanted of each group, ``specs`` all of them; ``incomplete`` says that some group
    cannot be asked; ``given`` are the specs of a plain group that gave these images.
    """

    def __init__(
        self,
        model: type[Model],
        groups: Sequence[QuerySetSourceGroup],
        specs_of: Mapping[SourceGroup, Sequence[RenditionSpec]],
        specs: Specs,
        *,
        incomplete: bool,
        given: Specs | None = None,
    ) -> None:
        self.model = model
        self.specs = specs
        self.groups = {f"in_group_{index}": group for index, group in enumerate(groups)}
        self._specs_of = specs_of
        self._incomplete = incomplete
        self._given = given
        self._known: dict[tuple[tuple[bool, ...], Specs], Membership] = {}
        self.fields = row_fields(model, specs)
        self.columns = (*self.fields, *self.groups)

    def annotated(self, images: QuerySet[Any]) -> QuerySet[Any]:
        return images.annotate(**{name: inside(group) for name, group in self.groups.items()})

    def row(self, row: Sequence[Any], known: Specs = ()) -> ImageRow:
        """The values of :attr:`columns`; ``known`` are specs that another plain group asked of this image before."""
        return ImageRow(row[: len(self.fields)], self.membership(row[len(self.fields) :], known))

    def membership(self, there: Sequence[Any], known: Specs = ()) -> Membership:
        """Of an image of which these are the columns of groups."""
        bits = tuple(map(bool, there))
        membership = self._known.get((bits, known))
        if membership is None:
            mine = self.groups_in(bits)
            wanted = [spec for group in mine for spec in self._specs_of.get(group, ())]
            # Where a group cannot say who is in it, an image keeps the groups it had.
            keys = None if self._incomplete else [group.key for group in mine]
            if self._given is None:
                membership = Membership(self.model, wanted, keys)
            else:
                membership = Membership(self.model, self._given, keys, covered=(*wanted, *known))
            self._known[(bits, known)] = membership
        return membership

    def groups_in(self, there: Sequence[Any]) -> list[QuerySetSourceGroup]:
        """The groups of an image of which these are the columns of groups."""
        return [group for group, bit in zip(self.groups.values(), there, strict=True) if bit]

    def bound_in(self, there: Sequence[Any]) -> dict[RenditionSpec, list[str]]:
        """The specs walked for of such an image, each with the keys of the groups that want it."""
        found: dict[RenditionSpec, list[str]] = {}
        for group in self.groups_in(there):
            for spec in self._specs_of.get(group, ()):
                found.setdefault(spec, []).append(group.key)
        return found


def every_page(
    table: Memberships, images: QuerySet[Any], size: int, after: Any = None
) -> Iterator[ImageBatch]:
    """All of some images, ``size`` at a time, from a key on. One query a batch."""
    images = table.annotated(images).order_by("pk")
    while True:
        page = images if after is None else images.filter(pk__gt=after)
        rows = list(page.values_list(*table.columns)[:size])
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
    images = table.annotated(images).order_by("pk")
    for rows, failed, last in told_pages(table, evidence, images, max(size, PAGE), after):
        settled = _settled(table, evidence, Counter(_KIND(row) for row in rows if row[0] not in failed))
        keys = [row[0] for row in rows if row[0] in failed or _KIND(row) not in settled]
        if settled:
            upto = None if keys else last
            yield ImageBatch(table.model, [], table.fields, settled=list(settled.values()), upto=upto)
        for first in range(0, len(keys), size):
            chosen = keys[first : first + size]
            batch = [table.row(row) for row in images.filter(pk__in=chosen).values_list(*table.columns)]
            if batch:
                upto = last if first + size >= len(keys) else None
                yield ImageBatch(
                    table.model, batch, table.fields, upto=upto, failed=not failed.isdisjoint(chosen)
                )


def told_pages(
    table: Memberships,
    evidence: Evidence,
    images: QuerySet[Any],
    size: int,
    after: Any = None,
    *,
    besides: Sequence[str] = (),
) -> Iterator[tuple[list[Any], frozenset[Any], Any]]:
    """
    What the database tells of some images, given as :meth:`Memberships.annotated` has them, in the order of keys.

    By the page: rows of the key, the columns of groups, those of ``evidence``, and others ``besides``; the keys of
    those with a failure on record; the last key. Two queries a page.
    """
    columns = evidence.columns
    asked = images.annotate(**columns).values_list("pk", *table.groups, *columns, *besides)
    while True:
        # One more than the page has, so that no empty page follows the last one.
        rows = list((asked if after is None else asked.filter(pk__gt=after))[: size + 1])
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
    groups = len(table.groups)
    for kind, images in kinds.items():
        membership = table.membership(kind[:groups])
        wanted = evidence.settled(membership, kind[groups:])
        if wanted is not None:
            found[kind] = Settled(membership, wanted, images)
    return found


def inside(group: QuerySetSourceGroup) -> Any:
    """
    Whether a row is in a group, as an expression to annotate with: 1 or 0.

    A number: SQLite has no other truth, and every value would be made one by a function of Django's.
    """
    condition = row_condition(group)
    if condition is None:
        return Value(1, output_field=IntegerField())
    return Case(When(Q(condition), then=Value(1)), default=Value(0), output_field=IntegerField())
