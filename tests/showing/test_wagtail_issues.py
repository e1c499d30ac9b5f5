"""
Issues of Wagtail's that are about renditions: how stock Wagtail behaves, and how a site does with this package. Each
test shows both, on the same image model. Their outcome is in ``docs/templates.md``.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.template import engines
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image as Pillow
from PIL.ImageFile import ImageFile as PillowFile
from wagtail.admin.views.bulk_action.registry import bulk_action_registry
from wagtail.images import get_image_model
from wagtail.images.models import AbstractImage

from tests.admin.running import finish
from tests.images import picture, rows
from tests.rendering.pictures import PICTURES
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.models import GenerationRun
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup
from wagtail_sourcegroups.strategies import Manual, Optimistic

# What happens after a commit is part of every one of them.
pytestmark = pytest.mark.django_db(transaction=True)

Image = get_image_model()
SIZE = (600, 400)
PAGE = """
{% load wagtailimages_tags %}
{% for image in images %}{% picture image format-{webp,jpeg} width-{200,300} %}{% endfor %}
"""
WANTED = "format-{webp,jpeg}|width-{200,300}"


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """A site without this package: the image model does without the mixin, and no spec is registered."""

    @contextmanager
    def stock() -> Iterator[None]:
        with monkeypatch.context() as patched, get_registry().override(empty=True):
            patched.setattr(Image, "get_rendition", AbstractImage.get_rendition)
            patched.setattr(Image, "get_renditions", AbstractImage.get_renditions)
            yield

    return stock


@pytest.fixture
def ours() -> Callable[..., Any]:
    """A site that has a spec bound to all of its images."""

    @contextmanager
    def ours(filters: Any = WANTED, strategy: Any = None, **options: Any) -> Iterator[RenditionSpec]:
        with get_registry().override(empty=True) as registry:
            spec = RenditionSpec("site:all", filters, strategy=strategy or Optimistic(), **options)
            registry.add_spec(spec)
            registry.add_group(spec.id, ImageModelSourceGroup())
            yield spec

    return ours


class Decoded(list[tuple[int, int]]):
    """Sizes of the pictures that were decoded."""

    @property
    def originals(self) -> int:
        """How often an original was, since the last time."""
        count = self.count(SIZE)
        self.clear()
        return count


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Decoded:
    found = Decoded()
    load = PillowFile.load

    def noted(self: Any) -> Any:
        if self.tile:
            found.append(self.size)
        return load(self)

    monkeypatch.setattr(PillowFile, "load", noted)
    return found


def upload(count: int = 1, data: bytes | None = None, name: str = "photo.jpg") -> list[Any]:
    """Images, as code makes them, one transaction each."""
    data = data or picture(SIZE).read()
    return [
        Image.objects.create(title=f"{n}", file=ContentFile(data, name=f"{n}-{name}")) for n in range(count)
    ]


def visit(images: list[Any]) -> BeautifulSoup:
    """A page with all of these."""
    fresh = list(Image.objects.filter(pk__in=[image.pk for image in images]))
    return BeautifulSoup(engines["django"].from_string(PAGE).render({"images": fresh}), "html.parser")


def test_929_renditions_made_up_front(stock: Any, ours: Any, decoded: Decoded) -> None:
    with stock():
        images = upload(3)
        assert sum(len(rows(image)) for image in images) == 0
        decoded.clear()
        visit(images)
        assert decoded.originals > 0, "the first visitor waits for all of them"
    with ours():
        images = upload(3)
        assert [len(rows(image)) for image in images] == [4, 4, 4]
        decoded.clear()
        html = visit(images)
        assert decoded == []
    urls = {img["src"] for img in html.find_all("img")}
    assert urls == {rows(image)["format-jpeg|width-200"].url for image in images}


def test_3868_no_generation_while_a_page_is_rendered(stock: Any, ours: Any, decoded: Decoded) -> None:
    """Of images that nothing has been made of yet, for whatever reason."""
    with stock():
        images = upload(3)
        decoded.clear()
        before = visit(images)
        assert decoded.originals == 3 * 4
    with ours(strategy=Manual()):
        images = upload(3)
        decoded.clear()
        after = visit(images)
        assert decoded == []
        assert [rows(image) for image in images] == [{}, {}, {}]
    # The pictures are there all the same, and nothing jumps when theirs come.
    size = [(img["width"], img["height"]) for img in before.find_all("img")]
    assert [(img["width"], img["height"]) for img in after.find_all("img")] == size
    assert [img["src"] for img in after.find_all("img")] == [image.file.url for image in images]


def test_3210_some_pictures_are_better_left_alone(stock: Any, ours: Any, decoded: Decoded) -> None:
    """``original`` is decoded and written again by stock Wagtail, and an animation is none afterwards."""
    gif = PICTURES["animated.gif"]()
    with stock():
        (image,) = upload(data=gif, name="a.gif")
        shown = image.get_rendition("original")
        with shown.file.open("rb") as file, Pillow.open(file) as made:
            assert getattr(made, "n_frames", 1) == 1
        assert shown.file.name != image.file.name
    with ours(["original", "width-48"], strategy=Manual(), fallback="original"):
        (image,) = upload(data=gif, name="a.gif")
        decoded.clear()
        shown = image.get_rendition("original")
        small = image.get_rendition("width-48")
        assert decoded == []
        assert rows(image) == {}
    with shown.file.open("rb") as file:
        assert file.read() == gif
    # The tag still says how large it is to be shown.
    assert (small.url, small.width, small.height) == (image.file.url, 48, 32)


def test_11330_the_listing_after_many_uploads(
    stock: Any, ours: Any, decoded: Decoded, client: Any, superuser: Any
) -> None:
    client.force_login(superuser)
    with stock():
        upload(5)
        decoded.clear()
        assert client.get("/admin/images/").status_code == 200
        assert decoded.originals == 5
    Image.objects.all().delete()
    with ours("max-165x165"):
        images = upload(5)
        decoded.clear()
        html = client.get("/admin/images/").content.decode()
        assert decoded == []
    assert all(rows(image)["max-165x165"].url in html for image in images)


def test_13014_memory_of_an_upload(
    stock: Any, ours: Any, decoded: Decoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The original is read as a whole, and decoded for every rendition, three at a time; here it is decoded once."""
    held, most, lock = 0, 0, Lock()
    generate = AbstractImage.generate_rendition_file

    def noted(self: Any, filter_: Any, *, source: Any = None) -> Any:
        nonlocal held, most
        with lock:
            held += 1
            most = max(held, most)
        try:
            return generate(self, filter_, source=source)
        finally:
            with lock:
                held -= 1

    with stock(), monkeypatch.context() as patched:
        patched.setattr(AbstractImage, "generate_rendition_file", noted)
        (image,) = upload(data=_noise())
        decoded.clear()
        image.get_renditions(*(f"width-{width}" for width in range(500, 590, 10)))
        assert decoded.originals == 9
        assert most > 1, "several decoded originals are held at once"
    with stock():
        (image,) = upload(data=_noise())
    with ours([f"width-{width}" for width in range(500, 590, 10)]) as spec:
        decoded.clear()
        RenditionSet(spec, image.file).generate()
        assert len(rows(image)) == 9
        assert decoded.originals == 1


