"""
The tree of collections, read in one query, so that nobody has to ask for one collection at a time.

A *stamp* names the tree as it is. It is asked for along with other rows, and only where it is another one than before
is the tree read again: what was read stays true for as long as its stamp is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Func, Subquery, TextField, Value
from django.db.models.functions import Cast, Concat, Length


@dataclass(frozen=True)
class Node:
    """A collection. Without a primary key it is one that is not there yet."""

    pk: int | None
    name: str
    path: str


NodeT = TypeVar("NodeT", bound=Node)


class Tree(Generic[NodeT]):
    """Some collections in the order of the tree: a parent stands before what is below it. Pure."""

    def __init__(self, nodes: Iterable[NodeT], stamp: str | None = None) -> None:
        self.nodes = tuple(sorted(nodes, key=lambda node: node.path))
        self.stamp = stamp
        self._by_pk = {node.pk: node for node in self.nodes}
        self._by_path = {node.path: node for node in self.nodes}
        self._by_name: dict[str, list[NodeT]] = {}
        for node in self.nodes:
            self._by_name.setdefault(node.name, []).append(node)
        self._above: dict[str, tuple[NodeT, ...]] = {}

    @property
    def root(self) -> NodeT | None:
        """The root collection, if it is one of them."""
        return next((node for node in self.nodes if len(node.path) == _step()), None)

    def node(self, pk: Any) -> NodeT | None:
        """The collection of this id, if it is one of them."""
        return self._by_pk.get(pk)

    def named(self, name: str) -> list[NodeT]:
        """Those of this name, at any depth."""
        return self._by_name.get(name, [])

    def above(self, node: Node) -> tuple[NodeT, ...]:
        """The collections above one, from the top down."""
        found = self._above.get(node.path)
        if found is None:
            step = _step()
            paths = (node.path[:end] for end in range(step, len(node.path), step))
            found = tuple(self._by_path[path] for path in paths if path in self._by_path)
            self._above[node.path] = found
        return found

    def names(self, node: Node) -> tuple[str, ...]:
        """The names on the way to a collection, from the top down, its own the last."""
        return (*(each.name for each in self.above(node)), node.name)

    def with_those_below(self, counts: Mapping[Any, int]) -> Counter[Any]:
        """Sums of ``counts``, which are by the id of a collection: of each one and of all below it."""
        sums: Counter[Any] = Counter()
        for node in self.nodes:
            for each in (*self.above(node), node):
                sums[each.pk] += counts.get(node.pk, 0)
        return sums


#: The tree that this process has read last.
_last: Tree[Node] | None = None


def read_tree(using: str | None = None) -> Tree[Node]:
    """All collections as they are now. One query."""
    global _last
    from wagtail.models import Collection

    rows = list(
        Collection.objects.using(using)
        .order_by("path")
        .annotate(stamp=stamp())
        .values_list("pk", "name", "path", "stamp")
    )
    tree = Tree((Node(pk, name, path) for pk, name, path, _ in rows), rows[0][-1] if rows else None)
    _last = tree
    return tree


def tree_of(stamp: str | None, using: str | None = None) -> Tree[Node]:
    """The tree that had this stamp when it was asked for. One query, none if it was read before."""
    known = _last
    return known if known is not None and stamp and known.stamp == stamp else read_tree(using)


def stamp() -> Subquery:
    """The stamp of the tree, as part of somebody's query. Of no row in particular: worked out once for all."""
    from wagtail.models import Collection

    text = TextField()
    # With the length of a name, so that no name can look like the end of it and another collection.
    parts = (Cast("pk", text), "path", Cast(Length("name"), text), "name")
    written = Concat(*(part for each in parts for part in (each, Value(":"))), output_field=text)
    # A function and no aggregate of Django's, which would group.
    return Subquery(Collection.objects.order_by().annotate(stamp=_Digest(written)).values("stamp"))


class LatestTree:
    """The tree of collections as somebody who goes through many rows has seen it last."""

    def __init__(self) -> None:
        self._tree: Tree[Node] | None = None

    def now(self, using: str | None = None) -> Tree[Node]:
        """As it was seen last. One query, where nobody has seen it yet."""
        if self._tree is None:
            self._tree = read_tree(using)
        return self._tree

    def forget(self) -> None:
        """Have it read when it is asked for again."""
        self._tree = None

    def notice(self, stamp: str | None, using: str | None = None) -> Tree[Node]:
        """Rows came with this stamp: the tree that they are to be understood by. One query if it is a new one."""
        if self._tree is None or not stamp or self._tree.stamp != stamp:
            before, self._tree = self._tree, tree_of(stamp, using)
            if before is not None and before.nodes == self._tree.nodes:
                # Another stamp for the same, as where the database has no way to make one.
                self._tree = before
        return self._tree


class _Digest(Func):
    """
    Of all rows of a query, a text that is another one as soon as one of them is; nothing where the database is none of
    those that are known to have such.
    """

    output_field = TextField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        # An aggregate all the same: one row.
        return "MAX(NULL)", []

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(
            compiler, connection, template="SHA256(GROUP_CONCAT(%(expressions)s, ','))", **extra
        )

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        joined = "STRING_AGG(%(expressions)s, ',')"
        template = f"ENCODE(SHA256(CONVERT_TO({joined}, 'UTF8')), 'hex')"
        return super().as_sql(compiler, connection, template=template, **extra)


def _step() -> int:
    """Characters of a path for each level."""
    from wagtail.models import Collection

    return int(Collection.steplen)
