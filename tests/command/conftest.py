"""Running the command as code does, and what it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command
from wagtail.models import Collection

from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup


@dataclass(frozen=True)
class Result:
    """What a call of the command came to."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.out)
        return data

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def call(*args: str, **options: Any) -> Result:
    """``generateimages`` with these arguments; a usage error is its message on ``err``."""
    out, err = StringIO(), StringIO()
    status, message = 0, ""
    try:
        call_command("generateimages", *args, stdout=out, stderr=err, **options)
    except CommandError as error:
        status, message = error.returncode, str(error)
    except SystemExit as exit_:
        status = int(exit_.code or 0)
    return Result(status, out.getvalue(), err.getvalue() + message)


@pytest.fixture
def run() -> Callable[..., Result]:
    return call


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry without what the sandbox registers."""
    with get_registry().override(empty=True) as registry:
        yield registry


@pytest.fixture
def two_sizes(registry: Registry) -> RenditionSpec:
    """One spec of two renditions, one of them bound to the focal point, for all images."""
    spec = RenditionSpec("test:spec", ["width-20", "fill-10x10"])
    registry.add_spec(spec)
    registry.add_group(spec.id, ImageModelSourceGroup())
    return spec


@pytest.fixture
def untouchable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A storage that raises whatever is asked of it."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("The storage was touched.")

    names = ["open", "save", "delete", "exists", "listdir", "size", "get_modified_time", "path"]
    for name in names:
        monkeypatch.setattr(FileSystemStorage, name, refuse)


def new_collection(name: str, parent: Collection | None = None) -> Collection:
    return (parent or Collection.get_first_root_node()).add_child(instance=Collection(name=name))
