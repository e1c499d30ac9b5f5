"""One call of ``generateimages``: what it is about, the work, and what has come of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import counting
from ..generation.batches import make_batches
from ..generation.failures import attributed
from ..generation.membership import Batch
from ..generation.options import Options
from ..generation.progress import Failed, Progress, Totals
from ..pruning import prune
from ..registry import Registry
from ..runs.question import Question
from ..runs.recording import Recorder
from ..runs.starting import tend
from ..selection import Selection
from ..specs import RenditionSpec
from ..walk import Walk
from .strays import look_for_strays, rendition_models, retire_leftovers
from .summary import Strays


@dataclass
class Job:
    """``began`` to ``strays`` is what has come of it."""

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
    strays: Strays | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def question(self) -> Question:
        """What the command was asked, as runs keep it."""
        return Question(tuple(spec.id for spec in self.specs), selection=self.selection)

    @property
    def options_to_keep(self) -> dict[str, Any]:
        """How it was asked to do it, for whoever goes on."""
        return {
            "force": self.options.force,
            "verify": self.options.verify,
            "batch_size": self.batch_size,
            "workers": self.options.workers,
        }

    def work(self, progress: Progress, *, counts_first: bool, strays_named: int | None) -> None:
        """
        Walk, make, then clean up; whatever has come of it is kept, even if it raises.

        ``counts_first`` tells the progress how many images there are; of files without a row so many are named.
        """
        chosen = {spec.id for spec in self.specs}
        bindings = [binding for binding in self.registry.bindings if binding.spec.id in chosen]
        walk = Walk(
            bindings,
            self.registry.bindings,
            self.selection,
            batch_size=self.batch_size,
            write=not self.options.dry_run,
            count_settled=self.options.only_missing,
        )
        walk.prepare()
        if not (self.options.fail_fast and walk.failures):
            progress.begin(walk.count_images() if counts_first else None)
            self._make(walk, progress)
        self.totals.failures += walk.failures
        self.totals.failures += self._problems()
        if self.options.stop.is_set():
            return
        models = rendition_models(self.registry)
        if self.prune:
            self.pruned = prune(
                self.registry,
                self.specs,
                self.selection,
                every_spec=self.every_spec,
                options=self.options,
                batch_size=self.batch_size,
            )
            self.totals.pruned += self.pruned.total()
        if self.options.verify:
            self.strays = look_for_strays(
                self.registry, models, prune=self.prune, options=self.options, limit=strays_named
            )
            self.totals.pruned += self.strays.removed
        if not self.options.dry_run:
            retire_leftovers(models)
            tend()
            if walk.is_full:
                counting.ask()
        if self.options.stop.is_set():
            self.totals.interrupted = True

    def _make(self, walk: Walk, progress: Progress) -> None:
        """Make what is missing, and record it from the first thing that is on; unless nothing is to be done."""
        options = self.options
        batches = _until_failure(walk, options)
        if options.dry_run:
            self.totals = make_batches((batch for _, batch in batches), options=options, progress=progress)
            return
        recorder = self.recorder = Recorder(
            self.question, self.options_to_keep, options.stop, progress, parts=walk.parts
        )
        try:
            with attributed(lambda: recorder.run_id):
                self.totals = make_batches(recorder.watched(batches), options=options, progress=recorder)
        except BaseException:
            recorder.close(interrupted=True)
            raise
        stopped = self.totals.interrupted or bool(options.fail_fast and walk.failures)
        recorder.close(interrupted=stopped)

    def _problems(self) -> list[Failed]:
        """
        Registrations that cannot work, where every spec is asked for: for these, nothing was made.

        From a terminal the system check says so first, and stops; code that calls the command has skipped it.
        """
        if not self.every_spec:
            return []
        return [
            Failed(source=problem.location, spec="", filter_spec="", error=problem.message)
            for problem in self.registry.problems
        ]


def _until_failure(walk: Walk, options: Options) -> Iterator[tuple[str, Batch]]:
    """The batches of a walk, up to the first group that cannot be walked where a failure is to end it."""
    for part, batch in walk.parted_batches():
        yield part, batch
        if options.fail_fast and walk.failures:
            return
