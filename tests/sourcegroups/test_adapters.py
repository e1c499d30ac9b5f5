# Groups in the wild open files as they like, and the two of the manual stand here letter for letter.
# ruff: noqa: A002, SIM115, UP004
from __future__ import annotations

import glob
import io
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from wagtail.images import get_image_model

from tests.testapp.models import Person
from wagtail_sourcegroups.exceptions import InvalidSourceGroup
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup, SourceGroup, adapt

from .conftest import png, png_bytes

# The two examples of the manual, as they stand there -------------------------------------------------------


# fmt: off
class Modern:
    class JpegsInADirectory:
        def __init__(self, dir): self.dir = dir
        def files(self):
            for path in sorted(glob.glob(os.path.join(self.dir, "*.jpg"))):
                yield open(path, "rb")


class ImageKits:
    class JpegsInADirectory(object):
        def __init__(self, dir):
            self.dir = dir

        def files(self):
            os.chdir(self.dir)
            for name in glob.glob('*.jpg'):
                yield open(name)
# fmt: on


EXAMPLES = [Modern.JpegsInADirectory, ImageKits.JpegsInADirectory]


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory that every test must leave as it found it."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def jpegs(tmp_path: Path) -> Path:
    """Two directories, ``summer`` and ``winter``, with files of equal names."""
    for season in ("summer", "winter"):
        directory = tmp_path / season
        directory.mkdir()
        for name in ("a.jpg", "b.jpg", "c.txt"):
            # No text in any encoding.
            (directory / name).write_bytes(b"\xff\xd8\xff" + f"{season} {name}".encode())
    return tmp_path


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_serve_bytes_under_absolute_names(example: Any, jpegs: Path) -> None:
    group = adapt(example(str(jpegs / "summer")))
    assert {file.name: file.read() for file in group.files()} == {
        str(jpegs / "summer" / name): b"\xff\xd8\xff" + f"summer {name}".encode()
        for name in ("a.jpg", "b.jpg")
    }


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_leave_the_working_directory_to_the_process(
    example: Any, jpegs: Path, own_directory: Path
) -> None:
    seen = [os.getcwd() for _ in adapt(example(str(jpegs / "summer"))).files()]
    assert seen == [str(own_directory)] * 2
    assert os.getcwd() == str(own_directory)


@pytest.mark.parametrize("example", EXAMPLES)
def test_equal_names_in_two_directories_are_two_sources(example: Any, jpegs: Path) -> None:
    summer, winter = adapt(example(str(jpegs / "summer"))), adapt(example(str(jpegs / "winter")))
    found = []
    # In step with each other, so that each needs its own directory between the other's turns.
    for one, other in zip(summer.files(), winter.files(), strict=True):
        found += [one.name, other.name]
        assert b"summer" in one.read()
        assert b"winter" in other.read()
    assert len(set(found)) == 4


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_are_equal_by_class_and_directory(example: Any, jpegs: Path) -> None:
    group = adapt(example("/a"))
    assert group == adapt(example("/a"))
    assert hash(group) == hash(adapt(example("/a")))
    assert group != adapt(example("/b"))
    assert group.key == f"{__name__}.{example.__qualname__}(dir='/a')"
    assert group.label == f"{example.__qualname__}(dir='/a')"


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_leave_no_file_open(example: Any, jpegs: Path) -> None:
    files = list(adapt(example(str(jpegs / "summer"))).files())
    assert [file.closed for file in files] == [True, True]
    early = adapt(example(str(jpegs / "summer"))).files()
    file = next(early)
    assert not file.closed
    early.close()  # type: ignore[attr-defined]
    assert file.closed


