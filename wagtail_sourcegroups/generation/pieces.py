"""The pieces that the loop moves: a batch that is open, and the work on one source of it."""

from __future__ import annotations

from dataclasses import dataclass

from .account import AnyWork
from .membership import Batch
from .progress import Totals


@dataclass(eq=False, slots=True)
class OpenBatch:
    """
    A batch that is being worked on: what it has come to so far, and how many of its sources are still to be kept.
    ``broken`` off, some of them never are.
    """

    batch: Batch
    totals: Totals
    left: int
    broken: bool = False


@dataclass(slots=True)
class Piece:
    """Work on one source, of which batch, and the how-manieth time."""

    work: AnyWork
    batch: OpenBatch
    round: int = 1
