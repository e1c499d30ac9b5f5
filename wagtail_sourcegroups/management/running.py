"""``--enqueue``, ``--resume`` and ``--status``: what the command does with runs."""

from __future__ import annotations

import json
import shutil
import threading
import time
from typing import Any

from ..exceptions import RunRefused
from ..generation.progress import as_json
from ..models import GenerationRun, RunState
from ..queueing import is_inline
from ..rendering import bomb_warnings_off
from ..runs.question import Question
from ..runs.starting import nudge, start
from ..runs.working import drive_on
from . import choosing, standing, summary
from .interruption import Interruption
from .reporting import Reports
from .tables import spec_table
from .terminal import BarProgress

#: Runs that ``--status`` lists.
LISTED = 20

FAILED, INTERRUPTED = 1, 130

#: What says nothing beside ``--enqueue``, by the names of the options, and why.
_NOT_BESIDE_ENQUEUE = {
    "prune": "run generateimages --prune once the run is over.",
    "dry_run": "--dry-run writes nothing, and a run is a record; use --dry-run alone.",
    "list": "--list makes nothing.",
    "fail_fast": "workers do not stop each other.",
    "resume": "--enqueue starts a run, and --resume goes on with one.",
    "status": "--enqueue starts a run, and --status only looks at those there are.",
}
_WHAT = (
    "patterns",
    "collection",
    "image",
    "since",
    "retry_failed",
    "force",
    "verify",
    "batch_size",
    "workers",
)
#: Nor do these beside what is about a run that there is.
_NOT_BESIDE_A_RUN = ("prune", "dry_run", "list", "fail_fast", *_WHAT)
_WHY = {
    "resume": "a run goes on with what it was started with.",
    "status": "it only looks.",
}


