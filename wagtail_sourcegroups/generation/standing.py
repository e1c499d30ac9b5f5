"""How the outputs wanted of an image stand: ready, stale, failed or missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .decision import failed_before
from .membership import ImageBatch
from .plan import Draft, drafts_of
from .settled import Told
from .wanted import OutputKey, Wanted


class Standing(NamedTuple):
    """
    Of what is ``wanted`` (what does not apply to an SVG is not), each output in one of four: ``ready``; ``stale``, made
    from a file that the image no longer has; ``failed``, not there and on record for it; ``missing``, the rest.
    """

    wanted: Wanted
    ready: frozenset[OutputKey]
    stale: frozenset[OutputKey]
    failed: frozenset[OutputKey]
    missing: frozenset[OutputKey]


def standings(batch: ImageBatch) -> Iterator[Standing]:
    """Of each image of a batch, in its order. Three queries at most; nothing is written."""
    drafts, _ = drafts_of(batch)
    return map(standing_of, drafts)


def standing_of(draft: Draft) -> Standing:
    """Pure."""
    wanted = draft.wanted
    stale_pks = set(draft.snapshot.stale)
    ready = frozenset(old.key for old in draft.renditions if str(old.pk) not in stale_pks) & wanted.keys
    stale = (frozenset(old.key for old in draft.renditions) & wanted.keys) - ready
    absent = wanted.keys - ready - stale
    filter_specs = failed_before(draft.failures) if draft.failures else ()
    failed = frozenset(key for key in absent if filter_specs is None or key.filter_spec in filter_specs)
    return Standing(wanted, ready, stale, failed, absent - failed)


def standing_as_told(told: Told) -> Standing:
    """Of images that nobody reads, with no failure on record. Pure."""
    ready = told.wanted.keys & told.existing
    return Standing(told.wanted, ready, frozenset(), frozenset(), told.wanted.keys - ready)
