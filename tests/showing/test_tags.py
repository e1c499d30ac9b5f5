from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.template import TemplateSyntaxError, engines
from wagtail.blocks import StreamBlock
from wagtail.images.blocks import ImageChooserBlock

from sandbox.gallery.models import CustomImage
from tests.images import picture
from tests.testapp.models import Mistaken, Person
from wagtail_sourcegroups.exceptions import InvalidSource, InvalidSpec, InvalidThumbnail, UnknownSpec
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.models import FileRendition, FileSource
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.sourcegroups import DirectorySourceGroup, ImageFieldSourceGroup
from wagtail_sourcegroups.strategies import JustInTime, Manual
from wagtail_sourcegroups.templatetags.sourcegroups_tags import GenerateImageNode, ThumbnailNode

pytestmark = pytest.mark.django_db

Render = Callable[..., str]
Register = Callable[..., Any]

SQUARE = re.compile('height="50".* width="50"')


@pytest.fixture
def image(make_image: Any) -> Any:
    return make_image(content=picture((600, 400)), description="A field, teal & wide")


def generate(spec_id: str, image: Any) -> dict[str, str]:
    """Make it; addresses by filter spec."""
    rendition_set = RenditionSet(get_registry().spec(spec_id), image.file)
    rendition_set.generate()
    return {rendition.filter_spec: rendition.url for rendition in rendition_set}


class TestGenerateImage:
    def test_a_single_rendition_is_an_img_as_wagtail_writes_it(
        self, image: Any, registered: Register, render: Render
    ) -> None:
        registered(filters="width-20")
        generate("a", image)
        stock = engines["django"].from_string(
            "{% load wagtailimages_tags %}{% image image width-20 class='x' %}"
        )
        ours = render('{% generateimage "a" source=image -- class="x" %}', image=image)
        assert ours == stock.render({"image": image})
        assert 'alt="A field, teal &amp; wide" class="x"' in ours

    def test_several_formats_and_widths_are_a_picture_as_wagtail_writes_it(
        self, image: Any, registered: Register, render: Render
    ) -> None:
        registered(filters="format-{avif,webp,jpeg}|width-{20,40}")
        generate("a", image)
        stock = engines["django"].from_string(
            "{% load wagtailimages_tags %}"
            "{% picture image format-{avif,webp,jpeg} width-{20,40} sizes='50vw' loading='lazy' %}"
        )
        ours = render('{% generateimage "a" source=image sizes="50vw" -- loading="lazy" %}', image=image)
        assert ours == stock.render({"image": image})

    def test_several_widths_are_an_img_with_a_choice(
        self, image: Any, registered: Register, render: Render
    ) -> None:
        registered(filters="width-{20,40}")
        generate("a", image)
        stock = engines["django"].from_string(
            "{% load wagtailimages_tags %}{% srcset_image image width-{20,40} %}"
        )
        assert render('{% generateimage "a" image %}', image=image) == stock.render({"image": image})

    def test_one_query_and_none_once_cached(
        self,
        image: Any,
        registered: Register,
        render: Render,
        django_assert_num_queries: Any,
        no_storage: Any,
    ) -> None:
        registered(filters="format-{avif,webp,jpeg}|width-{20,40}")
        generate("a", image)
        cache.clear()
        image = CustomImage.objects.get()
        no_storage()
        for queries in (1, 0):
            with django_assert_num_queries(queries):
                render('{% generateimage "a" source=image %}', image=image)

    def test_just_in_time(self, image: Any, registered: Register, render: Render) -> None:
        registered(filters="width-{20,40}", strategy=JustInTime())
        written = render('{% generateimage "a" source=image %}', image=image)
        assert "20w" in written and "40w" in written
        assert image.renditions.count() == 2

    def test_a_substitute_at_the_size_that_is_wanted(
        self, image: Any, registered: Register, render: Render
    ) -> None:
        registered("there", "width-300")
        urls = generate("there", image)
        registered("a", "width-{60,200}")
        assert render('{% generateimage "a" source=image %}', image=image) == (
            f'<img alt="A field, teal &amp; wide" height="40" src="{urls["width-300"]}" width="60">'
        )

    def test_attributes_may_be_variables_and_have_any_name(
        self, image: Any, registered: Register, render: Render
    ) -> None:
        registered(filters="width-20")
        written = render(
            '{% generateimage spec source=image -- data-zoom-to=zoom x:on="a=b" hidden=True alt="" %}',
            image=image,
            spec="a",
            zoom='"2"',
        )
        assert written.startswith('<img alt="" data-zoom-to="&quot;2&quot;" height="')
        assert written.endswith('" x:on="a=b" hidden>')

    @pytest.mark.parametrize("words", ["source=image", "image", "source=nothing.at.all"])
    def test_no_picture_is_nothing(self, words: str, registered: Register, render: Render) -> None:
        registered()
        assert render(f'{{% generateimage "a" {words} -- class="x" %}}', image=None) == ""
        assert (
            render(f'{{% generateimage "a" {words} as b %}}{{{{ b }}}}{{% if b %}}!{{% endif %}}', image=None)
            == "None"
        )