@pytest.mark.parametrize("example", EXAMPLES)
def test_many_files_need_few_handles(example: Any, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    many = tmp_path / "many"
    many.mkdir()
    for number in range(300):
        (many / f"{number}.jpg").write_bytes(b"\xff")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
    try:
        # Kept, as an unkind consumer would.
        assert len(list(adapt(example(str(many))).files())) == 300
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# The working directory -------------------------------------------------------------------------------------


class Wandering:
    """Steps into one directory after the other and opens ``a.jpg`` there."""

    def __init__(self, *directories: Path, home: str | None = None) -> None:
        self.directories = directories
        self.home = home

    def files(self) -> Iterator[Any]:
        for directory in self.directories:
            os.chdir(directory)
            yield open("a.jpg", "rb")
            assert os.getcwd() == str(directory), "the group's directory was not kept for it"
        if self.home:
            os.chdir(self.home)
            yield open("a.jpg", "rb")


def test_the_directory_a_group_sets_is_its_own_until_it_sets_another(
    jpegs: Path, own_directory: Path
) -> None:
    names = []
    for file in adapt(Wandering(jpegs / "summer", jpegs / "winter")).files():
        names.append(file.name)
        assert os.getcwd() == str(own_directory)
    assert names == [str(jpegs / "summer" / "a.jpg"), str(jpegs / "winter" / "a.jpg")]


def test_a_group_that_goes_back_is_where_the_process_is(jpegs: Path, own_directory: Path) -> None:
    (own_directory / "a.jpg").write_bytes(b"here")
    names = [file.name for file in adapt(Wandering(jpegs / "summer", home=str(own_directory))).files()]
    assert names == [str(jpegs / "summer" / "a.jpg"), str(own_directory / "a.jpg")]


def test_a_consumer_may_change_the_working_directory(jpegs: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for file in adapt(Wandering(jpegs / "summer", jpegs / "winter")).files():
        os.chdir(elsewhere)
        assert file.name.endswith("a.jpg")
    assert os.getcwd() == str(elsewhere)


def test_an_error_reaches_the_caller_in_its_own_directory(jpegs: Path, own_directory: Path) -> None:
    class Failing:
        def files(self) -> Iterator[Any]:
            os.chdir(jpegs / "summer")
            yield open("a.jpg", "rb")
            raise RuntimeError("the camera is out of film")

    found = []
    with pytest.raises(RuntimeError, match="the camera is out of film"):
        for file in adapt(Failing()).files():
            found.append(file)
    assert os.getcwd() == str(own_directory)
    assert [file.closed for file in found] == [True]


def test_an_error_before_the_first_file_too(jpegs: Path, own_directory: Path) -> None:
    class Failing:
        def files(self) -> list[Any]:
            os.chdir(jpegs / "summer")
            raise RuntimeError("no film at all")

    with pytest.raises(RuntimeError, match="no film at all"):
        next(iter(adapt(Failing()).files()))
    assert os.getcwd() == str(own_directory)


def test_a_list_made_in_another_directory(jpegs: Path, own_directory: Path) -> None:
    class Listing:
        def files(self) -> list[Any]:
            os.chdir(jpegs / "summer")
            return [open(name, "rb") for name in ("a.jpg", "b.jpg")]

    assert [file.name for file in adapt(Listing()).files()] == [
        str(jpegs / "summer" / "a.jpg"),
        str(jpegs / "summer" / "b.jpg"),
    ]
    assert os.getcwd() == str(own_directory)


def test_leaving_early_runs_what_the_group_does_at_its_end_in_its_directory(
    jpegs: Path, own_directory: Path
) -> None:
    ended = []

    class Tidy:
        def files(self) -> Iterator[Any]:
            os.chdir(jpegs / "summer")
            try:
                yield open("a.jpg", "rb")
            finally:
                ended.append(os.getcwd())

    files = adapt(Tidy()).files()
    next(files)
    files.close()  # type: ignore[attr-defined]
    assert ended == [str(jpegs / "summer")]
    assert os.getcwd() == str(own_directory)


def test_groups_in_two_threads_do_not_take_each_others_directory(jpegs: Path, own_directory: Path) -> None:
    wrong: list[str] = []

    def walk(season: str) -> None:
        for _ in range(100):
            for file in adapt(ImageKits.JpegsInADirectory(str(jpegs / season))).files():
                if season.encode() not in file.read():
                    wrong.append(file.name)

    threads = [threading.Thread(target=walk, args=[season]) for season in ("summer", "winter")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert os.getcwd() == str(own_directory)


# Files of all kinds ----------------------------------------------------------------------------------------


class Giving:
    def __init__(self, *files: Any) -> None:
        self.given = files

    def files(self) -> Any:
        return iter(self.given)


def test_the_files_of_wagtails_images_are_handed_on_as_they_are(db: None) -> None:
    image = get_image_model().objects.create(title="One", file=png())

    class Newest:
        def files(self) -> Iterator[Any]:
            for each in get_image_model().objects.all():
                yield each.file

    (file,) = adapt(Newest()).files()
    assert file.instance == image
    assert (file.name, adapt(Newest()).identity(file)) == (image.file.name, None)


def test_so_are_those_of_other_models(db: None) -> None:
    person = Person.objects.create(avatar=png("ann.png"))
    (file,) = adapt(Giving(person.avatar)).files()
    assert file is person.avatar


@pytest.mark.parametrize("wrapper", [File, ImageFile])
@pytest.mark.parametrize("mode", ["r", "rb"])
def test_an_open_file_in_djangos_wrapper(jpegs: Path, wrapper: Any, mode: str) -> None:
    os.chdir(jpegs / "summer")
    handle = open("a.jpg", mode)
    (file,) = adapt(Giving(wrapper(handle))).files()
    assert file.name == str(jpegs / "summer" / "a.jpg")
    assert handle.closed


def test_a_file_in_memory_may_be_given_again_and_is_named_by_its_group() -> None:
    group = adapt(Giving(ContentFile(png_bytes(), name="drawn.png")))
    for _ in range(2):
        (file,) = group.files()
        file.seek(0)
        assert file.read() == png_bytes()
        assert group.identity(file) == f"group:{group.key}:drawn.png"


def test_bytes_without_a_name() -> None:
    group = adapt(Giving(io.BytesIO(png_bytes())))
    for _ in range(2):
        (file,) = group.files()
        file.seek(0)
        assert (file.name, file.read(), group.identity(file)) == (None, png_bytes(), None)


def test_a_file_of_the_system_without_a_name(jpegs: Path) -> None:
    with tempfile.TemporaryFile() as handle:
        handle.write(b"nameless")
        handle.seek(0)
        files = adapt(Giving(handle)).files()
        file = next(files)
        assert (file.name, file.read()) == (None, b"nameless")


def test_a_path_on_disk_names_a_file_for_good(jpegs: Path) -> None:
    group = adapt(ImageKits.JpegsInADirectory(str(jpegs / "summer")))
    assert [group.identity(file) for file in group.files()] == [None, None]


def test_a_group_may_read_on_after_its_yield(jpegs: Path) -> None:
    sizes = []

    class Counting:
        def files(self) -> Iterator[Any]:
            for name in ("a.jpg", "b.jpg"):
                with open(jpegs / "summer" / name, "rb") as file:
                    yield file
                    file.seek(0)
                    sizes.append(len(file.read()))

    assert len(list(adapt(Counting()).files())) == 2
    assert sizes == [15, 15]


@pytest.mark.parametrize(
    ("given", "shown"), [("a.jpg", "'a.jpg'"), (None, "None"), (io.StringIO("text"), r"<_io\.StringIO .*>")]
)
def test_what_is_no_file_is_refused(given: Any, shown: str) -> None:
    message = (
        r"files\(\) of Giving\(.*\) yielded "
        + shown
        + r", which is no file; it must yield files opened for reading, "
        r"such as open\(path, 'rb'\), or field files, such as image\.file\."
    )
    with pytest.raises(InvalidSourceGroup, match=message):
        list(adapt(Giving(given)).files())


# What is adapted -------------------------------------------------------------------------------------------


def test_a_source_group_is_adapted_already() -> None:
    group = ImageModelSourceGroup()
    assert adapt(group) is group


def test_what_was_registered_is_the_sender() -> None:
    given = Giving()
    group = adapt(given)
    assert isinstance(group, SourceGroup)
    assert group.registered is given
    assert not group.of_images


def test_an_object_may_have_a_key_and_a_label() -> None:
    class Named(Giving):
        key = "press-kit"
        label = "The press kit"

    assert (adapt(Named()).key, adapt(Named()).label) == ("press-kit", "The press kit")


def test_objects_with_an_equality_of_their_own_are_asked() -> None:
    class Same(Giving):
        def __eq__(self, other: object) -> bool:
            return isinstance(other, Same)

    one, other = adapt(Same(1)), adapt(Same(2))
    assert one == other
    assert len({one, other}) == 1


def test_objects_that_refer_to_one_another_in_a_circle_have_a_key() -> None:
    class Ring:
        def __init__(self) -> None:
            self.other: Any = self

        def files(self) -> list[Any]:
            return []

    assert adapt(Ring()).key == adapt(Ring()).key
    assert len(adapt(Ring()).key) <= 200


@pytest.mark.parametrize("given", [object(), Giving, "pictures"])
def test_what_has_no_files_is_refused(given: Any) -> None:
    with pytest.raises(InvalidSourceGroup):
        adapt(given)
