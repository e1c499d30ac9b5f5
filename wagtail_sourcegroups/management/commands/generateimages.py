"""``manage.py generateimages``: make the renditions that specs want of their source groups and that are missing."""

from __future__ import annotations

import argparse
import json
import logging
import os
import shlex
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections, router

from ... import conf
from ...generation.batches import make_batches
from ...generation.failures import attributed
from ...generation.membership import Batch
from ...generation.options import Options
from ...generation.progress import Failed, Totals, as_json
from ...models import BoundFilterSpec
from ...registry import Registry, get_registry
from ...rendering import bomb_warnings_off
from ...runs.question import Question
from ...runs.recording import Recorder
from ...runs.starting import tend
from ...selection import Selection
from ...specs import RenditionSpec
from ...walk import Walk
from .. import choosing, summary
from ..interruption import Interruption
from ..listing import described, listing
from ..pruning import look_for_strays, prune, rendition_models, retire_leftovers
from ..running import RunCommands
from ..tables import spec_table
from ..terminal import BarProgress, LineProgress, SilentProgress

logger = logging.getLogger("wagtail_sourcegroups")

FAILED, USAGE, INTERRUPTED = 1, choosing.USAGE, 130


@dataclass
class Run:
    """One call of the command: what it is about, and what has come of it."""

    registry: Registry
    specs: Sequence[RenditionSpec]
    selection: Selection
    options: Options
    prune: bool
    batch_size: int | None
    every_spec: bool
    began: float = field(default_factory=time.monotonic)
    totals: Totals = field(default_factory=Totals)
    recorder: Recorder | None = None
    pruned: Counter[str] | None = None
    strays: summary.Strays | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


