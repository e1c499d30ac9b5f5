"""
Groups' conditions as they are asked page by page, batch by batch: looked up for each row.

PostgreSQL likes to work an ``EXISTS`` out for the whole group first, each time: that is quick once, and as often as
there are pages it is quadratic. An ``OFFSET`` keeps it from that.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, Q

from .base import Condition, QuerySetSourceGroup


class LookedUp(Exists):
    """``EXISTS`` that PostgreSQL neither joins nor hashes."""

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="EXISTS(%(subquery)s OFFSET 0)", **extra)


def row_condition(group: QuerySetSourceGroup) -> Condition:
    """The condition of a group, for a query that is asked again and again. As it is where no index tells of a row."""
    condition = group.condition()
    return looked_up(condition) if group.indexed else condition


def looked_up(condition: Condition) -> Condition:
    """The same condition, of one row at a time. Pure."""
    if isinstance(condition, Exists):
        return LookedUp(condition.query)
    if isinstance(condition, Q):
        children: list[Any] = [
            looked_up(child) if isinstance(child, Exists | Q) else child for child in condition.children
        ]
        return condition.create(children, connector=condition.connector, negated=condition.negated)
    return condition
