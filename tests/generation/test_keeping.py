"""What must hold when something goes wrong around the making: transactions, other rows, caches, storages."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from django.core.files.storage import FileSystemStorage
from django.db import connection, transaction
from wagtail import hooks
from wagtail.images import get_image_model, signal_handlers

from tests.images import asks, picture, rows
from tests.testapp.models import UUIDImage
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.checks import check_registrations
from wagtail_sourcegroups.generation import files, saving, store
from wagtail_sourcegroups.generation.batches import make, make_batches
from wagtail_sourcegroups.generation.options import Options
from wagtail_sourcegroups.generation.progress import Totals
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.models import FileRendition, GenerationFailure
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.sourcegroups import DirectorySourceGroup, ImageModelSourceGroup, QuerySetSourceGroup
from wagtail_sourcegroups.walk import Walk

pytestmark = pytest.mark.django_db(transaction=True)

SPEC = RenditionSpec("test:one", "width-20")


@pytest.fixture(autouse=True)
def registry() -> Iterator[Registry]:
    with get_registry().override(empty=True) as registry:
        registry.add_spec(SPEC)
        yield registry


@pytest.fixture(autouse=True)
def shared_cache(settings: Any, tmp_path: Path) -> None:
    """A rendition cache that all processes share, so that replaced files go at once."""
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": tmp_path / "cache"}}


def rendition(image: Any) -> Any:
    return rows(image)["width-20"]


def run(registry: Registry) -> tuple[Totals, Walk]:
    walk = Walk(registry.bindings, registry.bindings)
    walk.prepare()
    return make_batches(walk.batches(), options=Options()), walk


class TestTransactions:
    def test_what_is_rolled_back_has_lost_no_file(self, make_image: Any, media_root: Path) -> None:
        image = make_image()
        make(asks(image, SPEC))
        with pytest.raises(RuntimeError), transaction.atomic():
            make(asks(image, SPEC, force=True))
            raise RuntimeError
        assert (media_root / rendition(image).file.name).exists()

    def test_deleted_and_made_again_in_one(self, make_image: Any, media_root: Path) -> None:
        image = make_image()
        rendition_set = RenditionSet(SPEC, image.file)
        rendition_set.generate()
        with transaction.atomic():
            rendition_set.delete()
            rendition_set.generate()
        assert (media_root / rendition(image).file.name).exists()

    def test_a_worker_that_deletes_late_takes_nothing_new(
        self, make_image: Any, media_root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        later: list[str] = []

        class Task:
            @staticmethod
            def enqueue(storage: Any, name: str) -> None:
                later.append(name)

        monkeypatch.setattr(signal_handlers, "delete_file_from_storage_task", Task)
        image = make_image()
        rendition_set = RenditionSet(SPEC, image.file)
        rendition_set.generate()
        rendition_set.delete()
        rendition_set.generate()
        for name in later:
            rendition(image).file.storage.delete(name)
        assert later
        assert (media_root / rendition(image).file.name).exists()


class TestOtherRows:
    def test_a_file_that_another_models_row_names_stays(self, make_image: Any, media_root: Path) -> None:
        image, other = make_image(), make_image("other.jpg", model=UUIDImage)
        make(asks(image, SPEC))
        name = rendition(image).file.name
        model = UUIDImage.get_rendition_model()
        model.objects.bulk_create([model(image=other, filter_spec="width-20", file=name, width=1, height=1)])
        make(asks(image, SPEC, force=True))
        assert rendition(image).file.name != name
        assert (media_root / name).exists()

    def test_a_row_that_went_meanwhile_is_written_anew(
        self, make_image: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        image = make_image()
        make(asks(image, SPEC))
        keep = store.keep

        def keep_late(*args: Any) -> None:
            image.renditions.all().delete()
            keep(*args)

        monkeypatch.setattr(store, "keep", keep_late)
        assert make(asks(image, SPEC, force=True)).all.generated == 1
        assert image.renditions.count() == 1

    def test_deleting_goes_by_the_database_not_the_cache(self, make_image: Any, media_root: Path) -> None:
        image = make_image()
        rendition_set = RenditionSet(SPEC, image.file)
        rendition_set.generate()
        old = rendition(image)
        rendition_set.generate(force=True)
        new = rendition(image)
        old.cache_backend.set(old.construct_cache_key(image, old.focal_point_key, old.filter_spec), old)
        assert rendition_set.delete() == 1
        assert not (media_root / new.file.name).exists()


def test_a_cache_that_is_down_costs_nothing(make_image: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError("no cache")

    image = make_image()
    monkeypatch.setattr(type(caches["default"]), "set_many", down)
    totals = make(asks(image, SPEC))
    assert (totals.all.generated, totals.all.failed) == (1, 0)


def test_one_image_asked_for_twice_is_one_source(make_image: Any) -> None:
    other = RenditionSpec("test:two", ["width-20", "width-30"])
    image = make_image()
    totals = make([*asks(image, SPEC), *asks(image, other)])
    assert (totals.all.sources, totals.all.generated) == (1, 2)


@pytest.mark.parametrize("option", [{"allow_overwrite": True}, None], ids=["django's", "a way of its own"])
def test_storages_that_overwrite_are_known(media_root: Path, option: dict[str, bool] | None) -> None:
    class OwnWay(FileSystemStorage):
        def get_available_name(self, name: str, max_length: int | None = None) -> str:
            if self.exists(name):
                self.delete(name)
            return name

    storage = FileSystemStorage(media_root, **option) if option else OwnWay(media_root)
    names = {saving.save(storage, "images/x.jpg", ContentFile(b"x"), max_length=100) for _ in range(2)}
    assert len(names) == 2
    assert not files.overwrites(FileSystemStorage(media_root))


class TestVerify:
    @pytest.fixture
    def storage(self, monkeypatch: pytest.MonkeyPatch, media_root: Path) -> Any:
        class Refusing(FileSystemStorage):
            refuses = False

            def exists(self, name: str) -> bool:
                if self.refuses:
                    raise PermissionError("403")
                return super().exists(name)

        storage = Refusing(media_root)
        field = get_image_model().get_rendition_model()._meta.get_field("file")
        monkeypatch.setattr(field, "storage", storage)
        return storage

    def test_a_storage_that_does_not_tell_is_a_failure(self, make_image: Any, storage: Any) -> None:
        image = make_image()
        make(asks(image, SPEC))
        storage.refuses = True
        totals = make(asks(image, SPEC), options=Options(verify=True))
        assert (totals.all.expected, totals.all.failed) == (1, 1)
        assert totals.failures[0].error == (
            "Storage does not tell whether its file is there: PermissionError: 403"
        )
        storage.refuses = False
        assert make(asks(image, SPEC), options=Options(verify=True)).all.existing == 1
        assert not GenerationFailure.objects.exists()

    @pytest.mark.parametrize("name", ["", "../../outside.jpg"])
    def test_a_name_no_file_can_have_is_replaced(self, make_image: Any, media_root: Path, name: str) -> None:
        image = make_image()
        make(asks(image, SPEC))
        before = rendition(image)
        type(before).objects.filter(pk=before.pk).update(file=name)
        assert make(asks(image, SPEC), options=Options(verify=True)).all.generated == 1
        assert rendition(image).pk == before.pk
        assert (media_root / rendition(image).file.name).exists()


class TestPatience:
    def test_ends_when_the_file_is_another_one(
        self, make_image: Any, media_root: Path, registry: Registry
    ) -> None:
        registry.add_group(SPEC.id, ImageModelSourceGroup())
        with transaction.atomic():
            image = make_image()
            (media_root / image.file.name).write_bytes(b"broken")
        for _ in range(3):
            make(asks(image, SPEC), options=Options(patient=True))
        assert not image.renditions.exists()
        image.file = ImageFile(picture(), name="new.jpg")
        # The default strategy acts: a task, run at once.
        image.save()
        assert image.renditions.count() == 1

    def test_what_somebody_else_has_made_is_no_failure(self, make_image: Any) -> None:
        image = make_image()
        make(asks(image, SPEC))
        GenerationFailure.objects.create(
            source_key=f"gallery.customimage:{image.pk}", filter_spec="width-20", error="e", attempts=3
        )
        make(asks(image, SPEC))
        assert not GenerationFailure.objects.exists()


class TestPlainFiles:
    def test_one_that_cannot_be_read_costs_the_others_nothing(
        self, registry: Registry, tmp_path: Path
    ) -> None:
        (tmp_path / "good.jpg").write_bytes(picture().read())
        closed = io.BytesIO(b"x")
        closed.close()
        readable = [closed]

        class Group:
            def files(self) -> Iterator[Any]:
                yield from readable
                yield open(tmp_path / "good.jpg", "rb")  # noqa: SIM115 - as people do

        registry.add_group(SPEC.id, Group())
        totals, walk = run(registry)
        assert totals.all.generated == 1
        assert [failed.spec for failed in walk.failures] == ["test:one"]
        assert GenerationFailure.objects.count() == 1
        readable.clear()
        run(registry)
        assert not GenerationFailure.objects.exists()

    def test_a_name_that_is_no_text(self, registry: Registry, tmp_path: Path) -> None:
        for name in (b"a.jpg", b"caf\xe9.jpg", b"z.jpg"):
            with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
                file.write(picture().read())
        registry.add_group(SPEC.id, DirectorySourceGroup(tmp_path))
        totals, _ = run(registry)
        assert (totals.all.sources, totals.all.generated) == (3, 3)
        assert run(registry)[0].all.existing == 3

    @pytest.mark.parametrize(
        "wrap", [lambda f: f, lambda f: ContentFile(f.read())], ids=["BytesIO", "ContentFile"]
    )
    def test_one_without_a_name(self, registry: Registry, wrap: Any) -> None:
        class Group:
            def files(self) -> Iterator[Any]:
                yield wrap(picture())

        registry.add_group(SPEC.id, Group())
        assert run(registry)[0].all.generated == 1
        assert FileRendition.objects.count() == 1

    def test_content_that_is_kept_makes_small_batches(self, registry: Registry) -> None:
        class Group:
            def files(self) -> Iterator[Any]:
                for number in range(45):
                    yield ContentFile(b"x%d" % number, name=f"{number}.jpg")

        registry.add_group(SPEC.id, Group())
        walk = Walk(registry.bindings, registry.bindings)
        walk.prepare()
        assert [len(batch.requests) for batch in walk.batches()] == [20, 20, 5]


def test_an_error_that_no_database_takes(make_image: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    image = make_image()

    def fail(self: Any, *args: Any, **kwargs: Any) -> None:
        raise ValueError("a\0b")

    monkeypatch.setattr(type(image), "generate_rendition_file", fail)
    assert make(asks(image, SPEC)).all.failed == 1
    assert GenerationFailure.objects.get().error == "ValueError: a\\x00b"


def test_a_query_that_fails_when_it_is_run(make_image: Any, registry: Registry) -> None:
    class Broken(QuerySetSourceGroup):
        def get_queryset(self) -> Any:
            return get_image_model().objects.extra(where=["no_such_column = 1"])

    make_image()
    registry.add_spec(RenditionSpec("test:two", "width-30"))
    registry.add_group("test:one", ImageModelSourceGroup())
    registry.add_group("test:two", Broken())
    totals, walk = run(registry)
    assert totals.all.generated == 1
    assert len(walk.failures) == 1
    assert connection.is_usable()


@pytest.mark.parametrize("returned", [None, RenditionSpec("a", "width-1"), "a"])
def test_hooks_that_return_no_list(returned: Any) -> None:
    with get_registry().override(), hooks.register_temporarily("register_rendition_specs", lambda: returned):
        get_registry()._reading = None
        (message,) = check_registrations()
    assert message.id == "wagtail_sourcegroups.E003"
    assert "it must return a list of specs" in message.msg
