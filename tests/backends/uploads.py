"""What a web process does with the pictures of a directory."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from django.core.files.images import ImageFile
from django.db import transaction
from django.test import override_settings
from wagtail.images import get_image_model

from tests.backends.workers import Backend

#: Of the settings of the site's processes, those that say where tasks go.
_WHERE_TASKS_GO = ("TASKS", "RQ_QUEUES", "WAGTAIL_SOURCEGROUPS")


def upload_to(backend: Backend, directory: Path, *, together: int = 1) -> None:
    """
    Upload the pictures of a directory, in the order of their names, so many in each transaction, with tasks that go to
    that backend. For a process of its own, which ends then.
    """
    os.environ.update({**backend.env, "SOURCEGROUPS_TASKS": backend.name})
    # Read anew in each process that is forked: nobody else imports it.
    site = vars(import_module("tests.backends.settings"))
    paths = sorted(directory.iterdir())
    with override_settings(**{name: site[name] for name in _WHERE_TASKS_GO if name in site}):
        for start in range(0, len(paths), together):
            with transaction.atomic():
                for path in paths[start : start + together]:
                    upload(path)


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
