"""How a round of work is done."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field

from .. import conf


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

    @property
    def threads(self) -> int:
        """How many threads decode, encode and store."""
        return self.workers or conf.get("WORKERS") or os.cpu_count() or 1
