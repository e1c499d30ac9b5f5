from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.template import engines
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model
from wagtail.images.api.fields import ImageRenditionField
from wagtail.images.blocks import ImageBlock
from wagtail.images.exceptions import InvalidFilterSpecError
from wagtail.images.models import AbstractImage, Filter, SourceImageIOError
from wagtail.rich_text import expand_db_html

from tests.images import picture, rows
from tests.rendering.pictures import PICTURES, SVG
from tests.testapp.models import UUIDImage
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.images import SourceGroupImageMixin
from wagtail_sourcegroups.models import GenerationFailure, SourceState
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.showing.prefetching import prefetch
from wagtail_sourcegroups.strategies import JustInTime, Manual, Optimistic

pytestmark = pytest.mark.django_db

Image = get_image_model()
Render = Callable[..., BeautifulSoup]


@pytest.fixture
def image(make_image: Any) -> Any:
    """600 by 400 pixels, and lying on no side: an image of which everything is known."""
    image = make_image(content=picture((600, 400)), description="A teal field")
    SourceState.objects.create(
        content_type=_content_type(), object_id=str(image.pk), file_name=image.file.name, orientation=1
    )
    return Image.objects.get(pk=image.pk)


@pytest.fixture
def covered(registered: Any) -> Callable[..., RenditionSpec]:
    return registered


@pytest.fixture
def tags() -> Render:
    """Renders a template with Wagtail's own tags."""

    def tags(source: str, **context: Any) -> BeautifulSoup:
        template = engines["django"].from_string("{% load wagtailimages_tags %}" + source)
        return BeautifulSoup(template.render(context), "html.parser")

    return tags


def make(image: Any, *filters: str) -> None:
    RenditionSet(RenditionSpec("made", list(filters), strategy=Manual()), image.file).generate()
    cache.clear()


def again(image: Any) -> Any:
    return Image.objects.get(pk=image.pk)