class TestAssignment:
    def test_is_a_rendition_set(self, image: Any, registered: Register, render: Render) -> None:
        registered(filters="format-{webp,jpeg}|width-{20,40}")
        urls = generate("a", image)
        written = render(
            '{% generateimage "a" source=image as pictures %}'
            "{% if pictures %}{{ pictures.url }} {{ pictures.width }}x{{ pictures.height }} {{ pictures.ready }}"
            "{% for each in pictures %} {{ each.width }}{% endfor %}{% endif %}",
            image=image,
        )
        assert written == f"{urls['format-jpeg|width-20']} 20x13 True 20 40 20 40"

    def test_asks_nobody_before_it_is_used(
        self, image: Any, registered: Register, render: Render, django_assert_num_queries: Any
    ) -> None:
        registered(strategy=JustInTime())
        with django_assert_num_queries(0):
            render(
                '{% generateimage "a" source=image as pictures %}{% if pictures %}!{% endif %}', image=image
            )
        assert not image.renditions.exists()

    def test_shows_substitutes_and_says_what_is_missing(
        self, image: Any, registered: Register, render: Render
    ) -> None:
        registered("there", "width-300")
        urls = generate("there", image)
        registered("a", "width-60")
        written = render(
            '{% generateimage "a" source=image as pictures %}'
            "{{ pictures.url }} {{ pictures.width }} {{ pictures.alt }} {{ pictures.missing }} {{ pictures.ready }}"
            "{% for each in pictures %}!{% empty %} none{% endfor %} {{ pictures.shown.0.is_ready }}",
            image=image,
        )
        assert written == (
            f"{urls['width-300']} 60 A field, teal &amp; wide [&#x27;width-60&#x27;] False none False"
        )

    def test_written_out_it_is_the_picture(self, image: Any, registered: Register, render: Render) -> None:
        registered(filters="format-{webp,jpeg}|width-20", strategy=JustInTime())
        assigned = render('{% generateimage "a" source=image as pictures %}{{ pictures }}', image=image)
        assert assigned == render('{% generateimage "a" source=image %}', image=image)
        assert assigned.startswith("<picture><source")

    def test_a_template_changes_nothing(self, image: Any, registered: Register, render: Render) -> None:
        registered()
        generate("a", image)
        written = render(
            '{% generateimage "a" source=image as p %}[{{ p.delete }}{{ p.generate }}{{ p.enqueue }}]',
            image=image,
        )
        assert (written, image.renditions.count()) == ("[]", 1)

    def test_nothing_to_show(self, image: Any, registered: Register, render: Render) -> None:
        registered(fallback="none")
        source = (
            '{% generateimage "a" image as p %}{{ p.url }} {{ p.width }} {{ p.height }} "{{ p.alt }}"{{ p }}'
        )
        assert render(source, image=image) == 'None None None ""'


