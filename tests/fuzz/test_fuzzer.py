"""The fuzzer finds what it is made to find."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from tests.fuzz import trial
from tests.fuzz.cases import FORMATS, Case, case, cut_cases, damaged_cases
from tests.fuzz.layout import layout, with_right_checksums
from tests.fuzz.report import Report
from tests.fuzz.seeds import SEEDS, seed
from tests.fuzz.watch import Tried, watch

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")]

RASTERS = [(name, picture) for name, pictures in SEEDS.items() if name != "svg" for picture in pictures]


@pytest.mark.parametrize(("image_format", "picture"), RASTERS)
def test_seeds_are_valid_pictures(image_format: str, picture: str) -> None:
    with PIL.Image.open(BytesIO(seed(image_format, picture))) as image:
        image.load()
        assert image.format is not None
        assert image.format.lower().replace("mpo", "jpeg") == image_format


@pytest.mark.parametrize(("image_format", "picture"), RASTERS)
def test_layouts_name_parts_and_sizes(image_format: str, picture: str) -> None:
    data = seed(image_format, picture)
    found = layout(image_format, data)
    assert found.parts
    assert all(0 <= part.start < part.end <= len(data) for part in found.parts)
    if picture != "lossless":
        # Those of lossless WebP lie across bytes.
        with PIL.Image.open(BytesIO(data)) as image:
            written = {
                int.from_bytes(data[n.at : n.end], "big" if n.kind[0] == ">" else "little")
                for n in found.sizes
            }
            assert {*image.size} & written or {each - 1 for each in image.size} <= written


def test_cases_are_the_same_again_and_differ_from_each_other() -> None:
    assert case(1234) == case(1234)
    assert case(1234) != case(1234, start=2)
    assert len({case(number).data for number in range(1, 400)}) > 350


@pytest.mark.parametrize("image_format", FORMATS)
def test_cases_are_of_their_format(image_format: str) -> None:
    cuts = [case(number) for number in cut_cases(image_format)]
    assert {each.damage for each in cuts} == {f"cut at {percent} %" for percent in range(100)}
    others = [case(number) for number in damaged_cases(image_format, 30)]
    assert {each.image_format for each in (*cuts, *others)} == {image_format}
    assert len({each.damage for each in others}) > 5
    assert not any(each.damage.startswith("cut") for each in others)


def test_checksums_are_made_right() -> None:
    data = bytearray(seed("png", "colour"))
    data[18] ^= 1
    with pytest.raises(PIL.UnidentifiedImageError):
        PIL.Image.open(BytesIO(data))
    with PIL.Image.open(BytesIO(with_right_checksums(bytes(data)))) as image:
        assert image.size != (160, 120)


@pytest.fixture
def sound() -> Case:
    return Case(
        0, "jpeg", "exif", "none", seed("jpeg", "exif"), "sound.jpg", (160, 120), ("width-80", "fill-60x60")
    )


def test_a_sound_picture_gives_no_complaint(sound: Case, tmp_path: Path) -> None:
    verdict = trial.attempt(sound, tmp_path)
    assert verdict.complaints == []
    assert verdict.outcome == {"width-80": "output", "fill-60x60": "output"}


def raising(*args: Any, **options: Any) -> Iterator[Any]:
    raise ValueError("out of here")
    yield


def saying_nothing(*args: Any, **options: Any) -> Iterator[Any]:
    return iter(())


def closing(image: Any, source: Any, filters: Any, **options: Any) -> Iterator[Any]:
    source.close()
    return iter(())


def otherwise(image: Any, source: Any, filters: Any, **options: Any) -> Iterator[Any]:
    for result in trial_render(image, source, filters, **options):
        result.file.write(b"\0")
        yield result


opened: list[Any] = []


def leaking(image: Any, source: Any, filters: Any, **options: Any) -> Iterator[Any]:
    opened.append(open(source.name, "rb"))  # noqa: SIM115 - that is the point
    yield from trial_render(image, source, filters, **options)


def careless(image: Any, source: Any, filters: Any, **options: Any) -> Iterator[Any]:
    open(source.name, "rb")  # noqa: SIM115 - that is the point
    yield from trial_render(image, source, filters, **options)


def greedy(image: Any, source: Any, filters: Any, **options: Any) -> Iterator[Any]:
    bytearray(b"x") * (200 << 20)
    yield from trial_render(image, source, filters, **options)


trial_render = trial.render


@pytest.mark.parametrize(
    ("render", "complaint"),
    [
        (raising, "exact raised ValueError: out of here"),
        (saying_nothing, "exact says nothing of ['fill-60x60', 'width-80']"),
        (closing, "exact closed the source"),
        (otherwise, "exact width-80: "),
        (leaking, "left open: "),
        (careless, "left to the garbage collector: unclosed file"),
        (greedy, "needed "),
    ],
)
def test_what_may_not_be_is_complained_of(
    render: Any, complaint: str, sound: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "render", render)
    verdict = trial.attempt(sound, tmp_path)
    while opened:
        opened.pop().close()
    assert any(each.startswith(complaint) for each in verdict.complaints), verdict.complaints


CHILD = """
import json, os, signal, sys, time
print(json.dumps({"ready": 1}), flush=True)
for line in sys.stdin:
    number = int(line)
    print(json.dumps({"stage": "exact"}), flush=True)
    if number == 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == 2:
        time.sleep(600)
    print(json.dumps({"number": number, "outcome": {"width-80": "output"}}), flush=True)
"""


def test_one_that_crashes_or_hangs_costs_its_case_only(tmp_path: Path) -> None:
    command = (sys.executable, "-c", CHILD)
    found = {
        tried.number: tried for tried in watch(range(5), tmp_path, processes=2, command=command, patience=1.0)
    }
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert found[1].complaints == [f"died in exact: signal {signal.SIGSEGV.name}"]
    assert found[2].complaints == ["hangs in exact, after 1 s"]
    assert [found[number].outcome for number in (0, 3, 4)] == [{"width-80": "output"}] * 3


def test_the_report_keeps_what_was_found(tmp_path: Path) -> None:
    report = Report(tmp_path, 1)
    report.add(Tried(7, {"width-80": "output"}))
    report.add(Tried(8, {"width-80": "OSError"}, ["left open: 5"], 0.5, 3))
    text = "\n".join(report.lines())
    assert "2 cases, chance started with 1; 1 with a complaint." in text
    assert f"most memory: 3.00 MB, {case(8)}" in text
    assert "left open: 5" in text
    assert (tmp_path / f"case-8-{case(8).name}").read_bytes() == case(8).data
