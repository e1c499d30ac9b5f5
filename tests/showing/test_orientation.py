from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import PIL.Image
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from wagtail.images import get_image_model
from wagtail.images.models import Filter

from tests.rendering.pictures import PICTURES, encoded
from tests.rendering.stock import image_row
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.models import SourceState
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.rendering import Output, orientation_in_header, render
from wagtail_sourcegroups.showing.orientation import is_turned, look
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup
from wagtail_sourcegroups.strategies import Manual

Image = get_image_model()
SPEC = RenditionSpec("a", "width-20", strategy=Manual())


def fresh(image: Any) -> Any:
    return Image.objects.get(pk=image.pk)


def turned(number: int = 6) -> bytes:
    return PICTURES[f"orientation-{number}.jpg"]()


class TestHeader:
    @pytest.mark.parametrize("name", sorted(PICTURES))
    def test_says_what_decoding_finds(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        data = PICTURES[name]()
        with monkeypatch.context() as patched:
            patched.setattr(PIL.Image.Image, "load", _refuse)
            file = BytesIO(data)
            file.seek(7)
            told = orientation_in_header(file)
            assert file.tell() == 7
        (result,) = render(image_row(name, data), BytesIO(data), [Filter("width-10|format-png")])
        if isinstance(result, Output):
            result.file.close()
            assert told in (result.orientation, None)
            # Wagtail's own path does not tell, and some kinds are not opened for it.
            assert told is not None or result.orientation is None or name.endswith((".tiff", ".ico"))

    @pytest.mark.parametrize("name", ["orientation-6.jpg", "oriented.png"])
    def test_of_what_is_turned(self, name: str) -> None:
        assert orientation_in_header(BytesIO(PICTURES[name]())) == 6

    def test_of_a_png_that_may_say_so_behind_its_pixels(self) -> None:
        data = encoded(PIL.Image.new("RGB", (4, 3)), "PNG")
        assert orientation_in_header(BytesIO(data)) == 1
        exif = PIL.Image.Exif()
        exif[0x0112] = 6
        late = data[:-12] + _chunk(b"eXIf", exif.tobytes()[6:]) + data[-12:]
        assert PIL.Image.open(BytesIO(late)).getexif()[0x0112] == 6
        assert orientation_in_header(BytesIO(late)) is None


@pytest.fixture
def bound(db: None) -> None:
    """Images have their state kept."""
    get_registry().add_spec(SPEC)
    get_registry().add_group("a", ImageModelSourceGroup())


@pytest.fixture
def upload(client: Any, superuser: Any, bound: None) -> Callable[..., Any]:
    """Uploads a file in Wagtail's admin, to an image that is there, or a new one."""
    client.force_login(superuser)

    def upload(data: bytes, image: Any = None) -> Any:
        url = reverse("wagtailimages:edit", args=[image.pk]) if image else reverse("wagtailimages:add")
        content = {"title": "a", "collection": 1, "file": SimpleUploadedFile("a.jpg", data, "image/jpeg")}
        response = client.post(url, content)
        assert response.status_code == 302
        return image or Image.objects.get()

    return upload


@pytest.mark.django_db(transaction=True)
class TestUpload:
    def test_tells(self, upload: Any) -> None:
        image = upload(turned(6))
        assert SourceState.objects.get().orientation == 6
        assert is_turned(fresh(image)) is True

    def test_another_file_tells_anew(self, upload: Any) -> None:
        image = upload(turned(6))
        upload(turned(3), image)
        assert SourceState.objects.get().orientation == 3
        assert is_turned(fresh(image)) is False

    def test_saving_it_otherwise_keeps_it(self, upload: Any) -> None:
        image = fresh(upload(turned(6)))
        image.focal_point_x = image.focal_point_y = image.focal_point_width = image.focal_point_height = 9
        image.save()
        state = SourceState.objects.get()
        assert (state.focal_point, state.orientation) == ("9,9,9,9", 6)

    def test_storage_is_not_asked_for_it(self, upload: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        opened: list[str] = []
        open_ = FileSystemStorage.open

        def noted(self: Any, name: str, mode: str = "rb") -> Any:
            opened.append(name)
            return open_(self, name, mode)

        monkeypatch.setattr(FileSystemStorage, "open", noted)
        upload(turned(6))
        assert SourceState.objects.get().orientation == 6
        assert opened == []

    def test_in_code_too(self, bound: None) -> None:
        Image.objects.create(title="a", file=ContentFile(turned(8), name="a.jpg"))
        assert SourceState.objects.get().orientation == 8

    def test_the_file_that_was_saved_last_counts(self, bound: None) -> None:
        with transaction.atomic():
            image = Image.objects.create(title="a", file=ContentFile(turned(8), name="a.jpg"))
            image.file = ContentFile(turned(1), name="a.jpg")
            image.save()
        assert SourceState.objects.get().orientation == 1

    def test_of_a_file_that_nobody_has_read_nothing_is_known(self, upload: Any) -> None:
        image = fresh(upload(turned(6)))
        name = image.file.storage.save("original_images/b.jpg", ContentFile(turned(1)))
        image.file = name
        image.save()
        assert SourceState.objects.get().orientation is None
        assert is_turned(fresh(image)) is None


@pytest.mark.django_db
class TestEngine:
    def test_tells(self, make_image: Any) -> None:
        image = make_image(content=BytesIO(turned(6)))
        assert is_turned(fresh(image)) is None
        RenditionSet(SPEC, image.file).generate()
        assert SourceState.objects.get().orientation == 6
        assert is_turned(fresh(image)) is True

    def test_another_run_keeps_it(self, make_image: Any) -> None:
        image = make_image(content=BytesIO(turned(6)))
        RenditionSet(SPEC, image.file).generate()
        Image.objects.filter(pk=image.pk).update(focal_point_x=4, focal_point_y=4)
        RenditionSet(SPEC, fresh(image).file).generate()
        state = SourceState.objects.get()
        assert (state.focal_point, state.orientation) == ("4,4,None,None", 6)

    def test_wagtails_own_path_tells_nothing(self, make_image: Any) -> None:
        image = make_image("drawing.svg", BytesIO(PICTURES["drawing.svg"]()))
        RenditionSet(SPEC, image.file).generate()
        assert image.renditions.count() == 1
        assert SourceState.objects.get().orientation is None


@pytest.mark.django_db
class TestLooking:
    def test_at_many_is_one_query(self, make_image: Any, django_assert_num_queries: Any) -> None:
        images = [make_image(f"{number}.jpg", BytesIO(turned(number))) for number in range(1, 9)]
        for image in images:
            RenditionSet(SPEC, image.file).generate()
        images = [fresh(image) for image in images]
        with django_assert_num_queries(1):
            look(images)
            assert [is_turned(image) for image in images] == [False] * 4 + [True] * 4
            look(images)

    def test_at_what_is_never_turned_is_none(self, make_image: Any, django_assert_num_queries: Any) -> None:
        image = make_image("a.gif", BytesIO(PICTURES["still.gif"]()))
        with django_assert_num_queries(0):
            assert is_turned(image) is False

    def test_what_was_true_of_another_file_is_not_believed(self, make_image: Any) -> None:
        image = make_image(content=BytesIO(turned(6)))
        RenditionSet(SPEC, image.file).generate()
        Image.objects.filter(pk=image.pk).update(file="original_images/other.jpg")
        assert is_turned(fresh(image)) is None

    def test_an_object_that_gets_another_file_forgets(self, make_image: Any) -> None:
        image = make_image(content=BytesIO(turned(6)))
        RenditionSet(SPEC, image.file).generate()
        assert is_turned(image) is True
        image.file = image.file.storage.save("original_images/other.jpg", ContentFile(turned(1)))
        assert is_turned(image) is None


def _refuse(*args: Any) -> None:
    raise AssertionError("the picture was decoded")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
