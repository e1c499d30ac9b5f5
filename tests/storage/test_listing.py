"""What is known of a storage from its list, and how much of it is read for whom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from tests.storage.faulty import FaultyStorage, Plan, lasting, passing
from wagtail_sourcegroups.checks import check_rendition_storage
from wagtail_sourcegroups.generation import listing, verifying
from wagtail_sourcegroups.generation.listing import Entry, Names
from wagtail_sourcegroups.generation.verifying import Listings, verify

pytestmark = pytest.mark.once


class TestNames:
    def test_are_those_that_were_added(self) -> None:
        names = Names()
        for number in range(0, 5000, 2):
            names.add(f"images/{number}.jpg")
        assert [number for number in range(5000) if f"images/{number}.jpg" in names] == list(
            range(0, 5000, 2)
        )
        names.add("images/1.jpg")
        assert "images/1.jpg" in names
        assert len(names) == 2501

    def test_take_eight_bytes_each(self) -> None:
        names = Names()
        for number in range(50_000):
            names.add(f"images/{number}.with-a-long-name-that-is-not-kept.width-20.jpg")
        held = sum(bucket.buffer_info()[1] * bucket.itemsize for bucket in names._buckets)
        assert held == 8 * 50_000


class Paged:
    """A storage of so many files, which is listed by the page; both kinds of request are counted."""

    def __init__(self, files: int, page: int = 100) -> None:
        self.names = [f"images/{number:06}.jpg" for number in range(files)]
        self.page = page
        self.listed = 0
        self.asked = 0

    def pages(self) -> Iterator[list[Entry]]:
        for start in range(0, len(self.names), self.page):
            self.listed += 1
            yield [Entry(name) for name in self.names[start : start + self.page]]

    def path(self, name: str) -> str:
        raise NotImplementedError

    def exists(self, name: str) -> bool:
        self.asked += 1
        return name in self.names


@pytest.fixture
def paged(monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(files: int) -> Any:
        storage = Paged(files)
        monkeypatch.setattr(verifying, "pages", lambda storage, directory: storage.pages())
        monkeypatch.setattr(verifying, "in_pages", lambda storage: True)
        return storage

    return make


class TestListings:
    def test_a_run_over_everything_asks_for_little_more_than_pages(self, paged: Any) -> None:
        storage, listings = paged(10_000), Listings()
        for start in range(0, 10_000, 500):
            names = storage.names[start : start + 500]
            assert not verify(storage, names, threads=2, listings=listings)
        # A hundred pages, and nothing else: the first batch is worth half of them.
        assert storage.listed == 100
        assert storage.asked == 0

    def test_names_in_no_order(self, paged: Any) -> None:
        storage, listings = paged(10_000), Listings()
        for start in range(20):
            assert not verify(storage, storage.names[start::20], threads=2, listings=listings)
        # Of the first five hundred, half were not on the fifty pages they are worth; of the next, a quarter; and so on.
        assert storage.listed >= 99
        assert storage.asked <= 550

    def test_a_run_over_little_never_asks_much_more_than_it_has_names(self, paged: Any) -> None:
        storage, listings = paged(100_000), Listings()
        for start in range(5):
            verify(storage, storage.names[start::20_000], threads=2, listings=listings)
        assert (storage.listed, storage.asked) == (2, 21)

    def test_who_is_not_on_the_list_is_asked_for(self, paged: Any) -> None:
        storage, listings = paged(1_000), Listings()
        verify(storage, storage.names, threads=2, listings=listings)
        storage.names.append("images/new.jpg")
        verdict = verify(storage, ["images/new.jpg", "images/lost.jpg"], threads=2, listings=listings)
        assert verdict.lost == {"images/lost.jpg"}
        assert storage.asked == 2

    def test_no_more_is_remembered_than_there_is_room_for(
        self, paged: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(verifying, "MOST", 500)
        storage, listings = paged(10_000), Listings()
        for _ in range(2):
            assert not verify(storage, storage.names[:1000], threads=2, listings=listings)
        assert storage.listed == 6
        assert storage.asked == 1000

    def test_names_at_the_top_of_a_storage_are_asked_for(self, paged: Any) -> None:
        storage = paged(100)
        assert verify(storage, ["top.jpg"] * 50, threads=2, listings=Listings()).lost == {"top.jpg"}
        assert storage.listed == 0

    def test_a_disk_is_asked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(FileSystemStorage, "listdir", lambda *args: pytest.fail("It was listed."))
        names = [f"images/{number}.jpg" for number in range(200)]
        assert len(verify(FileSystemStorage(tmp_path), names, threads=2, listings=Listings()).lost) == 200


class TestAnyStorage:
    """One that lists whole directories, or does not list."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> FaultyStorage:
        storage = FaultyStorage(tmp_path)
        for number in range(30):
            storage.files.save(f"images/{number % 3}/{number}.jpg", ContentFile(b""))
        return storage

    def names(self) -> list[str]:
        return [f"images/{number % 3}/{number}.jpg" for number in range(30)]

    def test_is_listed_directory_by_directory(self, storage: FaultyStorage) -> None:
        pages = list(listing.pages(storage, "images"))
        assert [len(page) for page in pages] == [0, 10, 10, 10]
        assert sorted(entry.name for page in pages for entry in page) == sorted(self.names())
        assert list(listing.pages(storage, "nowhere")) == []

    def test_is_listed_once_that_is_worth_it(self, storage: FaultyStorage) -> None:
        listings = Listings()
        for _ in range(4):
            assert not verify(storage, self.names(), threads=2, listings=listings)
        # A hundred names are worth the first ten directories.
        assert storage.plan.kinds == {"exists": 90, "listdir": 4}

    @pytest.mark.parametrize("error", [lasting, NotImplementedError])
    def test_may_refuse(self, storage: FaultyStorage, error: Any) -> None:
        listings = Listings()
        for _ in range(5):
            verify(storage, self.names(), threads=2, listings=listings)
        storage.plan = Plan(lambda number: number == 1, error)
        fresh = Listings()
        names = [f"{name}.{number}" for name in self.names() for number in range(5)]
        verdict = verify(storage, names, threads=2, listings=fresh)
        assert len(verdict.lost) == 150
        assert (storage.plan.kinds["listdir"], storage.plan.kinds["exists"]) == (1, 150)

    def test_is_asked_again_for_what_fails_for_a_moment(self, storage: FaultyStorage) -> None:
        storage.plan = Plan(lambda number: number == 1, passing)
        assert not verify(storage, self.names(), threads=1)
        assert storage.plan.kinds == {"exists": 31}


def test_a_storage_that_overwrites_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put_in: Any
) -> None:
    put_in(renditions=FaultyStorage(tmp_path))
    assert check_rendition_storage() == []
    put_in(renditions=FaultyStorage(tmp_path, overwriting=True))
    (message,) = check_rendition_storage()
    assert message.id == "wagtail_sourcegroups.W003"
    assert "(FaultyStorage) overwrites" in message.msg
    assert "file_overwrite" in str(message.hint)
