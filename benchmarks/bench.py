"""What every benchmark is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .extent import Extent
from .photographs import CAMERA_SIZES, Photographs
from .site import Site
from .table import Target

#: The camera set's specs, and the web set's.
EIGHT = (
    "width-400",
    "width-800",
    "width-1200",
    "width-1600",
    "width-2400",
    "fill-400x400",
    "fill-1200x630",
    "max-165x165",
)
TWO = ("max-165x165", "width-800")
FORMATS = tuple(
    f"width-{width}|format-{name}" for width in (400, 800, 1200) for name in ("avif", "webp", "jpeg")
)


@dataclass
class Bench:
    """An empty site to copy, photographs, how much to do, and whom to tell what is being done."""

    empty: Site
    photographs: Photographs
    extent: Extent
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        self._sites: dict[str, Site] = {}

    def web(self) -> Site:
        count = self.extent.web
        return self._site("web", lambda: self._filled("web", self.photographs.web(count)))

    def camera(self, count: int | None = None) -> Site:
        """A site of so many camera photographs; as many as the camera set has, unless told."""
        count = count or self.extent.camera
        name = f"camera-{count}"
        return self._site(name, lambda: self._filled(name, self.photographs.camera(count)))

    def single(self) -> Site:
        """A site of the largest camera photograph; in a quick run of the smallest."""
        sizes = CAMERA_SIZES[-1:] if self.extent.whole else CAMERA_SIZES[:1]
        return self._site("single", lambda: self._filled("single", self.photographs.camera(1, sizes)))

    def many_web(self, count: int) -> Site:
        """A site of so many web photographs, each several times."""
        photographs = self.photographs.web(min(12, count))
        chosen = [photographs[number % len(photographs)] for number in range(count)]
        name = f"many-{count}"
        return self._site(name, lambda: self._filled(name, chosen))

    def asked(self, targets: Mapping[str, Target]) -> Mapping[str, Target]:
        """What is asked of a set that is smaller in a quick run, which says nothing of it then."""
        return targets if self.extent.whole else {}

    def _filled(self, name: str, originals: Sequence[Path]) -> Site:
        return self.empty.filled(name, originals, self.photographs.small())

    def _site(self, name: str, make: Callable[[], Site]) -> Site:
        if name not in self._sites:
            self._sites[name] = make()
        return self._sites[name]
