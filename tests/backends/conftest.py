"""A site whose processes work for it, photographs to upload, and what came of it all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from wagtail.images import get_image_model

from tests.backends.services import RedisServer
from tests.backends.site.library import bind, paint_photos
from tests.backends.uploads import upload as upload_one
from tests.backends.uploads import upload_to
from tests.backends.workers import Backend, Workers
from tests.command.processes import fork
from tests.conftest import ProcessSite
from wagtail_sourcegroups.models import (
    FileSource,
    GenerationFailure,
    GenerationRun,
    LeftoverFile,
    RenditionRecord,
    RunBatch,
    SourceState,
)
from wagtail_sourcegroups.registry import Registry, get_registry

#: How many photographs the backends are compared by; ``make test-backends`` takes 200.
PHOTOS = int(os.environ.get("SOURCEGROUPS_PHOTOS", "12"))


@pytest.fixture
def registry() -> Iterator[Registry]:
    """This process wants what the site's processes want."""
    with get_registry().override(empty=True) as registry:
        bind(registry)
        yield registry


@pytest.fixture
def tasks_in_the_database(settings: Any) -> None:
    """What this process hands out waits for a worker of ``DatabaseBackend``."""
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"},
        "pixels": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["images"]},
    }
    settings.WAGTAIL_SOURCEGROUPS = {"TASK_BACKEND": "pixels"}


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def photos(tmp_path: Path) -> Callable[[int], Path]:
    """``photos(12)``: a directory with so many different photographs."""

    def paint(count: int) -> Path:
        directory = tmp_path / f"photos-{count}"
        directory.mkdir()
        paint_photos(directory, count)
        return directory

    return paint


@pytest.fixture
def upload(process_site: ProcessSite, registry: Registry, tmp_path: Path) -> Callable[..., None]:
    """``upload(backend, directory)``: by a process of its own, for which tasks go to that backend."""

    def upload(backend: Backend, directory: Path, *, together: int = 1) -> None:
        report = tmp_path / "uploaded"
        os.waitpid(fork(lambda: upload_to(backend, directory, together=together), report), 0)
        assert report.read_text() == "None"

    return upload


@pytest.fixture
def workers(process_site: ProcessSite, tmp_path: Path) -> Callable[..., Workers]:
    """``with workers(backend, 2) as pool``; keywords are for the workers' environment."""

    def start(backend: Backend, count: int = 2, **env: str) -> Workers:
        return Workers(process_site, backend, count, directory=tmp_path, **env)

    return start


def made() -> list[tuple[Any, ...]]:
    """All renditions, as rows that do not say who came first."""
    fields = ("image__title", "filter_spec", "focal_point_key", "width", "height", "file")
    return sorted(get_image_model().get_rendition_model().objects.values_list(*fields))


def files(media_root: Path) -> dict[str, str]:
    """All files and what is in them."""
    return {
        str(path.relative_to(media_root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in media_root.rglob("*")
        if path.is_file()
    }


def failures() -> list[tuple[str, str]]:
    return list(GenerationFailure.objects.values_list("source_name", "error"))


def add(directory: Path) -> None:
    """The pictures of a directory, as of a time when nothing was wanted of them yet."""
    with get_registry().override(empty=True):
        for path in sorted(directory.iterdir()):
            upload_one(path)


def start_anew(media_root: Path) -> None:
    """No image was ever uploaded."""
    image = get_image_model()
    for model in (
        RunBatch,
        RenditionRecord,
        SourceState,
        FileSource,
        GenerationFailure,
        GenerationRun,
        LeftoverFile,
        image.get_rendition_model(),
        image,
    ):
        model._base_manager.all()._raw_delete("default")
    shutil.rmtree(media_root)
    media_root.mkdir()


def assert_whole(media_root: Path, images: int, wanted: int) -> None:
    """Each rendition is one row and one file, and nothing else is in storage."""
    rows = made()
    assert len(rows) == len({row[:3] for row in rows}) == images * wanted
    originals = set(get_image_model().objects.values_list("file", flat=True))
    assert set(files(media_root)) == {row[-1] for row in rows} | originals
