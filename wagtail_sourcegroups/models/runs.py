"""A run: the one record of a bulk job, whoever started it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models, router, transaction
from django.db.models import BooleanField, Case, FilteredRelation, Prefetch, Q, Value, When
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..exceptions import RunRefused
from ..signals import run_ready
from . import counts, leasing
from .primary import PrimaryManager
from .runstates import ACTIVE, MOVES, STORED, Action, State, refusal


class RunQuerySet(models.QuerySet["GenerationRun"]):
    """Runs as they are shown: by state, "stalled" included."""

    def in_state(self, *states: str) -> RunQuerySet:
        """Those shown in one of these states."""
        meant = Q(pk__in=[])
        for state in map(State, states):
            meant |= _shown_as(state)
        return self.filter(meant)

    def moveable(self, action: Action) -> RunQuerySet:
        """Those that may be moved so: the guard of every change of state."""
        return self.in_state(*MOVES[action].origins)

    def with_standing(self) -> RunQuerySet:
        """With what showing them asks for, in two queries for all: whether they are stalled, their open batches."""
        # Batches know their run when they are loaded.
        from .runbatches import RunBatch

        stalled = Case(
            When(_shown_as(State.STALLED), then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        )
        open_batches = RunBatch.objects.open()
        # Runs first: a batch that ends in between is left out, where the other order would count it twice.
        return self.annotate(is_stalled=stalled).prefetch_related(
            Prefetch("batches", queryset=open_batches, to_attr="open_batches")
        )


def _shown_as(state: State) -> Q:
    if state is State.STALLED:
        return Q(state=State.RUNNING) & leasing.unheard()
    if state is State.RUNNING:
        return Q(state=State.RUNNING) & ~leasing.unheard()
    return Q(state=state)


class GenerationRun(models.Model):
    """
    A question, how far its answer has come, and what came of it. Never the sources themselves: these are found
    as the run goes on.

    The counting columns hold what finished batches came to; open ones hold the rest (:attr:`counts` adds them up).
    """

    class Origin(models.TextChoices):
        COMMAND = "command", _("command line")
        ADMIN = "admin", _("admin")
        TASK = "task", _("task")

    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_from = models.CharField(max_length=16, choices=Origin.choices, default=Origin.ADMIN)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    heartbeat_at = models.DateTimeField(null=True, editable=False)
    """Written about once a second by those who work on it, by the database's clock."""
    question = models.JSONField(default=dict)
    """Spec ids, group keys and the selection: what :class:`.runs.question.Question` reads and writes."""
    options = models.JSONField(default=dict)
    """``force``, ``verify``, ``batch_size``, ``workers``."""
    collections = models.JSONField(null=True, editable=False)
    """
    Ids of the collections that its images were in when it was asked for: who may see these may see it. Null where
    nobody looked; :attr:`concerned` says what the question does.
    """
    by_workers = models.BooleanField(default=True)
    """Whether its batches are handed to the task backend; else only who drives it works on it."""
    state = models.CharField(
        max_length=16, choices=[(state.value, state.label) for state in STORED], default=State.QUEUED
    )
    message = models.TextField(blank=True)
    """Why it could not go on, or what went wrong on the way, in one sentence."""
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    """Who has put it down, if somebody in the admin has."""

    parts = models.JSONField(null=True, editable=False)
    """Parts of the walk, in order; null until somebody has looked."""
    part = models.CharField(max_length=255, blank=True, editable=False)
    """The part that the next batch is cut from; none when all are cut."""
    after = models.CharField(max_length=64, blank=True, editable=False)
    """The key after which it is cut."""
    cut = models.PositiveIntegerField(default=0, editable=False)
    """Batches cut so far: the number of the last one."""

    sources = models.BigIntegerField(default=0, editable=False)
    expected = models.BigIntegerField(default=0, editable=False)
    existing = models.BigIntegerField(default=0, editable=False)
    generated = models.BigIntegerField(default=0, editable=False)
    skipped = models.BigIntegerField(default=0, editable=False)
    failed = models.BigIntegerField(default=0, editable=False)
    bytes = models.BigIntegerField(default=0, editable=False)
    seconds = models.FloatField(default=0.0, editable=False)
    """Of making, all threads together."""
    specs = models.JSONField(default=dict, editable=False)
    """The same for each spec."""
    sources_in_all = models.BigIntegerField(null=True, editable=False)
    """How many images there were to look at when it began; plain files come on top."""
    current = models.CharField(max_length=255, blank=True, editable=False)
    """The name of the source in hand."""
    pace_from = models.DateTimeField(null=True, editable=False)
    """When work began, or began again."""
    pace_sources = models.BigIntegerField(default=0, editable=False)
    """Sources that were done by then."""

    objects = PrimaryManager.from_queryset(RunQuerySet)()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("generation run")
        verbose_name_plural = _("generation runs")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["state", "finished_at"], name="sourcegroups_run_state")]

    def __str__(self) -> str:
        return gettext("Run %(run)s") % {"run": self.pk}

    # How it stands ------------------------------------------------------------------------------------

    @property
    def shown_state(self) -> State:
        """The state to show. One query for a running one that :meth:`RunQuerySet.with_standing` did not give."""
        state = State(self.state)
        if state is not State.RUNNING:
            return state
        stalled = getattr(self, "is_stalled", None)
        if stalled is None:
            stalled = GenerationRun.objects.filter(pk=self.pk).in_state(State.STALLED).exists()
        return State.STALLED if stalled else state

    @property
    def is_active(self) -> bool:
        """Whether there is work to be done, and it may be done."""
        return self.state in ACTIVE

    @property
    def concerned(self) -> list[Any] | None:
        """Ids of the collections whose images it is about, as far as that is known; ``None`` where it may be any."""
        if self.collections is not None:
            return list(self.collections)
        asked = self.question.get("selection", {}).get("collections")
        return None if asked is None else list(asked)

    @property
    def counts(self) -> dict[str, Any]:
        """Finished batches and open ones together, as :mod:`.counts` has them. One query, which sees one moment."""
        if hasattr(self, "open_batches"):
            opened: Iterable[Any] = [(batch.totals, batch.in_hand) for batch in self.open_batches]
            return counts.added(self._done(self), *(each for pair in opened for each in pair))
        rows = list(
            GenerationRun.objects.filter(pk=self.pk)
            .annotate(
                opened=FilteredRelation("batches", condition=Q(batches__state__in=("waiting", "leased")))
            )
            .values(*counts.NAMES, "specs", "opened__totals", "opened__in_hand")
        )
        if not rows:
            return counts.added()
        done = {"all": {name: rows[0][name] for name in counts.NAMES}, "specs": rows[0]["specs"]}
        parts = [row[name] or {} for row in rows for name in ("opened__totals", "opened__in_hand")]
        return counts.added(done, *parts)

    @staticmethod
    def _done(run: GenerationRun) -> dict[str, Any]:
        return {"all": {name: getattr(run, name) for name in counts.NAMES}, "specs": run.specs}

    @property
    def seconds_at_work(self) -> float:
        """On the clock, since work began or began again."""
        if self.pace_from is None:
            return 0.0
        until = self.finished_at or (self.heartbeat_at if not self.is_active else None) or timezone.now()
        return max((until - self.pace_from).total_seconds(), 0.0)

    @property
    def rate(self) -> float | None:
        """Sources a second."""
        return counts.rate(self.counts["all"]["sources"] - self.pace_sources, self.seconds_at_work)

    @property
    def seconds_left(self) -> float | None:
        """How long it will still take, where that can be told."""
        if self.state in (State.FINISHED, State.CANCELLED):
            return None
        return counts.seconds_left(self.counts["all"]["sources"], self.sources_in_all, self.rate)

    # What may be done to it -----------------------------------------------------------------------------

    def pause(self, user: Any = None) -> None:
        """
        Have everybody put it down once the images in hand are done, within a second or so.

        Raises :exc:`.RunRefused` with a sentence, as all of these do, where its state does not allow it.
        """
        self.move(Action.PAUSE, paused_by=user)

    def resume(self, *, by_workers: bool | None = True) -> None:
        """
        Go on where it was put down, or where those who worked on it left it.

        Its batches are handed to the task backend from now on, unless ``by_workers`` says no, or ``None``: as before.
        """
        values: dict[str, Any] = {} if by_workers is None else {"by_workers": by_workers}
        sources = self.counts["all"]["sources"]
        values |= {"message": "", "finished_at": None, "paused_by": None}
        self.move(Action.RESUME, pace_from=None, pace_sources=sources, **values)
        # Tasks of a run at rest end at once: whatever was handed out is not any more. And what its workers died of may
        # be gone.
        self.batches.filter(state="waiting").update(handed_out_at=None, attempts=0)
        self.announce()

    def take_up(self) -> None:
        """
        Somebody goes on with it whom nobody has been at for a while: how fast it gets on is told from now on. Nothing
        where it is not stalled.
        """
        stalled = GenerationRun.objects.filter(pk=self.pk).in_state(State.STALLED)
        stalled.update(pace_from=Now(), pace_sources=self.counts["all"]["sources"])

    def cancel(self) -> None:
        """Have it end once the images in hand are done. What is made stays."""
        self.move(Action.CANCEL, finished_at=Now(), current="")

    def retry_failed(self, user: Any = None, *, by: Any = None) -> GenerationRun:
        """
        A new run over what failed in this one and has not been made since; where ``by`` is the key of a user, only of
        images which he or she may change.

        Where a group itself could not be walked, that is everything this one asked for: what exists is left as it is.
        Raises :exc:`.RunRefused` if nothing of it is left.
        """
        failures = self.failures.all()
        if not failures.exists():
            raise RunRefused("Nothing that failed in this run is left to be tried again.")
        selection: dict[str, Any] = {"only_failed": True, "failed_in": self.pk}
        if failures.filter(filter_spec="").exists():
            selection = dict(self.question.get("selection", {}))
        if by is not None:
            selection["by"] = str(by)
        again = GenerationRun.objects.create(
            started_by=user,
            started_from=self.Origin.ADMIN if user is not None else self.started_from,
            question={**self.question, "selection": selection},
            collections=self.concerned,
            options={**self.options, "force": False},
        )
        again.announce()
        return again

    def move(self, action: Action, **values: Any) -> None:
        """Change the state under its guard. Raises :exc:`.RunRefused` with a sentence."""
        target = MOVES[action].target
        if not GenerationRun.objects.filter(pk=self.pk).moveable(action).update(state=target, **values):
            self.refresh_from_db(fields=["state", "heartbeat_at"])
            self.__dict__.pop("is_stalled", None)
            raise RunRefused(refusal(action, self.shown_state))
        self.refresh_from_db()

    def announce(self) -> None:
        """Tell those who hand out work, once it is true for everybody."""
        using = router.db_for_write(GenerationRun)
        transaction.on_commit(
            lambda: run_ready.send_robust(sender=GenerationRun, run=self), using=using, robust=True
        )
