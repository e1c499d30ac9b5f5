"""``manage.py generateimages``: make the renditions that specs want of their source groups and that are missing."""

from __future__ import annotations

import argparse
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from ...generation.options import Options
from ...registry import get_registry
from ...rendering import bomb_warnings_off
from .. import arguments, choosing, summary
from ..explaining import database_sentence, how_to_run_again
from ..interruption import Interruption
from ..job import Job
from ..reporting import nobody_reads
from ..running import RunCommands
from ..terminal import BarProgress

logger = logging.getLogger("wagtail_sourcegroups")

FAILED, INTERRUPTED = 1, 130


class Command(RunCommands, BaseCommand):
    help = arguments.HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, epilog=arguments.EPILOG, **kwargs)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        arguments.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        self.verbosity = int(options["verbosity"])
        self.json: bool = options["json"]
        try:
            status = self._handle(options)
        except DatabaseError as error:
            raise CommandError(database_sentence(error)) from error
        except BrokenPipeError:
            nobody_reads()
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
        registry = get_registry().refresh()
        specs = choosing.chosen_specs(registry, [patterns] if isinstance(patterns, str) else patterns)
        if options["list"]:
            with _without_traces():
                self._list(registry, specs)
            return 0
        job = Job(
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
            with _without_traces():
                return self._enqueue(job.question, job.options_to_keep)
        return self._run(
            job, how_to_run_again(options, called=getattr(self, "_called_from_command_line", False))
        )

    def _run(self, job: Job, again: str) -> int:
        progress = self._progress(job.options.dry_run)
        interruption = Interruption(
            job.options.stop,
            lambda: progress.note("Finishing the images in hand; once more stops at once."),
        )
        killed = False
        with interruption, _without_traces(), bomb_warnings_off():
            try:
                job.work(
                    progress,
                    counts_first=self._shows_progress,
                    strays_named=None if self.verbosity > 1 else summary.SHOWN,
                )
            except KeyboardInterrupt:
                killed = True
                job.totals = progress.totals
                job.totals.interrupted = True
            finally:
                if isinstance(progress, BarProgress):
                    progress.close()
        if job.options.fail_fast and not interruption.received:
            # It has stopped because it failed, and says so by its exit status.
            job.totals.interrupted = False
        for spec in job.specs:
            job.totals.spec(spec.id)
        self._report(job)
        if job.totals.interrupted or killed:
            self._say_how_to_go_on(again, job)
            return INTERRUPTED
        to_do = job.options.dry_run and job.totals.all.generated
        return FAILED if job.totals.failures or to_do else 0


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