class TestCovered:
    def test_is_not_made(self, image: Any, covered: Any) -> None:
        covered(filters="width-200")
        image.get_rendition("width-200")
        image.get_renditions("width-200")
        assert rows(image) == {}

    def test_shows_the_original_at_the_size_that_was_asked_for(self, image: Any, covered: Any) -> None:
        covered(filters="width-200")
        shown = image.get_rendition("width-200")
        assert (shown.url, shown.width, shown.height) == (image.file.url, 200, 133)
        assert (shown.filter_spec, shown.alt, shown.pk) == ("width-200", "A teal field", None)
        assert isinstance(shown, Image.get_rendition_model())
        with shown.file.open("rb") as file:
            assert file.read(3) == b"\xff\xd8\xff"

    def test_shows_the_nearest_that_is_there(self, image: Any, covered: Any) -> None:
        make(image, "width-100", "width-300", "width-400", "fill-250x250")
        covered(filters=["width-200", "fill-90x90"])
        found = rows(image)
        assert image.get_rendition("width-200").url == found["width-300"].url
        shown = image.get_rendition("fill-90x90")
        assert (shown.url, shown.width, shown.height) == (found["fill-250x250"].url, 90, 90)
        assert shown.focal_point_key == found["fill-250x250"].focal_point_key

    def test_is_taken_from_what_is_there(self, image: Any, covered: Any) -> None:
        covered(filters="width-200")
        make(image, "width-200")
        assert again(image).get_rendition("width-200") == rows(image)["width-200"]
        assert again(image).get_renditions("width-200") == {"width-200": rows(image)["width-200"]}

    def test_just_in_time_makes_it(self, image: Any, covered: Any) -> None:
        covered(filters=["width-200", "width-300"], strategy=JustInTime())
        shown = image.get_rendition("width-200")
        assert shown == rows(image)["width-200"]
        # In one go with the rest of its spec.
        assert rows(image).keys() == {"width-200", "width-300"}

    def test_made_if_any_of_several_strategies_would(self, image: Any, covered: Any) -> None:
        covered("a", "width-200", strategy=Optimistic())
        covered("b", ["width-200", "width-300"], strategy=JustInTime())
        covered("c", "width-200")
        assert image.get_rendition("width-200").pk
        assert rows(image).keys() == {"width-200", "width-300"}

    def test_a_worker_is_told_once(self, image: Any, covered: Any, enqueued: list[Any]) -> None:
        covered("a", "width-200", strategy=Manual())
        covered("b", ["width-200", "width-300"], strategy=Optimistic())
        image.get_rendition("width-200")
        again(image).get_renditions("width-200", "width-300")
        ((request,),) = enqueued
        assert (request.source.image, [spec.id for spec in request.specs]) == (image, ["b"])

    @pytest.mark.parametrize(
        ("fallbacks", "expected"),
        [
            (["original"], "original"),
            (["none"], ""),
            (["none", "original"], "original"),
            (["original", "none", "nearest"], "nearest"),
        ],
    )
    def test_the_fallback_that_shows_most_counts(
        self, image: Any, covered: Any, fallbacks: list[str], expected: str
    ) -> None:
        make(image, "width-300")
        for number, fallback in enumerate(fallbacks):
            covered(f"a:{number}", "width-200", fallback=fallback)
        urls = {"original": image.file.url, "nearest": rows(image)["width-300"].url, "": ""}
        assert image.get_rendition("width-200").url == urls[expected]

    def test_before_anybody_knows_how_it_is_turned_the_size_is_its_own(
        self, make_image: Any, covered: Any
    ) -> None:
        image = make_image(content=picture((600, 400)))
        make_ready = make_image("2.jpg", picture((600, 400)))
        make(make_ready, "width-300")
        SourceState.objects.update(orientation=None)
        covered(filters="width-200")
        shown = image.get_rendition("width-200")
        assert (shown.width, shown.height) == (600, 400)
        shown = again(make_ready).get_rendition("width-200")
        assert (shown.width, shown.height) == (300, 200)

    def test_a_turned_picture(self, make_image: Any, covered: Any) -> None:
        image = make_image(content=_io(PICTURES["orientation-6.jpg"]()))
        make(image, "width-60")
        covered(filters="width-30")
        shown = again(image).get_rendition("width-30")
        assert (shown.width, shown.height) == (30, 45)

    def test_an_svg_of_which_the_filter_makes_nothing(self, make_image: Any, covered: Any) -> None:
        covered(filters="format-{webp,jpeg}|width-30", strategy=JustInTime())
        image = make_image("drawing.svg", _io(SVG))
        found = image.get_renditions("format-webp|width-30", "format-jpeg|width-30")
        assert list(found) == ["format-jpeg|width-30"]
        assert found["format-jpeg|width-30"].url == image.file.url
        assert found["format-webp|width-30"].url == ""

    def test_an_svg_that_is_preserved(self, make_image: Any, covered: Any) -> None:
        covered(filters="format-webp|width-30|preserve-svg")
        image = make_image("drawing.svg", _io(SVG))
        shown = image.get_rendition("format-webp|width-30|preserve-svg")
        assert (shown.filter_spec, shown.url, shown.width) == ("width-30", image.file.url, 30)
        assert rows(image) == {}