class Command(RunCommands, BaseCommand):
    help = (
        "Make the renditions that the registered specs want of their source groups and that are missing. "
        "Run it as often as you like: what exists is left as it is."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        epilog = (
            "Exit status: 0 everything wanted exists or was skipped for a stated reason, 1 something failed "
            "(with --dry-run: or is missing), 2 bad usage, unknown spec, collection or image, 130 interrupted."
        )
        return super().create_parser(prog_name, subcommand, epilog=epilog, **kwargs)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "patterns",
            nargs="*",
            metavar="SPEC_PATTERN",
            help='spec ids or wildcards: * within a segment, ** across; "a" also means "a:b" (default: every spec)',
        )
        which = parser.add_argument_group("which sources")
        which.add_argument(
            "--collection",
            metavar="NAME_OR_ID",
            help='only images in this collection and below; a name, a path such as "Press/2026", or an id',
        )
        which.add_argument(
            "--image", action="append", metavar="ID", help="only this image; may be given several times"
        )
        which.add_argument(
            "--since",
            metavar="YYYY-MM-DD",
            help="only images added, and files modified, on that day or later",
        )
        which.add_argument("--retry-failed", action="store_true", help="only what failed before")
        what = parser.add_argument_group("what to do")
        what.add_argument(
            "--force",
            action="store_true",
            help="make again what exists; an old file goes when the new one is in place",
        )
        what.add_argument(
            "--verify",
            action="store_true",
            help="look in storage for the files of existing renditions, make the lost ones, report files without a row",
        )
        what.add_argument(
            "--prune",
            action="store_true",
            help="delete renditions that a spec once asked for and none does any more; "
            "with --verify also files without a row that such renditions left behind",
        )
        what.add_argument(
            "--enqueue",
            action="store_true",
            help="hand the work to the task backend, batch by batch, instead of doing it here; prints the run's id",
        )
        what.add_argument(
            "--resume",
            metavar="RUN",
            help="go on with a run that was paused, interrupted or left, until it is done",
        )
        what.add_argument(
            "--status", nargs="?", const="", metavar="RUN", help="say how runs stand, or this one, and stop"
        )
        what.add_argument("--dry-run", action="store_true", help="only say what would be done")
        what.add_argument(
            "--list", action="store_true", help="list the specs, their sizes and groups, and stop"
        )
        how = parser.add_argument_group("how")
        how.add_argument(
            "--workers", metavar="N", help="threads that make renditions (default: one for each CPU)"
        )
        how.add_argument("--batch-size", metavar="N", help="sources made in one go (default: 500)")
        how.add_argument("--fail-fast", action="store_true", help="stop at the first failure")
        how.add_argument(
            "--json", action="store_true", help="print one JSON object instead of tables and sentences"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.verbosity = int(options["verbosity"])
        self.json: bool = options["json"]
        try:
            status = self._handle(options)
        except DatabaseError as error:
            raise CommandError(_database_sentence(error)) from error
        except BrokenPipeError:
            # Whoever read it has seen enough (`--list | head`); Python would complain again when it flushes.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            status = FAILED
        if status:
            sys.exit(status)

    def _handle(self, options: dict[str, Any]) -> int:
        status = self._handle_runs(options)
        if status is not None:
            return status
        workers = choosing.at_least_one("--workers", options["workers"])
        batch_size = choosing.at_least_one("--batch-size", options["batch_size"], choosing.MAX_BATCH_SIZE)
        patterns = options["patterns"]
        registry = get_registry()
        specs = choosing.chosen_specs(registry, [patterns] if isinstance(patterns, str) else patterns)
        if options["list"]:
            with _without_traces():
                self._list(registry, specs)
            return 0
        run = Run(
            registry=registry,
            specs=specs,
            selection=choosing.chosen_sources(
                collection=options["collection"],
                images=options["image"],
                since=options["since"],
                only_failed=options["retry_failed"],
            ),
            options=Options(
                force=options["force"],
                verify=options["verify"],
                dry_run=options["dry_run"],
                only_failed=options["retry_failed"],
                fail_fast=options["fail_fast"],
                workers=workers,
                stop=threading.Event(),
            ),
            prune=options["prune"],
            batch_size=batch_size,
            every_spec=not patterns,
        )
        if options["enqueue"]:
            return self._enqueue(question_of(run), options_to_keep(run))
        return self._run(
            run, _how_to_run_again(options, called=getattr(self, "_called_from_command_line", False))
        )

    def _run(self, run: Run, again: str) -> int:
        progress = self._progress(run.options.dry_run)
        interruption = Interruption(
            run.options.stop,
            lambda: progress.note("Finishing the images in hand; once more stops at once."),
        )
        killed = False
        with interruption, _without_traces(), bomb_warnings_off():
            try:
                self._work(run, progress)
            except KeyboardInterrupt:
                killed = True
                run.totals = progress.totals
                run.totals.interrupted = True
            finally:
                if isinstance(progress, BarProgress):
                    progress.close()
        if run.options.fail_fast and not interruption.received:
            # It has stopped because it failed, and says so by its exit status.
            run.totals.interrupted = False
        for spec in run.specs:
            run.totals.spec(spec.id)
        self._report(run)
        if run.totals.interrupted or killed:
            self._say_how_to_go_on(again, run)
            return INTERRUPTED
        to_do = run.options.dry_run and run.totals.all.generated
        return FAILED if run.totals.failures or to_do else 0

    def _work(self, run: Run, progress: SilentProgress) -> None:
        """Walk, make, then clean up; whatever has come of it is in ``run``, even if it raises."""
        chosen = {spec.id for spec in run.specs}
        bindings = [binding for binding in run.registry.bindings if binding.spec.id in chosen]
        walk = Walk(
            bindings,
            run.registry.bindings,
            run.selection,
            batch_size=run.batch_size,
            write=not run.options.dry_run,
            count_settled=run.options.only_missing,
        )
        walk.prepare()
        if not (run.options.fail_fast and walk.failures):
            progress.begin(walk.count_images() if self._shows_progress else None)
            self._make(run, walk, progress)
        run.totals.failures += walk.failures
        run.totals.failures += _problems(run)
        if run.options.stop.is_set():
            return
        models = rendition_models(run.registry)
        if run.prune:
            run.pruned = prune(
                run.registry,
                run.specs,
                run.selection,
                every_spec=run.every_spec,
                options=run.options,
                batch_size=run.batch_size,
            )
            run.totals.pruned += run.pruned.total()
        if run.options.verify:
            run.strays = look_for_strays(
                run.registry,
                models,
                prune=run.prune,
                options=run.options,
                limit=None if self.verbosity > 1 else summary.SHOWN,
            )
            run.totals.pruned += run.strays.removed
        if not run.options.dry_run:
            retire_leftovers(models)
            tend()
        if run.options.stop.is_set():
            run.totals.interrupted = True

    def _make(self, run: Run, walk: Walk, progress: SilentProgress) -> None:
        """Make what is missing, and record it from the first thing that is on; unless nothing is to be done."""
        batches = _until_failure(walk, run.options)
        if run.options.dry_run:
            run.totals = make_batches((batch for _, batch in batches), options=run.options, progress=progress)
            return
        recorder = run.recorder = Recorder(
            question_of(run), options_to_keep(run), run.options.stop, progress, parts=walk.parts
        )
        try:
            with attributed(lambda: recorder.run_id):
                run.totals = make_batches(recorder.watched(batches), options=run.options, progress=recorder)
        except BaseException:
            recorder.close(interrupted=True)
            raise
        stopped = run.totals.interrupted or bool(run.options.fail_fast and walk.failures)
        recorder.close(interrupted=stopped)

    # Saying it ----------------------------------------------------------------------------------------

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

    def _report(self, run: Run) -> None:
        limit = None if self.verbosity > 1 else 5 * summary.SHOWN
        self._report_extras(run)
        if self.json:
            self._say(json.dumps(as_json(run.totals, seconds=run.seconds), ensure_ascii=False))
        elif self.verbosity:
            self._report_totals(run)
        if run.totals.failures:
            lines = summary.failure_lines(run.totals.failures, limit=limit)
            if self.verbosity and not self.json:
                self._say()
                lines = ["Failed:", *(f"  {line}" for line in lines)]
            self._complain(lines)

    def _report_extras(self, run: Run) -> None:
        """What was pruned, and files without a row: on stderr where stdout is for a program."""
        strays = run.strays
        if strays is not None:
            self._complain(strays.complaints)
        if not self.verbosity:
            return
        lines = []
        if run.pruned is not None and not self.json:
            lines += summary.pruned_lines(run.pruned, dry_run=run.options.dry_run)
        if strays is not None and not (self.json and not strays.count):
            lines += summary.stray_lines(
                strays, prune=run.prune, dry_run=run.options.dry_run, grace=conf.get("ORPHAN_GRACE")
            )
        for line in lines:
            self._say(line, error=self.json)
        if lines and not self.json:
            self._say()

    def _report_totals(self, run: Run) -> None:
        totals, dry_run = run.totals, run.options.dry_run
        if not run.specs:
            self._say("No spec is registered, so there is nothing to make.")
            return
        width = shutil.get_terminal_size().columns if self.stdout.isatty() else None
        spec_ids = [spec.id for spec in run.specs]
        for line in spec_table(totals, spec_ids, style=self.style, dry_run=dry_run, width=width):
            self._say(line)
        self._say()
        for line in summary.skipped_lines(totals.skipped):
            self._say(line)
        sentence = summary.totals_sentence(
            totals, seconds=run.seconds, dry_run=dry_run, only_failed=run.options.only_failed
        )
        if summary.nothing_is_missing(totals):
            self._say(f"{self.style.SUCCESS('Nothing is missing.')} {sentence}")
        else:
            self._say(sentence)
        if run.options.fail_fast and totals.failures:
            self._say("Stopped at the first failure, as --fail-fast asks.")

    def _say_how_to_go_on(self, again: str, run: Run) -> None:
        run_id = run.recorder.run_id if run.recorder is not None else None
        if self.verbosity:
            for line in summary.how_to_go_on(again, force=run.options.force, run=run_id):
                # On stderr, and no error.
                self._say(line, error=True, style=str)


def question_of(run: Run) -> Question:
    """What the command was asked, as runs keep it."""
    return Question(tuple(spec.id for spec in run.specs), selection=run.selection)


def options_to_keep(run: Run) -> dict[str, Any]:
    """How it was asked to do it, for whoever goes on."""
    return {
        "force": run.options.force,
        "verify": run.options.verify,
        "batch_size": run.batch_size,
        "workers": run.options.workers,
    }


def _until_failure(walk: Walk, options: Options) -> Iterator[tuple[str, Batch]]:
    """The batches of a walk, up to the first group that cannot be walked where a failure is to end it."""
    for part, batch in walk.parted_batches():
        yield part, batch
        if options.fail_fast and walk.failures:
            return


def _problems(run: Run) -> list[Failed]:
    """
    Registrations that cannot work, where every spec is asked for: for these, nothing was made.

    From a terminal the system check says so first, and stops; code that calls the command has skipped it.
    """
    if not run.every_spec:
        return []
    return [
        Failed(source=problem.location, spec="", filter_spec="", error=problem.message)
        for problem in run.registry.problems
    ]


@contextmanager
def _without_traces() -> Iterator[None]:
    """
    Where a site has set up no logging, Python prints what is logged, traces and all; here the summary says it.
    """
    silent = logging.NullHandler()
    logger.addHandler(silent)
    try:
        yield
    finally:
        logger.removeHandler(silent)


def _database_sentence(error: DatabaseError) -> str:
    """What a database error comes from, where that is known."""
    using = router.db_for_read(BoundFilterSpec)
    try:
        tables = connections[using].introspection.table_names()
    except DatabaseError:
        tables = None
    if tables is not None and BoundFilterSpec._meta.db_table not in tables:
        return "The tables of wagtail_sourcegroups are not there yet; run `manage.py migrate` first."
    # What a server that is away is said to be takes several lines.
    return f"The database refuses: {' '.join(str(error).split())}"


def _how_to_run_again(options: dict[str, Any], *, called: bool) -> str:
    """The command line to type in order to go on."""
    script = sys.argv[0]
    if os.path.basename(script) == "__main__.py":
        words = ["python", "-m", "django"]
    elif script.endswith(".py"):
        words = ["python", script]
    else:
        words = [os.path.basename(script) or "django-admin"]
    if called:
        return shlex.join([*words, *sys.argv[1:]])
    words = ["python", "manage.py", "generateimages", *options["patterns"]]
    for name in ("collection", "image", "since", "workers", "batch_size"):
        given = options[name]
        for value in given if isinstance(given, list | tuple) else [given]:
            if value is not None:
                words += [f"--{name.replace('_', '-')}", str(value)]
    for name in ("retry_failed", "force", "verify", "prune", "dry_run", "fail_fast", "json"):
        words += [f"--{name.replace('_', '-')}"] if options[name] else []
    return shlex.join(words)
