"""Wanted minus have, for one source. Pure: whoever asks has read everything there is to know."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from .failures import Known
from .verifying import Verdict
from .wanted import OutputKey, Wanted

#: Failures in a row after which events leave a rendition alone, until its source changes or somebody retries.
PATIENCE = 3

NOTHING_VERIFIED = Verdict()


class Old(NamedTuple):
    """A rendition row that is there."""

    pk: Any
    filter_spec: str
    focal_point_key: str
    file: str

    @property
    def key(self) -> OutputKey:
        return OutputKey(self.filter_spec, self.focal_point_key)


class Decision(NamedTuple):
    """
    For one image: the ``existing`` outputs, the ``missing`` ones, the rows these ``replace``, the ``lost`` ones
    (a row whose file is gone: made again under its name), and rows of a former original to ``drop``.
    """

    existing: dict[OutputKey, Old]
    missing: Collection[OutputKey]
    replace: dict[OutputKey, Old]
    lost: dict[OutputKey, Old]
    drop: list[Old]

    @property
    def nothing_to_do(self) -> bool:
        return not self.missing and not self.drop


def decide(
    wanted: Wanted,
    renditions: Iterable[Old],
    *,
    stale: Collection[str] = (),
    files: Verdict = NOTHING_VERIFIED,
    once_bound: Collection[str] = (),
    force: bool = False,
    only: Collection[str] | None = None,
    leave_alone: Collection[str] = (),
) -> Decision:
    """
    Wanted minus have, for one image. Pure.

    ``stale`` are ids of renditions of a former original, ``files`` what storage says of those behind rows,
    ``once_bound`` filter specs that some binding asked for at some time, ``only`` and ``leave_alone`` filter specs.
    """
    scope: Collection[OutputKey] = wanted.keys
    if only is not None:
        scope = {key for key in scope if key.filter_spec in only}
    fresh: dict[OutputKey, Old] = {}
    outdated: dict[OutputKey, Old] = {}
    for old in renditions:
        (outdated if str(old.pk) in stale else fresh)[old.key] = old
    bad = {key: fresh[key] for key in scope if key in fresh and fresh[key].file in files.no_file}
    gone = {key: fresh[key] for key in scope if key in fresh and fresh[key].file in files.lost}

    missing = {key for key in scope if force or key not in fresh or key in gone or key in bad}
    missing -= {key for key in missing if key.filter_spec in leave_alone}
    # A file of a former original that no spec covers is made again by Wagtail when a template asks; one that
    # another binding may want stays, marked, until that binding's turn.
    here = {key.filter_spec for key in wanted.spec_ids}
    drop = [
        old
        for key, old in outdated.items()
        if key not in wanted.keys and (key.filter_spec in here or key.filter_spec not in once_bound)
    ]
    have = {**outdated, **fresh}
    return Decision(
        existing={key: fresh[key] for key in scope if key not in missing and key in fresh},
        missing=missing,
        replace={key: have[key] for key in missing if key in have and (force or key not in gone)},
        lost={key: old for key, old in gone.items() if key in missing and not force},
        drop=drop,
    )


def tired_of(failures: Mapping[str, Known]) -> frozenset[str]:
    """The filter specs that have failed too often for anything but a person's asking."""
    return frozenset(spec for spec, known in failures.items() if known.attempts >= PATIENCE)


def outdated(failures: Mapping[str, Known], wanted: Wanted, decision: Decision) -> list[int]:
    """Failures on record of what is not wanted any more, or exists."""
    missing = {key.filter_spec for key in wanted.keys} - {key.filter_spec for key in decision.existing}
    return [known.pk for spec, known in failures.items() if spec not in missing]


def failed_before(failures: Collection[str]) -> Collection[str] | None:
    """The filter specs that failed; ``None``, which is all, where it was the source that did."""
    return None if "" in failures else failures
