"""A registry of its own for every test, what its signals say, and pictures to upload."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Picture
from wagtail.models import Collection

from sandbox.gallery.models import CustomImage
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.signals import source_changed, source_created, source_deleted
from wagtail_sourcegroups.strategies import Manual


@pytest.fixture
def registry() -> Iterator[Registry]:
    """Nothing is registered but what the test registers."""
    with get_registry().override(empty=True) as registry:
        yield registry


@pytest.fixture
def bind(registry: Registry) -> Callable[..., Any]:
    """``bind(group, ...)``: bind a spec of its own to each group; it does nothing unless a strategy is given."""
    count = 0

    def bind(
        *groups: Any, strategy: Any = None, spec_id: str = "", filters: str = "width-20"
    ) -> RenditionSpec:
        nonlocal count
        count += 1
        spec = RenditionSpec(spec_id or f"test:{count}", filters, strategy=strategy or Manual())
        registry.add_spec(spec)
        for group in groups:
            registry.add_group(spec.id, group)
        return spec

    return bind


class Told(list[Any]):
    """What the three signals said: (event, group, source), the source as the title of its image."""

    def take(self) -> list[Any]:
        """What was said since the last time."""
        said, self[:] = list(self), []
        return said


@pytest.fixture
def told() -> Iterator[Told]:
    said = Told()

    def listener(event: str) -> Callable[..., None]:
        def listen(sender: Any, source: Any, **kwargs: Any) -> None:
            instance = getattr(source, "instance", None)
            said.append((event, getattr(sender, "key", sender), getattr(instance, "title", source.name)))

        return listen

    listeners = {
        source_created: listener("created"),
        source_changed: listener("changed"),
        source_deleted: listener("deleted"),
    }
    for signal, receiver in listeners.items():
        signal.connect(receiver)
    yield said
    for signal, receiver in listeners.items():
        signal.disconnect(receiver)


def jpeg(size: tuple[int, int] = (64, 48), color: str = "teal") -> bytes:
    """A picture, and another one for each colour."""
    written = io.BytesIO()
    Picture.new("RGB", size, color).save(written, "JPEG")
    return written.getvalue()


def upload(name: str = "a.jpg", **kwargs: Any) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, jpeg(**kwargs), content_type="image/jpeg")


def create_image(title: str = "a", collection: Any = None, **kwargs: Any) -> CustomImage:
    """An image saved in code, outside the admin."""
    extra = {} if collection is None else {"collection": collection}
    file = ContentFile(jpeg(**kwargs), name=f"{title}.jpg")
    return CustomImage.objects.create(title=title, file=file, **extra)


@pytest.fixture
def root(db: None) -> Any:
    return Collection.get_first_root_node()


@pytest.fixture
def press(root: Any) -> Any:
    return root.add_child(name="Press")


@pytest.fixture
def archive(root: Any) -> Any:
    return root.add_child(name="Archive")


@pytest.fixture
def admin(client: Any, superuser: Any) -> Any:
    """A client that is logged in to the admin."""
    client.force_login(superuser)
    return client
