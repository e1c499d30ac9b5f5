"""What a run is about, as a value and as JSON: ids and keys only, to be looked up whenever somebody works on it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..exceptions import SourceGroupsError
from ..generation.options import Options
from ..models import GenerationRun
from ..registry import Binding, get_registry
from ..selection import Selection
from ..walk import Walk


class CannotBeAnswered(SourceGroupsError):
    """A run whose question means nothing any more; the message is a sentence for people."""


@dataclass(frozen=True)
class Question:
    """Make what ``specs`` (ids) want of the sources of ``groups`` (keys; ``None``: of theirs all) that are selected."""

    specs: tuple[str, ...]
    groups: tuple[str, ...] | None = None
    selection: Selection = field(default_factory=Selection)

    def as_json(self) -> dict[str, Any]:
        asked: dict[str, Any] = {"specs": list(self.specs), "selection": selection_as_json(self.selection)}
        return asked if self.groups is None else {**asked, "groups": list(self.groups)}

    @classmethod
    def from_json(cls, asked: Mapping[str, Any]) -> Question:
        groups = asked.get("groups")
        return cls(
            tuple(asked.get("specs", ())),
            None if groups is None else tuple(groups),
            selection_from_json(asked.get("selection", {})),
        )

    def bindings(self, registered: Iterable[Binding]) -> list[Binding]:
        """Those of the registered bindings that it is about."""
        return [
            binding
            for binding in registered
            if binding.spec.id in self.specs and (self.groups is None or binding.group.key in self.groups)
        ]


def selection_as_json(selection: Selection) -> dict[str, Any]:
    """Only what narrows."""
    asked = {
        "collections": None if selection.collections is None else sorted(selection.collections),
        "images": None if selection.images is None else [str(pk) for pk in selection.images],
        "since": None if selection.since is None else selection.since.isoformat(),
        "only_failed": selection.only_failed or None,
        "failed_in": selection.failed_in,
        "by": None if selection.by is None else str(selection.by),
        "listing": selection.listing,
    }
    return {name: value for name, value in asked.items() if value is not None}


def selection_from_json(asked: Mapping[str, Any]) -> Selection:
    collections, images, since = asked.get("collections"), asked.get("images"), asked.get("since")
    return Selection(
        collections=None if collections is None else frozenset(collections),
        images=None if images is None else tuple(images),
        since=None if since is None else date.fromisoformat(since),
        only_failed=bool(asked.get("only_failed")),
        failed_in=asked.get("failed_in"),
        by=asked.get("by"),
        listing=asked.get("listing"),
    )


def walk_of(run: GenerationRun) -> Walk:
    """
    The walk that answers a run's question, as things are registered now; its groups are looked at.

    Raises :exc:`CannotBeAnswered` if no binding is left that it is about, or nobody can tell which images it meant.
    """
    registry = get_registry().refresh()
    try:
        asked = Question.from_json(run.question)
        bindings = asked.bindings(registry.bindings)
        problem = asked.selection.problem()
    except (SourceGroupsError, TypeError, ValueError, AttributeError) as error:
        raise CannotBeAnswered(f"What the run is about cannot be told: {error}") from error
    if not bindings:
        raise CannotBeAnswered(_nothing_left(asked, set(registry.specs)))
    if problem:
        raise CannotBeAnswered(problem)
    walk = Walk(
        bindings,
        registry.bindings,
        asked.selection,
        batch_size=run.options.get("batch_size"),
        count_settled=options_of(run).only_missing,
    )
    walk.prepare()
    return walk


def options_of(run: GenerationRun, stop: threading.Event | None = None) -> Options:
    """How a run's batches are made."""
    return Options(
        force=bool(run.options.get("force")),
        verify=bool(run.options.get("verify")),
        only_failed=bool(run.question.get("selection", {}).get("only_failed")),
        workers=run.options.get("workers"),
        stop=stop or threading.Event(),
    )


def _nothing_left(asked: Question, known: set[str]) -> str:
    names = ", ".join(asked.specs)
    if not asked.specs:
        return "The run is about no spec, so there is nothing to make."
    if not known & set(asked.specs):
        return f"None of the specs of the run is registered any more: {names}."
    return f"The specs of the run ({names}) have no source group any more."