def test_12928_a_library_of_any_size(stock: Any, ours: Any) -> None:
    """Stock names every rendition in one query, which no database takes for ever: PostgreSQL's limit is 65,535."""
    count = 60
    model = Image.get_rendition_model()
    with stock():
        (image,) = upload()
        model.objects.bulk_create(
            model(image=image, filter_spec=f"width-{n}", file="images/gone.jpg", width=1, height=1)
            for n in range(1, count + 1)
        )
        with CaptureQueriesContext(connection) as queries:
            call_command("wagtail_update_image_renditions", "--purge-only", verbosity=0)
        assert _longest_list(queries) >= count
    with ours("width-20", strategy=Manual()):
        upload(count)
        with CaptureQueriesContext(connection) as queries:
            call_command("generateimages", "--batch-size", "10", "--workers", "1", verbosity=0)
        assert model.objects.filter(filter_spec="width-20").count() == count + 1
        assert _longest_list(queries) < count


def test_11645_regenerating_loses_nothing(stock: Any, ours: Any, capsys: Any) -> None:
    """Files that are gone are made again: and deleted at once by Wagtail's command, which says that all is well."""

    def lose(image: Any) -> None:
        for rendition in image.renditions.all():
            rendition.file.storage.delete(rendition.file.name)
        cache.clear()

    with stock():
        (image,) = upload()
        image.get_renditions("width-200", "width-300")
        lose(image)
        call_command("wagtail_update_image_renditions")
        assert "Successfully processed 2 rendition(s)" in capsys.readouterr().out
        assert [_is_there(each) for each in image.renditions.all()] == [False, False]
    Image.objects.all().delete()
    with ours(["width-200", "width-300"]):
        (image,) = upload()
        names = {each.file.name for each in image.renditions.all()}
        lose(image)
        call_command("generateimages", "--verify", verbosity=0)
        assert [_is_there(each) for each in image.renditions.all()] == [True, True]
        assert {each.file.name for each in image.renditions.all()} == names


