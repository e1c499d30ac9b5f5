"""How ``generateimages`` says what it does and what has come of it: on which stream, for people or for programs."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .. import conf
from ..generation.progress import as_json
from ..registry import Registry
from ..specs import RenditionSpec
from . import standing, summary
from .job import Job
from .listing import described, listing
from .tables import spec_table
from .terminal import BarProgress, LineProgress, SilentProgress


def nobody_reads() -> None:
    """Whoever read stdout has seen enough (``--list | head``): Python would complain again when it flushes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Reports:
    """For the command, which has the streams, the style, and how much is wanted of it."""

    json: bool
    verbosity: int
    stdout: Any
    stderr: Any
    style: Any

    @property
    def _shows_progress(self) -> bool:
        return self.verbosity > 0 and (self.stderr.isatty() or not self.json)

    def _progress(self, dry_run: bool) -> SilentProgress:
        if not self._shows_progress:
            return SilentProgress()
        each = self.verbosity > 1
        if self.stderr.isatty():
            return BarProgress(self.stderr, each=each, dry_run=dry_run)
        return LineProgress(self._say, each=each, dry_run=dry_run)

    def _say(self, line: str = "", *, error: bool = False, style: Callable[[str], str] | None = None) -> None:
        """A line on the right stream, in whatever that stream can spell."""
        stream = self.stderr if error else self.stdout
        encoding = getattr(stream, "encoding", None) or "utf-8"
        stream.write(line.encode(encoding, "replace").decode(encoding), style)
        stream.flush()

    def _complain(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._say(line, error=True)

    def _list(self, registry: Registry, specs: Sequence[RenditionSpec]) -> None:
        data = described(registry, specs)
        if self.json:
            self._say(json.dumps(data, indent=2, ensure_ascii=False))
            return
        for line in listing(data, style=self.style):
            self._say(line)

    def _report(self, job: Job) -> None:
        limit = None if self.verbosity > 1 else 5 * summary.SHOWN
        self._report_extras(job)
        if self.json:
            self._say(json.dumps(as_json(job.totals, seconds=job.seconds), ensure_ascii=False))
        elif self.verbosity:
            self._report_totals(job)
            self._report_left_behind(job)
        if job.totals.failures:
            lines = summary.failure_lines(job.totals.failures, limit=limit)
            if self.verbosity and not self.json:
                self._say()
                lines = ["Failed:", *(f"  {line}" for line in lines)]
            self._complain(lines)

    def _report_extras(self, job: Job) -> None:
        """What was pruned, and files without a row: on stderr where stdout is for a program."""
        strays = job.strays
        if strays is not None:
            self._complain(strays.complaints)
        if not self.verbosity:
            return
        lines = []
        if job.pruned is not None and not self.json:
            lines += summary.pruned_lines(job.pruned, dry_run=job.options.dry_run)
        if strays is not None and not (self.json and not strays.count):
            lines += summary.stray_lines(
                strays, prune=job.prune, dry_run=job.options.dry_run, grace=conf.get("ORPHAN_GRACE")
            )
        for line in lines:
            self._say(line, error=self.json)
        if lines and not self.json:
            self._say()

    def _report_totals(self, job: Job) -> None:
        totals, dry_run = job.totals, job.options.dry_run
        if not job.specs:
            self._say("No spec is registered, so there is nothing to make.")
            return
        width = shutil.get_terminal_size().columns if self.stdout.isatty() else None
        spec_ids = [spec.id for spec in job.specs]
        for line in spec_table(totals, spec_ids, style=self.style, dry_run=dry_run, width=width):
            self._say(line)
        self._say()
        for line in summary.skipped_lines(totals.skipped):
            self._say(line)
        sentence = summary.totals_sentence(
            totals, seconds=job.seconds, dry_run=dry_run, only_failed=job.options.only_failed
        )
        if summary.nothing_is_missing(totals):
            self._say(f"{self.style.SUCCESS('Nothing is missing.')} {sentence}")
        else:
            self._say(sentence)
        if job.options.fail_fast and totals.failures:
            self._say("Stopped at the first failure, as --fail-fast asks.")

    def _report_left_behind(self, job: Job) -> None:
        """Runs of commands that were killed: this one has made what they left missing, but not what they renewed."""
        runs = [] if job.options.dry_run else standing.left_behind()
        if runs:
            self._say(summary.left_behind_sentence(runs))

    def _say_how_to_go_on(self, again: str, job: Job) -> None:
        run_id = job.recorder.run_id if job.recorder is not None else None
        if self.verbosity:
            for line in summary.how_to_go_on(again, force=job.options.force, run=run_id):
                # On stderr, and no error.
                self._say(line, error=True, style=str)
