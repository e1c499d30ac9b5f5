"""What Django templates ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django
import pytest
from django.template import engines

from wagtail_sourcegroups.findspecs.scan import scan
from wagtail_sourcegroups.findspecs.templates import sources_by_name

from .conftest import Write, told, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{% image page.hero fill-80x45 format-webp %}", [(1, "image", ("fill-80x45|format-webp",))]),
        ("\n\n{% image page.hero max-10x10 as hero %}", [(3, "image", ("max-10x10",))]),
        (
            "{% picture page.hero format-{avif,jpeg} fill-{8x4,16x9} sizes='10vw' %}",
            [
                (
                    1,
                    "picture",
                    (
                        "format-avif|fill-8x4",
                        "format-avif|fill-16x9",
                        "format-jpeg|fill-8x4",
                        "format-jpeg|fill-16x9",
                    ),
                )
            ],
        ),
        (
            "{% srcset_image page.hero width-{10,20} format-webp %}",
            [(1, "srcset_image", ("width-10|format-webp", "width-20|format-webp"))],
        ),
        ("{% image_url page.hero 'width-10' %}", [(1, "image_url", ("width-10",))]),
        ("{% image_url page.hero filter_spec='width-10' as url %}", [(1, "image_url", ("width-10",))]),
        ("{% image_url page.hero size %}", [(1, "image_url", ())]),
        ("{% image_url page.hero 'width-10'|lower %}", [(1, "image_url", ())]),
        (
            "{% if a %}{% image x width-1 %}{% elif b %}\n{% for y in z %}{% image y width-2 %}{% empty %}"
            "{% image x width-3 %}{% endfor %}{% else %}\n{% with a=b %}{% image x width-4 %}{% endwith %}{% endif %}",
            [(line, "image", (f"width-{number}",)) for number, line in ((1, 1), (2, 2), (3, 2), (4, 3))],
        ),
        (
            "{% extends 'base.html' %}{% block a %}{% block b %}{% image x width-1 %}{% endblock %}{% endblock %}",
            [(1, "image", ("width-1",))],
        ),
        (
            "{% load odd %}{% tabs %}{% if a %}{% image x width-1 %}{% endif %}{% endtabs %}",
            [(1, "image", ("width-1",))],
        ),
        ("{% comment %}{% image x width-1 %}{% endcomment %}{# {% image x width-2 %} #}", []),
        ("{% verbatim %}{% image x width-1 %}{% endverbatim %}", []),
        ("{{ image }} fill-10x10", []),
    ],
)  # fmt: skip
def test_what_a_template_asks_for(write: Write, text: str, expected: list[Any]) -> None:
    assert told(write({"django/page.html": text})) == expected


@pytest.mark.parametrize(
    ("text", "tag", "filter_specs", "spec_id"),
    [
        ("{% generateimage 'blog:hero' source=page.image %}", "generateimage", (), "blog:hero"),
        ("{% generateimage name source=page.image %}", "generateimage", (), ""),
        ("{% thumbnail '100x100' page.image %}", "thumbnail", ("fill-100x100",), ""),
        ("{% thumbnail '100x100' page.image crop=False %}", "thumbnail", ("max-100x100",), ""),
        ("{% thumbnail '100x' page.image %}", "thumbnail", ("width-100",), ""),
        ("{% thumbnail 'x50' page.image %}", "thumbnail", ("height-50",), ""),
        ("{% thumbnail '100x100' page.image format='webp' %}", "thumbnail", ("fill-100x100|format-webp",), ""),
        ("{% thumbnail '5x5' page.image srcset='2 3' %}", "thumbnail", ("fill-5x5", "fill-10x10", "fill-15x15"), ""),
        ("{% thumbnail '100x100' page.image srcset='two' %}", "thumbnail", (), ""),
        ("{% thumbnail '100x100' page.image anchor='top' %}", "thumbnail", (), ""),
        ("{% thumbnail '100x100' page.image anchor='t' %}", "thumbnail", ("anchor-100x100-t",), ""),
        ("{% thumbnail '100x100' page.image crop=crops %}", "thumbnail", (), ""),
        ("{% thumbnail '100x100' page.image -- alt=page.title %}", "thumbnail", ("fill-100x100",), ""),
        ("{% thumbnail 'blog:hero' '100x100' page.image %}", "thumbnail", (), "blog:hero"),
        ("{% thumbnail 'blog:hero' size page.image %}", "thumbnail", (), ""),
        ("{% thumbnail '10 by 10' page.image %}", "thumbnail", (), ""),
    ],
)  # fmt: skip
def test_tags_of_this_package(
    write: Write, text: str, tag: str, filter_specs: tuple[str, ...], spec_id: str
) -> None:
    (use,) = written(write({"django/page.html": "{% load odd %}" + text}))
    assert (use.tag, use.filter_specs, use.spec_id) == (tag, filter_specs, spec_id)
    assert use.is_dynamic is not bool(filter_specs or spec_id)


@pytest.mark.skipif(django.VERSION < (6,), reason="Django 5.2 has no partials")
def test_partials(write: Write) -> None:
    text = "{% partialdef card %}{% image x width-1 %}{% endpartialdef %}{% partial card %}{% partial card %}"
    assert told(write({"django/page.html": text})) == [(1, "image", ("width-1",))]


def test_a_template_may_nest_deeply(write: Write) -> None:
    depth = 1500
    text = "{% if a %}" * 20 + "{% image x width-1 %}" * depth + "{% endif %}" * 20
    assert len(written(write({"django/page.html": text}))) == 1, "equal uses on one line are one"


def test_the_place_is_the_file(write: Write, site: Path) -> None:
    (use,) = written(write({"django/blog/page.html": "\n{% image x width-1 %}"}))
    assert use.place == f"{site}/django/blog/page.html:2"


def test_what_cannot_be_parsed_is_told_and_the_rest_is_found(write: Write, site: Path) -> None:
    found = write(
        {
            "django/a.html": "{% image x width-1 %}\n{% if %}",
            "django/b.html": "{% load nothing_like_it %}{% image x width-1 %}",
            "django/c.html": "{% load odd %}\n\n{% moody %}",
            "django/d.html": "{% image x width-1",
            "django/e.html": "{% image x width-2 %}",
        }
    )
    assert told(found) == [(1, "image", ("width-2",))]
    assert [(trouble.template, trouble.error) for trouble in found.troubles] == [
        (f"{site}/django/a.html", "Line 2: Unexpected end of expression in if tag."),
        (f"{site}/django/b.html", "Line 1: 'nothing_like_it' is not a registered tag library."),
        (f"{site}/django/c.html", "Line 3: not today"),
    ]


def test_files_that_are_no_templates_are_left_alone(site: Path) -> None:
    (site / "django" / "icon.png").write_bytes(b"\x89PNG\0{% image x width-1 %}")
    (site / "django" / "latin.txt").write_bytes("caf\xe9".encode("latin-1"))
    (site / "django" / "mixed.html").write_bytes("{% image x width-1 %} caf\xe9".encode("latin-1"))
    found = scan()
    assert written(found) == []
    (trouble,) = found.troubles
    assert trouble.template.endswith("mixed.html") and "utf-8" in trouble.error


def test_templates_of_packages_that_a_site_lacks_are_not_its_fault() -> None:
    # django-filter's template for crispy forms, which every Wagtail site has and few can parse.
    troubles = [trouble.template for trouble in scan().troubles]
    assert troubles == []


class TestSeveralOfOneName:
    @pytest.fixture
    def two(self, site: Path, settings: Any) -> Path:
        (site / "theme").mkdir()
        templates = settings.TEMPLATES
        templates[0]["DIRS"] = [site / "theme", site / "django"]
        settings.TEMPLATES = [*templates]
        return site

    def test_the_first_is_used(self, two: Path, write: Write) -> None:
        found = write({"theme/a.html": "{% image x width-1 %}", "django/a.html": "{% image x width-2 %}"})
        assert [use.filter_specs for use in found.uses if "width-" in use.pattern and use.tag == "image"] == [
            ("width-1",)
        ]

    def test_the_others_where_it_extends_itself(self, two: Path, write: Write) -> None:
        found = write(
            {
                "theme/a.html": "{% extends 'a.html' %}{% block b %}{% image x width-1 %}{% endblock %}",
                "django/a.html": "{% image x width-2 %}",
            }
        )
        assert [use.filter_specs for use in found.uses if use.tag == "image"] == [("width-1",), ("width-2",)]


def test_templates_in_memory_are_found_through_the_cached_loader(settings: Any) -> None:
    texts = {"a.html": "{% load wagtailimages_tags %}\n{% image x width-1 %}"}
    locmem = ("django.template.loaders.locmem.Loader", texts)
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": [("django.template.loaders.cached.Loader", [locmem])]},
        }
    ]
    assert [use.place for use in scan().uses if use.tag == "image"] == ["a.html:2"]


def test_links_may_go_in_circles(site: Path) -> None:
    (site / "django" / "below").mkdir()
    (site / "django" / "below" / "up").symlink_to(site / "django")
    (site / "elsewhere").mkdir()
    (site / "elsewhere" / "a.html").write_text("{% image x width-1 %}")
    (site / "django" / "linked").symlink_to(site / "elsewhere")
    assert list(sources_by_name(engines.all()[0].engine)) == ["linked/a.html"]
    assert told(scan()) == [(1, "image", ("width-1",))]