def test_951_a_replaced_file_is_shown(stock: Any, ours: Any) -> None:
    def replace(image: Any) -> None:
        image.file = ContentFile(picture((400, 600)).read(), name="other.jpg")
        image.save()

    with stock():
        (image,) = upload()
        image.get_rendition("width-200")
        replace(image)
        assert Image.objects.get(pk=image.pk).get_rendition("width-200").height == 133, "the picture before"
    with ours("width-200"):
        (image,) = upload()
        replace(image)
        assert Image.objects.get(pk=image.pk).get_rendition("width-200").height == 300


def test_187_regenerating_in_the_admin(stock: Any, ours: Any, client: Any, superuser: Any) -> None:
    """Stock has a command; editors have nothing."""
    label, model = Image._meta.app_label, Image._meta.model_name
    actions = bulk_action_registry.get_bulk_actions_for_model(label, model)
    wagtails = {each.action_type for each in actions if each.__module__.startswith("wagtail.")}
    assert wagtails == {"add_tags", "add_to_collection", "delete"}
    client.force_login(superuser)
    with stock():
        (image,) = upload()
    with ours("width-200", strategy=Manual()):
        address = reverse("wagtail_bulk_action", args=[label, model, "generate_renditions"])
        client.post(f"{address}?id={image.pk}", {"specs": ["site:all"], "what": "missing"})
        finish(GenerationRun.objects.get())
        assert rows(image).keys() == {"width-200"}


def test_13834_two_pictures_of_one_name(stock: Any, ours: Any, settings: Any) -> None:
    """On a storage that overwrites, as S3 does, one of them shows the other's picture."""
    overwriting = {**settings.STORAGES["default"], "OPTIONS": {"allow_overwrite": True}}
    settings.STORAGES = {**settings.STORAGES, "default": overwriting}

    def two() -> list[Any]:
        return [
            Image.objects.create(
                title=colour,
                file=ContentFile(picture(SIZE, colour).read(), name=f"{'a' * 60}-{colour}.jpg"),
            )
            for colour in ("red", "blue")
        ]

    with stock():
        red, blue = (image.get_rendition("width-200") for image in two())
        assert red.file.name == blue.file.name
        assert _colour(red) == "blue"
    cache.clear()
    with ours("width-200"):
        red, blue = (rows(image)["width-200"] for image in two())
        assert red.file.name != blue.file.name
        assert (_colour(red), _colour(blue)) == ("red", "blue")


# Looking ----------------------------------------------------------------------------------------------------


def _is_there(rendition: Any) -> bool:
    return bool(rendition.file.storage.exists(rendition.file.name))


def _colour(rendition: Any) -> str:
    with rendition.file.storage.open(rendition.file.name) as file, Pillow.open(file) as found:
        red, _green, blue = found.convert("RGB").getpixel((5, 5))
    return "red" if red > blue else "blue"


def _noise() -> bytes:
    written = io.BytesIO()
    Pillow.effect_noise(SIZE, 90).convert("RGB").save(written, "JPEG", quality=95)
    return written.getvalue()


def _longest_list(queries: CaptureQueriesContext) -> int:
    """The most keys that any query names."""
    return max(query["sql"].count(", ") for query in queries.captured_queries if " IN (" in query["sql"])
