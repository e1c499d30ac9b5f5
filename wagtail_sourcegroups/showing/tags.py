"""What the tags of Django's and of Jinja's templates have in common: words in, something to show out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .originals import original_source
from .registered import spec_for
from .shownset import ShownSet
from .thumbnails import thumbnail_spec


def rendition_set_for(
    spec_id: str, source: Any, attributes: Mapping[str, Any] | None = None
) -> ShownSet | None:
    """
    The renditions of a registered spec for whatever a template means by its source; ``None`` where there is no picture.

    Raises :exc:`.UnknownSpec` and :exc:`.InvalidSource`.
    """
    spec = spec_for(spec_id)
    found = original_source(source, spec.id)
    return None if found is None else ShownSet(spec, found, attributes)


def thumbnail_for(
    spec_id: str | None,
    size: str,
    source: Any,
    options: Mapping[str, Any],
    attributes: Mapping[str, Any] | None = None,
) -> ShownSet | None:
    """
    A thumbnail of a size, by the strategy and in the formats of a registered spec if one is named; ``options`` are
    those of :func:`.thumbnail_spec`. ``None`` where there is no picture.

    Raises :exc:`.UnknownSpec`, :exc:`.InvalidSource` and :exc:`.InvalidThumbnail`.
    """
    base = None if spec_id is None else spec_for(spec_id)
    spec = thumbnail_spec(size, base, **options)
    found = original_source(source, "" if base is None else base.id)
    return None if found is None else ShownSet(spec, found, attributes)
