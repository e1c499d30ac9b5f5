"""Broken pictures: each is a failure that is on record, and nothing else: no crash, no hang, nothing left open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.command.conftest import Result, call
from tests.fuzz.cases import FORMATS, case, cut_cases, damaged_cases
from tests.fuzz.damage import cut
from tests.fuzz.seeds import EXTENSIONS, SEEDS, seed
from tests.fuzz.watch import watch
from tests.images import rows
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.models import GenerationFailure
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.sourcegroups import DirectorySourceGroup, ImageModelSourceGroup

DAMAGED = 40


def complaints(numbers: list[int], directory: Path) -> list[str]:
    found = []
    tried = 0
    for each in watch(numbers, directory):
        tried += 1
        found += [f"{case(each.number)}: {complaint}" for complaint in each.complaints]
    assert tried == len(numbers)
    return found


@pytest.mark.once
@pytest.mark.parametrize("image_format", FORMATS)
def test_broken_files_fail_as_in_stock_and_harm_nothing(image_format: str, tmp_path: Path) -> None:
    """Cut at each hundredth, and broken otherwise; the same cases each time. ``make fuzz`` tries many more."""
    numbers = [*cut_cases(image_format), *damaged_cases(image_format, DAMAGED)]
    assert complaints(numbers, tmp_path) == []


SPEC = RenditionSpec("test:spec", ["width-40", "fill-30x30"])
GOOD = {"jpeg": "baseline", "png": "alpha", "gif": "still", "webp": "alpha", "avif": "still", "tiff": "lzw"}
LEFT = {"gif": 5}
"""Hundredths of a file that are left, 40 unless it is named here: Pillow shows what there is of a GIF."""


def broken() -> dict[str, bytes]:
    """A file of each format that cannot be decoded, by name; some are no pictures at all."""
    files = {
        f"cut.{EXTENSIONS.get(image_format, image_format)}": cut(
            seed(image_format, picture), LEFT.get(image_format, 40)
        )
        for image_format, picture in GOOD.items()
    }
    return {
        **files,
        "empty.jpg": b"",
        "text.png": b"no picture\n" * 100,
        "laughs.svg": seed("svg", "entities"),
        "secret.svg": seed("svg", "file entity"),
        "endless.svg": seed("svg", "endless"),
        "nested.svg": seed("svg", "nested"),
    }


@pytest.fixture
def library(make_image: Callable[..., Any]) -> dict[str, Any]:
    """Images by name, of which all but the good ones have had their files broken since they were uploaded."""
    images = {}
    for name, data in broken().items():
        image = make_image(f"{name.partition('.')[0]}.jpg")
        Path(image.file.path).with_name(name).write_bytes(data)
        type(image).objects.filter(pk=image.pk).update(file=f"original_images/{name}")
        images[name] = type(image).objects.get(pk=image.pk)
    images["good.jpg"], images["fine.jpg"] = make_image("good.jpg"), make_image("fine.jpg")
    return images


@pytest.fixture
def registry() -> Any:
    with get_registry().override(empty=True) as registry:
        registry.add_spec(SPEC)
        yield registry


GOOD_NAMES = {"good.jpg", "fine.jpg"}


def failures_of(image: Any) -> dict[str, GenerationFailure]:
    return {
        failure.filter_spec: failure
        for failure in GenerationFailure.objects.filter(source_key=f"{image._meta.label_lower}:{image.pk}")
    }


def test_a_library_with_broken_images_is_gone_through_to_its_end(
    library: dict[str, Any], registry: Registry, media_root: Path
) -> None:
    registry.add_group(SPEC.id, ImageModelSourceGroup())

    result = call("--json")

    wanted = set(SPEC.filters)
    assert result.status == 1
    assert {name for name, image in library.items() if set(rows(image)) == wanted} == GOOD_NAMES
    for name, image in library.items():
        found = failures_of(image)
        assert set(found) == (set() if name in GOOD_NAMES else wanted), name
        for failure in found.values():
            assert (failure.attempts, failure.spec_id, failure.object_id) == (1, SPEC.id, str(image.pk))
            assert failure.source_name == f"{image.title} (#{image.pk})"
            assert failure.error
            assert str(media_root) not in failure.error
            assert "/etc/passwd" not in failure.error
            assert "\n" not in failure.error
    count = len(wanted) * (len(library) - len(GOOD_NAMES))
    assert (result.json["failed"], result.json["generated"]) == (count, 2 * len(wanted))
    assert {each["error"] for each in result.json["failures"]} == {
        failure.error for failure in GenerationFailure.objects.all()
    }


def test_the_next_run_tries_them_again_and_a_mended_one_is_made(
    library: dict[str, Any], registry: Registry
) -> None:
    registry.add_group(SPEC.id, ImageModelSourceGroup())
    call()

    assert call("--json").json["failed"] == 2 * (len(library) - len(GOOD_NAMES))
    assert set(GenerationFailure.objects.values_list("attempts", flat=True)) == {2}

    mended = library["cut.png"]
    Path(mended.file.path).write_bytes(seed("png", "alpha"))
    result: Result = call("--retry-failed", "--json")

    assert (result.status, result.json["generated"]) == (1, 2)
    assert set(rows(mended)) == set(SPEC.filters)
    assert failures_of(mended) == {}
    assert len(failures_of(library["cut.gif"])) == 2
    assert set(GenerationFailure.objects.values_list("attempts", flat=True)) == {3}


@pytest.mark.django_db
def test_broken_files_of_a_directory_fail_by_their_names(registry: Registry, tmp_path: Path) -> None:
    directory = tmp_path / "pictures"
    directory.mkdir()
    for name, data in broken().items():
        (directory / name).write_bytes(data)
    (directory / "good.jpg").write_bytes(seed("jpeg", "progressive"))
    registry.add_group(SPEC.id, DirectorySourceGroup(directory, patterns="*"))

    result = call("--json")

    assert {each["source"] for each in result.json["failures"]} == set(broken())
    assert (result.status, result.json["generated"]) == (1, 2)
    found = GenerationFailure.objects.all()
    assert len(found) == 2 * len(broken())
    assert not [failure for failure in found if str(tmp_path) in failure.error + failure.source_name]


@pytest.mark.once
@pytest.mark.parametrize("image_format", FORMATS)
def test_every_seed_of_a_format_is_damaged_in_the_tests(image_format: str) -> None:
    numbers = [*cut_cases(image_format), *damaged_cases(image_format, DAMAGED)]
    assert {case(number).picture for number in numbers} == set(SEEDS[image_format])
