"""
Facts kept for the transaction they belong to, and handed over once after it commits.

Every connection has its own, and every connection belongs to one thread. Facts noted within the same savepoints
share a *bucket*, and Django's list of commit callbacks is the only thing that holds a bucket: rolling a savepoint
back, or the whole transaction, drops its callbacks and with them what was noted inside. Whichever callback
is called first takes every bucket that is left, so that there is one handing over for all of them.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connections, transaction

from .facts import Fact, ImageFact

logger = logging.getLogger("wagtail_sourcegroups")

#: How often what is noted while facts are dealt with is dealt with in turn. A strategy that
#: replaces the file of every image whose file is replaced would never come to an end.
ROUNDS = 20

Flush = Callable[[str, list[Fact]], None]

_notes: weakref.WeakKeyDictionary[Any, Notes] = weakref.WeakKeyDictionary()
_flush: Flush | None = None


def flush_with(function: Flush) -> None:
    """Tell who deals with what was noted: a function of a database alias and the facts of one transaction."""
    global _flush
    _flush = function


def note(using: str, *facts: Fact) -> None:
    """Keep facts until the transaction on this database commits; outside of one, deal with them now, together."""
    if facts:
        _notes_of(using).add(facts)


def knows(using: str, model: type, pk: Any) -> bool:
    """
    Whether this transaction has noted already how an image was before it, or that it was not there.

    Only what certainly lasts if something noted now does is counted.
    """
    return _notes_of(using).knows((model, pk))


class Bucket:
    """Facts that stand or fall together."""

    __slots__ = ("__weakref__", "facts", "known", "notes", "savepoints")

    def __init__(self, notes: Notes, savepoints: frozenset[Any]) -> None:
        self.notes = notes
        self.savepoints = savepoints
        self.facts: list[Fact] = []
        self.known: set[tuple[type, Any]] = set()

    def add(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            self.facts.append(fact)
            if isinstance(fact, ImageFact) and (fact.new or fact.before is not None):
                self.known.add((fact.model, fact.pk))

    def committed(self) -> None:
        self.notes.hand_over()


class Notes:
    """The facts of one connection."""

    def __init__(self, using: str) -> None:
        self.using = using
        self._buckets: list[weakref.ref[Bucket]] = []
        self._waiting: list[Fact] = []
        self._busy = False

    def add(self, facts: Iterable[Fact]) -> None:
        connection = connections[self.using]
        savepoints = frozenset(connection.savepoint_ids)
        latest = self._buckets[-1]() if self._buckets and connection.in_atomic_block else None
        if latest is not None and latest.savepoints == savepoints:
            latest.add(facts)
            return
        bucket = Bucket(self, savepoints)
        bucket.add(facts)
        self._buckets = [*(ref for ref in self._buckets if ref() is not None), weakref.ref(bucket)]
        transaction.on_commit(bucket.committed, using=self.using, robust=True)

    def knows(self, image: tuple[type, Any]) -> bool:
        savepoints = frozenset(connections[self.using].savepoint_ids)
        buckets = (ref() for ref in self._buckets)
        return any(b is not None and b.savepoints <= savepoints and image in b.known for b in buckets)

    def hand_over(self) -> None:
        """Deal with everything that lasted, and then with what is noted meanwhile."""
        for ref in self._buckets:
            bucket = ref()
            if bucket is not None:
                self._waiting += bucket.facts
                bucket.facts = []
        self._buckets = []
        if self._busy:
            return
        self._busy = True
        try:
            for _ in range(ROUNDS):
                facts, self._waiting = self._waiting, []
                if not facts or _flush is None:
                    return
                _flush(self.using, facts)
            logger.error(
                "Telling what changed kept changing images; after %d rounds the rest is left to the next run.",
                ROUNDS,
            )
        finally:
            self._waiting = []
            self._busy = False


def _notes_of(using: str) -> Notes:
    connection = connections[using]
    notes = _notes.get(connection)
    if notes is None:
        notes = _notes[connection] = Notes(using)
    return notes
