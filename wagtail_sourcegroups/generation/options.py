"""How a round of work is done."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field

from .. import conf
from .verifying import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    ``force`` makes again what exists, ``verify`` asks storage for the files behind existing rows, ``dry_run``
    only counts, ``only_failed`` makes only what failed before, ``patient`` leaves alone what failed too often
    (for events: nobody asked), ``fail_fast`` stops at the first failure. ``stop`` ends the round after the
    images in hand.
    """

    force: bool = False
    verify: bool = False
    dry_run: bool = False
    only_failed: bool = False
    patient: bool = False
    fail_fast: bool = False
    workers: int | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    listings: Listings = field(default_factory=Listings)
    """What storages were found to hold, for ``verify``."""

    @property
    def only_missing(self) -> bool:
        """Whether an image of which nothing is missing needs no look."""
        return not (self.force or self.verify or self.only_failed)

    @property
    def threads(self) -> int:
        """How many threads decode and encode."""
        return self.workers or conf.get("WORKERS") or os.cpu_count() or 1

    @property
    def connections(self) -> int:
        """How many threads wait for a storage that is far away."""
        return int(conf.get("STORAGE_CONNECTIONS"))
