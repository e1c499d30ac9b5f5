"""What ``--prune`` and ``--verify`` do beside making: who asks for what, put together for the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import Any

from django.db.models import Model
from wagtail.images import get_image_model

from ..exceptions import SourceGroupsError
from ..generation import departures, orphans
from ..generation.failures import sentence
from ..generation.options import Options
from ..generation.prune import Claims, once_bound, prune_files, prune_images
from ..registry import Registry
from ..selection import Selection
from ..sourcegroups.base import image_groups
from ..specs import RenditionSpec
from ..walk import Walk
from .summary import Strays


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
    bindings = registry.bindings
    everyone = Walk(bindings, bindings, batch_size=batch_size, write=False)
    everyone.prepare()
    everyone.look()
    broken = set(everyone.broken)
    claims = Claims(
        bound=once_bound(everyone.specs),
        specs=everyone.specs,
        given=everyone.seen,
        chosen=None if every_spec else frozenset(spec.id for spec in specs),
        held=tuple(dict.fromkeys(spec for spec, group in bindings if group in broken)),
        held_groups=frozenset(group.key for group in broken),
    )
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


def look_for_strays(
    registry: Registry,
    models: Sequence[type[Model]],
    *,
    prune: bool,
    options: Options,
    limit: int | None,
) -> Strays:
    """Find the files that no row names, and with ``prune`` remove those that renditions left behind."""
    strays = Strays()
    bound = once_bound(spec for spec, _ in registry.bindings)
    for place in orphans.places(models):
        try:
            found = orphans.find(place, bound)
            while page := list(islice(found, orphans.PAGE)):
                _note(strays, page, limit)
                if prune and not options.dry_run:
                    strays.removed += len(orphans.remove(place, page))
                if options.stop.is_set():
                    return strays
        except NotImplementedError:
            strays.complaints.append(
                f"The rendition storage ({_name(place.storage)}) cannot list its files, so those that no row names "
                "cannot be found."
            )
        except Exception as error:  # noqa: BLE001 - a storage's own, of whatever class; the rest of the run is done
            strays.complaints.append(
                f"The rendition storage ({_name(place.storage)}) gave up: {sentence(error)}."
            )
    return strays


def image_models(registry: Registry) -> list[type[Any]]:
    """The site's image model, and those of registered groups."""
    models = [get_image_model()]
    for group in image_groups(registry.groups):
        with suppress(SourceGroupsError):
            models.append(group.model)
    return list(dict.fromkeys(models))


def rendition_models(registry: Registry) -> list[type[Any]]:
    return [model.get_rendition_model() for model in image_models(registry)]


def retire_leftovers(models: Sequence[type[Model]]) -> None:
    """Delete the files of former renditions whose time has come."""
    departures.discard_leftovers(models)


def _note(strays: Strays, page: list[orphans.Orphan], limit: int | None) -> None:
    removable = [orphan.name for orphan in page if orphan.removable]
    young = [orphan.name for orphan in page if orphan.ours and not orphan.old]
    foreign = [orphan.name for orphan in page if not orphan.ours]
    strays.removable += len(removable)
    strays.young += len(young)
    strays.foreign += len(foreign)
    for names, more in (
        (strays.removable_names, removable),
        (strays.young_names, young),
        (strays.foreign_names, foreign),
    ):
        names += more if limit is None else more[: max(limit - len(names), 0)]


def _name(storage: Any) -> str:
    return type(getattr(storage, "_wrapped", storage)).__name__
