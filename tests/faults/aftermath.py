"""
What has to hold after a fault, whichever it was. One checker for all of them:

- nothing that existed is lost: no output, no original, no file of somebody else's;
- no row names a file that is not there, or one that is not the picture the row says;
- the next run completes, with no failure left, one row and one file for each output, and nothing to do afterwards;
- a file without a row is reported by ``--verify``, and removed by ``--verify --prune``, and nothing else is;
- every run on record has ended, and its counts are exact.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import PIL.Image
from wagtail.images import get_image_model

from tests.command.conftest import call
from wagtail_sourcegroups.generation.orphans import DIRECTORY
from wagtail_sourcegroups.models import (
    FileRendition,
    GenerationFailure,
    GenerationRun,
    LeftoverFile,
    RenditionRecord,
    SourceState,
)

#: A rendition or a plain file's, whoever made it: the source, the filter spec, the focal-point key.
Output = tuple[str, str, str]


@dataclass(frozen=True)
class Site:
    """What is wanted, and where it is stored."""

    media_root: Path
    filters: tuple[str, ...]
    plain_files: int = 0
    """Files of a directory that all filters are wanted of, besides all images."""
    groups: tuple[Any, ...] = ()

    @property
    def sources(self) -> int:
        return int(get_image_model().objects.count()) + self.plain_files

    @property
    def wanted(self) -> int:
        return self.sources * len(self.filters)


@dataclass(frozen=True)
class Before:
    """What there was before a fault."""

    outputs: frozenset[Output]
    files: dict[str, str]
    """Digests of the files that no rendition names: originals, and what is not ours at all."""

    @classmethod
    def at(cls, site: Site) -> Before:
        named = set(outputs().values())
        kept = {name: digest for name, digest in files(site).items() if name not in named}
        return cls(frozenset(outputs()), kept)

    def without(self, image: Any) -> Before:
        """As it has to be where that image is meant to go, or to get another file: its own are not asked for."""
        left = frozenset(output for output in self.outputs if output[0] != f"image {image.pk}")
        return replace(
            self, outputs=left, files={name: d for name, d in self.files.items() if name != image.file.name}
        )

    def with_original_of(self, image: Any, site: Site) -> Before:
        """As it has to be where the image has got another file by now."""
        return replace(self, files={**self.files, image.file.name: files(site)[image.file.name]})


def outputs() -> dict[Output, str]:
    """All that there are, with the names of their files. Two rows for one output are an error."""
    found: dict[Output, str] = {}
    for row in all_rows():
        plain = isinstance(row, FileRendition)
        source = f"file {row.source_id}" if plain else f"image {row.image_id}"
        key = (source, row.filter_spec, "" if plain else row.focal_point_key)
        assert key not in found, f"two rows for {key}"
        found[key] = row.file.name
    return found


def all_rows() -> list[Any]:
    return [
        *get_image_model().get_rendition_model()._base_manager.all(),
        *FileRendition._base_manager.all(),
    ]


def files(site: Site) -> dict[str, str]:
    """Every file in storage, and a digest of what is in it."""
    return {
        str(path.relative_to(site.media_root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in site.media_root.rglob("*")
        if path.is_file()
    }


def assert_nothing_is_lost(site: Site, before: Before) -> None:
    """What holds at every moment, also while others are still at work."""
    now, stored = outputs(), files(site)
    assert set(now.values()) <= set(stored), "a row names a file that is not there"
    assert before.outputs <= set(now), "an output that existed is gone"
    assert before.files.items() <= stored.items(), "a file that is no rendition is gone, or is another one"


def assert_whole(site: Site, before: Before, settings: Any, *, gone: int = 0) -> None:
    """
    Everything that is to hold once the fault is over. Makes the next run.

    ``gone`` are sources that were there when runs began, and were deleted meanwhile.
    """
    assert_nothing_is_lost(site, before)

    after = call("--json")

    assert (after.status, after.json["failed"], after.err) == (0, 0, "")
    assert after.json["existing"] + after.json["generated"] == site.wanted
    assert_nothing_is_lost(site, before)
    assert_complete(site)
    assert_files_without_rows_are_found(site, before, settings)
    assert_runs_are_exact(site, gone)
    again = call("--json").json
    assert (again["generated"], again["existing"]) == (0, site.wanted)


def assert_complete(site: Site) -> None:
    """One row and one file for each output, and each is the picture that its row says."""
    now = outputs()
    assert len(now) == site.wanted
    assert len(set(now.values())) == site.wanted, "two rows name one file"
    for row in all_rows():
        with PIL.Image.open(site.media_root / row.file.name) as picture:
            picture.load()
            assert picture.size == (row.width, row.height)
    assert not GenerationFailure.objects.exists()
    assert not SourceState.objects.exclude(stale=[]).exists()
    rows = get_image_model().get_rendition_model()._base_manager.values_list("pk", flat=True)
    known = RenditionRecord.objects.values_list("object_id", flat=True)
    assert set(known) <= {str(pk) for pk in rows}, "something is remembered of a rendition that is gone"


def assert_files_without_rows_are_found(site: Site, before: Before, settings: Any) -> None:
    """What a fault left behind, and nothing else, is reported and goes; what is to wait a while goes in time."""
    named, waiting = set(outputs().values()), set(LeftoverFile.objects.values_list("name", flat=True))
    orphans = set(files(site)) - named - waiting - set(before.files)
    foreign = {name for name in before.files if name.startswith(f"{DIRECTORY}/")}

    reported = call("--verify", "-v", "2")

    listed = {line.strip() for line in reported.lines if line.startswith(f"  {DIRECTORY}/")}
    assert listed == orphans | foreign
    settings.WAGTAIL_SOURCEGROUPS = {**getattr(settings, "WAGTAIL_SOURCEGROUPS", {}), "ORPHAN_GRACE": 0}
    assert call("--verify", "--prune", "--json").json["pruned"] == len(orphans)
    call("--json")
    assert set(files(site)) == named | set(before.files)
    assert set(outputs().values()) == named


def assert_runs_are_exact(site: Site, gone: int = 0) -> None:
    """Of the runs over everything: each has ended, and has counted each source and each output once."""
    for run in GenerationRun.objects.all():
        counts = run.counts["all"]
        assert run.state == "finished", run.message
        assert not run.batches.open().exists()
        lost, seen = gone * len(site.filters), counts["sources"] - site.sources
        # Of the first run, that is; those after it have not seen it.
        assert seen in (0, gone)
        assert counts["expected"] == counts["existing"] + counts["generated"] + counts["skipped"]
        assert counts["expected"] == site.wanted + (lost if seen else 0)
        assert (counts["failed"], counts["skipped"] <= lost) == (0, True)
