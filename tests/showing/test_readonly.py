from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import PIL.Image
import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import DatabaseError, connection
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import engines
from django.test import AsyncRequestFactory, RequestFactory
from django.urls import include, path
from wagtail.images import get_image_model
from wagtail.images.api.fields import ImageRenditionField
from wagtail.images.blocks import ImageChooserBlock
from wagtail.rich_text import expand_db_html

from tests.images import picture
from tests.testapp.models import Person
from wagtail_sourcegroups import conf
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.middleware import ReadOnlyMiddleware
from wagtail_sourcegroups.models import SourceState
from wagtail_sourcegroups.readonly import is_read_only, read_only
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.showing.prefetching import prefetch
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup
from wagtail_sourcegroups.strategies import JustInTime, Optimistic

MIDDLEWARE = "wagtail_sourcegroups.middleware.ReadOnlyMiddleware"

TEMPLATE = """
{% load wagtailimages_tags sourcegroups_tags %}
{% image image width-21 %}
{% image image width-22 as again %}{{ again }}{{ again.url }}{{ again.background_position_style }}
{% srcset_image image width-{23,24} %}
{% picture image format-{avif,webp,jpeg} fill-{20x20,40x40} %}
{% image image original %}
{% generateimage "now" source=image %}
{% generateimage "now" source=image as pictures %}
{{ pictures.url }} {{ pictures.width }} {% for each in pictures %}{{ each.url }}{% endfor %} {{ pictures.missing }}
{% prefetch_generateimages "now" "later" images %}
{% generateimage "later" source=image %}
{% thumbnail "25x25" image %}
{% thumbnail "now" "26x26" image srcset="2" %}
{% generateimage "avatar" source=person.avatar %}
{% thumbnail "27x27" person.avatar %}
"""
JINJA = """
{{ image(picture_, "width-28") }}{{ srcset_image(picture_, "width-{29,30}") }}
{{ picture(picture_, "format-{webp,jpeg}|width-31") }}
{{ generateimage("now", picture_) }}{{ thumbnail("32x32", picture_) }}
"""


@contextmanager
def database_without_rights() -> Iterator[None]:
    """A user of the database who may read and nothing else."""
    if connection.vendor == "sqlite":
        # Not by Django's cursor, which does nothing more in a transaction that has failed.
        connection.connection.execute("PRAGMA query_only = ON")
        try:
            yield
        finally:
            connection.connection.execute("PRAGMA query_only = OFF")
        return
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE sourcegroups_reader")
        cursor.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO sourcegroups_reader")
        cursor.execute("SET ROLE sourcegroups_reader")
        yield
        # Otherwise it is undone with the test's transaction, as the role itself.
        cursor.execute("RESET ROLE")


