"""``manage.py demo``: a site with photographs, every rendition of them made ahead of time."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

import sandbox
from sandbox import album, zoo
from sandbox.demo import library, pages
from sandbox.pictures import make_missing
from wagtail_sourcegroups.registry import get_registry

NAME = PASSWORD = "admin"


class Command(BaseCommand):
    help = "Make the sandbox's site, load photographs, make all their renditions. Run again, it adds what is missing."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--photos",
            type=Path,
            metavar="DIR",
            help="your own photographs instead of Wagtail's test images; each subdirectory becomes a collection",
        )

    def handle(self, *args: Any, photos: Path | None, **options: Any) -> None:
        try:
            own = library.photographs_in(photos.resolve()) if photos else []
        except NotADirectoryError as error:
            raise CommandError(str(error)) from None
        self._migrate()
        self._make_user()
        wanted = [*library.site_photographs(), *(own if photos else library.wagtail_photographs())]
        self._load(wanted, own)
        try:
            call_command("generateimages", stdout=self.stdout, stderr=self.stderr)
        finally:
            self._say_how_to_go_on()

    def _migrate(self) -> None:
        """``migrate`` takes seconds to find out that there is nothing to do; the plan alone does not."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write(f"Making the database in {settings.SANDBOX_DIR} ...")
            call_command("migrate", verbosity=0, interactive=False, stdout=self.stdout, stderr=self.stderr)

    def _make_user(self) -> None:
        users = get_user_model()
        if not users.objects.filter(**{users.USERNAME_FIELD: NAME}).exists():
            users.objects.create_superuser(NAME, f"{NAME}@example.com", PASSWORD)

    def _load(self, wanted: list[library.Photograph], own: list[library.Photograph]) -> None:
        missing = library.not_loaded(wanted)
        if missing:
            painted = [*album.PHOTOGRAPHS, *zoo.PICTURES]
            unpainted = [each for each in painted if not (settings.PICTURES_DIR / each.name).exists()]
            if unpainted:
                self.stdout.write(
                    f"Painting {len(unpainted)} pictures, the largest of 24 megapixels (only the first time) ..."
                )
            make_missing(painted, settings.PICTURES_DIR)
        make_missing(album.PRESS_KIT, settings.PRESS_DIR)
        refused: list[str] = []
        # Ordinary saves, with all their signals. The default strategy would answer each by making its renditions, and
        # without a worker it would make them here: so nothing is registered while the demo loads, as on a site that
        # adopts the package with photographs already in it, and the command below finds everything still to do.
        with get_registry().override(empty=True), transaction.atomic():
            loaded = library.load(
                missing, lambda photograph, error: refused.append(f"{photograph.path}: {error}")
            )
            people, added = pages.make_people(), pages.make_pages(own)
        for line in refused:
            self.stderr.write(self.style.WARNING(f"Not an image that can be read, left out: {line}"))
        if loaded or people or added:
            self.stdout.write(f"Loaded {len(loaded)} photographs; added {people} people and {added} pages.")
        else:
            self.stdout.write(
                f"All {len(wanted) - len(refused)} photographs and their pages are here already."
            )

    def _say_how_to_go_on(self) -> None:
        # The environment that make has made is no active one.
        typed = f"{_as_typed(sys.executable)} {_as_typed(sandbox.__path__[0])}/manage.py runserver"
        self.stdout.write(
            f"\nStart the site:  {typed}\n"
            "Look at it:      http://localhost:8000/\n"
            f"Log in:          http://localhost:8000/admin/ as {NAME}, password {PASSWORD}\n"
        )


def _as_typed(path: str) -> str:
    """A path as one would type it here: short where it lies below, and whole elsewhere."""
    here, whole = Path.cwd(), Path(path)
    return shlex.quote(str(whole.relative_to(here) if whole.is_relative_to(here) else whole))
