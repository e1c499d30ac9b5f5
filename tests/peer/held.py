"""A task backend for a worker that never comes: this package's tasks wait for ever, Wagtail's own run at once."""

from __future__ import annotations

from typing import Any

from django_tasks.backends.dummy import DummyBackend
from django_tasks.backends.immediate import ImmediateBackend


class HoldOurTasks(ImmediateBackend):
    def __init__(self, alias: str, params: dict[str, Any]) -> None:
        super().__init__(alias, params)
        self.held = DummyBackend(alias, params)

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        ours = task.func.__module__.startswith("wagtail_sourcegroups.")
        return (self.held if ours else super()).enqueue(task, args, kwargs)
