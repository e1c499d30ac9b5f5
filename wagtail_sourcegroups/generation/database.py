"""A database that goes away, and comes back: restarted, or failed over to another machine."""

from __future__ import annotations

import time

import django.db
from django.db import connections

#: Seconds for which one that has gone is waited for, far less than a lease: a restart takes some.
PATIENCE = 10.0
#: Seconds between two attempts to reach it.
PAUSE = 0.2


class Link:
    """
    The connection as it is now, to be asked about after an error. Raises the database's own error if there is none.

    Errors do not tell on every database whether they are the end of the connection. And Django may have opened another
    one by the time anybody hears: it does at the end of a transaction.
    """

    def __init__(self, using: str) -> None:
        self._using = using
        connection = connections[using]
        connection.ensure_connection()
        self._was = connection.connection
        self._in_transaction = connection.in_atomic_block or not connection.get_autocommit()

    @property
    def is_broken(self) -> bool:
        """
        Whether it is gone; then the next query has, or opens, another.

        Never inside of a transaction: what was done in it is lost with it, which whoever has opened it has to hear.
        """
        if self._in_transaction:
            return False
        return close_if_broken(self._using) or connections[self._using].connection is not self._was


def close_if_broken(using: str) -> bool:
    """Close a connection that is of no use, so that the next query opens another; whether it was."""
    connection = connections[using]
    if connection.in_atomic_block or connection.connection is None or connection.is_usable():
        return False
    connection.close()
    return True


def wait_for(using: str, patience: float | None = None) -> None:
    """
    Return when the database lets one in, at once if there is a connection. Raises what it says if it does not in
    ``PATIENCE`` seconds, or as many as are given.
    """
    until = time.monotonic() + (PATIENCE if patience is None else patience)
    while True:
        try:
            connections[using].ensure_connection()
        except django.db.OperationalError:
            if time.monotonic() >= until:
                raise
            time.sleep(PAUSE)
        else:
            return
