"""``manage.py upload DIRECTORY``: what a web process does with the pictures of a directory."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from django.core.files.images import ImageFile
from django.core.management.base import BaseCommand
from django.db import transaction
from wagtail.images import get_image_model


class Command(BaseCommand):
    help = "Upload the pictures of a directory, in the order of their names."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument("--together", type=int, default=1, help="so many in each transaction")

    def handle(self, *, directory: Path, together: int, **options: Any) -> None:
        slowest = 0.0
        paths = sorted(directory.iterdir())
        for start in range(0, len(paths), together):
            began = time.monotonic()
            with transaction.atomic():
                for path in paths[start : start + together]:
                    upload(path)
            slowest = max(slowest, time.monotonic() - began)
        self.stdout.write(json.dumps({"slowest": slowest}))


def upload(path: Path) -> None:
    # Every third has a point that its crops depend on.
    focal = {}
    if sum(path.stem.encode()) % 3 == 0:
        focal = {
            "focal_point_x": 30,
            "focal_point_y": 20,
            "focal_point_width": 10,
            "focal_point_height": 10,
        }
    with path.open("rb") as file:
        get_image_model().objects.create(title=path.stem, file=ImageFile(file, name=path.name), **focal)
