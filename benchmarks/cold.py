"""Nothing made yet: camera photographs and web photographs, in every way there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .bench import EIGHT, FORMATS, TWO, Bench
from .cases import WrongOutputs
from .measure import interleaved, middle, ratio
from .site import Site
from .table import Row, Target

CASES = ("stock", "imagekit", "libvips", "exact", "fast", "limit")
ALL_CASES = ("stock", "one by one", "command", "imagekit", "libvips", "exact", "fast", "limit")
#: Threads are what the clock measures; the limit has one.
WITHOUT_CLOCK = ("limit",)


@dataclass(frozen=True)
class ColdSet:
    """Some photographs and filter specs, and what is asked of CPU and wall against stock."""

    name: str
    filters: tuple[str, ...]
    cpu: Mapping[str, Target]
    wall: Mapping[str, Target]
    times: int = 1
    """Rounds for each one asked for: what is short is disturbed more, and costs less."""


CAMERA_EIGHT = ColdSet(
    "camera, 8 JPEG specs",
    EIGHT,
    {"exact": Target(1.55), "fast": Target(3.5, 4.5)},
    {"exact": Target(1.6)},
)
CAMERA_TWO = ColdSet(
    "camera, max-165 and width-800",
    TWO,
    {"exact": Target(1.5), "fast": Target(4.0, 7.5)},
    {"exact": Target(1.8)},
    times=2,
)
CAMERA_FORMATS = ColdSet(
    "camera, 3 widths × AVIF, WebP, JPEG", FORMATS, {"exact": Target(1.9)}, {"exact": Target(1.9)}
)
WEB_EIGHT = ColdSet("web, 8 JPEG specs", EIGHT, {"exact": Target(2.6)}, {"exact": Target(2.9)}, times=2)


def camera(bench: Bench) -> Iterator[Row]:
    yield from _rows(bench, CAMERA_EIGHT, bench.camera())
    yield from _rows(bench, CAMERA_TWO, bench.camera())


def formats(bench: Bench) -> Iterator[Row]:
    yield from _rows(bench, CAMERA_FORMATS, bench.camera(bench.extent.formats))


def web(bench: Bench) -> Iterator[Row]:
    yield from _rows(bench, WEB_EIGHT, bench.web())


def _rows(bench: Bench, cold: ColdSet, site: Site) -> Iterator[Row]:
    # Stock's slower ways take half of the time; in a quick run the small set stands for all.
    cases = ALL_CASES if bench.extent.whole or cold is WEB_EIGHT else CASES
    rounds = bench.extent.rounds * (cold.times if bench.extent.whole else 1)
    results = interleaved(rounds, cases, lambda case: site.run(case, cold.filters))
    check_exact(results)
    cpu = {case: ratio(results, "cpu", "stock", case) for case in cases}
    wall = {case: ratio(results, "wall", "stock", case) for case in cases if case not in WITHOUT_CLOCK}
    peak = {case: ratio(results, "peak", case, "stock") for case in cases}
    name = f"{cold.name} ({len(site.names)} images)"
    yield Row(name, "CPU, stock ÷", cpu, cold.cpu, basis=f"{middle(results, 'stock', 'cpu'):.2f} s")
    yield Row(name, "wall, stock ÷", wall, cold.wall, basis=f"{middle(results, 'stock', 'wall'):.2f} s")
    yield Row(
        name,
        "CPU, ÷ limit",
        {case: ratio(results, "cpu", case, "limit") for case in ("exact", "fast")},
        {"exact": Target(None, 1.05, most=True)},
        basis=f"{middle(results, 'limit', 'cpu'):.2f} s",
    )
    yield Row(name, "peak memory, ÷ stock", peak, basis=f"{middle(results, 'stock', 'peak'):.0f} MiB")


def check_exact(results: dict[str, list[dict[str, Any]]]) -> None:
    """
    What is measured against each other must be the same: exact outputs and those of the limit are stock's, byte for
    byte. Raises :exc:`.WrongOutputs`.
    """
    stock = _digests(results["stock"][0])
    for case in ("exact", "limit"):
        for result in results.get(case, ()):
            others = _digests(result)
            different = [key for key in stock if others[key] != stock[key]]
            if different:
                raise WrongOutputs(
                    f"{len(different)} outputs of {case} are not stock's, the first is {different[0]}."
                )


def _digests(result: dict[str, Any]) -> dict[str, str]:
    return {key: output["digest"] for key, output in result["outputs"].items()}
