"""What is asked for outside of templates: by rich text, blocks, the API; and what the database shows."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework import serializers
from wagtail import blocks
from wagtail.api import APIField
from wagtail.images import formats
from wagtail.images.api.fields import ImageRenditionField
from wagtail.images.blocks import ImageBlock, ImageChooserBlock

from sandbox.blog.models import BlogPage
from tests.testapp.models import StoryPage, UUIDImage
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.findspecs import blocks as shown_blocks
from wagtail_sourcegroups.findspecs import richtext
from wagtail_sourcegroups.findspecs.apifields import scan_api_fields
from wagtail_sourcegroups.findspecs.observed import Observed, counted, unexplained
from wagtail_sourcegroups.findspecs.ourtags import thumbnail
from wagtail_sourcegroups.findspecs.report import report
from wagtail_sourcegroups.findspecs.richtext import scan_rich_text
from wagtail_sourcegroups.findspecs.uses import Scan, Use


def line_of(module: Any, text: str) -> int:
    lines = inspect.getsource(module).splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


class TestRichText:
    def test_formats_are_found_where_they_are_registered(self) -> None:
        assert [(use.template, use.line, use.tag, use.filter_specs) for use in scan_rich_text()] == [
            (formats.__file__, line_of(formats, f'Format("{name}"'), "richtext", (filter_spec,))
            for name, filter_spec in (
                ("fullwidth", "width-800"),
                ("left", "width-500"),
                ("right", "width-500"),
            )
        ]

    @pytest.fixture
    def thumb(self) -> Iterator[formats.Format]:
        thumb = formats.Format("thumb", "Thumb", "richtext-image thumb", "max-9x9")
        formats.register_image_format(thumb)
        yield thumb
        formats.unregister_image_format(thumb)

    def test_formats_of_the_site(self, thumb: formats.Format) -> None:
        *_, use = scan_rich_text()
        # Registered where nobody looks.
        assert use == Use("wagtail.images.formats", 0, "richtext", ("max-9x9",), "max-9x9")

    @pytest.mark.parametrize(
        ("features", "asks"), [(None, True), (["bold", "image"], True), (["bold"], False), ([], False)]
    )
    def test_only_where_the_editor_has_images(
        self, monkeypatch: pytest.MonkeyPatch, features: list[str] | None, asks: bool
    ) -> None:
        monkeypatch.setattr(richtext.apps, "get_models", lambda: [BlogPage])
        monkeypatch.setattr(BlogPage._meta.get_field("body"), "features", features)
        monkeypatch.setattr(
            BlogPage._meta.get_field("story").stream_block.child_blocks["text"], "features", ["bold"]
        )
        assert bool(list(scan_rich_text())) is asks

    def test_blocks_have_rich_text_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(richtext.apps, "get_models", lambda: [BlogPage])
        monkeypatch.setattr(BlogPage._meta.get_field("body"), "features", [])
        assert len(list(scan_rich_text())) == 3

    def test_a_site_without_rich_text_asks_for_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(richtext.apps, "get_models", lambda: [UUIDImage])
        assert list(scan_rich_text()) == []


class TestBlocks:
    def test_what_shows_an_image_by_itself(self) -> None:
        uses = [use for use in shown_blocks.scan_blocks() if use.note.startswith("testapp.StoryPage")]
        (use,) = uses
        assert (use.template, use.line) == (
            inspect.getsourcefile(StoryPage),
            line_of(inspect.getmodule(StoryPage), '    body = StreamField([("picture"'),
        )
        assert use.is_dynamic
        assert use.note == "testapp.StoryPage.body: original where the block is included without a template"

    def test_what_has_a_template_does_not(self) -> None:
        assert not [use for use in shown_blocks.scan_blocks() if "blog." in use.note]

    @pytest.mark.parametrize(
        ("block", "kinds"),
        [
            (ImageBlock(), ["ImageBlock"]),
            (ImageBlock(template="a.html"), []),
            (ImageChooserBlock(), ["ImageChooserBlock"]),
            (ImageChooserBlock(template="a.html"), []),
            (blocks.ListBlock(ImageChooserBlock()), ["ImageChooserBlock"]),
            (blocks.StructBlock([("a", ImageBlock())]), ["ImageBlock"]),
            (blocks.StructBlock([("a", ImageBlock())], template="a.html"), []),
            (blocks.StreamBlock([("a", ImageBlock())], template="a.html"), ["ImageBlock"]),
            (blocks.CharBlock(), []),
        ],
    )
    def test_kinds(self, monkeypatch: pytest.MonkeyPatch, block: Any, kinds: list[str]) -> None:
        field = StoryPage._meta.get_field("body")
        monkeypatch.setattr(shown_blocks.apps, "get_models", lambda: [StoryPage])
        monkeypatch.setitem(vars(field), "stream_block", blocks.StreamBlock([("it", block)]))
        assert [use.tag for use in shown_blocks.scan_blocks()] == kinds


class TestApi:
    def test_rendition_fields_however_deep(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Card(serializers.Serializer):  # type: ignore[type-arg]
            small = ImageRenditionField("fill-2x2")

        fields = [
            APIField("title"),
            APIField("hero", serializer=ImageRenditionField("fill-1x1|format-webp", source="hero")),
            APIField("cards", serializer=Card(many=True)),
            APIField("more", serializer=serializers.ListField(child=ImageRenditionField("fill-3x3"))),
        ]
        monkeypatch.setattr(StoryPage, "api_fields", fields, raising=False)
        uses = {use.filter_specs: use for use in scan_api_fields()}
        assert list(uses) == [("fill-1x1|format-webp",), ("fill-2x2",), ("fill-3x3",)]
        use = uses[("fill-2x2",)]
        # A page that inherits it has it at the same place: of this class, which says nothing of it.
        assert (use.template, use.tag) == (inspect.getsourcefile(StoryPage), "ImageRenditionField")

    def test_the_line_is_that_of_the_field(self) -> None:
        from wagtail_sourcegroups.findspecs import sourcelines

        path, line = sourcelines.of_classes([StoryPage], "no such text", "intro = RichTextField")
        assert (path, line) == (
            inspect.getsourcefile(StoryPage),
            line_of(inspect.getmodule(StoryPage), "    intro = RichTextField"),
        )
        assert sourcelines.of_classes([type("Made", (), {})], "anything")[1] == 0


class TestObserved:
    @pytest.mark.django_db
    def test_renditions_of_every_image_model_are_counted(
        self, make_image: Any, django_assert_num_queries: Any
    ) -> None:
        one, two = make_image("one.jpg"), make_image("two.jpg")
        other = make_image("three.jpg", model=UUIDImage)
        for image in (one, two, other):
            image.get_rendition("width-7")
        one.get_rendition("width-8|format-webp")
        with django_assert_num_queries(4):
            assert counted() == {"width-7": 3, "width-8|format-webp": 1}

    def test_what_is_covered_or_asked_for_is_explained(self) -> None:
        specs = [RenditionSpec("a", "width-{1,2}|format-webp|preserve-svg")]
        scan = Scan((Use("a.html", 1, "image", ("width-3|preserve-svg|format-webp",)),))
        found = report(scan, {spec.id: spec for spec in specs})
        renditions = Counter(
            {
                "width-1|format-webp": 5,
                # Of an SVG.
                "width-2": 1,
                "width-3|format-webp": 1,
                "width-3": 1,
                # Wagtail's own.
                "max-165x165": 9,
                "format-webp|width-1": 2,
                "fill-9x9": 3,
            }
        )
        assert unexplained(renditions, found, specs) == (
            Observed("fill-9x9", 3, ()),
            Observed("format-webp|width-1", 2, ("a",)),
        )


def test_a_spec_that_a_tag_names_is_asked_for_whole() -> None:
    specs = {"a:b": RenditionSpec("a:b", "width-{1,2}|format-{webp,jpeg}")}
    places = [Use("x.html", 3, "generateimage", spec_id=id_) for id_ in ("a:b", "a:bb")]
    found = report(Scan(tuple(places)), specs)
    assert [(asked.filter_spec, asked.covered_by) for asked in found.asked] == [
        (filter_spec, ("a:b",)) for filter_spec in specs["a:b"].filters
    ]
    assert [(unknown.use.spec_id, unknown.near) for unknown in found.unknown] == [("a:bb", ("a:b",))]
    assert not found.is_complete


@pytest.mark.parametrize(
    ("filters", "options", "filter_specs"),
    [
        ("width-{8,9}|format-{webp,jpeg}", {}, ["fill-7x7|format-webp", "fill-7x7|format-jpeg"]),
        ("format-webp|width-9|webpquality-80", {}, ["format-webp|fill-7x7|webpquality-80"]),
        (
            "format-{webp,avif}|width-9|preserve-svg",
            {"format": "jpeg"},
            ["fill-7x7|preserve-svg|format-jpeg"],
        ),
        ("original|format-webp", {"srcset": "2 1.5"}, [f"fill-{n}x{n}|format-webp" for n in (7, 14, 10)]),
        ("format-webp", {"crop": "False"}, ["format-webp|max-7x7"]),
    ],
)
def test_a_thumbnail_of_a_spec_is_encoded_as_that_is(
    filters: str, options: dict[str, str | None], filter_specs: list[str]
) -> None:
    specs = {"a": RenditionSpec("a", filters)}
    found = report(Scan((thumbnail("x.html", 1, "thumbnail", "a", "7x7", options),)), specs)
    assert [asked.filter_spec for asked in found.asked] == filter_specs


def test_simple_namespace_is_no_serializer() -> None:
    from wagtail_sourcegroups.findspecs.apifields import rendition_fields

    assert list(rendition_fields(SimpleNamespace(child=ImageRenditionField("width-1")))) == []
