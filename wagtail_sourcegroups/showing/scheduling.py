"""
Having a worker make what a page lacks: once, and not once for every visitor. Where tasks are run by whoever enqueues
them nothing is scheduled: a visitor would wait. It stays wanted, and the next run makes it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from typing import Any

from django.core.cache import cache

from .. import strategies
from ..generation.collect import enqueue
from ..generation.failures import known_failures
from ..generation.renditionset import RenditionSet
from ..generation.requests import Request, merge
from ..generation.sources import PlainSource, Source
from ..queueing import is_inline
from ..specs import RenditionSpec
from ..tasks import path_of
from . import memory
from .readonly import is_read_only

logger = logging.getLogger("wagtail_sourcegroups")

#: Seconds for which nobody asks again for what one visitor's page has asked for.
PATIENCE = 300


def schedule(rendition_set: RenditionSet) -> bool:
    """
    Enqueue what a rendition set lacks, unless somebody has just done so; whether it was enqueued.

    Never on a read-only head, without a worker, for a spec whose strategy makes nothing by itself, or for a source of
    which a failure is on record. Never raises.
    """
    return bool(schedule_all([rendition_set]))


def schedule_all(rendition_sets: Sequence[RenditionSet]) -> list[RenditionSet]:
    """As :func:`schedule`, of many at once, as one task; those that were enqueued."""
    try:
        if is_read_only() or is_inline():
            return []
        due = [each for each in rendition_sets if makes_by_itself(each.spec)]
        due = [each for each in due if _is_within_reach(each.source) and _is_first(each)]
        failed = failures_of([each.source for each in due])
        due = [each for each in due if not failed[each.source.key]]
        enqueue(merge(Request(each.source, (each.spec,)) for each in due))
    except Exception:
        # A cache or a broker that is down: the page is shown all the same.
        logger.exception("Renditions that a page lacks cannot be scheduled.")
        return []
    return due


def makes_by_itself(spec: RenditionSpec) -> bool:
    """Whether a spec's strategy has renditions made before they are asked for."""
    return is_ahead(spec.strategy)


def is_ahead(strategy: Any) -> bool:
    """Whether a strategy, or for ``None`` the site's default one, has renditions made before they are asked for."""
    names = ("on_source_created", "on_source_changed")
    return any(strategies.callback(strategy, name) is not None for name in names)


def failures_of(sources: Sequence[Source]) -> dict[str, dict[str, int]]:
    """How often outputs of these sources have failed, by source key and filter spec. One query, none if known."""
    kept: dict[str, Any] = {each.key: memory.of(memory.holder_of(each)) for each in sources}
    found = {key: of.failed for key, of in kept.items() if of is not None and of.failed is not None}
    unknown = [key for key in kept if key not in found]
    if unknown:
        known = known_failures(unknown)
        for key in unknown:
            found[key] = {spec: failure.attempts for spec, failure in known.get(key, {}).items()}
            if kept[key] is not None:
                kept[key].failed = found[key]
    return found


def _is_within_reach(source: Source) -> bool:
    """Whether a worker finds the source: what only this process has would be made here, while a visitor waits."""
    return not isinstance(source, PlainSource) or path_of(source.identity) is not None


def _is_first(rendition_set: RenditionSet) -> bool:
    spec = rendition_set.spec
    what = "|".join((rendition_set.source.key, spec.id, *spec.filters))
    return bool(cache.add(f"sourcegroups-scheduled-{hashlib.sha256(what.encode()).hexdigest()}", 1, PATIENCE))
