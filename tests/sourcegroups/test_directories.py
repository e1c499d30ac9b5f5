from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wagtail_sourcegroups.exceptions import InvalidSourceGroup, SourceUnreadable
from wagtail_sourcegroups.sourcegroups import DirectorySourceGroup

from .conftest import png_bytes


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A directory with pictures, others beside them, below them and outside."""
    root = tmp_path / "pictures"
    (root / "inner" / "deep").mkdir(parents=True)
    (root / ".hidden").mkdir()
    (tmp_path / "pictures-private").mkdir()
    for name in (
        "b.jpg",
        "a.JPG",
        "c.png",
        "notes.txt",
        ".dot.jpg",
        "inner/d.jpg",
        "inner/deep/e.webp",
        ".hidden/f.jpg",
        "../outside.jpg",
        "../pictures-private/secret.jpg",
    ):
        (root / name).write_bytes(png_bytes() + name.encode())
    return root


def names(group: DirectorySourceGroup) -> list[str]:
    return [os.path.relpath(file.name, group.path) for file in group.files()]


def open_files(below: Path) -> list[str]:
    directory = "/proc/self/fd"
    if not os.path.isdir(directory):
        pytest.skip("needs /proc")
    found = []
    for descriptor in os.listdir(directory):
        try:
            found.append(os.readlink(f"{directory}/{descriptor}"))
        except OSError:
            continue
    return [path for path in found if path.startswith(str(below))]


def test_images_of_the_directory_in_order(pictures: Path) -> None:
    assert names(DirectorySourceGroup(pictures)) == ["a.JPG", "b.jpg", "c.png"]


def test_images_of_the_directories_below(pictures: Path) -> None:
    assert names(DirectorySourceGroup(str(pictures), recursive=True)) == [
        "a.JPG",
        "b.jpg",
        "c.png",
        "inner/d.jpg",
        "inner/deep/e.webp",
    ]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ("*.png", ["c.png"]),
        (("[ab].jpg",), ["a.JPG", "b.jpg"]),
        (["c.*", "*.TXT"], ["c.png", "notes.txt"]),
        (".*.jpg", [".dot.jpg"]),
    ],
)
def test_patterns(pictures: Path, patterns: Any, expected: list[str]) -> None:
    assert names(DirectorySourceGroup(pictures, patterns)) == expected


def test_names_are_absolute_and_contents_the_files_own(pictures: Path) -> None:
    found = {file.name: file.read() for file in DirectorySourceGroup(pictures, "*.jpg").files()}
    assert found == {
        str(pictures / "a.JPG"): png_bytes() + b"a.JPG",
        str(pictures / "b.jpg"): png_bytes() + b"b.jpg",
    }


def test_a_file_is_named_by_its_group_and_the_path_in_it(pictures: Path) -> None:
    group = DirectorySourceGroup(pictures, "*.jpg", recursive=True)
    assert [group.identity(file) for file in group.files()] == [
        f"group:{group.key}:a.JPG",
        f"group:{group.key}:b.jpg",
        f"group:{group.key}:inner/d.jpg",
    ]


# Opening and closing ---------------------------------------------------------------------------------------


def test_one_file_is_open_at_a_time(pictures: Path) -> None:
    seen: list[Any] = []
    for file in DirectorySourceGroup(pictures, recursive=True).files():
        file.read(1)
        assert open_files(pictures) == [file.name]
        assert all(earlier.closed for earlier in seen)
        seen.append(file)
    assert len(seen) == 5
    assert all(file.closed for file in seen)
    assert open_files(pictures) == []


def test_leaving_early_closes_the_file_in_hand(pictures: Path) -> None:
    files: Iterator[Any] = DirectorySourceGroup(pictures).files()
    file = next(files)
    file.read(1)
    files.close()  # type: ignore[attr-defined]
    assert file.closed
    assert open_files(pictures) == []


def test_a_file_that_nobody_reads_is_not_opened(pictures: Path) -> None:
    files = DirectorySourceGroup(pictures).files()
    file = next(files)
    assert (file.size, file.closed, bool(file)) == (len(png_bytes()) + 5, False, True)
    assert open_files(pictures) == []


def test_a_closed_file_is_not_read_unless_it_is_opened_again(pictures: Path) -> None:
    files = DirectorySourceGroup(pictures).files()
    file = next(files)
    first = file.read(4)
    file.close()
    with pytest.raises(ValueError, match=r"I/O operation on the closed file .*a\.JPG\."):
        file.read()
    with file.open() as again:
        assert again.read(4) == first
        assert again.open().read(4) == first
    assert file.closed
    with pytest.raises(
        ValueError, match=r"a\.JPG is a source; it is opened for reading only, not with mode 'wb'\."
    ):
        file.open("wb")


def test_a_file_that_vanishes_costs_no_other(pictures: Path) -> None:
    failed, read = [], []
    for file in DirectorySourceGroup(pictures).files():
        if file.name.endswith("b.jpg"):
            os.remove(file.name)
        try:
            file.read()
        except OSError:
            failed.append(os.path.basename(file.name))
        else:
            read.append(os.path.basename(file.name))
    assert (failed, read) == (["b.jpg"], ["a.JPG", "c.png"])


# Links -----------------------------------------------------------------------------------------------------


def test_links_out_of_the_directory_are_not_followed(pictures: Path, tmp_path: Path) -> None:
    (pictures / "z-file.jpg").symlink_to(tmp_path / "outside.jpg")
    (pictures / "z-relative.jpg").symlink_to("../outside.jpg")
    (pictures / "z-directory").symlink_to(tmp_path / "pictures-private")
    (pictures / "z-chain.jpg").symlink_to(pictures / "z-file.jpg")
    (pictures / "z-broken.jpg").symlink_to(pictures / "nowhere.jpg")
    assert names(DirectorySourceGroup(pictures, recursive=True)) == [
        "a.JPG",
        "b.jpg",
        "c.png",
        "inner/d.jpg",
        "inner/deep/e.webp",
    ]


def test_links_inside_the_directory_are_followed(pictures: Path) -> None:
    (pictures / "z-file.jpg").symlink_to(pictures / "inner" / "d.jpg")
    (pictures / "z-inner").symlink_to("inner")
    assert names(DirectorySourceGroup(pictures, recursive=True))[-3:] == [
        "z-file.jpg",
        "z-inner/d.jpg",
        "z-inner/deep/e.webp",
    ]


def test_links_in_a_circle_end(pictures: Path) -> None:
    (pictures / "inner" / "up").symlink_to(pictures)
    assert names(DirectorySourceGroup(pictures, recursive=True)) == [
        "a.JPG",
        "b.jpg",
        "c.png",
        "inner/d.jpg",
        "inner/deep/e.webp",
    ]


def test_the_directory_itself_may_be_a_link(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(pictures)
    group = DirectorySourceGroup(tmp_path / "link")
    assert [file.name for file in group.files()] == [
        str(tmp_path / "link" / name) for name in ("a.JPG", "b.jpg", "c.png")
    ]


def test_a_name_that_became_a_link_is_not_followed(pictures: Path, tmp_path: Path) -> None:
    files = DirectorySourceGroup(pictures).files()
    file = next(files)
    os.remove(file.name)
    os.symlink(tmp_path / "outside.jpg", file.name)
    with pytest.raises(PermissionError):
        file.read()


def test_only_files_are_files(pictures: Path) -> None:
    (pictures / "directory.jpg").mkdir()
    os.mkfifo(pictures / "pipe.jpg")
    assert names(DirectorySourceGroup(pictures)) == ["a.JPG", "b.jpg", "c.png"]


# What can be wrong -----------------------------------------------------------------------------------------


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    group = DirectorySourceGroup(tmp_path / "nowhere")
    message = f"The directory '{tmp_path}/nowhere' cannot be read: No such file or directory."
    assert group.problems(database=True) == [message]
    assert group.problems(database=False) == []
    with pytest.raises(SourceUnreadable) as error:
        list(group.files())
    assert str(error.value) == message


def test_one_below_that_cannot_be_read_is_named_when_the_others_are_done(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listdir = os.listdir

    def refuse(path: Any) -> list[str]:
        if str(path).endswith("inner"):
            raise PermissionError(13, "Permission denied", str(path))
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)
    found = []
    with pytest.raises(SourceUnreadable) as error:
        for file in DirectorySourceGroup(pictures, recursive=True).files():
            found.append(os.path.basename(file.name))
    assert found == ["a.JPG", "b.jpg", "c.png"]
    assert str(error.value) == f"The directory '{pictures}/inner' cannot be read: Permission denied."


def test_a_relative_path_is_that_of_the_moment_it_was_given(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pictures.parent)
    group = DirectorySourceGroup("pictures")
    monkeypatch.chdir("/")
    assert group == DirectorySourceGroup(pictures)
    assert names(group) == ["a.JPG", "b.jpg", "c.png"]


def test_two_directories_with_equal_names_in_them_are_two_sources(pictures: Path) -> None:
    (pictures / "inner" / "b.jpg").write_bytes(png_bytes())
    one, other = DirectorySourceGroup(pictures, "b.jpg"), DirectorySourceGroup(pictures / "inner", "b.jpg")
    (first,), (second,) = one.files(), other.files()
    assert one.identity(first) != other.identity(second)


@pytest.mark.parametrize("path", ["", None, 3])
def test_what_is_no_path_fails_at_once(path: Any) -> None:
    with pytest.raises(InvalidSourceGroup) as error:
        DirectorySourceGroup(path)
    assert str(error.value) == f"{path!r} is no directory; give its path."


@pytest.mark.parametrize("patterns", [(), "", ("**/*.jpg",), (3,)])
def test_patterns_that_match_no_name_fail_at_once(patterns: Any) -> None:
    with pytest.raises(InvalidSourceGroup) as error:
        DirectorySourceGroup("/srv", patterns)
    given = (patterns,) if isinstance(patterns, str) else patterns
    assert str(error.value) == (
        f"The patterns {given!r} match no file: each must be a pattern of file names, such as '*.jpg', "
        "without directories (recursive=True searches those below)."
    )


def test_it_is_called_after_its_directory_without_those_above_it() -> None:
    assert DirectorySourceGroup("/srv/secret/press", "*.jpg").label == "Files *.jpg in press"
