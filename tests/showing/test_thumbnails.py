from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from PIL import Image as PillowImage
from wagtail.images.models import Filter

from sandbox.gallery.models import CustomImage
from tests.images import picture
from tests.testapp.models import Person
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.exceptions import InvalidThumbnail
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.models import BoundFilterSpec, FileRendition, RenditionRecord
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.showing.anchoring import as_fill
from wagtail_sourcegroups.showing.shown import show, size_of
from wagtail_sourcegroups.showing.thumbnails import strategy_without_spec, thumbnail_spec
from wagtail_sourcegroups.sourcegroups import ImageFieldSourceGroup, ImageModelSourceGroup
from wagtail_sourcegroups.specs import ThumbnailSpec
from wagtail_sourcegroups.strategies import JustInTime, Manual, Optimistic
from wagtail_sourcegroups.tasks import generate_task

pytestmark = pytest.mark.django_db

HERO = RenditionSpec(
    "blog:hero",
    "format-{avif,webp,jpeg}|fill-{800x450,1600x900}|webpquality-50|preserve-svg",
    strategy=Manual(),
    fallback="original",
    exact=False,
)


def filters(*args: Any, **options: Any) -> list[str]:
    return list(thumbnail_spec(*args, **options).filters)


class TestFilters:
    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({}, ["fill-100x80"]),
            ({"crop": False}, ["max-100x80"]),
            ({"crop": 0}, ["max-100x80"]),
            ({"anchor": "tl"}, ["anchor-100x80-tl"]),
            ({"anchor": (0.25, 0.8)}, ["anchor-100x80-25-80"]),
            ({"anchor": "tl", "crop": False}, ["max-100x80"]),
            ({"format": "webp"}, ["fill-100x80|format-webp"]),
            ({"format": "AVIF jpg"}, ["fill-100x80|format-avif", "fill-100x80|format-jpeg"]),
            ({"srcset": "2 3"}, ["fill-100x80", "fill-200x160", "fill-300x240"]),
            ({"srcset": "1x, 1.5x"}, ["fill-100x80", "fill-150x120"]),
            ({"srcset": 2, "crop": False}, ["max-100x80", "max-200x160"]),
            (
                {"srcset": "2", "format": "webp,jpeg"},
                [
                    "fill-100x80|format-webp",
                    "fill-200x160|format-webp",
                    "fill-100x80|format-jpeg",
                    "fill-200x160|format-jpeg",
                ],
            ),
        ],
    )
    def test_by_options(self, options: dict[str, Any], expected: list[str]) -> None:
        assert filters("100x80", **options) == expected

    def test_of_one_side(self) -> None:
        assert filters("100x") == ["width-100"]
        assert filters("x80", srcset="2") == ["height-80", "height-160"]

    def test_densities_are_told_by_their_size(self) -> None:
        spec = thumbnail_spec("100x80", srcset="2 1.5x", format="webp")
        assert spec.densities == {"fill-200x160": "2x", "fill-150x120": "1.5x"}

    def test_of_a_spec_all_but_its_sizes(self) -> None:
        spec = thumbnail_spec("100x80", HERO)
        assert list(spec.filters) == [
            f"format-{each}|fill-100x80|webpquality-50|preserve-svg" for each in ("avif", "webp", "jpeg")
        ]
        assert (spec.id, spec.strategy, spec.fallback, spec.exact) == (
            "blog:hero:thumbnail",
            Manual(),
            "original",
            False,
        )

    def test_of_a_spec_in_another_format(self) -> None:
        assert filters("100x80", HERO, format="png") == ["fill-100x80|webpquality-50|preserve-svg|format-png"]

    @pytest.mark.parametrize(
        ("size", "options", "message"),
        [
            (
                "100",
                {},
                "'100' is no size of a thumbnail; it must be a width and a height in pixels, such as",
            ),
            ("x", {}, "'x' is no size"),
            ("0x10", {}, "'0x10' is no size"),
            (None, {}, "None is no size"),
            (
                "10x10",
                {"anchor": "top"},
                "anchor='top' is no place in a picture; it must be one of 'tl', 't', ",
            ),
            ("10x10", {"anchor": (0.5, 2)}, r"anchor=\(0.5, 2\) is no place"),
            ("10x10", {"anchor": ("a", "b")}, "is no place"),
            ("10x10", {"format": "webm"}, "format='webm' holds 'webm'; it must be of jpeg, png"),
            ("10x10", {"srcset": "2 big"}, "srcset='2 big' holds 'big'; it must be numbers from 1 to 10"),
            ("10x10", {"srcset": "100"}, "holds '100'"),
        ],
    )
    def test_what_cannot_be(self, size: Any, options: dict[str, Any], message: str) -> None:
        with pytest.raises(InvalidThumbnail, match=message):
            thumbnail_spec(size, **options)


