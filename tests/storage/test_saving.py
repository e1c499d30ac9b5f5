"""Saving a file: what is left when it fails, on a full disk and on a storage that says one thing and does another."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files import locks
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from wagtail.images import get_image_model

from tests.images import asks, rows, stored
from tests.storage.conftest import SPEC
from tests.storage.faulty import FaultyStorage, Plan, lasting, passing
from wagtail_sourcegroups.generation.batches import make
from wagtail_sourcegroups.generation.saving import save, save_again
from wagtail_sourcegroups.models import GenerationFailure

CONTENT = bytes(range(256)) * 400


class Full(FileSystemStorage):
    """A disk on which there is room for so many bytes of a file, or whose writing fails with another error."""

    room = 1000
    error = OSError(errno.ENOSPC, "No space left on device")
    fails = 1

    def _save(self, name: str, content: Any) -> str:
        if not self.fails:
            return super()._save(name, content)
        self.fails -= 1

        class Ending(ContentFile):
            def chunks(ending, chunk_size: int | None = None) -> Iterator[bytes]:  # noqa: N805 - of another class
                yield content.read(self.room)
                raise self.error

        return super()._save(name, Ending(b""))


class TestFullDisk:
    def test_what_was_written_is_removed(self, tmp_path: Path) -> None:
        storage = Full(tmp_path)
        with pytest.raises(OSError, match="No space left"):
            save(storage, "images/x.jpg", ContentFile(CONTENT), max_length=100)
        assert not (tmp_path / "images/x.jpg").exists()
        assert save(storage, "images/x.jpg", ContentFile(CONTENT), max_length=100) == "images/x.jpg"

    def test_what_fails_for_a_moment_gets_its_name_after_all(self, tmp_path: Path) -> None:
        storage = Full(tmp_path)
        storage.error = OSError(errno.ESTALE, "Stale file handle")
        storage.fails = 3
        assert save(storage, "images/x.jpg", ContentFile(CONTENT), max_length=100) == "images/x.jpg"
        assert os.listdir(tmp_path / "images") == ["x.jpg"]
        assert (tmp_path / "images/x.jpg").read_bytes() == CONTENT

    @pytest.mark.parametrize("other", [b"Another file's", CONTENT], ids=["another's", "whole"])
    def test_what_another_process_has_written_meanwhile_stays(self, tmp_path: Path, other: bytes) -> None:
        class Overtaken(FileSystemStorage):
            def _save(self, name: str, content: Any) -> str:
                super()._save(name, ContentFile(other))
                raise OSError(errno.ENOSPC, "No space left on device")

        with pytest.raises(OSError, match="No space left"):
            save(Overtaken(tmp_path), "x.jpg", ContentFile(CONTENT), max_length=100)
        assert (tmp_path / "x.jpg").read_bytes() == other

    def test_what_another_process_is_writing_stays(self, tmp_path: Path) -> None:
        held: list[Any] = []

        class Overtaken(FileSystemStorage):
            def _save(self, name: str, content: Any) -> str:
                super()._save(name, ContentFile(CONTENT[:500]))
                # As the other process holds it while it writes.
                held.append(open(self.path(name), "rb"))  # noqa: SIM115 - closed below
                assert locks.lock(held[0], locks.LOCK_EX)
                raise OSError(errno.ENOSPC, "No space left on device")

        with pytest.raises(OSError, match="No space left"):
            save(Overtaken(tmp_path), "x.jpg", ContentFile(CONTENT), max_length=100)
        held[0].close()
        assert (tmp_path / "x.jpg").read_bytes() == CONTENT[:500]

    def test_a_real_one(
        self, make_image: Any, tmp_path: Path, put_in: Callable[..., None], transactional_db: None
    ) -> None:
        """A file system of 64 KB in memory."""
        disk = tmp_path / "disk"
        disk.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)], capture_output=True, text=True
        )
        if mounted.returncode:
            pytest.skip(f"needs the right to mount a file system: {mounted.stderr.strip()}")
        try:
            image = make_image()
            put_in(renditions=FileSystemStorage(disk, "/media/"))
            (disk / "ballast").write_bytes(b"x" * 65_536)
            totals = make(asks(image, SPEC))
            assert (totals.all.generated, totals.all.failed) == (0, 2)
            assert "No space left" in totals.failures[0].error
            assert not [name for _, _, names in os.walk(disk / "images") for name in names]
            assert GenerationFailure.objects.count() == 2
            (disk / "ballast").unlink()
            assert make(asks(image, SPEC)).all.generated == 2
            assert {f"{row.file.name}" for row in rows(image).values()} == stored(disk)
        finally:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("overwriting", [True, False], ids=["overwriting", "not overwriting"])
class TestFarAway:
    def test_a_file_that_arrived_all_the_same_is_not_stored_twice(
        self, tmp_path: Path, overwriting: bool
    ) -> None:
        storage = FaultyStorage(tmp_path, overwriting=overwriting)
        # Asking whether the name is free is the first call.
        storage.plan = Plan(lambda number: number in (2, 3), passing, after=True)
        assert save(storage, "images/x.jpg", ContentFile(CONTENT), max_length=100) == "images/x.jpg"
        assert os.listdir(tmp_path / "images") == ["x.jpg"]
        assert storage.plan.kinds == {"exists": 1, "save": 3}

    def test_content_is_rewound(self, tmp_path: Path, overwriting: bool) -> None:
        class Reading(FaultyStorage):
            def _save(self, name: str, content: Any) -> str:
                assert content.tell() == 0
                content.read(1000)
                return super()._save(name, content)

        storage = Reading(tmp_path, overwriting=overwriting)
        storage.plan = Plan(lambda number: number in (2, 3), passing)
        content = ContentFile(CONTENT)
        content.seek(77)
        name = save(storage, "images/x.jpg", content, max_length=100)
        assert (tmp_path / name).read_bytes() == CONTENT

    def test_a_name_that_could_not_be_asked_for_is_free_again(
        self, tmp_path: Path, overwriting: bool
    ) -> None:
        storage = FaultyStorage(tmp_path, overwriting=overwriting)
        storage.plan = Plan(lambda number: True, lasting)
        with pytest.raises(PermissionError):
            save(storage, "images/x.jpg", ContentFile(CONTENT), max_length=100)
        storage.plan = Plan()
        assert save(storage, "images/x.jpg", ContentFile(CONTENT), max_length=100) == "images/x.jpg"

    def test_a_lost_file_comes_back_under_its_name(self, tmp_path: Path, overwriting: bool) -> None:
        storage = FaultyStorage(tmp_path, overwriting=overwriting)
        storage.plan = Plan(lambda number: number == 2 - overwriting, passing, after=True)
        assert save_again(storage, "images/x.jpg", ContentFile(CONTENT)) == "images/x.jpg"
        assert os.listdir(tmp_path / "images") == ["x.jpg"]

    def test_a_name_of_its_own_is_kept_to_the_length_there_is(
        self, tmp_path: Path, overwriting: bool
    ) -> None:
        storage = FaultyStorage(tmp_path, overwriting=overwriting)
        name = f"images/{'x' * 49}.jpg"
        saved = save(storage, name, ContentFile(CONTENT), max_length=60, suffix="_1234567")
        assert len(saved) == 60


def test_a_storage_with_a_way_of_its_own_to_save_is_asked_in_that_way(tmp_path: Path) -> None:
    class OwnWay(FileSystemStorage):
        saved: list[str] = []

        def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
            self.saved.append(str(name))
            if len(self.saved) == 1:
                raise TimeoutError
            return super().save(name, content, max_length)

    assert save(OwnWay(tmp_path), "x.jpg", ContentFile(CONTENT), max_length=100) == "x.jpg"
    assert OwnWay.saved == ["x.jpg", "x.jpg"]
    assert Storage.save is not OwnWay.save


class TestSources:
    """A source that goes, or becomes another one, while it is being worked on."""

    @pytest.fixture
    def storage(
        self, media_root: Path, put_in: Callable[..., None], transactional_db: None, shared_cache: None
    ) -> FaultyStorage:
        storage = FaultyStorage(media_root)
        put_in(originals=storage, renditions=storage)
        return storage

    def on_first_save(
        self, storage: FaultyStorage, monkeypatch: pytest.MonkeyPatch, do: Callable[[], Any]
    ) -> None:
        """What happens once the source has been read, and before any of its outputs is stored."""
        real, done = storage._save, []

        def save_late(name: str, content: Any) -> str:
            if not done and name.startswith("images/"):
                done.append(name)
                do()
            return real(name, content)

        monkeypatch.setattr(storage, "_save", save_late)

    def test_its_file_is_deleted(
        self, storage: FaultyStorage, make_image: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        image = make_image()
        self.on_first_save(storage, monkeypatch, lambda: storage.files.delete(image.file.name))
        # It was read in one go: what was made of it is good.
        assert make(asks(image, SPEC)).all.generated == 2
        totals = make(asks(get_image_model().objects.get(pk=image.pk), SPEC, force=True))
        assert totals.all.failed == 2
        assert image.renditions.count() == 2

    def test_its_file_is_another_one(
        self, storage: FaultyStorage, make_image: Any, media_root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        image = make_image()

        def replace() -> None:
            other = storage.files.save(
                "original_images/other.jpg", ContentFile(storage.files.open(image.file.name).read())
            )
            get_image_model().objects.filter(pk=image.pk).update(file=other)

        self.on_first_save(storage, monkeypatch, replace)
        assert make(asks(image, SPEC)).all.generated == 2
        names = {row.file.name for row in rows(image).values()}
        assert names == stored(media_root)
        assert {name.startswith("images/other.") for name in names} == {True}

    def test_the_image_is_deleted(
        self, storage: FaultyStorage, make_image: Any, media_root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        image = make_image()
        self.on_first_save(
            storage, monkeypatch, lambda: get_image_model().objects.filter(pk=image.pk).delete()
        )
        totals = make(asks(image, SPEC))
        assert (totals.all.skipped, totals.all.failed) == (2, 0)
        assert stored(media_root) == set()
        assert not GenerationFailure.objects.exists()