@pytest.fixture
def hands_off(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """A machine on which nothing can be written, decoded or enqueued."""

    def refuse(what: str) -> Callable[..., Any]:
        def refused(*args: Any, **kwargs: Any) -> Any:
            raise AssertionError(f"{what} on a head that only reads")

        return refused

    @contextmanager
    def hands_off() -> Iterator[None]:
        with monkeypatch.context() as patched, database_without_rights():
            for method in ("save", "open", "delete"):
                patched.setattr(FileSystemStorage, method, refuse(f"storage: {method}"))
            patched.setattr(PIL.Image, "open", refuse("decoding"))
            patched.setattr("wagtail_sourcegroups.generation.collect._enqueue", refuse("enqueueing"))
            yield

    return hands_off


@pytest.fixture
def page(registered: Any, make_image: Any, settings: Any) -> dict[str, Any]:
    """An image, an avatar, and specs of every kind that want something of them."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
    registered("now", "width-{33,34}", strategy=JustInTime())
    registered("later", "width-35", strategy=Optimistic())
    registered("tags", ["width-21", "format-{avif,webp,jpeg}|fill-{20x20,40x40}"], strategy=JustInTime())
    registered("avatar", "fill-36x36", strategy=JustInTime())
    # Some of an image is there already; of another nothing is.
    image = make_image(content=picture((60, 40)))
    image.get_rendition("width-50")
    person = Person.objects.create(name="P", avatar=image.file)
    cache.clear()
    image = get_image_model().objects.get(pk=image.pk)
    person = Person.objects.get(pk=person.pk)
    return {"image": image, "images": [image, make_image("2.jpg")], "person": person}


def show_everything(context: dict[str, Any]) -> str:
    image = context["image"]
    return "".join(
        [
            engines["django"].from_string(TEMPLATE).render(context),
            engines["jinja2"].from_string(JINJA).render({"picture_": image}),
            expand_db_html(f'<embed embedtype="image" id="{image.pk}" format="left" alt="x"/>'),
            str(ImageChooserBlock().render(image)),
            str(ImageRenditionField("fill-37x37").to_representation(image)),
            image.get_rendition("height-38").full_url,
            "".join(rendition.url for rendition in image.get_renditions("height-39", "height-40").values()),
            RenditionSet(get_registry().spec("now"), image.file).url or "",
        ]
    )


@pytest.mark.django_db
class TestAHeadThatOnlyReads:
    def test_writes_decodes_and_enqueues_nothing_whatever_is_asked(self, page: Any, hands_off: Any) -> None:
        with hands_off(), read_only():
            html = show_everything(page)
        # And it shows something.
        assert html.count("<img") > 15
        assert "not-found" not in html
        assert page["image"].renditions.count() == 1

    def test_by_setting(self, page: Any, hands_off: Any, settings: Any) -> None:
        settings.WAGTAIL_SOURCEGROUPS = {"READ_ONLY": True}
        with hands_off():
            assert show_everything(page).count("<img") > 15

    def test_prefetches_too(self, page: Any, hands_off: Any) -> None:
        with hands_off(), read_only():
            prefetch(["now", "later", "tags"], page["images"])

    def test_shows_what_is_there(self, page: Any, hands_off: Any) -> None:
        image = page["image"]
        made = image.renditions.get()
        with hands_off(), read_only():
            assert image.get_rendition("width-50") == made
            near = image.get_rendition("width-45")
        assert (near.pk, near.url, near.filter_spec) == (None, made.url, "width-45")

    @pytest.mark.parametrize(
        "ask",
        [
            lambda page: (
                engines["django"]
                .from_string("{% load wagtailimages_tags %}{% image image width-21 %}")
                .render(page)
            ),
            lambda page: (
                engines["django"]
                .from_string('{% load sourcegroups_tags %}{% generateimage "now" source=image %}')
                .render(page)
            ),
            lambda page: page["image"].get_rendition("height-38"),
            lambda page: RenditionSet(get_registry().spec("now"), page["image"].file).url,
        ],
    )
    def test_any_other_head_tries(self, ask: Any, page: Any, hands_off: Any, caplog: Any) -> None:
        """What the tests above rely on: asked like this, something would be made."""
        before = page["image"].renditions.count()
        tried = False
        try:
            with hands_off():
                ask(page)
        except (AssertionError, DatabaseError, OSError):
            tried = True
        assert tried or "head that only reads" in caplog.text or "readonly" in caplog.text
        if not connection.needs_rollback:
            assert page["image"].renditions.count() == before

    def test_its_database_really_refuses(self, hands_off: Any, make_image: Any) -> None:
        image = make_image()
        with pytest.raises(DatabaseError), hands_off():
            SourceState.objects.create(content_type_id=1, object_id=str(image.pk), file_name="x")


class TestAsking:
    def test_nobody_is_unless_told(self) -> None:
        assert not is_read_only()

    def test_inside_and_no_longer(self) -> None:
        with read_only():
            assert is_read_only()
            with read_only():
                pass
            assert is_read_only()
        assert not is_read_only()

    def test_an_error_ends_it(self) -> None:
        with pytest.raises(ZeroDivisionError), read_only():
            raise ZeroDivisionError
        assert not is_read_only()

    @pytest.mark.parametrize("value", ["yes", 1, None])
    def test_the_setting_is_true_or_false(self, value: Any) -> None:
        assert conf.complaints({"READ_ONLY": value}) == [
            f"WAGTAIL_SOURCEGROUPS['READ_ONLY'] is {value!r}; it must be True or False."
        ]


# The middleware ---------------------------------------------------------------------------------------------


def tell(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(is_read_only()))


def tell_bit_by_bit(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(str(is_read_only()) for _ in range(2))


async def tell_later(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(is_read_only()))


urlpatterns = [
    path("tell/", tell),
    path("bit-by-bit/", tell_bit_by_bit),
    path("later/", tell_later),
    path("", include("sandbox.urls")),
]


@pytest.fixture
def middleware(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, MIDDLEWARE]


@pytest.mark.usefixtures("middleware")
class TestMiddleware:
    @pytest.mark.parametrize("url", ["/tell/", "/later/"])
    def test_requests_only_read(self, url: str, client: Any) -> None:
        assert client.get(url).content == b"True"
        assert not is_read_only()

    def test_what_is_streamed_only_reads(self, client: Any) -> None:
        response = client.get("/bit-by-bit/")
        steps = iter(response)
        assert next(steps) == b"True"
        # Between two bits this thread does something else.
        assert not is_read_only()
        assert list(steps) == [b"True"]

    def test_under_asgi(self, async_client: Any) -> None:
        async def visit() -> bytes:
            return bytes((await async_client.get("/later/")).content)

        assert asyncio.run(visit()) == b"True"

    def test_what_is_streamed_later_only_reads(self) -> None:
        async def bits() -> Any:
            for _ in range(2):
                yield str(is_read_only())

        async def answer(request: HttpRequest) -> StreamingHttpResponse:
            return StreamingHttpResponse(bits())

        async def visit() -> list[bytes]:
            response: Any = await ReadOnlyMiddleware(answer)(AsyncRequestFactory().get("/"))  # type: ignore[misc]
            return [bit async for bit in response]

        assert asyncio.run(visit()) == [b"True", b"True"]

    def test_a_file_is_sent_as_it_is(self) -> None:
        sent = FileResponse(picture())
        assert ReadOnlyMiddleware(lambda request: sent)(RequestFactory().get("/")) is sent
        assert sent.file_to_stream is not None

    @pytest.mark.django_db
    def test_the_admin_goes_on_as_ever(
        self, client: Any, superuser: Any, make_image: Any, media_root: Any
    ) -> None:
        image = make_image()
        client.force_login(superuser)
        response = client.get("/admin/images/")
        assert image.renditions.get(filter_spec="max-165x165").url in response.content.decode()

    @pytest.mark.django_db
    def test_unless_the_site_is_read_only(
        self, client: Any, superuser: Any, make_image: Any, settings: Any
    ) -> None:
        image = make_image()
        client.force_login(superuser)
        settings.WAGTAIL_SOURCEGROUPS = {"READ_ONLY": True}
        response = client.get("/admin/images/")
        assert not image.renditions.exists()
        assert image.file.url in response.content.decode()

    def test_a_site_without_an_admin(self, settings: Any, client: Any) -> None:
        settings.ROOT_URLCONF = WithoutAdmin
        assert client.get("/tell/").content == b"True"

    @pytest.mark.django_db(transaction=True)
    def test_what_a_visitor_uploads_is_made_all_the_same(self, rf: Any, registered: Any) -> None:
        """That is no template's wish."""
        registered("a", "width-20", strategy=Optimistic())
        get_registry().add_group("a", ImageModelSourceGroup())

        def upload(request: HttpRequest) -> HttpResponse:
            file = ContentFile(picture().read(), name="a.jpg")
            get_image_model().objects.create(title="a", file=file)
            return HttpResponse()

        ReadOnlyMiddleware(upload)(rf.post("/"))
        assert get_image_model().objects.get().renditions.get().filter_spec == "width-20"


class WithoutAdmin:
    urlpatterns = [path("tell/", tell)]
