"""How a run looks while it goes on: a bar on a terminal, a line now and then anywhere else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import IO, Any

from tqdm import tqdm

from ..generation.progress import Failed, Progress, Totals
from .wording import counted, duration_in_words, size_in_words

#: Seconds between two lines where nobody watches.
INTERVAL = 10.0

#: Seconds between two looks at the bar while one image takes its time.
REFRESH = 0.1

WITH_TOTAL = "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} {rate_noinv_fmt} {remaining} left{postfix}"
WITHOUT_TOTAL = "{n_fmt} images {rate_noinv_fmt} {elapsed}{postfix}"
NAME_WIDTH = 26

Say = Callable[[str], None]


class Screen:
    """One of a command's streams, without the line ends and colours that Django adds: what tqdm draws on."""

    def __init__(self, wrapper: Any) -> None:
        self._wrapper = wrapper

    def write(self, text: str) -> None:
        self._wrapper.write(text, style_func=str, ending="")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapper, name)


class SilentProgress(Progress):
    """Draws nothing, and remembers the counts for whoever is interrupted."""

    def __init__(self) -> None:
        self.totals = Totals()

    def advance(self, sources: int, totals: Totals) -> None:
        self.totals = totals

    def note(self, sentence: str) -> None:
        """Say something while the progress is drawn."""


class LineProgress(SilentProgress):
    """A line every so often, and with ``each`` one for every source that was worked on."""

    def __init__(
        self, say: Say, *, each: bool = False, dry_run: bool = False, interval: float = INTERVAL
    ) -> None:
        super().__init__()
        self._say = say
        self._each = each
        self._dry_run = dry_run
        self._interval = interval
        self._total: int | None = None
        self._done = 0
        self._name = ""
        self._began = self._said = time.monotonic()

    def begin(self, sources: int | None) -> None:
        self._total = sources
        self._began = self._said = time.monotonic()

    def working_on(self, name: str) -> None:
        self._name = name

    def worked_on(self, name: str, renditions: int, size: int, seconds: float) -> None:
        if self._each:
            self._say(worked_on_line(name, renditions, size, seconds, dry_run=self._dry_run))

    def advance(self, sources: int, totals: Totals) -> None:
        super().advance(sources, totals)
        self._done += sources
        now = time.monotonic()
        if now - self._said >= self._interval:
            self._said = now
            self._say(progress_line(self._done, self._total, now - self._began, self._name))

    def note(self, sentence: str) -> None:
        self._say(sentence)


class BarProgress(SilentProgress):
    """A bar with count, rate, time left and the current image; with ``each`` a line above it for every image."""

    def __init__(self, stream: Any, *, each: bool = False, dry_run: bool = False) -> None:
        super().__init__()
        self._screen: IO[str] = Screen(stream)  # type: ignore[assignment]
        self._each = each
        self._dry_run = dry_run
        self._bar: tqdm[Any] | None = None
        self._failed = 0
        self._name = ""
        self._drawn = 0.0

    def begin(self, sources: int | None) -> None:
        self._bar = tqdm(
            total=sources or None,
            file=self._screen,
            unit=" images",
            leave=False,
            **_shape(self._screen),
            bar_format=WITH_TOTAL if sources else WITHOUT_TOTAL,
        )

    def working_on(self, name: str) -> None:
        self._name = name
        if time.monotonic() - self._drawn > REFRESH:
            self._draw()

    def worked_on(self, name: str, renditions: int, size: int, seconds: float) -> None:
        if self._each:
            self.note(worked_on_line(name, renditions, size, seconds, dry_run=self._dry_run))

    def advance(self, sources: int, totals: Totals) -> None:
        super().advance(sources, totals)
        if self._bar is None:
            return
        self._name = self._name if sources else ""
        if self._bar.total is not None:
            # Plain files, which nobody has counted, come on top of the images.
            self._bar.total = max(self._bar.total, self._bar.n + sources)
        self._bar.update(sources)

    def failure(self, failed: Failed) -> None:
        self._failed += 1

    def end(self, totals: Totals) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar away: what stays on the screen is the summary."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def note(self, sentence: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        self._screen.write(sentence + "\n")
        if self._bar is not None:
            self._bar.refresh()

    def _draw(self) -> None:
        if self._bar is None:
            return
        self._drawn = time.monotonic()
        failed = f", {self._failed:,} failed" if self._failed else ""
        # tqdm puts a comma and a blank before it.
        self._bar.set_postfix_str(shortened(self._name) + failed, refresh=True)


def _shape(screen: IO[str]) -> dict[str, Any]:
    """How large the terminal is: as large as it is at any moment, or as usual where it does not say."""
    try:
        known = os.get_terminal_size(screen.fileno()).columns > 0
    except (OSError, ValueError, AttributeError):
        known = False
    return {"dynamic_ncols": True} if known else {"ncols": 80, "nrows": 24}


def shortened(name: str, width: int = NAME_WIDTH) -> str:
    """A name that leaves room for the rest, with its end, where the number is."""
    if len(name) <= width:
        return name
    tail = width // 3
    return f"{name[: width - tail - 1]}…{name[-tail:]}"


def progress_line(done: int, total: int | None, seconds: float, name: str) -> str:
    """``"1,500 of 20,000 images, 12.0 a second, 25 m 42 s left, at Harbour (#1500)."``"""
    rate = done / seconds if seconds else 0.0
    of = f" of {max(total, done):,}" if total else ""
    parts = [f"{done:,}{of} images" if of or done != 1 else "1 image", f"{rate:,.1f} a second"]
    if total and rate and total > done:
        parts.append(f"{duration_in_words((total - done) / rate)} left")
    if name:
        parts.append(f"at {name}")
    return ", ".join(parts) + "."


def worked_on_line(name: str, renditions: int, size: int, seconds: float, *, dry_run: bool) -> str:
    """What came of one source."""
    made = counted(renditions, "rendition")
    if dry_run:
        return f"{name}: {made} to make"
    return f"{name}: {made}, {size_in_words(size)}, {duration_in_words(seconds)}"
