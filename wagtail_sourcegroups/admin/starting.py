"""What an admin's page asks for, as a question that a run can hold; and how many renditions that is at most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Model, Q

from ..models import GenerationRun
from ..policies import image_policy
from ..registry import get_registry
from ..runs.question import Question
from ..runs.starting import start
from ..selection import Selection
from ..sourcegroups.base import QuerySetSourceGroup, SourceGroup, image_groups
from ..sourcegroups.placement import Placement, is_placed
from ..sourcegroups.tree import read_tree
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
    and since two specs may want the same. Two queries; plain files do not count.

    The images are counted by collection, which tells for groups of collections; other groups are asked for each image.
    """
    specs = list(specs)
    groups = _groups_of(specs, images.model)
    if not any(groups.values()):
        return [Estimate(spec, 0, 0) for spec in specs]
    tree = read_tree()
    asked = {
        f"spec_{number}": Count("pk", filter=anyone)
        for number, spec in enumerate(specs)
        if (anyone := _anyone(groups[spec])) is not None
    }
    rows = list(images.order_by().values("collection").annotate(images=Count("pk"), **asked))
    found = []
    for number, spec in enumerate(specs):
        placement = Placement(groups[spec], tree)
        count = sum(
            row["images"] if placement.of(row["collection"]) else row.get(f"spec_{number}", 0) for row in rows
        )
        found.append(Estimate(spec, count, count * len(spec.filters)))
    return found


def _groups_of(
    specs: Iterable[RenditionSpec], model: type[Model]
) -> dict[RenditionSpec, list[QuerySetSourceGroup]]:
    """The groups of images of a model that each spec is bound to."""
    found: dict[RenditionSpec, list[SourceGroup]] = {spec: [] for spec in specs}
    for spec, group in get_registry().bindings:
        if spec in found:
            found[spec].append(group)
    return {
        spec: [group for group in image_groups(groups) if group.model is model]
        for spec, groups in found.items()
    }


def _anyone(groups: Iterable[QuerySetSourceGroup]) -> Q | None:
    """What an image has to meet to be in one of the groups that its collection does not tell of; ``None`` for none."""
    others = [group for group in groups if not is_placed(group)]
    if not others:
        return None
    anyone = Q(pk__in=[])
    for condition in (group.condition() for group in others):
        anyone |= Q(pk__isnull=False) if condition is None else Q(condition)
    return anyone


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
