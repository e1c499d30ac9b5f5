"""A database that goes away, and comes back: restarted, or failed over to another machine."""

from __future__ import annotations

from django.db import connections


class Link:
    """
    The connection as it is now, to be asked about after an error. Raises the database's own error if there is none.

    Errors do not tell on every database whether they are the end of the connection. And Django may have opened another
    one by the time anybody hears: it does at the end of a transaction.
    """

    def __init__(self, using: str) -> None:
        self._using = using
        connections[using].ensure_connection()
        self._was = connections[using].connection

    @property
    def is_broken(self) -> bool:
        """
        Whether it is gone; then the next query has, or opens, another.

        Never inside of a transaction: what was done in it is lost with it, which whoever has opened it has to hear.
        """
        connection = connections[self._using]
        if connection.in_atomic_block:
            return False
        return close_if_broken(self._using) or connection.connection is not self._was


def close_if_broken(using: str) -> bool:
    """Close a connection that is of no use, so that the next query opens another; whether it was."""
    connection = connections[using]
    if connection.in_atomic_block or connection.connection is None or connection.is_usable():
        return False
    connection.close()
    return True
