"""What is found: one use for each tag, each at its place. Values, with nothing behind them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """What a ``{% thumbnail %}`` says literally: its dimensions, and its options by name."""

    size: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """
    One place that asks for renditions.

    ``template`` is the file, or the name of a template that has none; ``line`` begins at 1, and 0 is a line that nobody
    knows. ``tag`` is the word that asks, such as ``picture``. What it asks for is ``filter_specs``, in order, written
    as ``pattern``; or the spec ``spec_id``; or both are empty, since only rendering tells: then ``note`` says what else
    is known.
    """

    template: str
    line: int
    tag: str
    filter_specs: tuple[str, ...] = ()
    pattern: str = ""
    spec_id: str = ""
    thumbnail: Thumbnail | None = None
    note: str = ""

    @property
    def is_dynamic(self) -> bool:
        return not (self.filter_specs or self.spec_id or self.thumbnail)

    @property
    def place(self) -> str:
        """``file:line``, or the file alone."""
        return f"{self.template}:{self.line}" if self.line else self.template


@dataclass(frozen=True, slots=True)
class Trouble:
    """A template that cannot be read, and a sentence that says why."""

    template: str
    error: str


@dataclass(frozen=True, slots=True)
class Scanned:
    """What came of one template: its uses, or why it cannot be read."""

    template: str
    uses: tuple[Use, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """Everything that was found, in the order of engines, files and lines."""

    uses: tuple[Use, ...] = ()
    troubles: tuple[Trouble, ...] = ()
