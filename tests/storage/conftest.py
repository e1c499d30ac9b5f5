"""A real S3 API on this machine, storages that fail when told to, and no waiting between attempts."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest
from botocore.config import Config
from django.db import models
from storages.backends.s3 import S3Storage
from wagtail.images import get_image_model

from tests.conftest import ROOT
from tests.storage.server import Fault
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation import retrying
from wagtail_sourcegroups.models import FileRendition
from wagtail_sourcegroups.registry import Registry, get_registry

SPEC = RenditionSpec("test:two", ["width-20", "width-30|format-webp"])


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Attempts follow each other at once; how long they would have waited for is here."""
    waited: list[float] = []
    monkeypatch.setattr(retrying, "pause", waited.append)
    monkeypatch.setattr(retrying, "chance", lambda: 1.0)
    return waited


@pytest.fixture(autouse=True)
def registry() -> Iterator[Registry]:
    with get_registry().override(empty=True) as registry:
        registry.add_spec(SPEC)
        yield registry


@pytest.fixture
def shared_cache(settings: Any, tmp_path: Any) -> None:
    """A rendition cache that all processes share, so that replaced files go at once."""
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": tmp_path / "cache"}}


@dataclass
class S3:
    """The server. ``asked`` are the requests since they were last looked at."""

    port: int
    _storages: dict[str, S3Storage] = field(default_factory=dict)

    def storage(self, *, timeout: float = 20, **options: Any) -> S3Storage:
        """
        A storage of django-storages with a bucket of its own, whose client makes one attempt and no other.

        Those of equal options are one, with one bucket after the other: its clients take a while to make.
        """
        kind = repr((timeout, sorted(options.items())))
        if kind not in self._storages:
            self._storages[kind] = self._new(timeout, options)
        storage = self._storages[kind]
        storage.bucket_name, storage._bucket = f"bucket-{uuid.uuid4().hex[:12]}", None
        storage.connection.meta.client.create_bucket(Bucket=storage.bucket_name)
        self.look()
        return storage

    def same(self, storage: S3Storage, **options: Any) -> S3Storage:
        """Another one with the same bucket, for another process: a connection is not for two."""
        return self._new(20, {"bucket_name": storage.bucket_name, **options})

    def _new(self, timeout: float, options: dict[str, Any]) -> S3Storage:
        return S3Storage(
            **{"bucket_name": "set later", **options},
            endpoint_url=f"http://127.0.0.1:{self.port}",
            access_key="an-access-key",
            secret_key="a-secret-key",
            region_name="us-east-1",
            client_config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=timeout),
        )

    def look(self) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/doorkeeper", timeout=20) as answer:
            return json.load(answer)

    def asked(self) -> Counter[str]:
        """How often was asked what: the method, and whether it was for a list, an original or a rendition."""
        return Counter(_kind(*request) for request in self.look()["asked"])

    def befalls(self, *faults: Fault) -> None:
        body = json.dumps([asdict(fault) for fault in faults]).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/doorkeeper", data=body, method="POST")
        urllib.request.urlopen(request, timeout=20).close()


def _kind(method: str, path: str, query: str) -> str:
    what = path.removeprefix("/").partition("/")[2]
    if not what:
        return f"{method} list" if "list-type" in query else f"{method} bucket"
    return f"{method} {what.partition('/')[0]}"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.storage.server"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    yield S3(int(process.stdout.readline()))
    process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


@pytest.fixture
def s3(s3_server: S3) -> Iterator[S3]:
    s3_server.befalls()
    s3_server.look()
    yield s3_server
    s3_server.befalls()


@pytest.fixture
def put_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts the originals or renditions of the site's image model, and those of plain files, in other storages."""

    def put(*, originals: Any = None, renditions: Any = None) -> None:
        model = get_image_model()
        chosen: list[tuple[type[models.Model], Any]] = [
            (model, originals),
            (model.get_rendition_model(), renditions),
            (FileRendition, renditions),
        ]
        for each, storage in chosen:
            if storage is not None:
                monkeypatch.setattr(each._meta.get_field("file"), "storage", storage)

    return put


def keys(storage: S3Storage) -> set[str]:
    """The names of all files in a bucket."""
    return {each.key for each in storage.bucket.objects.all()}
