"""The command's options, exit status and output."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model

from tests.command.conftest import Result, new_collection
from tests.images import picture, rows, stored
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.models import (
    BoundFilterSpec,
    FileRendition,
    FileSource,
    GenerationFailure,
    GenerationRun,
    LeftoverFile,
    RenditionRecord,
    RunBatch,
    SourceState,
)
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.signals import renditions_generated
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    DirectorySourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
)

ROOT = Path(__file__).resolve().parents[2]
OURS = [
    BoundFilterSpec,
    FileRendition,
    FileSource,
    GenerationFailure,
    GenerationRun,
    LeftoverFile,
    RenditionRecord,
    RunBatch,
    SourceState,
]


def without_times(text: str) -> str:
    """Durations and sizes differ from machine to machine."""
    text = re.sub(r"\d+\.\d s", "0.0 s", text)
    return re.sub(r"\d+(\.\d)? k?B", "1 kB", text)


class TestMaking:
    def test_makes_what_is_missing(self, make_image: Any, two_sizes: RenditionSpec, run: Any) -> None:
        images = [make_image("one.jpg"), make_image("two.jpg")]

        result = run("--json")

        assert result.status == 0
        assert {**result.json, "bytes": 0, "seconds": 0} == {
            "specs": 1,
            "sources": 2,
            "expected": 4,
            "existing": 0,
            "generated": 4,
            "skipped": 0,
            "failed": 0,
            "pruned": 0,
            "bytes": 0,
            "seconds": 0,
            "interrupted": False,
            "failures": [],
        }
        assert result.json["bytes"] == sum(
            rendition.file.size for image in images for rendition in image.renditions.all()
        )
        assert [set(rows(image)) for image in images] == [{"width-20", "fill-10x10"}] * 2

    def test_prints_a_table_and_a_sentence(self, make_image: Any, registry: Registry, run: Any) -> None:
        make_image("one.jpg")
        registry.add_spec(RenditionSpec("a:small", "width-20"))
        registry.add_spec(RenditionSpec("a:both", ["width-20", "width-30"]))
        registry.add_group(["a:small", "a:both"], ImageModelSourceGroup())

        result = run()

        assert [re.sub(" +", " ", line) for line in without_times(result.out).splitlines()] == [
            "Spec Sources Expected Existing Generated Failed Bytes Time",
            "a:small 1 1 0 1 0 1 kB 0.0 s",
            "a:both 1 2 0 2 0 1 kB 0.0 s",
            "All 1 2 0 2 0 1 kB 0.0 s",
            "",
            "2 renditions of 1 source: 2 generated, 1 kB (0.0 s).",
        ]
        assert (result.status, result.err) == (0, "")

    def test_columns_stand_below_their_heads(
        self, make_image: Any, two_sizes: RenditionSpec, run: Any
    ) -> None:
        make_image()
        head, row = run().lines[:2]
        assert [len(head[: match.end()]) for match in re.finditer(r"\S+", head)][1:6] == [
            len(row[: match.end()]) for match in re.finditer(r"[\d.]+( kB| B| s)?", row)
        ][:5]

    def test_second_run_says_that_nothing_is_missing_and_touches_nothing(
        self, make_image: Any, two_sizes: RenditionSpec, run: Any, request: pytest.FixtureRequest
    ) -> None:
        make_image()
        run()
        request.getfixturevalue("untouchable")

        result = run()

        assert result.status == 0
        assert without_times(result.lines[-1]) == (
            "Nothing is missing. 2 renditions of 1 source exist (0.0 s)."
        )

    def test_nothing_registered(self, db: None, registry: Registry, run: Any) -> None:
        assert run().lines == ["No spec is registered, so there is nothing to make."]

    def test_no_source(self, db: None, two_sizes: RenditionSpec, run: Any) -> None:
        result = run()
        assert (result.status, without_times(result.lines[-1])) == (
            0,
            "Nothing is missing. No source was found (0.0 s).",
        )

    def test_skipped_has_a_reason(self, db: None, registry: Registry, make_image: Any, run: Any) -> None:
        svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"></svg>'
        make_image("one.svg", picture_of(svg), width=40, height=40)
        registry.add_spec(RenditionSpec("a", ["width-20|format-webp", "width-20"]))
        registry.add_group("a", ImageModelSourceGroup())

        result = run()

        assert result.status == 0
        assert "Skipped" in result.lines[0]
        assert result.lines[-2] == (
            "1 rendition skipped: a raster format without preserve-svg does not apply to an SVG."
        )

    def test_long_names_in_a_narrow_terminal(self) -> None:
        from django.core.management.color import no_style

        from wagtail_sourcegroups.generation.progress import Totals
        from wagtail_sourcegroups.management.tables import spec_table

        totals = Totals()
        totals.spec("people:profile:avatar_thumbnail").sources = 3
        totals.spec("short").sources = 1
        ids = ["people:profile:avatar_thumbnail", "short"]
        assert spec_table(totals, ids, style=no_style(), width=72) == [
            "Spec   Sources  Expected  Existing  Generated  Failed  Bytes  Time",
            "people:profile:avatar_thumbnail",
            "             3         0         0          0       0      –     –",
            "short        1         0         0          0       0      –     –",
            "All          0         0         0          0       0      –     –",
        ]

    def test_left_over_files_go_when_their_time_has_come(
        self, make_image: Any, two_sizes: RenditionSpec, run: Any, settings: Any, media_root: Path
    ) -> None:
        image = make_image()
        run()
        before = stored(media_root)
        run("--force")
        # The tests' cache is one of each process: the old files stay for a while.
        assert before < stored(media_root)
        settings.WAGTAIL_SOURCEGROUPS = {"ORPHAN_GRACE": 0}

        run()

        assert stored(media_root) == {rendition.file.name for rendition in image.renditions.all()}
        assert not LeftoverFile.objects.exists()


class TestChoosing:
    def test_patterns(self, make_image: Any, registry: Registry, run: Any) -> None:
        image = make_image()
        for spec_id, size in [("blog:hero", 10), ("blog:list:card", 11), ("home", 12)]:
            registry.add_spec(RenditionSpec(spec_id, f"width-{size}"))
            registry.add_group(spec_id, ImageModelSourceGroup())

        assert run("blog:*", "--json").json["specs"] == 2
        assert set(rows(image)) == {"width-10", "width-11"}
        assert run("home", "blog:hero", "--json").json["expected"] == 2

    def test_unknown_spec(self, db: None, two_sizes: RenditionSpec, run: Any) -> None:
        result = run("test:spek")
        assert (result.status, result.err) == (2, "No spec matches 'test:spek'; did you mean 'test:spec'?")

    @pytest.mark.parametrize("given", ["Press", "Press/2026", "id"])
    def test_collection_with_those_below_it(
        self, make_image: Any, two_sizes: RenditionSpec, run: Any, given: str
    ) -> None:
        press = new_collection("Press")
        year = new_collection("2026", press)
        make_image("a.jpg", collection=press)
        make_image("b.jpg", collection=year)
        make_image("c.jpg")

        result = run("--collection", str(press.pk) if given == "id" else given, "--json")

        assert result.json["sources"] == (1 if given == "Press/2026" else 2)

    def test_unknown_collection(self, db: None, two_sizes: RenditionSpec, run: Any) -> None:
        result = run("--collection", "Presse")
        assert (result.status, result.err) == (
            2,
            "There is no collection 'Presse'; a name is written as in the admin under Settings, Collections, "
            "a path from below the root collection down.",
        )
        assert run("--collection", "4711").err == (
            "There is no collection with the id 4711, and none of that name."
        )

    def test_ambiguous_collection(self, db: None, two_sizes: RenditionSpec, run: Any) -> None:
        one = new_collection("2026", new_collection("Events"))
        other = new_collection("2026", new_collection("Press"))
        result = run("--collection", "2026")
        assert (result.status, result.err) == (
            2,
            f"2 collections are called '2026': 'Events/2026' (id {one.pk}), 'Press/2026' (id {other.pk}); "
            "give the whole path, or the id.",
        )

    def test_number_that_is_an_id_and_a_name(self, db: None, two_sizes: RenditionSpec, run: Any) -> None:
        press = new_collection("Press")
        new_collection(str(press.pk))
        result = run("--collection", str(press.pk))
        assert (result.status, result.err) == (
            2,
            f"'{press.pk}' is both the id of the collection 'Root/Press' and the name of 'Root/{press.pk}'; "
            "give one of these paths.",
        )
        assert run("--collection", f"Root/{press.pk}").status == 0

    def test_number_that_is_only_a_name(self, make_image: Any, two_sizes: RenditionSpec, run: Any) -> None:
        make_image(collection=new_collection("2026"))
        assert run("--collection", "2026", "--json").json["sources"] == 1

    def test_images(self, make_image: Any, two_sizes: RenditionSpec, run: Any) -> None:
        images = [make_image(f"{index}.jpg") for index in range(3)]
        result = run("--image", str(images[0].pk), "--image", str(images[2].pk), "--json")
        assert result.json["sources"] == 2
        assert [len(rows(image)) for image in images] == [2, 0, 2]

    def test_images_from_code(self, make_image: Any, two_sizes: RenditionSpec, run: Any) -> None:
        image = make_image()
        make_image("two.jpg")
        assert run(image=image.pk, json=True).json["sources"] == 1
        assert run(image=[image.pk], json=True).json["sources"] == 1

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ("9999999", "There is no image with the id 9999999."),
            ("harbour", "'harbour' is no id of an image."),
            ("99999999999999999999", "'99999999999999999999' is no id of an image."),
        ],
    )
    def test_unknown_image(
        self, db: None, two_sizes: RenditionSpec, run: Any, given: str, message: str
    ) -> None:
        result = run("--image", given)
        assert (result.status, result.err) == (2, message)

    def test_since(self, make_image: Any, two_sizes: RenditionSpec, run: Any) -> None:
        old, new = make_image("old.jpg"), make_image("new.jpg")
        type(old).objects.filter(pk=old.pk).update(created_at=datetime(2025, 5, 5, tzinfo=UTC))
        assert run("--since", "2025-05-06", "--json").json["sources"] == 1
        assert (len(rows(old)), len(rows(new))) == (0, 2)

    @pytest.mark.parametrize("given", ["2026-02-30", "20260301", "yesterday"])
    def test_no_day(self, db: None, two_sizes: RenditionSpec, run: Any, given: str) -> None:
        result = run("--since", given)
        assert (result.status, result.err) == (
            2,
            f"{given!r} is no day; write it as YYYY-MM-DD, such as 2026-03-09.",
        )

    @pytest.mark.parametrize(
        ("option", "given", "message"),
        [
            ("--workers", "0", "--workers is '0'; it must be a whole number of at least 1."),
            ("--workers", "two", "--workers is 'two'; it must be a whole number of at least 1."),
            (
                "--batch-size",
                "10001",
                "--batch-size is '10001'; it must be a whole number of at least 1 and at most 10,000.",
            ),
        ],
    )
    def test_no_number(
        self, db: None, two_sizes: RenditionSpec, run: Any, option: str, given: str, message: str
    ) -> None:
        result = run(option, given)
        assert (result.status, result.err) == (2, message)

    def test_batches_are_as_large_as_asked(self, make_image: Any, two_sizes: RenditionSpec, run: Any) -> None:
        for index in range(5):
            make_image(f"{index}.jpg")

        def queries(size: int) -> int:
            with CaptureQueriesContext(
                connection,
            ) as captured:
                assert run("--batch-size", str(size), "--dry-run", "--json").json["generated"] == 10
            return len(captured)

        # Rows, states, renditions, and the images of which something is missing.
        assert queries(1) - queries(5) == 4 * 4

    def test_what_has_everything_is_counted_by_the_thousand(
        self, make_image: Any, two_sizes: RenditionSpec, run: Any
    ) -> None:
        for index in range(5):
            make_image(f"{index}.jpg")
        run()

        def queries(size: int) -> int:
            with CaptureQueriesContext(connection) as captured:
                assert run("--batch-size", str(size), "--json").json["existing"] == 10
            return len(captured)

        assert queries(1) == queries(5)


class TestForce:
    def test_makes_again_what_exists(self, make_image: Any, two_sizes: RenditionSpec, run: Any) -> None:
        image = make_image()
        run()
        before = {spec: (row.pk, row.file.name) for spec, row in rows(image).items()}

        result = run("--force", "--json")

        assert (result.json["generated"], result.json["existing"]) == (2, 0)
        after = {spec: (row.pk, row.file.name) for spec, row in rows(image).items()}
        assert {spec: pk for spec, (pk, _) in after.items()} == {spec: pk for spec, (pk, _) in before.items()}
        assert not {name for _, name in after.values()} & {name for _, name in before.values()}


class TestDryRun:
    def test_writes_nothing(
        self,
        make_image: Any,
        two_sizes: RenditionSpec,
        registry: Registry,
        run: Any,
        tmp_path: Path,
        media_root: Path,
    ) -> None:
        make_image()
        (tmp_path / "press").mkdir()
        (tmp_path / "press" / "one.jpg").write_bytes(picture().getvalue())
        registry.add_group("test:spec", DirectorySourceGroup(tmp_path / "press", ["*.jpg"]))
        registry.add_group("test:spec", CollectionSourceGroup("Nowhere"))

        with CaptureQueriesContext(connection) as captured:
            result = run("--dry-run", "--prune", "--verify", "--json")

        assert result.status == 1
        assert (result.json["expected"], result.json["generated"], result.json["bytes"]) == (4, 4, 0)
        assert [query["sql"] for query in captured if re.match("INSERT|UPDATE|DELETE", query["sql"])] == []
        assert {model.__name__: model.objects.count() for model in OURS} == {m.__name__: 0 for m in OURS}
        assert stored(media_root) == set()

    def test_prints_the_table_of_what_would_be_done(
        self, make_image: Any, two_sizes: RenditionSpec, run: Any
    ) -> None:
        make_image()
        result = run("--dry-run")
        assert [re.sub(" +", " ", line) for line in without_times(result.out).splitlines()] == [
            "Spec Sources Expected Existing To do",
            "test:spec 1 2 0 2",
            "",
            "2 renditions of 1 source: 2 to make (0.0 s).",
        ]

    def test_status_when_nothing_is_missing(
        self, make_image: Any, two_sizes: RenditionSpec, run: Any
    ) -> None:
        make_image()
        run()
        assert run("--dry-run").status == 0
        assert run("--dry-run", "--force").status == 1


class TestFailures:
    def test_are_named_with_their_reason_and_the_rest_is_made(
        self, make_image: Any, two_sizes: RenditionSpec, run: Any, media_root: Path, monkeypatch: Any
    ) -> None:
        from PIL import Image as PillowImage

        noisy = picture((900, 900), format_="PNG").getvalue()
        fine = [make_image(f"fine{index}.jpg") for index in range(46)]
        corrupt, missing, truncated, bomb = (
            make_image(f"{name}.png", picture_of(noisy))
            for name in ("corrupt", "missing", "truncated", "bomb")
        )
        originals = media_root / "original_images"
        (originals / "corrupt.png").write_bytes(b"This is no picture.")
        (originals / "missing.png").unlink()
        (originals / "truncated.png").write_bytes(noisy[: len(noisy) // 2])
        # Twice as many pixels as this are a bomb to Pillow: of those here, only the largest is.
        (originals / "bomb.png").write_bytes(picture((1600, 1600), format_="PNG").getvalue())
        monkeypatch.setattr(PillowImage, "MAX_IMAGE_PIXELS", 1_000_000)

        result = run("--json")

        assert result.status == 1
        assert (result.json["expected"], result.json["generated"], result.json["failed"]) == (100, 92, 8)
        assert all(len(rows(image)) == 2 for image in fine)
        reasons = {failure["source"]: failure["error"] for failure in result.json["failures"]}
        assert set(reasons) == {
            f"{name} (#{image.pk})"
            for name, image in [
                ("corrupt", corrupt),
                ("missing", missing),
                ("truncated", truncated),
                ("bomb", bomb),
            ]
        }
        assert reasons[f"missing (#{missing.pk})"] == "The original 'missing.png' is not in storage."
        assert "decompression bomb" in reasons[f"bomb (#{bomb.pk})"].lower()
        assert GenerationFailure.objects.count() == 8

        # Mended, one of them is made by asking for what failed, and nothing else is.
        (originals / "corrupt.png").write_bytes(noisy)
        rows(fine[0])["width-20"].delete()

        again = run("--retry-failed", "--json")

        assert again.status == 1
        assert (again.json["sources"], again.json["generated"], again.json["failed"]) == (4, 2, 6)
        assert set(rows(corrupt)) == {"width-20", "fill-10x10"}
        assert set(rows(fine[0])) == {"fill-10x10"}
        assert GenerationFailure.objects.count() == 6

    def test_on_stderr_one_line_for_each_source(
        self, make_image: Any, two_sizes: RenditionSpec, run: Any, media_root: Path
    ) -> None:
        image = make_image("one.jpg")
        (media_root / "original_images" / "one.jpg").unlink()

        result = run()

        assert result.err.splitlines() == [
            "Failed:",
            f"  one (#{image.pk}): The original 'one.jpg' is not in storage. (2 renditions of test:spec)",
        ]
        assert without_times(result.lines[-2]) == "2 renditions of 1 source: 2 failed (0.0 s)."

    def test_at_verbosity_0_are_all_that_is_printed(
        self, make_image: Any, two_sizes: RenditionSpec, run: Any, media_root: Path
    ) -> None:
        image, gone = make_image("one.jpg"), make_image("two.jpg")
        assert run("-v", "0", "--image", str(image.pk)) == Result(0, "", "")
        (media_root / "original_images" / "two.jpg").unlink()

        result = run("-v", "0")

        assert (result.status, result.out) == (1, "")
        assert result.err == (
            f"two (#{gone.pk}): The original 'two.jpg' is not in storage. (2 renditions of test:spec)\n"
        )

    def test_fail_fast(self, make_image: Any, two_sizes: RenditionSpec, run: Any, media_root: Path) -> None:
        images = [make_image(f"{index}.jpg") for index in range(30)]
        (media_root / "original_images" / "0.jpg").unlink()

        result = run("--fail-fast", "--workers", "1")

        assert result.status == 1
        assert result.lines[-2:] == ["Stopped at the first failure, as --fail-fast asks.", ""]
        assert sum(not rows(image) for image in images) > 20
        assert run("--fail-fast", "--json").json["interrupted"] is False

    def test_of_a_group_cost_the_others_nothing(
        self, make_image: Any, two_sizes: RenditionSpec, registry: Registry, run: Any
    ) -> None:
        image = make_image()
        registry.add_group("test:spec", CollectionSourceGroup("Nowhere"))

        result = run()

        assert result.status == 1
        assert set(rows(image)) == {"width-20", "fill-10x10"}
        assert result.err.splitlines() == [
            "Failed:",
            "  source group Images in the collection “Nowhere” and below: There is no collection 'Nowhere'; a name "
            "is written as in the admin under Settings, Collections, a path from below the root collection down. "
            "(test:spec)",
        ]

    def test_of_a_group_with_fail_fast(
        self, make_image: Any, two_sizes: RenditionSpec, registry: Registry, run: Any
    ) -> None:
        image = make_image()
        registry.add_group("test:spec", CollectionSourceGroup("Nowhere"))
        assert run("--fail-fast").status == 1
        assert rows(image) == {}

    def test_of_a_group_print_no_trace(
        self, make_image: Any, registry: Registry, run: Any, capfd: Any
    ) -> None:
        class Broken(QuerySetSourceGroup):
            def get_queryset(self) -> Any:
                raise RuntimeError("The archive is closed.")

        registry.add_spec(RenditionSpec("a", "width-20"))
        registry.add_group("a", Broken())

        result = run()

        assert "RuntimeError: The archive is closed." in result.err
        assert "Traceback" not in result.err + capfd.readouterr().err

    def test_registration_for_an_unknown_spec(
        self, make_image: Any, two_sizes: RenditionSpec, registry: Registry, run: Any
    ) -> None:
        make_image()
        registry.add_group("test:other", ImageModelSourceGroup(), "site/hooks.py:12")
        result = run()
        assert result.status == 1
        assert "site/hooks.py:12: A source group is registered for the spec 'test:other'" in result.err


class TestInterruption:
    @pytest.fixture
    def interrupt(self, two_sizes: RenditionSpec) -> Any:
        """Sends signals to this very process once the first image is done."""
        connected = []

        def after_first_image(*numbers: int) -> None:
            numbers_left = list(numbers)

            def receive(**kwargs: Any) -> None:
                while numbers_left:
                    os.kill(os.getpid(), numbers_left.pop(0))

            connected.append(receive)
            renditions_generated.connect(receive)

        yield after_first_image
        for receive in connected:
            renditions_generated.disconnect(receive)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_first_signal_finishes_what_is_in_hand(
        self, make_image: Any, run: Any, interrupt: Any, number: int, media_root: Path
    ) -> None:
        images = [make_image(f"{index}.jpg") for index in range(60)]
        interrupt(number)

        result = run("test:spec", "--workers", "1", "--batch-size", "10")

        assert result.status == 130
        assert "Finishing the images in hand; once more stops at once." in result.out
        assert result.err.splitlines() == [
            "Interrupted. What has been made is kept; to go on with the rest, run",
            "  python manage.py generateimages test:spec --workers 1 --batch-size 10",
            f"or, to go on with this very run, generateimages --resume {GenerationRun.objects.get().pk}",
        ]
        done = [image for image in images if rows(image)]
        # What was begun, read or computed by then is in hand: as many as the pipeline takes.
        assert 0 < len(done) < 40
        assert all(len(rows(image)) == 2 for image in done)
        # No file is left without its row.
        assert stored(media_root) == {row.file.name for image in images for row in rows(image).values()}
        # And the handlers are what they were.
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def test_second_signal_stops(
        self,
        make_image: Any,
        run: Any,
        interrupt: Any,
        media_root: Path,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        images = [make_image(f"{index}.jpg") for index in range(20)]
        interrupt(signal.SIGINT, signal.SIGINT)

        with django_capture_on_commit_callbacks(execute=True):
            result = run("--json", "--workers", "1")

        assert (result.status, result.json["interrupted"]) == (130, True)
        assert 0 < sum(len(rows(image)) for image in images) < 20
        # What threads had stored by then had no row, and went.
        assert stored(media_root) == {row.file.name for image in images for row in rows(image).values()}

    def test_goes_on_where_it_was(self, make_image: Any, run: Any, interrupt: Any) -> None:
        for index in range(20):
            make_image(f"{index}.jpg")
        interrupt(signal.SIGINT)
        first = run("--json", "--workers", "1").json
        second = run("--json").json
        assert first["interrupted"] and not second["interrupted"]
        assert (second["existing"], second["existing"] + second["generated"]) == (first["generated"], 40)

    def test_with_force_says_what_running_again_means(
        self, make_image: Any, run: Any, interrupt: Any
    ) -> None:
        for index in range(20):
            make_image(f"{index}.jpg")
        interrupt(signal.SIGINT)
        assert run("--force", "--workers", "1").err.splitlines()[1:] == [
            "  python manage.py generateimages --workers 1 --force",
            "With --force that begins anew; without it, it makes only what is missing.",
            f"or, to go on with this very run, generateimages --resume {GenerationRun.objects.get().pk}",
        ]


class TestVerbosity:
    def test_2_prints_each_image(self, make_image: Any, two_sizes: RenditionSpec, run: Any) -> None:
        image = make_image("one.jpg")
        assert without_times(run("-v", "2").lines[0]) == f"one (#{image.pk}): 2 renditions, 1 kB, 0.0 s"

    def test_2_in_a_dry_run(self, make_image: Any, two_sizes: RenditionSpec, run: Any) -> None:
        image = make_image("one.jpg")
        assert run("-v", "2", "--dry-run").lines[0] == f"one (#{image.pk}): 2 renditions to make"


class TestList:
    def test_says_what_is_registered(self, db: None, registry: Registry, run: Any) -> None:
        registry.add_spec(
            RenditionSpec("blog:hero", "fill-{800x450,1600x900}|format-webp", label="Top of an article"),
            "/elsewhere/hooks.py:7",
        )
        registry.add_spec(RenditionSpec("blog:none", "original", description="For later."))
        registry.add_group("blog:hero", ImageModelSourceGroup())
        registry.add_group("blog:hero", CollectionSourceGroup("Nowhere"))

        result = run("--list")

        assert result.status == 0
        assert result.lines == [
            "blog:hero  Top of an article",
            "  sizes     800 × 450, cropped, WebP   fill-800x450|format-webp",
            "            1600 × 900, cropped, WebP  fill-1600x900|format-webp",
            "  strategy  Optimistic (default)",
            "  groups    All images",
            "            Images in the collection “Nowhere” and below",
            "  from      /elsewhere/hooks.py:7",
            "",
            "blog:none",
            "  For later.",
            "  sizes     original size  original",
            "  strategy  Optimistic (default)",
            "  groups    none: nothing is made for it",
            "",
            "Problems",
            "  There is no collection 'Nowhere'; a name is written as in the admin under Settings, Collections, "
            "a path from below the root collection down.",
        ]

    def test_as_json(self, db: None, two_sizes: RenditionSpec, run: Any) -> None:
        data = run("--list", "--json", "test:*").json
        assert [spec["id"] for spec in data["specs"]] == ["test:spec"]
        assert data["specs"][0]["filters"][1] == {"filter_spec": "fill-10x10", "size": "10 × 10, cropped"}
        assert data["problems"] == []


class TestProcess:
    """As typed in a shell."""

    def manage(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "django", "generateimages", *args],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "tests.settings", **env},
            capture_output=True,
            text=True,
            timeout=60,
        )

    @pytest.mark.once
    def test_bad_option(self) -> None:
        result = self.manage("--no-such-option")
        assert (result.returncode, result.stdout) == (2, "")

    @pytest.mark.once
    def test_tables_that_are_not_there(self, tmp_path: Path) -> None:
        result = self.manage(
            SOURCEGROUPS_DATABASE="sqlite", SOURCEGROUPS_DATABASE_NAME=str(tmp_path / "empty.sqlite3")
        )
        assert (result.returncode, result.stderr) == (
            1,
            "CommandError: The tables of wagtail_sourcegroups are not there yet; run `manage.py migrate` first.\n",
        )

    def test_from_code_a_usage_error_is_a_command_error(self, db: None) -> None:
        with pytest.raises(CommandError) as caught:
            call_command("generateimages", "no:such:spec")
        assert caught.value.returncode == 2

    def test_json_is_all_there_is_on_stdout(self, process_site: Any) -> None:
        new_collection("Odd formats")
        result = process_site.manage("generateimages", "--json")
        assert (result.returncode, result.stderr) == (0, "")
        assert json.loads(result.stdout)["sources"] == get_image_model().objects.count()


def picture_of(content: bytes) -> Any:
    import io

    return io.BytesIO(content)
