"""What Jinja templates ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wagtail_sourcegroups.findspecs.scan import scan

from .conftest import Write, told, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{{ image(x, "fill-80x45|format-webp", alt="") }}', [(1, "image", ("fill-80x45|format-webp",))]),
        ('\n{{ srcset_image(x, "width-{1,2}") }}', [(2, "srcset_image", ("width-1", "width-2"))]),
        (
            '{{ picture(x, "format-{webp,jpeg}|width-1", sizes="9vw") }}',
            [(1, "picture", ("format-webp|width-1", "format-jpeg|width-1"))],
        ),
        ('{{ image_url(x, "width-1") }}', [(1, "image_url", ("width-1",))]),
        ('{{ image(x, filterspec="width-1") }}', [(1, "image", ("width-1",))]),
        ('{% set a = image(x, "width-1") %}{{ a.url }}', [(1, "image", ("width-1",))]),
        ('{% macro card(x) %}\n{{ image(x, "width-1") }}{% endmacro %}', [(2, "image", ("width-1",))]),
        ('{{ image(x, "width-" ~ "10") }}', [(1, "image", ("width-10",))]),
        ('{{ image(x, "width-" ~ size) }}', [(1, "image", ())]),
        ("{{ image(x, size) }}", [(1, "image", ())]),
        ("{{ image(*args) }}", [(1, "image", ())]),
        # Under another name it is the same function.
        ('{{ img(x, "width-1") }}', [(1, "image", ("width-1",))]),
        # And under the same name another one.
        ('{% macro image(x, y) %}{% endmacro %}{{ image(x, "width-1") }}', []),
        ('{% from "macros.html" import card as image %}{{ image(x, "width-1") }}', []),
        ('{# {{ image(x, "width-1") }} #}{{ images("width-1") }}{{ x.image("width-1") }}', []),
    ],
)
def test_what_a_template_asks_for(write: Write, text: str, expected: list[Any]) -> None:
    assert told(write({"jinja/page.html": text})) == expected


@pytest.mark.parametrize(
    ("text", "filter_specs", "spec_id"),
    [
        ('generateimage("blog:hero", source=x)', (), "blog:hero"),
        ("generateimage(name, source=x)", (), ""),
        ('thumbnail("100x50", x)', ("fill-100x50",), ""),
        ('thumbnail("100x50", x, crop=False)', ("max-100x50",), ""),
        ('thumbnail("100x50", x, crop=crops)', (), ""),
        ('thumbnail("blog:hero", "100x50", x)', (), "blog:hero"),
        ("thumbnail(size, x)", (), ""),
    ],
)
def test_functions_of_this_package(
    write: Write, text: str, filter_specs: tuple[str, ...], spec_id: str
) -> None:
    (use,) = written(write({"jinja/page.html": f"{{{{ {text} }}}}"}))
    assert (use.tag, use.filter_specs, use.spec_id) == (text.partition("(")[0], filter_specs, spec_id)


def test_what_cannot_be_parsed_is_told_and_the_rest_is_found(write: Write, site: Path) -> None:
    found = write({"jinja/a.html": "\n{% if %}", "jinja/b.html": '{{ image(x, "width-1") }}'})
    assert told(found) == [(1, "image", ("width-1",))]
    (trouble,) = found.troubles
    assert trouble.template == f"{site}/jinja/a.html"
    assert trouble.error.startswith("Line 2: Expected an expression")


def test_files_that_are_no_templates_are_left_alone(site: Path) -> None:
    (site / "jinja" / "icon.png").write_bytes(b"\x89PNG\xff{{")
    found = scan()
    assert (written(found), found.troubles) == ([], ())


def test_a_template_that_another_engine_parses_is_that_engines(
    site: Path, settings: Any, write: Write
) -> None:
    templates = settings.TEMPLATES
    templates[1]["DIRS"] = [site / "django"]
    settings.TEMPLATES = [*templates]
    found = write({"django/a.html": "{% image x width-1 %}"})
    assert (told(found), found.troubles) == ([(1, "image", ("width-1",))], ())


def test_a_loader_that_cannot_list_its_templates_is_left_out(settings: Any) -> None:
    from jinja2 import FunctionLoader

    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.jinja2.Jinja2",
            "OPTIONS": {"loader": FunctionLoader(lambda name: "{{ image(x, 'width-1') }}")},
        }
    ]
    assert [use for use in scan().uses if use.tag == "image"] == []
