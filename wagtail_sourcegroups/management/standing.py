"""How runs stand: for programs as plain data, for people as tables and lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from ..generation.progress import Failed, Tally, Totals
from ..models import GenerationRun, RunState
from ..models.runstates import ACTIVE
from ..queueing import is_inline
from . import summary
from .tables import Cell, lay_out, spec_table
from .wording import counted, duration_in_words, size_in_words


def described(run: GenerationRun) -> dict[str, Any]:
    """One run, in short."""
    counts = run.counts["all"]
    return {
        "run": run.pk,
        "state": run.shown_state.value,
        "started_from": run.started_from,
        "started_by": None if run.started_by is None else run.started_by.get_username(),
        "created_at": _moment(run.created_at),
        "started_at": _moment(run.started_at),
        "finished_at": _moment(run.finished_at),
        "message": run.message,
        "current": run.current,
        **{name: number for name, number in counts.items() if name != "seconds"},
        "sources_in_all": run.sources_in_all,
        "rate": _rounded(run.rate),
        "seconds_left": _rounded(run.seconds_left),
    }


def described_in_detail(run: GenerationRun) -> dict[str, Any]:
    """One run, with its question, specs, open batches and failures."""
    return {
        **described(run),
        "question": run.question,
        "options": run.options,
        "specs": run.counts["specs"],
        "batches": {"cut": run.cut, "open": [_batch(batch) for batch in run.batches.open()]},
        "failures": [failed.as_dict() for failed in failures_of(run)],
    }


def totals_of(run: GenerationRun) -> Totals:
    """What it has come to, as the loop counts."""
    counts = run.counts
    totals = Totals(all=Tally(**counts["all"]))
    totals.specs = {spec_id: Tally(**tally) for spec_id, tally in counts["specs"].items()}
    totals.failures = failures_of(run)
    return totals


def failures_of(run: GenerationRun) -> list[Failed]:
    """What failed in it, and has not been made since."""
    return [
        Failed(each.source_name, each.spec_id, each.filter_spec, each.error, each.source_key)
        for each in run.failures.order_by("pk")
    ]


def nobody_has(run: GenerationRun) -> bool:
    """Whether the task backend refused every batch of a run that nobody has begun. One query at most."""
    if not run.message or run.state != RunState.QUEUED:
        return False
    return not run.batches.filter(handed_out_at__isnull=False).exists()


def left_behind() -> list[int]:
    """
    Runs that were left in the middle, and that nothing but ``--resume`` goes on with. One query.

    Those of workers are handed out again, where there are workers.
    """
    runs = GenerationRun.objects.in_state(RunState.STALLED)
    if not is_inline():
        runs = runs.filter(by_workers=False)
    return list(runs.order_by("pk").values_list("pk", flat=True))


def listing(runs: Iterable[GenerationRun], *, style: Any, width: int | None = None) -> list[str]:
    """A line for each."""
    heads = ["Run", "State", "Begun", "Sources", "Generated", "Failed", "Left"]
    rows = [[Cell(head, style.MIGRATE_HEADING) for head in heads]]
    for run in runs:
        counts, left = run.counts["all"], run.seconds_left
        state = run.shown_state
        in_all = _of_all(run, counts["sources"])
        rows.append(
            [
                Cell(str(run.pk)),
                Cell(state.value, style.ERROR if state in (RunState.FAILED, RunState.STALLED) else str),
                Cell(_for_people(run.created_at)),
                Cell(f"{counts['sources']:,}{in_all if state in ACTIVE else ''}"),
                Cell(f"{counts['generated']:,}", style.SUCCESS if counts["generated"] else str),
                Cell(f"{counts['failed']:,}", style.ERROR if counts["failed"] else str),
                Cell("–" if left is None or state not in ACTIVE else duration_in_words(left)),
            ]
        )
    return lay_out(rows, width)


def detail(run: GenerationRun, *, style: Any, limit: int | None, width: int | None = None) -> list[str]:
    """All there is to say of one."""
    state, rate, left = run.shown_state, run.rate, run.seconds_left
    who = f", by {run.started_by.get_username()}" if run.started_by is not None else ""
    lines = [
        f"Run {run.pk} is {state.value}. "
        f"It was started {_for_people(run.created_at)} from the {run.get_started_from_display()}{who}."
    ]
    if run.message:
        lines.append(run.message)
    lines.append("")
    totals = totals_of(run)
    lines += spec_table(totals, run.question.get("specs", []), style=style, width=width)
    lines.append("")
    done = counted(totals.all.sources, "source")
    in_all = _of_all(run, totals.all.sources)
    pace = [f"{done}{in_all} done"]
    pace += [f"{rate:,.1f} a second"] if rate else []
    pace += [f"{duration_in_words(left)} left"] if left is not None and state in ACTIVE else []
    pace += [f"at {run.current}"] if run.current and state in ACTIVE else []
    lines.append(f"{', '.join(pace)}; {size_in_words(totals.all.bytes)} made.")
    opened = list(run.batches.open())
    if opened:
        lines.append(f"{counted(len(opened), 'batch', 'batches')} open, of {run.cut:,} cut so far:")
        lines += [f"  {_batch_line(batch)}" for batch in opened]
    if totals.failures:
        lines += ["Failed:", *(f"  {each}" for each in summary.failure_lines(totals.failures, limit=limit))]
    lines += [f"To go on with it here: generateimages --resume {run.pk}"] if _may_go_on(state) else []
    return lines


def _of_all(run: GenerationRun, done: int) -> str:
    """Plain files, which nobody has counted, come on top of the images."""
    return f" of {max(run.sources_in_all, done):,}" if run.sources_in_all else ""


def _may_go_on(state: RunState) -> bool:
    return state in (RunState.PAUSED, RunState.STALLED, RunState.FAILED)


def _batch(batch: Any) -> dict[str, Any]:
    return {
        "number": batch.number,
        "part": batch.part,
        "after": batch.after,
        "upto": batch.upto,
        "cursor": batch.cursor,
        "state": batch.state,
        "worker": batch.worker,
        "attempts": batch.attempts,
    }


def _batch_line(batch: Any) -> str:
    keys: Sequence[str] = [
        *([f"after {batch.after}"] if batch.after else []),
        *([f"up to {batch.upto}"] if batch.upto else []),
        *([f"done up to {batch.cursor}"] if batch.cursor != batch.after else []),
    ]
    where = ", ".join([batch.part, *keys])
    who = f" of {batch.worker}" if batch.state == batch.State.LEASED else ""
    return f"{batch.number}: {where} – {batch.get_state_display()}{who}"


def _for_people(moment: datetime) -> str:
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return f"{local:%Y-%m-%d %H:%M}"


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 3)
