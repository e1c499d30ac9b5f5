"""What must not be, wherever it might come in: pickles, names in tasks, ways out of a directory."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django_tasks import task_backends

import wagtail_sourcegroups
from tests.fuzz.seeds import seed
from wagtail_sourcegroups import RenditionSpec, tasks
from wagtail_sourcegroups.exceptions import SourceUnreadable
from wagtail_sourcegroups.generation.requests import Request
from wagtail_sourcegroups.generation.sources import source_of
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.sourcegroups import DirectorySourceGroup

PACKAGE = Path(wagtail_sourcegroups.__file__).parent
READ_ANYTHING = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "jsonpickle", "yaml"}
"""Modules that may run what they read."""
RUN_ANYTHING = {"eval", "exec", "compile"}


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE), ast.parse(path.read_text())


@pytest.mark.once
def test_nothing_is_pickled_or_run() -> None:
    found = []
    for path, tree in trees():
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names = [node.func.id] if node.func.id in RUN_ANYTHING else []
            found += [
                f"{path}: {name}"
                for name in names
                if name.split(".")[0] in READ_ANYTHING or name in RUN_ANYTHING
            ]
    assert len(list(trees())) > 50
    assert found == []


@pytest.fixture
def registry() -> Iterator[Registry]:
    with get_registry().override(empty=True) as registry:
        yield registry


def test_a_task_names_images_by_their_keys_and_specs_by_their_ids(
    make_image: Callable[..., Any], registry: Registry, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
    spec = RenditionSpec("test:spec", ["width-20"])
    registry.add_spec(spec)
    image = make_image("a-private-name.jpg")

    with django_capture_on_commit_callbacks(execute=True):
        tasks.enqueue([Request(source_of(image.file), (spec,), False)])

    ours = [each for each in task_backends["default"].results if each.task.func is tasks.generate_task.func]
    assert len(ours) == 1
    assert ours[0].kwargs == {}
    assert ours[0].args == [[[image._meta.label_lower, ["test:spec"], False, [str(image.pk)]]], []]


def test_a_file_that_has_become_a_link_out_of_its_directory_is_not_rendered(tmp_path: Path) -> None:
    directory, outside = tmp_path / "pictures", tmp_path / "private.jpg"
    directory.mkdir()
    outside.write_bytes(seed("jpeg", "exif"))
    (directory / "a.jpg").write_bytes(seed("jpeg", "exif"))
    group = DirectorySourceGroup(directory)
    for file in group.files():
        source = source_of(file, group.identity(file))
    # Listed and noted; what is made of it is made later.
    with source.open() as opened:
        assert opened.read() == outside.read_bytes()
    os.remove(directory / "a.jpg")
    os.symlink(outside, directory / "a.jpg")

    with pytest.raises(SourceUnreadable) as caught, source.open():
        pass
    assert str(caught.value) == "The original 'a.jpg' cannot be read: PermissionError."


@pytest.mark.parametrize("name", ["../private.jpg", "inner/../../private.jpg", "/private.jpg"])
def test_a_task_cannot_be_talked_out_of_a_directory(name: str, tmp_path: Path, registry: Registry) -> None:
    directory = tmp_path / "pictures"
    directory.mkdir()
    (tmp_path / "private.jpg").write_bytes(seed("jpeg", "exif"))
    (directory / "a.jpg").write_bytes(seed("jpeg", "exif"))
    group = DirectorySourceGroup(directory)
    spec = RenditionSpec("test:spec", ["width-20"])
    registry.add_spec(spec)
    registry.add_group(spec.id, group)

    assert tasks.path_of(f"group:{group.key}:a.jpg") == str(directory / "a.jpg")
    assert tasks.path_of(f"group:{group.key}:{name}") is None
