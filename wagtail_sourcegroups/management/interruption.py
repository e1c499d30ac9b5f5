"""Ctrl-C and its like: the first asks to come to an end, the second does not ask."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """
    Sets ``stop`` when the process is told to end, and raises ``KeyboardInterrupt`` when it is told again.

    A context manager. Outside the main thread, where signals cannot be caught, it does nothing.
    """

    def __init__(self, stop: threading.Event, announce: Callable[[], None]) -> None:
        self.received = False
        self._stop = stop
        self._announce = announce
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._receive) for number in SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received:
            # Whoever asks a third time has waited long enough for what is in hand to be put down.
            for each in SIGNALS:
                signal.signal(each, signal.SIG_DFL)
            raise KeyboardInterrupt
        self.received = True
        self._stop.set()
        self._announce()
