"""
How long a batch is leased, and what that means to the database, by whose clock it goes: those of machines differ.

A moment further in the future than a lease can reach was written before the clock was set back, and counts as past.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

#: Renewed every second or so by whoever works; nobody is waited for longer than this.
LEASE = timedelta(seconds=60)
#: A batch that has waited so long for a worker is handed out again: its task may be lost.
WAIT = timedelta(minutes=10)


def lease_end() -> Combinable:
    """When a lease that is taken or renewed now will lapse."""
    return Now() + LEASE


def lapsed(field: str = "leased_until") -> Q:
    """Whose lease is over."""
    return Q(**{f"{field}__lt": Now()}) | Q(**{f"{field}__gt": Now() + LEASE})


def unheard(field: str = "heartbeat_at", *, since: timedelta | None = None) -> Q:
    """Of whom nobody has heard for the length of a lease, or ``since`` so long; or ever."""
    length = since or LEASE
    return (
        Q(**{f"{field}__isnull": True})
        | Q(**{f"{field}__lt": Now() - length})
        | Q(**{f"{field}__gt": Now() + length})
    )
