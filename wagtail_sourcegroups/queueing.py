"""
Where our tasks go: a backend of the site's ``TASKS``, and one of its queues.

A task is a function under :func:`task`, and is enqueued with ``routed(function).enqueue(...)``: the settings are asked
each time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import django_tasks
from django_tasks.backends.immediate import ImmediateBackend

from . import conf
from .exceptions import NoSuchQueue

_INLINE: tuple[type, ...] = (ImmediateBackend,)
try:
    from django.tasks.backends import immediate
except ImportError:
    # Django 5.2 has no tasks of its own.
    pass
else:
    _INLINE = (ImmediateBackend, immediate.ImmediateBackend)

logger = logging.getLogger("wagtail_sourcegroups")

__all__ = ["Destination", "destination", "is_inline", "routed", "task"]


class Destination(NamedTuple):
    """An alias in ``TASKS``, and a queue of that backend."""

    alias: str
    queue: str


def task(function: Callable[..., None]) -> Any:
    """
    Make a function of a module a task, as ``django_tasks.task`` does.

    A backend may have a class of tasks of its own, and its worker runs no others: one for Celery registers them, and
    Django 6 has tasks beside those of django-tasks. A worker looks at what it imports, so it is now that the backend
    has to be asked, and not when the task is enqueued.
    """
    try:
        alias, queue = destination()
    except NoSuchQueue as error:
        # Not the moment to stop the site: the check says it, and so does whatever is enqueued.
        logger.debug("%s is a task of the default backend: %s", function.__name__, error)
        return django_tasks.task(function)
    return django_tasks.task(backend=alias, queue_name=queue)(function)


def routed(task: Any) -> Any:
    """The task, bound for where the settings send it. Raises :class:`NoSuchQueue` if that does not exist."""
    alias, queue = destination()
    return task.using(backend=alias, queue_name=queue)


def is_inline() -> bool:
    """Whether a task is run inside the call that enqueues it: there is no worker."""
    try:
        backend = django_tasks.task_backends[destination().alias]
    except NoSuchQueue:
        return False
    return isinstance(backend, _INLINE)


def destination() -> Destination:
    """Where the settings send tasks. Raises :class:`NoSuchQueue`, with a sentence that says what is wrong."""
    alias = conf.get("TASK_BACKEND")
    known = list(django_tasks.task_backends)
    if alias not in known:
        raise NoSuchQueue(
            f"{conf.SETTING}['TASK_BACKEND'] is {alias!r}, which TASKS does not have; it has {_listed(known)}."
        )
    try:
        backend = django_tasks.task_backends[alias]
    except Exception as error:
        # Settings of another package: whatever it makes of them.
        raise NoSuchQueue(f"The task backend {alias!r} of TASKS cannot be set up: {error}") from error
    return Destination(alias, _queue(alias, backend.queues))


def _queue(alias: str, queues: set[str]) -> str:
    """The queue to use of those a backend has; an empty set is a backend that takes any."""
    default = django_tasks.DEFAULT_TASK_QUEUE_NAME
    asked = conf.get("TASK_QUEUE")
    if asked is None and queues and default not in queues:
        if len(queues) == 1:
            return next(iter(queues))
        raise NoSuchQueue(
            f"The task backend {alias!r} has the queues {_listed(queues)} and none called {default!r}, so "
            f"{conf.SETTING}['TASK_QUEUE'] has to name one."
        )
    name: str = asked or default
    if queues and name not in queues:
        raise NoSuchQueue(
            f"{conf.SETTING}['TASK_QUEUE'] is {name!r}, which the task backend {alias!r} does not have; "
            f"its QUEUES are {_listed(queues)}."
        )
    return name


def _listed(names: Any) -> str:
    return ", ".join(repr(name) for name in sorted(names))
