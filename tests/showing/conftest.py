"""A registry with nothing in it, and ways to put something there and to render a template."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.template import engines

from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.strategies import Manual


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    with get_registry().override(empty=True) as registry:
        registry.notice(None)
        yield


@pytest.fixture
def registered() -> Callable[..., RenditionSpec]:
    """Registers a spec that makes nothing by itself, unless told otherwise."""

    def register(
        spec_id: str = "a", filters: Any = "width-20", *, strategy: Any = None, **options: Any
    ) -> RenditionSpec:
        spec = RenditionSpec(spec_id, filters, strategy=strategy or Manual(), **options)
        get_registry().add_spec(spec)
        return spec

    return register


@pytest.fixture
def render() -> Callable[..., str]:
    """Renders a Django template with our tags loaded."""

    def render(words: str, /, **context: Any) -> str:
        template = engines["django"].from_string("{% load sourcegroups_tags %}" + words)
        return template.render(context).strip()

    return render


@pytest.fixture
def no_storage(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when it is called, whoever asks storage anything but an address fails the test."""

    def touched(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("storage was asked")

    def forbid() -> None:
        for method in ("open", "exists", "save", "size", "delete", "get_modified_time"):
            monkeypatch.setattr(f"django.core.files.storage.FileSystemStorage.{method}", touched)

    return forbid


@pytest.fixture
def enqueued(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A worker elsewhere: what is enqueued for it, in lists as it was handed over."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
    handed: list[Any] = []
    monkeypatch.setattr("wagtail_sourcegroups.generation.collect._enqueue", handed.append)
    return handed
