"""Throwaway sites: one that is empty, copies of it with images, and a copy of those for every process measured."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .measure import call, environment

DATABASE = "db.sqlite3"
ORIGINALS = Path("media/original_images")

#: What each case runs on: this package's own site, stock Wagtail, imagekit without Wagtail, no Django.
STACKS = {
    "exact": "ours",
    "fast": "ours",
    "our tags": "ours",
    "imagekit": "imagekit",
    "libvips": "none",
}


@dataclass(frozen=True)
class Site:
    """A directory with a database and original images; ``names`` are those of the images, in order."""

    directory: Path
    names: tuple[str, ...] = ()

    @classmethod
    def empty(cls, directory: Path) -> Site:
        """A site with all its tables and nothing in them."""
        directory.mkdir(parents=True)
        call("site.migrate", stack="ours", directory=directory)
        return cls(directory)

    def filled(self, name: str, originals: Sequence[Path], small: Path) -> Site:
        """A copy with these images, after a small one to warm up on."""
        directory = self._copied(self.directory.parent / name)
        target = directory / ORIGINALS
        target.mkdir(parents=True)
        shutil.copyfile(small, target / "small.jpg")
        names = []
        for number, original in enumerate(originals):
            names.append(f"photograph-{number:02}.jpg")
            shutil.copyfile(original, target / names[-1])
        call("site.add_images", stack="stock", directory=directory, names=["small.jpg", *names])
        return Site(directory, tuple(names))

    def counted(self, name: str, images: int, filters: Sequence[str]) -> Site:
        """A copy with so many images, all of whose renditions exist: rows without files."""
        directory = self._copied(self.directory.parent / name)
        call("warm.populate", stack="ours", directory=directory, images=images, filters=list(filters))
        return Site(directory)

    def run(self, case: str, filters: Sequence[str], **options: Any) -> dict[str, Any]:
        """Measure one case on a copy of the site, whose files are gone afterwards."""
        with tempfile.TemporaryDirectory(dir=self.directory.parent) as scratch:
            return self.kept(Path(scratch), case, filters, **options)

    def kept(
        self, scratch: Path, case: str, filters: Sequence[str], *, function: str = "cases.run", **options: Any
    ) -> dict[str, Any]:
        """As :meth:`run`, in a directory of the caller's; ``outputs`` of the answer name files below it."""
        shutil.copyfile(self.directory / DATABASE, scratch / DATABASE)
        (scratch / ORIGINALS.parent).mkdir()
        (scratch / ORIGINALS).symlink_to(self.directory / ORIGINALS, target_is_directory=True)
        answer: dict[str, Any] = call(
            function,
            stack=STACKS.get(case, "stock"),
            directory=scratch,
            case=case,
            names=list(self.names),
            filters=list(filters),
            **options,
        )
        return answer

    def read(self, function: str, case: str, **arguments: Any) -> Any:
        """Measure a function that writes nothing."""
        return call(function, stack=STACKS.get(case, "stock"), directory=self.directory, **arguments)

    def _copied(self, directory: Path) -> Path:
        directory.mkdir()
        shutil.copyfile(self.directory / DATABASE, directory / DATABASE)
        return directory


@dataclass(frozen=True)
class ServerSite:
    """A site whose database is one of PostgreSQL's; with ``tasks`` they wait for workers, in all of its processes."""

    directory: Path
    database: str
    stack: str = "ours"
    tasks: bool = False

    @classmethod
    def empty(cls, directory: Path, database: str, stack: str = "ours", *, tasks: bool = False) -> ServerSite:
        """A site with all its tables and nothing in them."""
        directory.mkdir(parents=True)
        site = cls(directory, database, stack, tasks)
        site.call("site.migrate")
        return site

    def call(self, function: str, **arguments: Any) -> Any:
        """The result of a function of this package, in a process of the site."""
        return call(function, **self._kind, **arguments)

    @property
    def environment(self) -> dict[str, str]:
        """Of further processes of the site."""
        return environment(**self._kind)

    @property
    def _kind(self) -> dict[str, Any]:
        return {
            "stack": self.stack,
            "directory": self.directory,
            "database": self.database,
            "tasks": self.tasks,
        }


@contextmanager
def throwaway() -> Iterator[Site]:
    """An empty site in a temporary directory."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        yield Site.empty(Path(directory) / "empty")


# In the site's own process:


def migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def add_images(names: list[str]) -> None:
    """Rows for originals that are in place; no signal, so that nobody makes anything of them."""
    from django.conf import settings
    from PIL import Image as PillowImage
    from wagtail.images import get_image_model
    from wagtail.models import Collection

    image_model = get_image_model()
    root = Collection.get_first_root_node()
    images = []
    for name in names:
        path = Path(settings.MEDIA_ROOT, "original_images", name)
        with PillowImage.open(path) as opened:
            width, height = opened.size
        images.append(
            image_model(
                title=name,
                file=f"original_images/{name}",
                width=width,
                height=height,
                file_size=path.stat().st_size,
                collection=root,
            )
        )
    image_model._default_manager.bulk_create(images)
