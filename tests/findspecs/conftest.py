from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from wagtail_sourcegroups.findspecs.scan import scan
from wagtail_sourcegroups.findspecs.uses import Scan, Use
from wagtail_sourcegroups.registry import Registry, get_registry

Write = Callable[..., Scan]


@pytest.fixture
def registry() -> Iterator[Registry]:
    """The registry, empty."""
    with get_registry().override(empty=True) as registry:
        yield registry


@pytest.fixture
def site(settings: Any, tmp_path: Path) -> Path:
    """A site with a directory of Django templates, ``django``, one of Jinja templates, ``jinja``, and no others."""
    for name in ("django", "jinja"):
        (tmp_path / name).mkdir()
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [tmp_path / "django"],
            "OPTIONS": {
                "libraries": {"odd": "tests.findspecs.oddtags"},
                "builtins": ["wagtail.images.templatetags.wagtailimages_tags"],
            },
        },
        {
            "BACKEND": "django.template.backends.jinja2.Jinja2",
            "DIRS": [tmp_path / "jinja"],
            "OPTIONS": {
                "environment": "tests.findspecs.oddtags.environment",
                "extensions": ["wagtail.jinja2tags.core", "wagtail.images.jinja2tags.images"],
            },
        },
    ]
    return tmp_path


@pytest.fixture
def write(site: Path) -> Write:
    """Writes templates, given as text by their paths below ``django`` and ``jinja``; returns what is found in all."""

    def write_and_scan(templates: Mapping[str, str]) -> Scan:
        for name, text in templates.items():
            path = site / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return scan()

    return write_and_scan


def written(found: Scan) -> list[Use]:
    """The uses of templates: a site of tests has others, of rich text."""
    return [use for use in found.uses if "/django/" in use.template or "/jinja/" in use.template]


def told(found: Scan) -> list[tuple[int, str, tuple[str, ...]]]:
    """Of each use in a template the line, the tag and the filter specs."""
    return [(use.line, use.tag, use.filter_specs) for use in written(found)]
