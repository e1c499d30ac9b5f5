"""What an admin's page asks for, as a question that a run can hold; and how many renditions that is at most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from ..models import GenerationRun
from ..policies import image_policy
from ..registry import get_registry
from ..runs.question import Question
from ..runs.starting import start
from ..selection import Selection
from ..sourcegroups.base import image_groups
from ..specs import RenditionSpec
from . import access


@dataclass(frozen=True)
class Estimate:
    """Of one spec: images that are selected and in one of its groups, and the renditions wanted of them at most."""

    spec: RenditionSpec
    images: int
    renditions: int


def selection_for(user: Any, **narrowed: Any) -> Selection:
    """
    A selection of what this user may change. ``narrowed`` are the fields of :class:`.Selection`; a ``listing`` is
    always the one that this user sees.
    """
    by = None
    if narrowed.get("listing") is not None or not access.changes_everything(user):
        by = str(user.pk)
    return Selection(by=by, **narrowed)


def estimates(specs: Iterable[RenditionSpec], images: Any) -> list[Estimate]:
    """
    How much the bindings of specs want of some images, given as a queryset: an upper bound, since an SVG wants less,
    and since two specs may want the same. One query; plain files do not count.
    """
    registry = get_registry()
    counted: dict[str, Any] = {}
    specs = list(specs)
    for number, spec in enumerate(specs):
        groups = [binding.group for binding in registry.bindings if binding.spec == spec]
        conditions = [g.condition() for g in image_groups(groups) if g.model is images.model]
        inside = Q(pk__in=[])
        for condition in conditions:
            inside |= Q() if condition is None else Q(condition)
        anyone = any(condition is None for condition in conditions)
        counted[f"spec_{number}"] = Count("pk", filter=None if anyone else inside)
    row = images.order_by().aggregate(**counted) if counted else {}
    return [
        Estimate(spec, row[f"spec_{number}"], row[f"spec_{number}"] * len(spec.filters))
        for number, spec in enumerate(specs)
    ]


def covers(
    run: GenerationRun, specs: Iterable[RenditionSpec], selection: Selection, *, force: bool = False
) -> bool:
    """Whether a run over the same images makes all that another one would. Pure."""
    asked = Question.from_json(run.question)
    return (
        (not force or bool(run.options.get("force")))
        and (selection.only_failed or not asked.selection.only_failed)
        and (asked.groups is None and asked.selection.failed_in is None)
        and {spec.id for spec in specs} <= set(asked.specs)
    )


def images_of(selection: Selection) -> Any:
    """The selected images of the site's image model, as a queryset."""
    return selection.narrow(image_policy().model._default_manager.all())


def collections_of(selection: Selection) -> list[Any] | None:
    """Ids of the collections that the selected images are in; ``None`` where they may be in any. One query."""
    if not selection.images_only:
        return None
    return list(images_of(selection).order_by().values_list("collection", flat=True).distinct())


def start_run(
    user: Any, specs: Sequence[RenditionSpec], selection: Selection, *, force: bool = False
) -> GenerationRun:
    """
    A run that an admin's page has asked for: the one way from a page to a run.

    Where a worker is there it begins by itself once the transaction is through; else its page drives it.
    """
    question = Question(tuple(spec.id for spec in specs), selection=selection)
    return start(
        question,
        user=user,
        started_from=GenerationRun.Origin.ADMIN,
        collections=collections_of(selection),
        force=force,
    )
