"""
Deleting renditions that no binding asks for any more: who asks for what, put together for the engine.

Of all that is chosen, or, for what specs have left behind, for a while at a time: what is left then is for the next
task, or for whoever asks again where there is no worker.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef
from wagtail.images import get_image_model

from .exceptions import SourceGroupsError
from .generation.options import Options
from .generation.prune import Claims, as_stored, once_bound, prune_files, prune_images
from .queueing import routed, task
from .registry import Registry, get_registry
from .selection import Selection
from .sourcegroups.base import image_groups
from .specs import RenditionSpec
from .walk import Walk

logger = logging.getLogger("wagtail_sourcegroups")

#: Images between two looks at the clock.
AT_ONCE = 100
#: Seconds after which a task leaves the rest to the next one.
PATIENCE = 60.0


class Swept(NamedTuple):
    """How many renditions were deleted, and the key of the image to go on after; ``None`` if that was all."""

    deleted: int
    after: str | None


def prune(
    registry: Registry,
    specs: Sequence[RenditionSpec],
    selection: Selection,
    *,
    every_spec: bool,
    options: Options,
    batch_size: int | None,
) -> Counter[str]:
    """
    Delete, or count, the renditions of the chosen sources that no binding asks for any more.

    Every registered binding counts, whichever specs were chosen; whoever cannot be asked keeps what it might want.
    """
    everyone = _everyone(registry, batch_size)
    chosen = None if every_spec else frozenset(spec.id for spec in specs)
    claims = _claims(everyone, once_bound(everyone.specs), chosen)
    batches = chain.from_iterable(
        everyone.every_image(model, selection)
        for model in image_models(registry)
        if selection.means_model(model)
    )
    pruned = prune_images(batches, claims, dry_run=options.dry_run, stop=options.stop)
    if selection.everything:
        # A source that is gone is in no collection, has no id and no date.
        pruned += prune_files(claims, dry_run=options.dry_run, page_size=everyone.size)
    return pruned


def sweep(
    filter_specs: Collection[str], selection: Selection, after: str | None = None, *, seconds: float
) -> Swept:
    """
    Delete renditions of the site's images that have one of these filter specs, given as rows have them, and that no
    binding asks for, for about so many seconds. What was never bound stays, whatever is given.
    """
    registry = get_registry().refresh()
    model = get_image_model()
    everyone = _everyone(registry, AT_ONCE)
    bound = bound_as_stored(everyone.specs).intersection(filter_specs)
    claims = _claims(everyone, bound, None)
    deadline = time.monotonic() + seconds
    start = model._meta.pk.to_python(after) if after else None
    deleted = 0
    for batch in everyone.every_image(model, selection, has_rendition(model, bound), start):
        deleted += prune_images([batch], claims, dry_run=False).total()
        if time.monotonic() > deadline:
            return Swept(deleted, str(batch.upto))
    return Swept(deleted, None)


def ask(filter_specs: Iterable[str], by: str | None) -> None:
    """
    Have a worker sweep the images that the user of this key may change, or all of them, once the open transaction has
    committed. Never raises.
    """
    transaction.on_commit(partial(_enqueue, sorted(filter_specs), by, None), robust=True)


@task
def sweep_renditions_task(filter_specs: list[str], by: str | None, after: str | None) -> None:
    """Delete for a while, and leave the rest to another one. Never raises."""
    try:
        swept = sweep(filter_specs, Selection(by=by), after, seconds=PATIENCE)
        logger.info("%d renditions that nothing asks for were deleted.", swept.deleted)
        if swept.after is not None:
            _enqueue(filter_specs, by, swept.after)
    except Exception:
        logger.exception("What specs have left behind could not be deleted; it can be asked for again.")


def _enqueue(filter_specs: list[str], by: str | None, after: str | None) -> None:
    try:
        routed(sweep_renditions_task).enqueue(filter_specs, by, after)
    except Exception:
        logger.exception("The task backend refused to delete what specs have left behind.")


def image_models(registry: Registry) -> list[type[Any]]:
    """The site's image model, and those of registered groups."""
    models = [get_image_model()]
    for group in image_groups(registry.groups):
        with suppress(SourceGroupsError):
            models.append(group.model)
    return list(dict.fromkeys(models))


def bound_as_stored(specs: Iterable[RenditionSpec]) -> frozenset[str]:
    """Every filter spec that a binding ever asked for, these specs' among them, as rows have them. One query."""
    bound = once_bound(specs)
    return as_stored(bound, False) | as_stored(bound, True)


def has_rendition(model: Any, filter_specs: Collection[str]) -> Exists:
    """That an image of this model has a rendition of one of these filter specs."""
    renditions = model.get_rendition_model()._base_manager
    return Exists(renditions.filter(image_id=OuterRef("pk"), filter_spec__in=filter_specs))


def _everyone(registry: Registry, batch_size: int | None) -> Walk:
    """A walk over all bindings there are, which has asked every group whom it can ask."""
    everyone = Walk(registry.bindings, registry.bindings, batch_size=batch_size, write=False)
    everyone.prepare()
    everyone.look()
    return everyone


def _claims(everyone: Walk, bound: frozenset[str], chosen: frozenset[str] | None) -> Claims:
    broken = set(everyone.broken)
    return Claims(
        bound=bound,
        specs=everyone.specs,
        given=everyone.seen,
        chosen=chosen,
        held=tuple(dict.fromkeys(spec for spec, group in everyone.bindings if group in broken)),
        held_groups=frozenset(group.key for group in broken),
    )
