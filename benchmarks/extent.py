"""How much is measured: everything, or what fits into three minutes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Extent:
    """
    ``rounds`` of everything; numbers of photographs and images; whether it is ``whole``, for what is asked is asked
    of that.
    """

    rounds: int
    camera: int
    formats: int
    web: int
    queue: int
    warm_images: int
    remote_images: int
    uploads: int
    scale_images: int
    page_images: int
    visited: int
    workers: tuple[int, ...]
    whole: bool


FULL = Extent(
    rounds=5,
    camera=6,
    formats=6,
    web=12,
    queue=10,
    warm_images=20_000,
    remote_images=30,
    uploads=2_000,
    scale_images=1_000_000,
    page_images=100_000,
    visited=100,
    workers=(1, 2, 4, 8, 16),
    whole=True,
)
QUICK = Extent(
    rounds=1,
    camera=2,
    formats=1,
    web=3,
    queue=2,
    warm_images=1_000,
    remote_images=4,
    uploads=40,
    scale_images=5_000,
    page_images=2_000,
    visited=6,
    workers=(1, 2),
    whole=False,
)