class RunCommands(Reports):
    """For the command: what it is asked about runs that there are, and to hand one out."""

    def _handle_runs(self, options: dict[str, Any]) -> int | None:
        """The exit status, where the options are about a run that there is; raises for those that contradict."""
        asked = [name for name in ("enqueue", "resume", "status") if options[name] not in (None, False)]
        if not asked:
            return None
        first, *others = asked
        beside = _NOT_BESIDE_ENQUEUE if first == "enqueue" else dict.fromkeys(_NOT_BESIDE_A_RUN, _WHY[first])
        for name in [*others, *(name for name in beside if options[name])]:
            given = "a SPEC_PATTERN" if name == "patterns" else f"--{name.replace('_', '-')}"
            why = beside.get(name, "--status only looks.")
            raise choosing.usage_error(f"--{first} and {given} do not go together: {why}")
        if asked == ["resume"]:
            return self._resume(found_run(options["resume"]))
        if asked == ["status"]:
            return self._status(options["status"])
        return None

    def _enqueue(self, question: Question, options: dict[str, Any]) -> int:
        run = start(question, started_from=GenerationRun.Origin.COMMAND, **options)
        run.refresh_from_db()
        refused = standing.nobody_has(run)
        if self.json:
            self._say(json.dumps(standing.described(run)))
        else:
            # The number alone, for a script to take.
            self._say(str(run.pk))
            if self.verbosity or refused:
                self._say(self._what_comes(run, refused), error=True, style=str)
        return FAILED if refused or run.state == RunState.FAILED else 0

    @staticmethod
    def _what_comes(run: GenerationRun, refused: bool) -> str:
        if refused:
            return f"{run.message} Run {run.pk} waits: the next generateimages, from cron or by hand, tries again."
        if run.state == RunState.FAILED:
            return f"Run {run.pk} is failed. {run.message}".rstrip()
        if run.state != RunState.QUEUED:
            return f"Run {run.pk} is {run.state}."
        if is_inline():
            return f"Run {run.pk} waits: there is no worker, so go on with --resume {run.pk}."
        return f"Run {run.pk} is handed to the task backend; --status {run.pk} says how it stands."

    def _status(self, given: str) -> int:
        width = shutil.get_terminal_size().columns if self.stdout.isatty() else None
        if given:
            run = found_run(given)
            if self.json:
                self._say(json.dumps(standing.described_in_detail(run), ensure_ascii=False))
                return 0
            limit = None if self.verbosity > 1 else summary.SHOWN
            lines = standing.detail(run, style=self.style, limit=limit, width=width)
        else:
            runs = list(GenerationRun.objects.with_standing().select_related("started_by")[:LISTED])
            if self.json:
                data = {"runs": [standing.described(run) for run in runs]}
                self._say(json.dumps(data, ensure_ascii=False))
                return 0
            lines = standing.listing(runs, style=self.style, width=width) if runs else ["There are no runs."]
        for line in lines:
            self._say(line)
        return 0

    def _resume(self, run: GenerationRun) -> int:
        """Work on a run until it is over, beside whoever else does; what it has come to decides the exit status."""
        if not run.is_active or run.shown_state is RunState.STALLED:
            try:
                run.resume(by_workers=None)
            except RunRefused as error:
                raise choosing.usage_error(f"Run {run.pk}: {error}") from None
        began, stop = time.monotonic(), threading.Event()
        face = self._progress(False)
        face.begin(_left(run))
        interruption = Interruption(
            stop, lambda: face.note("Finishing the images in hand; once more stops at once.")
        )
        try:
            with interruption, bomb_warnings_off():
                drive_on(run.pk, face=face, stop=stop)
        except KeyboardInterrupt:
            stop.set()
        finally:
            if isinstance(face, BarProgress):
                face.close()
        return self._report_run(run, time.monotonic() - began, interrupted=stop.is_set())

    def _report_run(self, run: GenerationRun, seconds: float, *, interrupted: bool) -> int:
        run.refresh_from_db()
        interrupted = interrupted and run.is_active
        if interrupted:
            _put_down(run)
        totals = standing.totals_of(run)
        totals.interrupted = interrupted
        if self.json:
            self._say(json.dumps(as_json(totals, seconds=seconds), ensure_ascii=False))
        elif self.verbosity:
            for line in spec_table(totals, run.question.get("specs", []), style=self.style):
                self._say(line)
            self._say()
            self._say(summary.totals_sentence(totals, seconds=seconds, dry_run=False))
        if totals.failures:
            self._complain(summary.failure_lines(totals.failures, limit=5 * summary.SHOWN))
        if run.message:
            self._say(run.message, error=True)
        if interrupted:
            if self.verbosity:
                for line in summary.how_to_go_on(f"generateimages --resume {run.pk}", force=False):
                    self._say(line, error=True, style=str)
            return INTERRUPTED
        if run.state in (RunState.PAUSED, RunState.CANCELLED):
            self._say(f"Run {run.pk} is {run.state}.", error=True, style=str)
            return INTERRUPTED
        return FAILED if totals.failures or run.state != RunState.FINISHED else 0


def found_run(given: Any) -> GenerationRun:
    """The run of this id. Raises the usage error for one there is not."""
    text = str(given)
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise choosing.usage_error(f"{text!r} is no id of a run; --status lists them.")
    run = GenerationRun.objects.select_related("started_by").filter(pk=int(text)).first()
    if run is None:
        raise choosing.usage_error(f"There is no run {text}; --status lists those there are.")
    return run


def _left(run: GenerationRun) -> int | None:
    if run.sources_in_all is None:
        return None
    return max(run.sources_in_all - int(run.counts["all"]["sources"]), 0)


def _put_down(run: GenerationRun) -> None:
    """Interrupted: workers go on with their run; one that only this command worked on is at rest."""
    if run.by_workers and not is_inline():
        nudge(run)
        return
    try:
        run.pause()
    except RunRefused:
        # It has come to its end meanwhile.
        run.refresh_from_db()
