"""What ``--verify`` does beside making: files that no row names, and those whose time has come."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.db.models import Model

from ..generation import departures, orphans
from ..generation.failures import sentence
from ..generation.options import Options
from ..generation.prune import once_bound
from ..pruning import image_models
from ..registry import Registry
from .summary import Strays


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
