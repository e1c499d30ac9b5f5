"""Django 6 has tasks beside those of django-tasks; a task is of the class that its backend had when it was imported."""

from __future__ import annotations

from typing import Any

import pytest
from django_tasks_db.backend import DatabaseBackend


def skip_unless_a_worker_takes(*tasks: Any) -> None:
    """
    Skip a test that has TASKS name ``DatabaseBackend`` only now, where its worker does not take tasks of their class.

    Sites do not change TASKS while they run; ``tests/backends`` starts processes with each, on every Django.
    """
    taken = DatabaseBackend.task_class
    for task in tasks:
        if not isinstance(task, taken):
            pytest.skip(
                f"db_worker takes {taken.__module__}.Task, and this process has begun with {type(task).__module__}.Task"
            )