class TestSources:
    @pytest.fixture(autouse=True)
    def spec(self, registered: Register) -> None:
        registered(filters="width-20", strategy=JustInTime())

    def shown(self, render: Render, source: Any) -> str:
        return render('{% generateimage "a" source=source %}', source=source)

    def test_an_object_with_one_image(self, image: Any, render: Render) -> None:
        class_with_one = Person
        person = class_with_one(portrait=image)
        get_registry().add_group("a", ImageFieldSourceGroup(Person, "portrait"))
        assert 'width="20"' in self.shown(render, person)
        assert image.renditions.count() == 1

    def test_whose_image_is_empty(self, render: Render) -> None:
        get_registry().add_group("a", ImageFieldSourceGroup(Person, "portrait"))
        assert self.shown(render, Person()) == ""

    def test_of_several_none_is_guessed(self, image: Any, render: Render) -> None:
        message = "testapp.Person has several image fields, portrait, badge, other_portrait, avatar; give one of these."
        with pytest.raises(InvalidSource, match=message):
            self.shown(render, Person(portrait=image))

    def test_the_file_of_a_field(self, render: Render) -> None:
        person = Person.objects.create(avatar=ContentFile(picture().read(), name="p.jpg"))
        assert self.shown(render, person.avatar).startswith('<img alt="" height="13" src="')
        assert self.shown(render, Person().avatar) == ""

    def test_a_block_of_a_stream(self, image: Any, render: Render) -> None:
        block = StreamBlock([("picture", ImageChooserBlock())])
        (child,) = block.to_python([{"type": "picture", "value": image.pk}])
        assert 'width="20"' in self.shown(render, child)
        assert 'width="20"' in self.shown(render, child.value)

    def test_a_plain_file_of_a_group(self, render: Render, tmp_path: Path) -> None:
        (tmp_path / "one.jpg").write_bytes(picture().read())
        group = DirectorySourceGroup(tmp_path)
        get_registry().add_group("a", group)
        files = list(group.files())
        assert 'width="20"' in self.shown(render, files[0])
        # It is the source that the command would make renditions of.
        assert FileSource.objects.get().identity == f"group:{group.key}:one.jpg"
        assert FileRendition.objects.count() == 1

    def test_a_file_of_no_group(self, render: Render, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere.jpg"
        elsewhere.write_bytes(picture().read())
        (tmp_path / "press").mkdir()
        get_registry().add_group("a", DirectorySourceGroup(tmp_path / "press"))
        with elsewhere.open("rb") as file:
            assert 'width="20"' in self.shown(render, file)
        assert FileSource.objects.get().identity == f"path:{elsewhere}"

    def test_one_that_cannot_be_read(self, render: Render, caplog: pytest.LogCaptureFixture) -> None:
        class Broken(io.BytesIO):
            def read(self, *args: Any) -> bytes:
                raise OSError("no such device")

        assert self.shown(render, Broken()) == ""
        assert "no such device" in caplog.text

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            (5, "5 is no source of renditions; give an image, an object with one image field"),
            ("one.jpg", "'one.jpg' is no source of renditions"),
            (Mistaken(), "testapp.Mistaken has no image field; give an image"),
        ],
    )
    def test_what_is_no_picture(self, given: Any, message: str, render: Render) -> None:
        with pytest.raises(InvalidSource, match=message):
            self.shown(render, given)


class TestThumbnail:
    def test_fills_by_default(self, image: Any, render: Render) -> None:
        assert SQUARE.search(render('{% thumbnail "50x50" image %}', image=image))
        assert image.renditions.get().filter_spec == "fill-50x50"

    def test_fits_if_told(self, image: Any, render: Render) -> None:
        written = render('{% thumbnail "50x50" image crop=False %}', image=image)
        assert 'height="33"' in written and 'width="50"' in written

    def test_honours_the_focal_point(self, image: Any, render: Render) -> None:
        image.focal_point_x, image.focal_point_y = 5, 5
        image.focal_point_width = image.focal_point_height = 4
        image.save()
        render('{% thumbnail "50x50" image %}', image=image)
        assert image.renditions.get() == image.get_rendition("fill-50x50")

    def test_denser_ones(self, image: Any, render: Render) -> None:
        written = render('{% thumbnail "50x50" image srcset="2 3" format="webp" -- class="x" %}', image=image)
        one, two, three = (image.get_rendition(f"fill-{n}x{n}|format-webp").url for n in (50, 100, 150))
        assert written == (
            f'<img alt="A field, teal &amp; wide" class="x" height="50" src="{one}" '
            f'srcset="{one}, {two} 2x, {three} 3x" width="50">'
        )

    def test_by_a_spec(self, image: Any, registered: Register, render: Render) -> None:
        registered("hero", "format-{webp,jpeg}|fill-{80x40,160x80}", strategy=JustInTime())
        written = render('{% thumbnail "hero" "50x50" image anchor="t" %}', image=image)
        assert sorted(r.filter_spec for r in image.renditions.all()) == [
            "format-jpeg|anchor-50x50-t",
            "format-webp|anchor-50x50-t",
        ]
        assert written.startswith("<picture><source srcset=") and SQUARE.search(written)

    def test_by_a_spec_that_is_never_made_in_a_request(
        self, image: Any, registered: Register, render: Render
    ) -> None:
        registered("hero", "fill-80x40", strategy=Manual())
        assert f'src="{image.file.url}"' in render('{% thumbnail "hero" "50x50" image %}', image=image)
        assert not image.renditions.exists()

    def test_assigned(self, image: Any, render: Render) -> None:
        assert render('{% thumbnail "50x50" source=image as t %}{{ t.width }}', image=image) == "50"
        assert render('{% thumbnail "50x50" source=image as t %}{{ t }}', image=None) == "None"

    def test_a_size_that_is_none(self, image: Any, render: Render) -> None:
        with pytest.raises(InvalidThumbnail, match="'50' is no size of a thumbnail"):
            render('{% thumbnail "50" image %}', image=image)


