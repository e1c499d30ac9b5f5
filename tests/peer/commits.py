"""Make ``TestCase`` fire commit callbacks as a site would.

Django's ``TestCase`` wraps every test in transactions that it rolls back, so that what a view does "on commit" never
happens in it. Here the end of the outermost block that the code under test opened counts as its commit, and outside of
any block a callback runs at once, as in autocommit.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)


def fire_on_commit() -> None:
    """Patch Django for the rest of this process."""
    leave_atomic, on_commit = transaction.Atomic.__exit__, BaseDatabaseWrapper.on_commit

    def leave_atomic_and_commit(self: Any, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        leave_atomic(self, exc_type, exc_value, traceback)
        if not self._from_testcase:
            run_committed(transaction.get_connection(self.using))

    def on_commit_or_now(self: BaseDatabaseWrapper, func: Any, robust: bool = False) -> None:
        on_commit(self, func, robust)
        run_committed(self)

    transaction.Atomic.__exit__ = leave_atomic_and_commit  # type: ignore[method-assign]
    BaseDatabaseWrapper.on_commit = on_commit_or_now  # type: ignore[method-assign]


def run_committed(connection: BaseDatabaseWrapper) -> None:
    blocks = connection.atomic_blocks
    while blocks and blocks[-1]._from_testcase and not connection.needs_rollback and connection.run_on_commit:
        callbacks, connection.run_on_commit = connection.run_on_commit, []
        for _savepoints, callback, robust in callbacks:
            try:
                callback()
            except Exception:
                if not robust:
                    raise
                logger.exception("A commit callback failed: %r", callback)
