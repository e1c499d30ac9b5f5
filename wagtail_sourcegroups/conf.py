"""
The ``WAGTAIL_SOURCEGROUPS`` setting: one dictionary, every key optional.

Read when asked for, never at import, so that ``override_settings`` works and settings may come late.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

SETTING = "WAGTAIL_SOURCEGROUPS"

DEFAULTS: Mapping[str, Any] = {
    # Dotted path, class, instance or dictionary of callbacks.
    "DEFAULT_STRATEGY": "wagtail_sourcegroups.strategies.Optimistic",
    # Threads of a round that decode and encode; None: from the CPU count.
    "WORKERS": None,
    # Sources read from and outputs written to a storage far away, at once per process.
    "STORAGE_CONNECTIONS": 16,
    # Images per batch: one plan, one transaction-free round of work.
    "BATCH_SIZE": 500,
    # Decoded source pixels held at once by all threads. A single larger image runs alone.
    "MAX_PIXELS_IN_FLIGHT": 64_000_000,
    # Pixels of one rendition. More is a recorded failure, found before rendering.
    "MAX_OUTPUT_PIXELS": 50_000_000,
    # Byte for byte what stock Wagtail writes.
    "EXACT": True,
    # Nothing that is shown causes anything to be made or written.
    "READ_ONLY": False,
    # Specs to tick on Wagtail's pages that add and edit a collection.
    "COLLECTION_PANEL": True,
    # The spec wagtail:admin: the sizes that Wagtail's own admin shows, of every image.
    "ADMIN_SPEC": False,
    # Whether manage.py check reads all templates, and says what no spec covers.
    "CHECK_TEMPLATES": False,
    # Seconds before a rendition file without a row counts as left over.
    "ORPHAN_GRACE": 3600,
    # Batches of a run that wait for a worker or are in hand at any time.
    "RUN_BATCHES": 8,
    # Days that the record of a run is kept once it is over.
    "RUN_RETENTION": 90,
    # Alias in TASKS of the backend that our tasks go to.
    "TASK_BACKEND": "default",
    # Which of its queues; None: 'default', or the only one it has.
    "TASK_QUEUE": None,
}

WHOLE_NUMBERS = (
    "BATCH_SIZE",
    "MAX_PIXELS_IN_FLIGHT",
    "MAX_OUTPUT_PIXELS",
    "ORPHAN_GRACE",
    "RUN_BATCHES",
    "RUN_RETENTION",
    "STORAGE_CONNECTIONS",
    "WORKERS",
)


def get(name: str) -> Any:
    """
    The value of one key of ``WAGTAIL_SOURCEGROUPS``, or its default.

    Raises ``KeyError`` for a name that is no key.
    """
    default = DEFAULTS[name]
    return getattr(settings, SETTING, {}).get(name, default)


def complaints(configured: Any) -> list[str]:
    """One sentence for each thing that is wrong with a ``WAGTAIL_SOURCEGROUPS`` dictionary."""
    if not isinstance(configured, Mapping):
        return [f"{SETTING} is a {type(configured).__name__}; it must be a dictionary."]
    found = [
        f"{SETTING} has an unknown key {name!r}; the keys are {', '.join(sorted(DEFAULTS))}."
        for name in configured
        if name not in DEFAULTS
    ]
    for name in WHOLE_NUMBERS:
        value = configured.get(name, DEFAULTS[name])
        least = 0 if name == "ORPHAN_GRACE" else 1
        if value is None and name == "WORKERS":
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            found.append(f"{SETTING}[{name!r}] is {value!r}; it must be a whole number of at least {least}.")
    for name, what in (
        ("TASK_BACKEND", "the alias of a backend in TASKS"),
        ("TASK_QUEUE", "the name of a queue"),
    ):
        value = configured.get(name, DEFAULTS[name])
        if value != DEFAULTS[name] and not (isinstance(value, str) and value):
            found.append(f"{SETTING}[{name!r}] is {value!r}; it must be {what}.")
    for name in ("EXACT", "COLLECTION_PANEL", "ADMIN_SPEC", "CHECK_TEMPLATES", "READ_ONLY"):
        value = configured.get(name, DEFAULTS[name])
        if not isinstance(value, bool):
            found.append(f"{SETTING}[{name!r}] is {value!r}; it must be True or False.")
    return found
