"""How much is measured: everything, or what fits into three minutes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Extent:
    """``rounds`` of everything; numbers of photographs and images."""

    rounds: int
    camera: int
    formats: int
    web: int
    queue: int
    warm_images: int
    remote_images: int
    workers: tuple[int, ...]
    all_cases: bool
    largest: bool
    camera_fidelity: bool


FULL = Extent(
    rounds=5,
    camera=6,
    formats=6,
    web=12,
    queue=10,
    warm_images=20_000,
    remote_images=30,
    workers=(1, 2, 4, 8, 16),
    all_cases=True,
    largest=True,
    camera_fidelity=True,
)
QUICK = Extent(
    rounds=1,
    camera=2,
    formats=1,
    web=3,
    queue=2,
    warm_images=1_000,
    remote_images=6,
    workers=(1, 2),
    all_cases=False,
    largest=False,
    camera_fidelity=False,
)
