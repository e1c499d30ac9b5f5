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
from django.test import TestCase

logger = logging.getLogger(__name__)
_held_back: set[str] = set()


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


def hold_back_in(test_case: type[TestCase]) -> None:
    """Leave this one class as Django has it: its callbacks never run."""
    set_up_class = test_case.setUpClass.__func__  # type: ignore[attr-defined]

    def set_up_without_commits(cls: type[TestCase]) -> None:
        _held_back.add(cls.__name__)
        cls.addClassCleanup(_held_back.discard, cls.__name__)
        set_up_class(cls)

    test_case.setUpClass = classmethod(set_up_without_commits)  # type: ignore[method-assign, assignment]


def run_committed(connection: BaseDatabaseWrapper) -> None:
    blocks = connection.atomic_blocks
    if _held_back or not blocks or not blocks[-1]._from_testcase:
        return
    while connection.run_on_commit and not connection.needs_rollback:
        callbacks, connection.run_on_commit = connection.run_on_commit, []
        for _savepoints, callback, robust in callbacks:
            try:
                callback()
            except Exception:
                if not robust:
                    raise
                logger.exception("A commit callback failed: %r", callback)
