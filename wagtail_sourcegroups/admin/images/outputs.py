"""What one image has of all that is wanted of it, spec by spec, as people are shown it. Pure."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...generation.standing import Standing
from ...generation.wanted import OutputKey
from ...models import GenerationFailure, GenerationRun, RenditionRecord
from ...specs import RenditionSpec
from ...words import FORMATS, in_words
from .. import states
from ..reasons import Reason, reason_of
from ..reports.thumbnails import SHOWN

#: Pixels above which a rendition is no thumbnail of itself.
LARGE = 2_000_000
#: Bytes, the same.
HEAVY = 500_000
#: Renditions that were made within this time were made together.
TOGETHER = timedelta(minutes=1)


@dataclass(frozen=True)
class Known:
    """
    What is known of an image besides how its outputs stand: its ``renditions``, what each of them weighs and the record
    of it by their primary key, failures by filter spec, and a run that works on this image and no other.
    """

    renditions: Mapping[OutputKey, Any]
    weights: Mapping[Any, int]
    records: Mapping[Any, RenditionRecord]
    failures: Mapping[str, GenerationFailure]
    run: GenerationRun | None = None
    small: Any = None
    """Wagtail's own small rendition, where there is one."""


@dataclass(frozen=True)
class Output:
    """One rendition that is wanted; ``rendition`` is its row, if it has one."""

    key: OutputKey
    state: states.State
    rendition: Any = None
    thumbnail: Any = None
    weight: int | None = None
    share: int | None = None
    """Of the original's weight, in percent, rounded down."""
    made_at: datetime | None = None
    failure: GenerationFailure | None = None

    @cached_property
    def name(self) -> str:
        """As it came out, "800 × 450, WebP"; where it did not, as it was asked for."""
        asked = in_words(self.key.filter_spec)
        if self.rendition is None:
            return str(asked)
        size = f"{self.rendition.width} × {self.rendition.height}"
        return ", ".join([size, _format_of(self.rendition.file.name), *asked.besides])

    @property
    def is_ready(self) -> bool:
        return self.state is states.READY

    @property
    def reason(self) -> Reason | None:
        """Why it failed."""
        return reason_of(self.failure.error) if self.failure is not None else None

    @property
    def facts(self) -> list[str]:
        """What is said of it, piece by piece; of one that failed its reason is."""
        if self.rendition is None:
            return [_("Not made yet")] if self.state is states.MISSING else []
        said = []
        if self.weight is not None:
            said.append(filesizeformat(self.weight))
        if self.state is states.STALE:
            return [*said, _("made before the file was replaced")]
        if self.share is not None:
            words = (
                _("%(share)s%% of the original") if self.share else _("less than %(share)s%% of the original")
            )
            said.append(words % {"share": self.share or 1})
        return said


@dataclass(frozen=True)
class SpecOutputs:
    """The outputs of one spec; none of an SVG that its formats do not apply to."""

    spec: RenditionSpec
    outputs: tuple[Output, ...]

    @property
    def ready(self) -> int:
        return sum(output.is_ready for output in self.outputs)

    @property
    def made_at(self) -> datetime | None:
        """When all that is there was made, if that was in one go."""
        times = [output.made_at for output in self.outputs if output.rendition is not None]
        known = [time for time in times if time is not None]
        if not known or len(known) < len(times) or max(known) - min(known) > TOGETHER:
            return None
        return max(known)


@dataclass(frozen=True)
class ImageOutputs:
    """Everything wanted of one image. What two specs want is in both and counts once."""

    specs: tuple[SpecOutputs, ...] = ()
    run: GenerationRun | None = None

    @cached_property
    def outputs(self) -> tuple[Output, ...]:
        return tuple({output.key: output for each in self.specs for output in each.outputs}.values())

    @property
    def expected(self) -> int:
        return len(self.outputs)

    @property
    def ready(self) -> int:
        return self._in(states.READY)

    @property
    def missing(self) -> int:
        return self._in(states.MISSING)

    @property
    def stale(self) -> int:
        return self._in(states.STALE)

    @property
    def failed(self) -> int:
        return self._in(states.FAILED)

    @property
    def waiting(self) -> int:
        return self._in(states.WAITING)

    @property
    def to_make(self) -> int:
        return self.expected - self.ready

    @property
    def in_words(self) -> str:
        """Such as "6 of 9 ready, 2 waiting, 1 failed"."""
        said = states.in_words(self)
        if not self.waiting:
            return said
        waiting = ngettext("%(count)s waiting", "%(count)s waiting", self.waiting) % {"count": self.waiting}
        return f"{said}, {waiting}"

    def _in(self, state: states.State) -> int:
        return sum(output.state is state for output in self.outputs)


def image_outputs(
    image: Any, specs: Iterable[RenditionSpec], standing: Standing, known: Known
) -> ImageOutputs:
    """What is shown of an image of which these specs want something."""
    wanted = standing.wanted
    outputs = {key: _output(image, key, standing, known) for key in wanted.filters}
    return ImageOutputs(
        tuple(
            SpecOutputs(spec, tuple(outputs[key] for key in outputs if spec.id in wanted.spec_ids[key]))
            for spec in specs
        ),
        known.run,
    )


def _output(image: Any, key: OutputKey, standing: Standing, known: Known) -> Output:
    rendition = known.renditions.get(key)
    record = known.records.get(rendition.pk) if rendition is not None else None
    weight = known.weights.get(rendition.pk) if rendition is not None else None
    # Where the original itself cannot be used, one failure is on record for all.
    failure = known.failures.get(key.filter_spec) or known.failures.get("")
    made_at = record.made_at if record is not None else None
    state = _state(key, standing)
    if known.run is not None and _waits(known.run, standing.wanted.spec_ids[key], state, made_at, failure):
        state = states.WAITING
    return Output(
        key,
        state,
        rendition=rendition,
        thumbnail=_thumbnail(rendition, weight, known.small),
        weight=weight,
        share=weight * 100 // image.file_size if weight is not None and image.file_size else None,
        made_at=made_at,
        failure=failure if state is states.FAILED else None,
    )


def _state(key: OutputKey, standing: Standing) -> states.State:
    if key in standing.ready:
        return states.READY
    if key in standing.stale:
        return states.STALE
    return states.FAILED if key in standing.failed else states.MISSING


def _waits(
    run: GenerationRun,
    spec_ids: Collection[str],
    state: states.State,
    made_at: datetime | None,
    failure: GenerationFailure | None,
) -> bool:
    """Whether a run that is about this image has still to come to an output."""
    if not set(run.question.get("specs", ())) & set(spec_ids):
        return False
    if state is states.FAILED:
        return failure is not None and failure.last_failed_at < run.created_at
    if state is states.READY:
        return bool(run.options.get("force")) and (made_at is None or made_at < run.created_at)
    return not run.question.get("selection", {}).get("only_failed")


def _thumbnail(rendition: Any, weight: int | None, small: Any) -> Any:
    """The rendition itself, unless it is too much for a thumbnail or nothing that browsers show."""
    if rendition is None:
        return None
    is_shown = os.path.splitext(rendition.file.name)[1].lower() in SHOWN
    if is_shown and rendition.width * rendition.height <= LARGE and (weight or 0) <= HEAVY:
        return rendition
    return small


def _format_of(name: str) -> str:
    """The format of a file in words, by its ending."""
    ending = os.path.splitext(name)[1].lower().removeprefix(".").replace("jpg", "jpeg")
    return str(FORMATS.get(ending, ending.upper()))
