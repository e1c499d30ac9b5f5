"""What is drawn while a run goes on, and how numbers are written."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.command.conftest import new_collection
from tests.command.processes import add_images
from tests.conftest import ROOT
from wagtail_sourcegroups.generation.progress import Totals
from wagtail_sourcegroups.management.summary import Strays, left_behind_sentence, stray_lines
from wagtail_sourcegroups.management.terminal import LineProgress, progress_line, shortened
from wagtail_sourcegroups.management.wording import (
    counted,
    duration_in_words,
    filter_in_words,
    size_in_words,
)
from wagtail_sourcegroups.registry import Registry


@pytest.mark.once
class TestWords:
    @pytest.mark.parametrize(
        ("filter_spec", "words"),
        [
            ("fill-800x450|format-webp", "800 × 450, cropped, WebP"),
            ("format-webp|fill-800x450", "800 × 450, cropped, WebP"),
            ("fill-100x100-c50", "100 × 100, cropped 50% closer"),
            ("max-165x165", "within 165 × 165"),
            ("min-20x30", "covering 20 × 30"),
            ("width-400|jpegquality-60", "400 wide, JPEG quality 60"),
            ("height-64|format-webp-lossless", "64 high, WebP, lossless"),
            ("scale-50", "scaled to 50%"),
            ("original|format-avif|avifquality-40", "original size, AVIF, AVIF quality 40"),
            ("width-10|bgcolor-ff00aa|format-jpeg", "10 wide, on #ff00aa, JPEG"),
            ("max-420x420|preserve-svg|format-png", "within 420 × 420, SVG kept, PNG"),
            ("blur-3|width-10", "10 wide, blur-3"),
            ("format-tiff", "format-tiff"),
        ],
    )
    def test_of_filter_specs(self, filter_spec: str, words: str) -> None:
        assert filter_in_words(filter_spec) == words

    @pytest.mark.parametrize(
        ("size", "words"),
        [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (12_345, "12.3 kB"),
            (999_400, "999 kB"),
            (999_600, "1.0 MB"),
            (4_200_000, "4.2 MB"),
            (123_456_789, "123 MB"),
            (5_000_000_000, "5.0 GB"),
            (1_234_000_000_000_000, "1,234.0 TB"),
        ],
    )
    def test_of_sizes(self, size: int, words: str) -> None:
        assert size_in_words(size) == words

    @pytest.mark.parametrize(
        ("seconds", "words"),
        [(0, "0.0 s"), (0.44, "0.4 s"), (59.96, "1 m 00 s"), (125, "2 m 05 s"), (3725, "1 h 02 m")],
    )
    def test_of_durations(self, seconds: float, words: str) -> None:
        assert duration_in_words(seconds) == words

    def test_of_counts(self) -> None:
        assert (counted(1, "file"), counted(0, "file"), counted(1234, "file")) == (
            "1 file",
            "0 files",
            "1,234 files",
        )

    def test_of_long_names(self) -> None:
        assert shortened("Harbour (#12)") == "Harbour (#12)"
        assert shortened("The dunes at four in the afternoon (#1)") == "The dunes at four…oon (#1)"


@pytest.mark.once
class TestLines:
    @pytest.mark.parametrize(
        ("arguments", "line"),
        [
            (
                (1500, 20_000, 125, "Harbour (#7)"),
                "1,500 of 20,000 images, 12.0 a second, 25 m 42 s left, at Harbour (#7).",
            ),
            ((30, None, 10, ""), "30 images, 3.0 a second."),
            # Plain files come on top of the images that were counted.
            ((30, 20, 10, ""), "30 of 30 images, 3.0 a second."),
            ((0, 20, 10, "Harbour (#7)"), "0 of 20 images, 0.0 a second, at Harbour (#7)."),
        ],
    )
    def test_of_progress(self, arguments: Any, line: str) -> None:
        assert progress_line(*arguments) == line

    def test_come_now_and_then(self) -> None:
        said: list[str] = []
        quiet = LineProgress(said.append, interval=1000)
        talkative = LineProgress(said.append, interval=0)
        for progress in (quiet, talkative):
            progress.begin(3)
            progress.working_on("Harbour (#7)")
            progress.advance(2, Totals())
        assert [re.sub(r"[\d,.]+ (a|s)\b", "0 \\1", line) for line in said] == [
            "2 of 3 images, 0 a second, 0 s left, at Harbour (#7)."
        ]

    def test_of_one_file_without_a_row(self) -> None:
        strays = Strays(removable=1, removable_names=["images/a.jpg"])
        assert stray_lines(strays, prune=False, dry_run=False, grace=10) == [
            "1 file in the rendition storage is named by no row.",
            "--verify --prune removes 1 file of renditions:",
            "  images/a.jpg",
        ]

    def test_of_files_that_were_to_go_and_did_not_all(self) -> None:
        names = ["images/a.jpg", "images/b.jpg", "images/c.jpg"]
        strays = Strays(removable=3, removed=1, removable_names=names)
        assert stray_lines(strays, prune=True, dry_run=False, grace=10)[1] == (
            "Of 3 files of renditions 1 was removed:"
        )

    @pytest.mark.parametrize(
        ("runs", "sentence"),
        [
            ([12], "Run 12 is stalled; --resume 12 goes on with it."),
            ([12, 14], "Runs 12 and 14 are stalled; --resume RUN goes on with one."),
            ([7, 12, 14], "Runs 7, 12 and 14 are stalled; --resume RUN goes on with one."),
        ],
    )
    def test_of_runs_left_behind(self, runs: list[int], sentence: str) -> None:
        assert left_behind_sentence(runs) == sentence


class TestBar:
    """On a terminal of 80 columns, and on one that does not know how many it has."""

    def shown(self, env: dict[str, str], columns: int) -> tuple[int, str]:
        """What ``generateimages`` writes to a terminal, and its exit status."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", columns and 24, columns, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-m", "django", "generateimages"],
            cwd=ROOT,
            env={name: value for name, value in env.items() if name not in ("COLUMNS", "LINES")},
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        written = StringIO()

        def read() -> None:
            while True:
                try:
                    chunk = os.read(master, 4096)
                except OSError:
                    return
                if not chunk:
                    return
                written.write(chunk.decode(errors="replace"))

        reader = threading.Thread(target=read)
        reader.start()
        status = process.wait(timeout=60)
        reader.join(timeout=10)
        os.close(master)
        return status, written.getvalue()

    @pytest.mark.parametrize("columns", [80, 0])
    def test_count_rate_time_left_and_image(
        self, process_site: Any, registry: Registry, columns: int
    ) -> None:
        new_collection("Odd formats")
        add_images((f"Harbour {index}" for index in range(30)), size=(600, 400))

        status, shown = self.shown(process_site.env, columns)

        assert status == 0
        frames = [frame for frame in shown.split("\r") if "/30" in frame]
        assert re.search(
            r"^ *\d+%\|.+\| \d+/30 +\d+\.\d\d images/s \d\d:\d\d left, Harbour \d+ \(#\d+\)", frames[-1]
        )
        assert all(len(frame) <= 80 for frame in frames)
        # It goes when the summary comes.
        assert "/30" not in shown.split("\r\n", 1)[1]
        lines = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in shown.split("\r\n")[1:]]
        assert all(len(line) <= 80 for line in lines)
        assert lines[-2].startswith("60 renditions of 30 sources: 60 generated")


def test_names_that_the_stream_cannot_spell(process_site: Any, registry: Registry, media_root: Path) -> None:
    new_collection("Odd formats")
    (image,) = add_images(["Größe"])
    (media_root / image.file.name).unlink()
    process_site.env["PYTHONIOENCODING"] = "ascii"
    result = process_site.manage("generateimages")
    assert result.returncode == 1
    assert "Gr??e (#" in result.stderr
    assert "Traceback" not in result.stderr