class TestPrefetch:
    def test_a_listing_is_one_query(
        self,
        image: Any,
        make_image: Any,
        registered: Register,
        render: Render,
        django_assert_num_queries: Any,
    ) -> None:
        registered(filters="format-{webp,jpeg}|width-{20,40}")
        for each in (image, make_image("2.jpg"), make_image("3.jpg")):
            generate("a", each)
        cache.clear()
        images = list(CustomImage.objects.all())
        with django_assert_num_queries(1):
            written = render(
                '{% prefetch_generateimages "a" images %}{% for i in images %}{% generateimage "a" i %}{% endfor %}',
                images=images,
            )
        assert written.count("<picture>") == 3

    def test_of_nothing(self, registered: Register, render: Render) -> None:
        registered()
        assert render('{% prefetch_generateimages "a" images source="x" %}') == ""


class TestMistakes:
    @pytest.mark.parametrize(
        ("tag", "message"),
        [
            ('generateimage "a"', "'generateimage' takes the id of a spec, and a source: {% generateimage"),
            ("generateimage", "takes the id of a spec"),
            ('generateimage "a" "b" source=image', "takes the id of a spec"),
            (
                'generateimage "a" sorce=image',
                "'generateimage' has no option 'sorce'; it has source, sizes. Attributes",
            ),
            ('generateimage "a" image source=image source=image', "is given 'source' twice"),
            ('generateimage "a" image as b c', "takes one name after 'as', at its end"),
            ('generateimage "a" image as', "takes one name after 'as'"),
            ('generateimage "a" image as b -- class="x"', "takes one name after 'as', at its end"),
            ('generateimage "a" image -- class="x" as b', "takes either attributes or 'as', not both"),
            (
                'generateimage "a" image -- "lazy"',
                "has '\"lazy\"' after the --, where attributes are name=value",
            ),
            ('thumbnail "50x50"', "'thumbnail' takes a size and a source"),
            ('thumbnail "a" "50x50" image "b"', "takes a size and a source"),
            (
                'thumbnail "50x50" image ancor="t"',
                "has no option 'ancor'; it has source, crop, anchor, format",
            ),
            ("prefetch_generateimages images", "'prefetch_generateimages' takes ids of specs, and a list"),
            ('prefetch_generateimages "a" images as b', "takes ids of specs, and a list"),
        ],
    )
    def test_are_found_when_the_template_is_read(self, tag: str, message: str, render: Render) -> None:
        with pytest.raises(TemplateSyntaxError) as raised:
            render("{% " + tag + " %}")
        assert message in str(raised.value)

    def test_an_unknown_spec_names_the_nearest(
        self, image: Any, registered: Register, render: Render
    ) -> None:
        registered("blog:hero")
        with pytest.raises(UnknownSpec, match="No spec 'blog:her' is registered; did you mean 'blog:hero'?"):
            render('{% generateimage "blog:her" image %}', image=image)

    def test_a_spec_that_is_no_text(self, image: Any, render: Render) -> None:
        with pytest.raises(InvalidSpec, match="'' is no spec id; give one such as 'blog:hero', in quotes"):
            render("{% generateimage hero image %}", image=image)


def test_nodes_keep_what_they_were_written_with() -> None:
    """For whoever looks through templates for specs."""
    source = (
        '{% load sourcegroups_tags %}{% generateimage "a" image %}{% thumbnail "b" "5x5" image crop=False %}'
    )
    nodes = engines["django"].from_string(source).template.nodelist
    (tag,) = nodes.get_nodes_by_type(GenerateImageNode)
    assert (tag.spec.var, tag.source.var.var) == ("a", "image")
    (thumbnail,) = nodes.get_nodes_by_type(ThumbnailNode)
    assert (thumbnail.spec.var, thumbnail.size.var, list(thumbnail.options)) == ("b", "5x5", ["crop"])
