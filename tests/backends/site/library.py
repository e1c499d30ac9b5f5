"""What the site wants of its images; the tests' own process wants the same."""

from __future__ import annotations

from pathlib import Path

from sandbox.art.landscape import MOODS, paint
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup

#: Two specs, so that one task has to do for both; of one, some depend on the focal point.
SPECS = (
    RenditionSpec("backends:card", ["fill-40x40", "fill-60x30|format-webp"]),
    RenditionSpec("backends:story", ["width-80"]),
)
WANTED = sum(len(spec.filters) for spec in SPECS)


def bind(registry: Registry) -> None:
    for spec in SPECS:
        registry.add_spec(spec)
        registry.add_group(spec.id, ImageModelSourceGroup())


def paint_photos(directory: Path, count: int) -> None:
    """So many small landscapes, each another one."""
    moods = [MOODS[name] for name in sorted(MOODS)]
    for index in range(count):
        picture = paint(moods[index % len(moods)], (120, 80), index)
        picture.save(directory / f"photo-{index:04}.jpg", quality=85)
