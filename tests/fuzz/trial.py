"""One case tried: what stock Wagtail makes of it, what we make of it, and what is wrong with that."""

from __future__ import annotations

import functools
import gc
import os
import sys
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import PIL.Image
import willow
from django.core.files import File
from PIL import ImageCms
from wagtail.images.models import Filter

from tests.rendering.stock import comparable, contents, image_row
from wagtail_sourcegroups.rendering import PlainImage, RenderFailure, render

from .cases import Case

PIXELS_AT_MOST = 500_000
"""Pillow warns of more and refuses twice as many: its limit, made small, so that what is allowed stays quick."""
MEMORY_AT_MOST = 160
"""Megabytes that rendering one case may add. A picture at the limit has 4 of them, or 16 in the widest mode."""
ADDRESSES_AT_MOST = 6 << 30
"""Bytes of address space that rendering may add: a decoder that asks for more gets a ``MemoryError``.

Far more than memory: told by a chunk that 4 GB follow, Python sets that many addresses aside before it reads the few
bytes that are there."""

Result = tuple[Any, ...]


@dataclass(slots=True)
class Verdict:
    """What became of a case."""

    outcome: dict[str, str] = field(default_factory=dict)
    """By filter spec: ``output``, or the kind of error."""
    complaints: list[str] = field(default_factory=list)
    """What must not be; empty if all is well."""
    seconds: float = 0.0
    """For our part."""
    megabytes: int = 0
    """That our part added at its highest."""


class Aside:
    """A side that always has an idle thread."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def try_submit(self, work: Any) -> Future[Any]:
        return self._pool.submit(work)

    offer = try_submit


def prepare() -> None:
    """Make this process one that tries cases: Pillow's limit low, and what is there by now no garbage."""
    PIL.Image.MAX_IMAGE_PIXELS = PIXELS_AT_MOST
    warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)
    # A profile that is made holds the second when it was.
    ImageCms.createProfile = functools.cache(ImageCms.createProfile)
    gc.collect()
    gc.freeze()


def attempt(case: Case, directory: Path, stage: Any = lambda name: None) -> Verdict:
    """Try one case. ``stage`` is told what is begun, in case the process does not live to say."""
    verdict = Verdict()
    path = directory / f"source-{os.getpid()}"
    path.write_bytes(case.data)
    image = image_row(case.name, b"")
    image.width, image.height = case.row
    stage("stock")
    expected = {spec: stock_result(image, path, spec) for spec in case.filters}
    gc.collect()
    with watched(verdict):
        stage("exact")
        exact = ours(verdict, "exact", image, path, case)
        stage("fast")
        fast = ours(
            verdict, "fast", image, path, case, inexact=frozenset(case.filters), max_output_pixels=10**6
        )
        stage("side")
        with ThreadPoolExecutor(1) as pool:
            aside = ours(verdict, "side", image, path, case, side=Aside(pool))
        stage("plain")
        plain = ours(verdict, "plain", PlainImage(case.name), path, case)
    stage("judging")
    verdict.outcome = {spec: kind(result) for spec, result in exact.items()}
    verdict.complaints += differences("exact", expected, exact)
    verdict.complaints += differences("side", expected, aside)
    verdict.complaints += [
        f"{mode} has {kind(result)} of {spec}, exact {kind(exact[spec])}"
        for mode, results in (("fast", fast), ("plain", plain))
        for spec, result in results.items()
        if kind(result) != kind(exact.get(spec, ())) and not may_differ(mode, case, result, exact[spec])
    ]
    for spec, result in exact.items():
        if kind(result) == "MemoryError":
            verdict.complaints.append(f"{spec} asked for more memory than may be")
    return verdict


def may_differ(mode: str, case: Case, result: Result, exact: Result) -> bool:
    # The limit of outputs is ours, and a plain file knows its size better than a row that lies.
    return kind(result) == "OutputTooLarge" or (mode == "plain" and case.row != (160, 120))


def stock_result(image: Any, path: Path, spec: str) -> Result:
    with path.open("rb") as handle:
        try:
            with image.generate_rendition_file(
                Filter(spec), source=File(handle, name=image.file.name)
            ) as file:
                content = contents(file)
                willow_file = willow.Image.open(file)
                width, height = willow_file.get_size()
        except Exception as error:  # noqa: BLE001 - errors are compared too
            return comparable(error)
    return (file.name, int(width), int(height), willow_file.format_name, content)


def ours(
    verdict: Verdict, mode: str, image: Any, path: Path, case: Case, **options: Any
) -> dict[str, Result]:
    results: dict[str, Result] = {}
    with path.open("rb") as handle:
        try:
            for result in render(image, handle, [Filter(spec) for spec in case.filters], **options):
                if isinstance(result, RenderFailure):
                    results[result.filter.spec] = comparable(result.error)
                    continue
                with result.file as file:
                    results[result.filter.spec] = (
                        file.name,
                        result.width,
                        result.height,
                        result.format_name,
                        contents(file),
                    )
        except BaseException as error:  # noqa: BLE001 - this is what may not be
            verdict.complaints.append(f"{mode} raised {type(error).__name__}: {error}")
        if handle.closed:
            verdict.complaints.append(f"{mode} closed the source")
    missing = set(case.filters) - set(results)
    if missing:
        verdict.complaints.append(f"{mode} says nothing of {sorted(missing)}")
    return results


def kind(result: Result) -> str:
    return result[0].__name__ if result and isinstance(result[0], type) else "output"


def differences(mode: str, expected: dict[str, Result], results: dict[str, Result]) -> list[str]:
    return [
        f"{mode} {spec}: {told(result)}, but stock: {told(expected[spec])}"
        for spec, result in results.items()
        if result != expected[spec]
    ]


def told(result: Result) -> str:
    if kind(result) == "output":
        name, width, height, image_format, content = result
        return f"{name} {width}×{height} {image_format} {len(content)} bytes"
    return f"{kind(result)} {result[1]!r}"


@contextmanager
def watched(verdict: Verdict) -> Iterator[None]:
    """Time and memory of what is done meanwhile; and complaints of what it leaves open."""
    handles, before = handles_open(), memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    unraisable: list[Any] = []
    hook, sys.unraisablehook = sys.unraisablehook, unraisable.append
    started = time.perf_counter()
    try:
        with warnings.catch_warnings(record=True) as shown:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", ResourceWarning)
            yield
            verdict.seconds = time.perf_counter() - started
            verdict.megabytes = (memory("VmHWM") - before) // 1024
            gc.collect()
    finally:
        sys.unraisablehook = hook
    verdict.complaints += [f"left to the garbage collector: {warning.message}" for warning in shown]
    verdict.complaints += [f"raised where nobody hears: {each.exc_value!r}" for each in unraisable]
    if left := handles_open() - handles:
        verdict.complaints.append(f"left open: {sorted(left)}")
    if verdict.megabytes > MEMORY_AT_MOST:
        verdict.complaints.append(f"needed {verdict.megabytes} MB")


def handles_open() -> set[str]:
    """File descriptors of this process, and what they are of."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{number} {os.readlink(f'/proc/self/fd/{number}')}")
        except FileNotFoundError:
            # The listing's own.
            continue
    return found


def memory(name: str) -> int:
    """A line of what the system knows of this process, in kilobytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)
