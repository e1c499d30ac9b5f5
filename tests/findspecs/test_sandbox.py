"""
The sandbox, read by a person: every place of it that asks for renditions.

Lines are looked up by what stands on them, so that the list is about the templates and not about their line breaks.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from wagtail.images import formats

import sandbox
from wagtail_sourcegroups.findspecs.report import Report, report
from wagtail_sourcegroups.findspecs.scan import scan
from wagtail_sourcegroups.registry import get_registry

SANDBOX = Path(sandbox.__file__).parent
DJANGO, JINJA = SANDBOX / "blog/templates/blog", SANDBOX / "blog/jinja2/blog"

#: File, what stands on the line, tag, what is asked for, and the spec that covers it.
READ = [
    (DJANGO / "blog_page.html", "{% image page.hero", "image", ["fill-1200x630|format-jpeg"], "social:card"),
    (
        DJANGO / "blog_page.html",
        "{% picture page.hero",
        "picture",
        [
            "format-avif|fill-800x450",
            "format-avif|fill-1600x900",
            "format-webp|fill-800x450",
            "format-webp|fill-1600x900",
            "format-jpeg|fill-800x450",
            "format-jpeg|fill-1600x900",
        ],
        "blog:hero",
    ),
    (
        DJANGO / "blog_page.html",
        '{% thumbnail "100x100"',
        "thumbnail",
        ["fill-100x100"],
        "people:profile:avatar_thumbnail",
    ),
    (
        DJANGO / "people_page.html",
        '{% generateimage "people:profile',
        "generateimage",
        ["fill-100x100"],
        "people:profile:avatar_thumbnail",
    ),
    (
        DJANGO / "people_page.html",
        '{% generateimage "people:guest',
        "generateimage",
        ["fill-320x400|format-webp"],
        "people:guest:portrait_card",
    ),
    (
        DJANGO / "card.html",
        '{% generateimage "blog:card"',
        "generateimage",
        ["fill-480x320|format-webp", "fill-960x640|format-webp"],
        "blog:card",
    ),
    (
        DJANGO / "home_page.html",
        '{% generateimage "home:feature"',
        "generateimage",
        [
            "format-avif|fill-840x630",
            "format-avif|fill-1680x1260",
            "format-webp|fill-840x630",
            "format-webp|fill-1680x1260",
            "format-jpeg|fill-840x630",
            "format-jpeg|fill-1680x1260",
        ],
        "home:feature",
    ),
    (
        DJANGO / "home_page.html",
        "{% srcset_image card",
        "srcset_image",
        ["fill-320x240-c15|format-webp", "fill-640x480-c15|format-webp"],
        "home:postcard",
    ),
    (
        DJANGO / "blocks/picture.html",
        "{% picture value.picture",
        "picture",
        [
            "format-webp|width-720|preserve-svg",
            "format-webp|width-1440|preserve-svg",
            "format-jpeg|width-720|preserve-svg",
            "format-jpeg|width-1440|preserve-svg",
        ],
        "blog:picture",
    ),
    (
        DJANGO / "blocks/pair.html",
        "{% image value.left",
        "image",
        ["fill-640x640-c20|format-webp|preserve-svg"],
        "blog:pair",
    ),
    (
        DJANGO / "blocks/pair.html",
        "{% image value.right",
        "image",
        ["fill-640x640-c20|format-webp|preserve-svg"],
        "blog:pair",
    ),
    (
        JINJA / "album_page.html",
        'generateimage("album:strip", picture_',
        "generateimage",
        ["height-64", "height-128"],
        "album:strip",
    ),
    (
        JINJA / "album_page.html",
        'generateimage("album:sheet", picture_',
        "generateimage",
        [
            "format-webp|max-420x420|preserve-svg",
            "format-webp|max-840x840|preserve-svg",
            "format-jpeg|max-420x420|preserve-svg",
            "format-jpeg|max-840x840|preserve-svg",
        ],
        "album:sheet",
    ),
    (JINJA / "album_page.html", "{{ image(images|last,", "image", ["fill-1200x360"], "album:cover"),
    # An article's body is rich text, and so is the text in its story.
    (Path(formats.__file__), 'Format("fullwidth"', "richtext", ["width-800"], "blog:richtext"),
    (Path(formats.__file__), 'Format("left"', "richtext", ["width-500"], "blog:richtext"),
    (Path(formats.__file__), 'Format("right"', "richtext", ["width-500"], "blog:richtext"),
]


def line_of(path: Path, text: str) -> int:
    (line,) = [number for number, line in enumerate(path.read_text().splitlines(), start=1) if text in line]
    return line


@pytest.fixture(scope="module")
def found() -> Report:
    return report(scan(), get_registry().specs)


def test_every_spec_that_a_person_finds(found: Report) -> None:
    expected = {
        (str(path), line_of(path, text), tag, filter_spec, (spec,))
        for path, text, tag, filter_specs, spec in READ
        for filter_spec in filter_specs
    }
    # The tests' own app has specs, too.
    assert {
        (
            use.template,
            use.line,
            use.tag,
            asked.filter_spec,
            tuple(spec for spec in asked.covered_by if not spec.startswith("testapp:")),
        )
        for asked in found.asked
        for use in asked.uses
    } == expected


def test_everything_is_known_without_rendering(found: Report) -> None:
    assert [use for use in found.dynamic if use.template.startswith(f"{SANDBOX}/")] == []
    assert (found.unknown, found.troubles) == ((), ())
    assert found.is_complete


def test_each_tag_asks_in_the_order_of_its_template(found: Report) -> None:
    for path, text, tag, filter_specs, _ in READ:
        place = (str(path), line_of(path, text), tag)
        asked = [
            asked.filter_spec
            for asked in found.asked
            if place in {(use.template, use.line, use.tag) for use in asked.uses}
        ]
        assert asked == filter_specs
