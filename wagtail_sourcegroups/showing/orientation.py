"""
Whether the files of images lie on their side, as the engine or an upload found it: asked of the database once for an
image object, and remembered with it. Storage is never asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from wagtail.images.models import AbstractImage

from ..generation.state import file_changed, read_states, snapshot_of
from .dimensions import may_be_turned

#: EXIF orientations of pictures that lie on their side.
ON_ITS_SIDE = range(5, 9)

#: Where an image object remembers it, with the name of the file that it is true of.
_NAME = "sourcegroups_turned"


def is_turned(image: AbstractImage) -> bool | None:
    """
    Whether the picture's sides are those of the image's columns the other way round; ``None`` if nobody knows.

    One query for an image object, and none for files that are of no such kind, or if :func:`look` was there first.
    """
    look([image])
    known: tuple[str | None, bool | None] = image._state.__dict__[_NAME]
    return known[1]


def look(images: Iterable[AbstractImage]) -> None:
    """Find out about many images: one query for all those of one model of which nothing is known yet."""
    unknown: dict[type, list[AbstractImage]] = defaultdict(list)
    for image in images:
        known = image._state.__dict__.get(_NAME)
        if known is not None and known[0] == image.file.name:
            continue
        if may_be_turned(image):
            unknown[image._meta.concrete_model or type(image)].append(image)
        else:
            _remember(image, False)
    for model, alike in unknown.items():
        states = read_states(model, {image.pk for image in alike})
        for image in alike:
            state = states.get(str(image.pk))
            turned = None
            # Of another file than the image has now nothing is known.
            if state and state.orientation is not None and not file_changed(state, snapshot_of(image)):
                turned = state.orientation in ON_ITS_SIDE
            _remember(image, turned)


def _remember(image: AbstractImage, turned: bool | None) -> None:
    image._state.__dict__[_NAME] = (image.file.name, turned)