class TestUncovered:
    def test_is_made_as_ever(self, image: Any, covered: Any) -> None:
        covered(filters="width-200")
        one = image.get_rendition("width-201")
        assert one == rows(image)["width-201"]
        two = image.get_renditions("width-202", Filter("width-203"), "width-201")
        assert list(two) == ["width-202", "width-203", "width-201"]
        assert rows(image).keys() == {"width-201", "width-202", "width-203"}

    def test_the_bytes_are_wagtails(self, image: Any) -> None:
        ours = image.get_rendition("fill-20x30")
        stock = AbstractImage.generate_rendition_file(image, Filter("fill-20x30"))
        stock.seek(0)
        with ours.file.open("rb") as file:
            assert file.read() == stock.read()

    def test_in_another_order_of_operations_it_is_another(self, image: Any, covered: Any) -> None:
        covered(filters="format-webp|width-200")
        assert image.get_rendition("width-200|format-webp").pk

    def test_the_next_one_who_asks_finds_it(self, image: Any, django_assert_num_queries: Any) -> None:
        image.get_rendition("width-200")
        with django_assert_num_queries(0):
            assert again_without_query(image).get_rendition("width-200").pk

    def test_together_with_what_is_covered(self, image: Any, covered: Any) -> None:
        covered(filters="width-200")
        found = image.get_renditions("width-200", "width-300")
        assert [found[spec].pk is None for spec in ("width-200", "width-300")] == [True, False]
        assert rows(image).keys() == {"width-300"}

    def test_a_wrong_filter_is_an_error_as_ever(self, image: Any) -> None:
        for wrong in ("nonsense", "width-a", ""):
            with pytest.raises(InvalidFilterSpecError):
                image.get_rendition(wrong)
            with pytest.raises(InvalidFilterSpecError):
                image.get_renditions("width-20", wrong)
        with pytest.raises(InvalidFilterSpecError, match="7 is no filter; give a filter spec"):
            image.get_rendition(7)

    def test_of_an_image_that_was_never_saved_as_ever(self) -> None:
        with pytest.raises(ValueError, match="primary key"):
            Image(title="x").get_rendition("width-20")

    def test_a_model_with_a_way_of_its_own_keeps_it(
        self, image: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []

        def create_rendition(self: Any, filter_: Filter) -> Any:
            asked.append(filter_.spec)
            return AbstractImage.create_rendition(self, filter_)

        monkeypatch.setattr(Image, "create_rendition", create_rendition)
        image.get_rendition("width-200")
        assert asked == ["width-200"]


class TestDamage:
    @pytest.fixture
    def lost(self, make_image: Any) -> Any:
        image = make_image(content=picture((600, 400)))
        make(image, "width-300")
        image.file.storage.delete(image.file.name)
        return again(image)

    @pytest.fixture
    def corrupt(self, make_image: Any) -> Any:
        image = make_image(content=picture((600, 400)))
        make(image, "width-300")
        Path(image.file.path).write_bytes(b"no picture at all")
        return again(image)

    @pytest.mark.parametrize("broken", ["lost", "corrupt"])
    def test_costs_its_own_picture_only(self, broken: str, request: Any, tags: Render, image: Any) -> None:
        damaged = request.getfixturevalue(broken)
        html = tags("{% image a width-200 %}{% image b width-200 %}", a=damaged, b=image)
        shown, sound = html.find_all("img")
        # In its place, what there is of it.
        assert shown["src"] == rows(damaged)["width-300"].url
        assert sound["src"] == rows(image)["width-200"].url

    @pytest.mark.parametrize("broken", ["lost", "corrupt"])
    def test_costs_none_of_those_that_are_there(self, broken: str, request: Any, tags: Render) -> None:
        damaged = request.getfixturevalue(broken)
        html = tags("{% srcset_image a width-{300,400} %}", a=damaged)
        assert html.img["src"] == rows(damaged)["width-300"].url
        assert not html.img.get("srcset")

    def test_with_nothing_to_show_it_is_not_found_as_ever(
        self, make_image: Any, tags: Render, caplog: Any
    ) -> None:
        image = make_image()
        Path(image.file.path).write_bytes(b"no picture at all")
        image = again(image)
        with pytest.raises(SourceImageIOError):
            image.get_rendition("width-20")
        html = tags("{% image a width-20 %}{% picture a format-{webp,jpeg} width-20 %}", a=image)
        assert [img["src"] for img in html.find_all("img")] == ["/media/not-found"] * 2
        assert "The rendition 'width-20' of original_images/one.jpg cannot be made." in caplog.text

    def test_one_of_several_outputs(self, image: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        run = Filter.run

        def fail(self: Any, *args: Any, **kwargs: Any) -> Any:
            if self.spec == "width-200":
                raise RuntimeError("an operation of the site's own")
            return run(self, *args, **kwargs)

        monkeypatch.setattr(Filter, "run", fail)
        found = image.get_renditions("width-100", "width-200", "width-300")
        assert list(found) == ["width-100", "width-300"]
        made = rows(image)
        assert made.keys() == {"width-100", "width-300"}
        assert found["width-200"].url == made["width-300"].url

    def test_a_failing_database_is_no_damage(self, image: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        from django.db import OperationalError

        def gone(*args: Any) -> None:
            raise OperationalError("gone")

        monkeypatch.setattr(Image, "create_rendition", gone)
        with pytest.raises(OperationalError):
            image.get_rendition("width-200")

    def test_just_in_time_puts_it_on_record_and_tries_no_more(self, corrupt: Any, covered: Any) -> None:
        covered(filters="width-200", strategy=JustInTime())
        for _visit in range(5):
            assert again(corrupt).get_rendition("width-200").url == rows(corrupt)["width-300"].url
        assert GenerationFailure.objects.get().attempts == 3


class TestListed:
    def test_a_picture_has_no_source_of_another_type(self, image: Any, covered: Any, tags: Render) -> None:
        covered(filters="format-{avif,webp,jpeg}|width-{200,300}")
        make(image, "format-webp|width-400")
        html = tags("{% picture a format-{avif,webp,jpeg} width-{200,300} sizes='50vw' %}", a=image)
        webp = rows(image)["format-webp|width-400"].url
        (source,) = html.find_all("source")
        assert (source["type"], source["srcset"], source["sizes"]) == ("image/webp", webp, "50vw")
        assert (html.img["src"], html.img["width"], html.img["height"]) == (webp, "200", "133")

    def test_every_file_is_listed_once(self, image: Any, covered: Any, tags: Render) -> None:
        covered(filters="width-{100,200,300,400}")
        make(image, "width-350")
        html = tags("{% srcset_image a width-{100,200,300,400} %}", a=image)
        url = rows(image)["width-350"].url
        assert (html.img["src"], html.img["width"], html.img.get("srcset")) == (url, "100", None)

    def test_renditions_are_listed_whatever_else_shows_them(
        self, image: Any, covered: Any, tags: Render
    ) -> None:
        covered(filters="width-{100,200,300,400}")
        make(image, "width-300")
        html = tags("{% srcset_image a width-{100,200,300,400} %}", a=image)
        url = rows(image)["width-300"].url
        # The first stays the first, for the size of the <img>.
        assert (html.img["src"], html.img["width"]) == (url, "100")
        assert html.img["srcset"] == f"{url} 100w, {url} 300w"

    def test_what_is_not_listed_is_there_by_its_filter_spec(self, image: Any, covered: Any) -> None:
        covered(filters="width-{100,200}")
        make(image, "width-300")
        found = again(image).get_renditions("width-100", "width-200")
        assert (list(found), found["width-200"].width) == (["width-100"], 200)
        with pytest.raises(KeyError):
            found["width-300"]

    def test_nothing_to_show_is_no_markup(self, image: Any, covered: Any, tags: Render) -> None:
        covered(filters=["width-200", "width-300", "format-{webp,jpeg}|width-200"], fallback="none")
        html = tags(
            "{% image a width-200 %}{% image a width-200 as b %}[{{ b.url }}]"
            "{% srcset_image a width-{200,300} %}",
            a=image,
        )
        assert str(html) == "[]"
        assert str(tags("{% picture a format-{webp,jpeg} width-200 %}", a=image)) == "<picture></picture>"


class TestWagtailsOwn:
    """All that shows images, without knowing of this package."""

    @pytest.fixture(autouse=True)
    def everything(self, covered: Any) -> None:
        covered(filters=["width-200", "width-500", "original", "fill-600x338", "fill-90x90"])

    def check(self, image: Any, html: Any) -> None:
        assert image.file.url in str(html)
        assert rows(image) == {}

    def test_django(self, image: Any, tags: Render) -> None:
        self.check(image, tags("{% image a width-200 %}", a=image))
        self.check(image, tags("{% image a width-200 as b %}{{ b.url }}", a=image))

    def test_jinja(self, image: Any) -> None:
        for call in ("image(a, 'width-200')", "srcset_image(a, 'width-200')", "picture(a, 'width-200')"):
            template = engines["jinja2"].from_string("{{ " + call + " }}")
            self.check(image, template.render({"a": image}))

    def test_rich_text(self, image: Any) -> None:
        self.check(image, expand_db_html(f'<embed embedtype="image" id="{image.pk}" format="left" alt="x"/>'))

    def test_image_block(self, image: Any) -> None:
        block = ImageBlock()
        value = block.to_python({"image": image.pk, "decorative": False, "alt_text": "An alt text"})
        html = BeautifulSoup(str(block.render(value)), "html.parser")
        self.check(image, html)
        assert html.img["alt"] == "An alt text"

    def test_api(self, image: Any) -> None:
        told = ImageRenditionField("fill-90x90").to_representation(image)
        assert (told["width"], told["height"], told["alt"]) == (90, 90, "A teal field")
        assert told["full_url"] == f"http://localhost:8000{image.file.url}"
        self.check(image, told["url"])

    def test_background_position(self, image: Any) -> None:
        image.set_focal_point(_rect(150, 100, 20, 20))
        assert image.get_rendition("width-200").background_position_style == "background-position: 25% 25%;"


class TestQueries:
    def test_what_is_there_is_one_query_at_most(self, image: Any, covered: Any) -> None:
        covered(filters="width-{200,300}")
        make(image, "width-200", "width-300")
        get_registry().recent()
        image = again(image)
        with CaptureQueriesContext(connection) as queries:
            image.get_renditions("width-200", "width-300")
        assert len(queries) == 1
        with CaptureQueriesContext(connection) as queries:
            again_without_query(image).get_rendition("width-200")
        assert len(queries) == 0

    def test_what_is_prefetched_is_none(self, image: Any, django_assert_num_queries: Any) -> None:
        make(image, "width-200", "width-300")
        (found,) = Image.objects.prefetch_renditions("width-200")
        with django_assert_num_queries(0):
            assert found.get_rendition("width-200").pk

    def test_what_was_not_prefetched_is_found_and_not_made_again(
        self, image: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Stock makes it at every render: what was prefetched it takes for all there is."""
        make(image, "width-200", "width-300")
        made: list[str] = []
        monkeypatch.setattr(Image, "create_rendition", lambda self, filter_: made.append(filter_.spec))
        (found,) = Image.objects.prefetch_renditions("width-200")
        assert found.get_rendition("width-300") == rows(image)["width-300"]
        assert made == []
        (found,) = Image.objects.prefetch_renditions("width-200")
        AbstractImage.find_existing_renditions(found, Filter("width-300"))
        assert AbstractImage.find_existing_renditions(found, Filter("width-300")) == {}

    def test_what_is_made_after_a_prefetch_is_made_once(
        self, image: Any, covered: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        covered("now", "width-300", strategy=JustInTime())
        prefetch([covered(filters="width-200").id], [image])
        made: list[str] = []
        run = Filter.run

        def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
            made.append(self.spec)
            return run(self, *args, **kwargs)

        monkeypatch.setattr(Filter, "run", noted)
        for _ in range(3):
            assert image.get_rendition("width-250").pk
            assert image.get_rendition("width-300").pk
        assert made == ["width-250", "width-300"]
        with CaptureQueriesContext(connection) as queries:
            image.get_renditions("width-250", "width-300")
        assert len(queries) == 0

    def test_what_is_missing_is_a_few_more(self, image: Any, covered: Any) -> None:
        covered(filters="format-{avif,webp,jpeg}|width-{200,300}", strategy=Optimistic())
        get_registry().recent()
        with CaptureQueriesContext(connection) as queries:
            image.get_renditions(*get_registry().spec("a").filters)
        assert len(queries) <= 4


class TestNothingIsKept:
    def test_neither_in_the_database_nor_in_the_cache(self, image: Any, covered: Any) -> None:
        covered(filters="width-200")
        image.get_rendition("width-200")
        image.get_renditions("width-200")
        model = Image.get_rendition_model()
        assert model.cache_backend.get(model.construct_cache_key(image, "", "width-200")) is None
        assert rows(image) == {}
        make(image, "width-200")
        # Not with the image object either.
        assert image.get_rendition("width-200") == rows(image)["width-200"]

    def test_an_image_that_a_site_caches_is_asked_anew(self, image: Any, covered: Any) -> None:
        spec = covered(filters="width-200")
        prefetch([spec.id], [image])
        assert image.get_rendition("width-200").pk is None
        cached = pickle.loads(pickle.dumps(image))
        make(image, "width-200")
        assert cached.get_rendition("width-200") == rows(image)["width-200"]


@pytest.mark.django_db(transaction=True)
class TestWagtailsCommand:
    def test_makes_what_it_deletes_whatever_covers_it(self, image: Any, covered: Any) -> None:
        covered(filters="width-200")
        make(image, "width-200", "width-300")
        before = {rendition.pk for rendition in image.renditions.all()}
        call_command("wagtail_update_image_renditions", verbosity=0)
        after = rows(image)
        assert after.keys() == {"width-200", "width-300"}
        assert before.isdisjoint({rendition.pk for rendition in after.values()})


def test_changes_nothing_but_two_methods() -> None:
    """What the mixin is read for: everything else is Wagtail's."""
    public = {name for name in vars(SourceGroupImageMixin) if not name.startswith("_")}
    assert public == {"get_rendition", "get_renditions"}
    assert issubclass(Image, SourceGroupImageMixin)
    assert not issubclass(UUIDImage, SourceGroupImageMixin)


def again_without_query(image: Any) -> Any:
    """Another object of the same image, as the cache of a page would have it."""
    values = {field.attname: getattr(image, field.attname) for field in image._meta.concrete_fields}
    other = Image(**values)
    other._state.adding, other._state.db = False, image._state.db
    return other


def _content_type() -> Any:
    from django.contrib.contenttypes.models import ContentType

    return ContentType.objects.get_for_model(Image)


def _io(data: bytes) -> Any:
    return ContentFile(data)


def _rect(x: int, y: int, width: int, height: int) -> Any:
    from wagtail.images.rect import Rect

    return Rect.from_point(x, y, width, height)