class TestStrategy:
    """Of a thumbnail that names no spec."""

    def test_nobody_else_would_ever_make_it(self) -> None:
        assert strategy_without_spec() == JustInTime()

    def test_a_worker_does(self, settings: Any) -> None:
        settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
        assert strategy_without_spec() == Optimistic()

    def test_a_site_that_wants_nothing_made_is_obeyed(self, settings: Any) -> None:
        settings.WAGTAIL_SOURCEGROUPS = {"DEFAULT_STRATEGY": Manual()}
        assert strategy_without_spec() == Manual()


class TestAnchor:
    """A picture that is red on the left, blue on the right, and twice as wide as it is high."""

    @pytest.fixture
    def image(self, make_image: Callable[..., Any]) -> Any:
        both = PillowImage.new("RGB", (400, 200), "red")
        both.paste("blue", (200, 0, 400, 200))
        content = ContentFile(b"")
        both.save(content, "PNG")
        content.seek(0)
        return make_image("both.png", content)

    def colours(self, image: Any, filter_spec: str) -> tuple[Any, Any]:
        with image.get_rendition(filter_spec).file.open() as file:
            shown = PillowImage.open(file).convert("RGB")
            assert shown.size == (50, 50)
            return shown.getpixel((3, 25)), shown.getpixel((46, 25))

    RED, BLUE = (255, 0, 0), (0, 0, 255)

    @pytest.mark.parametrize(
        ("anchor", "expected"),
        [
            ("l", (RED, RED)),
            ("tl", (RED, RED)),
            ("br", (BLUE, BLUE)),
            ("c", (RED, BLUE)),
            ("t", (RED, BLUE)),
            ("0-50", (RED, RED)),
            ("100-50", (BLUE, BLUE)),
        ],
    )
    def test_is_where_a_picture_is_cropped(self, image: Any, anchor: str, expected: tuple[Any, Any]) -> None:
        assert self.colours(image, f"anchor-50x50-{anchor}") == expected

    def test_a_focal_point_comes_first(self, image: Any) -> None:
        image.focal_point_x, image.focal_point_y = 380, 100
        image.focal_point_width = image.focal_point_height = 10
        assert self.colours(image, "anchor-50x50-l") == (self.BLUE, self.BLUE)
        assert self.colours(image, "fill-50x50") == (self.BLUE, self.BLUE)

    def test_its_size_is_known_like_that_of_a_fill(self, image: Any) -> None:
        RenditionSet(RenditionSpec("a", "width-9"), image.file).generate()
        assert as_fill("format-webp|anchor-50x30-25-80") == "format-webp|fill-50x30"
        image = CustomImage.objects.get()
        assert size_of(RenditionSet(HERO, image.file).source, "anchor-50x30-tl") == (50, 30)

    def test_never_enlarges(self, image: Any) -> None:
        assert image.get_rendition("anchor-900x900-r").width == 200

    @pytest.mark.parametrize("anchor", ["x", "10", "10-101", "10-20-30", ""])
    def test_what_is_no_place(self, image: Any, anchor: str) -> None:
        with pytest.raises(Exception, match="is no place in a picture"):
            _ = Filter(spec=f"anchor-50x50-{anchor}").operations


class TestMade:
    """What a thumbnail made counts as wanted."""

    @pytest.fixture
    def image(self, make_image: Callable[..., Any]) -> Any:
        return make_image(content=picture((200, 200)))

    def bind(self, filters: Any, group: Any = None) -> None:
        registry = get_registry()
        registry.add_spec(RenditionSpec("bound", filters, strategy=Manual()))
        registry.add_group("bound", group or ImageModelSourceGroup())

    def prune(self) -> None:
        call_command("generateimages", "--prune", verbosity=0)

    def filter_specs(self, image: Any) -> list[str]:
        return sorted(rendition.filter_spec for rendition in image.renditions.all())

    def test_is_remembered(self, image: Any) -> None:
        show(RenditionSet(thumbnail_spec("20x20"), image.file))
        assert RenditionRecord.objects.get().thumbnail
        assert not BoundFilterSpec.objects.exists()

    def test_is_not_pruned(self, image: Any) -> None:
        self.bind(["width-30", "fill-20x20", "fill-25x25"])
        call_command("generateimages", verbosity=0)
        get_registry().remove_spec("bound")
        self.bind("width-30")
        image.renditions.filter(filter_spec="fill-20x20").delete()
        RenditionRecord.objects.all().delete()
        show(RenditionSet(thumbnail_spec("20x20"), image.file))
        self.prune()
        assert self.filter_specs(image) == ["fill-20x20", "width-30"]

    def test_what_a_binding_made_is_no_thumbnail(self, image: Any) -> None:
        self.bind("fill-20x20")
        call_command("generateimages", verbosity=0)
        show(RenditionSet(thumbnail_spec("20x20"), image.file))
        get_registry().remove_spec("bound")
        self.bind("width-30")
        self.prune()
        assert self.filter_specs(image) == ["width-30"]

    def test_for_a_former_focal_point_it_goes_when_there_is_a_present_one(self, image: Any) -> None:
        self.bind(["width-30", "fill-20x20"])
        BoundFilterSpec.objects.create(filter_spec="fill-20x20")
        get_registry().remove_spec("bound")
        self.bind("width-30")
        show(RenditionSet(thumbnail_spec("20x20"), image.file))
        image.focal_point_x, image.focal_point_y = 5, 5
        image.focal_point_width = image.focal_point_height = 4
        image.save()
        self.prune()
        assert self.filter_specs(image) == ["fill-20x20", "width-30"]
        show(RenditionSet(thumbnail_spec("20x20"), image.file))
        assert len(self.filter_specs(image)) == 3
        self.prune()
        assert self.filter_specs(image) == ["fill-20x20", "width-30"]

    def test_of_a_plain_file_too(self) -> None:
        person = Person.objects.create(avatar=ContentFile(picture().read(), name="p.jpg"))
        self.bind(["width-30", "fill-20x20"], ImageFieldSourceGroup(Person, "avatar"))
        BoundFilterSpec.objects.create(filter_spec="fill-20x20")
        get_registry().remove_spec("bound")
        self.bind("width-30", ImageFieldSourceGroup(Person, "avatar"))
        show(RenditionSet(thumbnail_spec("20x20"), person.avatar))
        self.prune()
        assert sorted(FileRendition.objects.values_list("filter_spec", "thumbnail")) == [
            ("fill-20x20", True),
            ("width-30", False),
        ]

    def test_made_again_it_is_still_remembered(self, image: Any) -> None:
        rendition_set = RenditionSet(thumbnail_spec("20x20"), image.file)
        rendition_set.generate()
        RenditionSet(RenditionSpec("a", "fill-20x20"), image.file).generate(force=True)
        assert RenditionRecord.objects.get().thumbnail

    def test_a_worker_is_told_all_it_needs(
        self,
        image: Any,
        settings: Any,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        told: list[Any] = []

        class Destination:
            def enqueue(self, *args: Any) -> None:
                told.append(args)

        settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
        monkeypatch.setattr("wagtail_sourcegroups.tasks.routed", lambda task: Destination())
        with django_capture_on_commit_callbacks(execute=True):
            show(RenditionSet(thumbnail_spec("20x20", srcset="2", format="webp"), image.file))
        (args,) = told
        spec = ["thumbnail", ["fill-20x20|format-webp", "fill-40x40|format-webp"], None]
        assert args == ([["gallery.customimage", [spec], False, [str(image.pk)]]], [])
        generate_task.func(*args)
        assert self.filter_specs(image) == spec[1]
        assert list(RenditionRecord.objects.values_list("thumbnail", flat=True)) == [True, True]
        assert not BoundFilterSpec.objects.exists()

    def test_equal_thumbnails_are_one(self) -> None:
        assert thumbnail_spec("20x20") == thumbnail_spec("20x20")
        assert isinstance(thumbnail_spec("20x20"), ThumbnailSpec)
