from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db.models import QuerySet
from wagtail.images import get_image_model

from tests.testapp.models import Person, UUIDImage
from wagtail_sourcegroups.signals import source_changed, source_created, source_deleted
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    CollectionsWatch,
    DirectorySourceGroup,
    ImageFieldSourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
    ReferenceSourceGroup,
    SourceGroup,
    TagSourceGroup,
    TagsWatch,
    adapt,
    image_groups,
)
from wagtail_sourcegroups.sourcegroups.base import nothing

from .conftest import images_of, keys

ROOT = Path(__file__).resolve().parents[2]


class Shelf(SourceGroup):
    def __init__(self, name: str, sizes: Any = (1, 2), *, deep: bool = False) -> None:
        self.visits = 0

    def files(self) -> Any:
        self.visits += 1
        return iter(())


class OtherShelf(Shelf):
    pass


class Bare(SourceGroup):
    pass


class Featured(QuerySetSourceGroup):
    def get_queryset(self) -> QuerySet[Any]:
        return self.model.objects.filter(tags__name__startswith="featured").distinct()


class AllButRaw(QuerySetSourceGroup):
    def get_queryset(self) -> QuerySet[Any]:
        return get_image_model().objects.exclude(tags__name="raw")


class Newest(QuerySetSourceGroup):
    def __init__(self, count: int) -> None:
        self.count = count

    def get_queryset(self) -> QuerySet[Any]:
        return get_image_model().objects.order_by("-pk")[: self.count]


class Broken(QuerySetSourceGroup):
    def get_queryset(self) -> QuerySet[Any]:
        raise RuntimeError("out of order")


class Foreign(QuerySetSourceGroup):
    def get_queryset(self) -> QuerySet[Any]:
        return UUIDImage.objects.all()


class ForeignSaid(Foreign):
    model = UUIDImage


# Equality and keys -----------------------------------------------------------------------------------------


def test_groups_of_one_class_with_equal_arguments_are_equal_however_they_were_given() -> None:
    assert Shelf("a", (1, 2)) == Shelf(name="a")
    assert hash(Shelf("a", (1, 2))) == hash(Shelf(name="a"))


@pytest.mark.parametrize("other", [Shelf("b"), Shelf("a", (1,)), Shelf("a", deep=True), OtherShelf("a"), "a"])
def test_groups_that_differ_in_class_or_arguments_are_not_equal(other: Any) -> None:
    assert Shelf("a") != other


def test_what_a_group_does_with_itself_does_not_change_what_it_is() -> None:
    group = Shelf("a")
    list(group.files())
    assert group.visits == 1
    assert group == Shelf("a")
    assert group.key == Shelf("a").key


def test_a_group_of_ones_own_is_named_by_its_class_and_arguments() -> None:
    assert Shelf("a").key == f"{__name__}.Shelf(name='a', sizes=(1, 2), deep=False)"
    assert Bare().key == f"{__name__}.Bare()"
    assert Shelf("a").label == "Shelf(name='a', sizes=(1, 2), deep=False)"


def test_a_long_key_is_cut_and_stays_distinct() -> None:
    one, other = Shelf("x" * 300 + "1"), Shelf("x" * 300 + "2")
    assert len(one.key) == len(other.key) == 200
    assert one.key != other.key


def test_a_class_or_an_instance_may_choose_its_key_and_label() -> None:
    class Named(Bare):
        key = "mine"

    group = Bare()
    group.key = "its own"  # type: ignore[assignment, misc]
    assert (Named().key, group.key) == ("mine", "its own")


def test_keys_do_not_depend_on_the_process() -> None:
    program = (
        "from wagtail_sourcegroups.sourcegroups import SourceGroup, TagSourceGroup\n"
        "class Shelf(SourceGroup):\n"
        "    def __init__(self, names, thing): pass\n"
        "class Thing:\n"
        "    def __init__(self): self.size = 3\n"
        "print(Shelf({'c', 'a', 'b'}, Thing()).key, TagSourceGroup('b', 'a').key)\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2", "3")
    }
    assert found == {"__main__.Shelf(names={'a', 'b', 'c'}, thing=__main__.Thing(size=3)) tags:a,b"}


def test_groups_are_made_before_django_is_set_up_and_load_no_model() -> None:
    program = (
        "import sys\n"
        "from wagtail_sourcegroups import register\n"
        "from wagtail_sourcegroups.sourcegroups import *\n"
        "register.spec('a:b', 'width-10')\n"
        "for group in (ImageModelSourceGroup(), CollectionSourceGroup('Press'), TagSourceGroup('a'),\n"
        "              ImageFieldSourceGroup('app.Model', 'f'), ReferenceSourceGroup('app.Model'),\n"
        "              DirectorySourceGroup('/tmp')):\n"
        "    register.source_group('a:b', group)\n"
        "print([name for name in sys.modules if name.startswith(('wagtail.', 'taggit', 'django.contrib'))])\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_keys_of_the_ready_groups() -> None:
    assert [
        group.key
        for group in (
            ImageModelSourceGroup(),
            ImageModelSourceGroup(UUIDImage),
            ImageModelSourceGroup("testapp.UUIDImage"),
            CollectionSourceGroup("Press/2026"),
            CollectionSourceGroup(("Press", "24/7"), include_descendants=False),
            CollectionSourceGroup(7, model=UUIDImage),
            TagSourceGroup("b", "a,c"),
            ImageFieldSourceGroup(Person, "avatar"),
            ReferenceSourceGroup("testapp.StoryPage"),
            DirectorySourceGroup("/srv/press", "*.jpg", recursive=True),
        )
    ] == [
        "images:gallery.customimage",
        "images:testapp.uuidimage",
        "images:testapp.uuidimage",
        "collection:Press/2026",
        "collection:('Press', '24/7')!",
        "collection-id:7@testapp.uuidimage",
        r"tags:a\,c,b",
        "field:testapp.person.avatar",
        "references:testapp.storypage",
        "directory:/srv/press:**/*.jpg",
    ]


def test_a_model_is_the_same_argument_as_its_name() -> None:
    assert ImageFieldSourceGroup(Person, "avatar") == ImageFieldSourceGroup("testapp.Person", "avatar")
    assert ReferenceSourceGroup(Person) == ReferenceSourceGroup("testapp.person")
    assert hash(ImageModelSourceGroup(UUIDImage)) == hash(ImageModelSourceGroup("testapp.UUIDImage"))


# Signals ---------------------------------------------------------------------------------------------------


def test_signals_are_sent_by_what_was_registered() -> None:
    class Plain:
        def files(self) -> list[Any]:
            return []

    plain, shelf = Plain(), Shelf("a")
    heard = []

    def listen(signal: Any, sender: Any, source: Any, **_: Any) -> None:
        heard.append((signal, sender, source))

    for signal in (source_created, source_changed, source_deleted):
        signal.connect(listen, sender=None)
    try:
        adapt(plain).send_created("1")
        shelf.send_changed("2")
        shelf.send_deleted("3")
    finally:
        for signal in (source_created, source_changed, source_deleted):
            signal.disconnect(listen, sender=None)
    assert heard == [(source_created, plain, "1"), (source_changed, shelf, "2"), (source_deleted, shelf, "3")]


def test_a_receiver_that_fails_does_not_fail_the_sender(caplog: pytest.LogCaptureFixture) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("no")

    shelf = Shelf("a")
    source_created.connect(fail, sender=shelf)
    try:
        shelf.send_created("1")
    finally:
        source_created.disconnect(fail, sender=shelf)
    assert "Signal.send_robust() (no)" in caplog.text


# Querysets -------------------------------------------------------------------------------------------------


def test_a_queryset_that_joins_serves_each_image_once(make_image: Any) -> None:
    both = make_image(tags=["featured-1", "featured-2"])
    make_image(tags=["other"])
    assert images_of(Featured()) == keys(both)


def test_an_exclude_leaves_images_out(make_image: Any) -> None:
    plain = make_image()
    make_image(tags=["raw", "other"])
    assert images_of(AllButRaw()) == keys(plain)


def test_a_slice_stays_a_slice(make_image: Any) -> None:
    _oldest, middle, newest = make_image(), make_image(), make_image()
    assert images_of(Newest(2)) == keys(middle, newest)


def test_a_union_is_a_group_too(make_image: Any) -> None:
    class Either(QuerySetSourceGroup):
        def get_queryset(self) -> QuerySet[Any]:
            rows = self.model.objects
            return rows.filter(title="a").union(rows.filter(title="b"))

    a, b, _c = make_image("a"), make_image("b"), make_image("c")
    assert images_of(Either()) == keys(a, b)


def test_files_are_the_images_own_and_are_not_opened(
    make_image: Any, django_assert_num_queries: Any, monkeypatch: Any
) -> None:
    make_image("a"), make_image("b")

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("storage was asked")

    monkeypatch.setattr("django.core.files.storage.FileSystemStorage._open", refuse)
    with django_assert_num_queries(1):
        files = list(ImageModelSourceGroup().files())
    assert [file.instance.title for file in files] == ["a", "b"]


def test_one_query_tells_whether_an_image_is_in(make_image: Any, django_assert_num_queries: Any) -> None:
    image = make_image(tags=["featured"])
    group = Featured()
    with django_assert_num_queries(1):
        assert group.contains(image)


def test_an_image_of_another_model_is_not_in_and_costs_nothing(
    make_image: Any, django_assert_num_queries: Any
) -> None:
    image = make_image(model=UUIDImage)
    with django_assert_num_queries(0):
        assert not Featured().contains(image)


def test_an_unsaved_image_is_in_no_group(db: None, django_assert_num_queries: Any) -> None:
    image = get_image_model()()
    with django_assert_num_queries(0):
        assert not Featured().contains(image)


def test_a_group_whose_queryset_raises_is_empty_to_a_condition_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        assert Broken().condition() == nothing()
    assert [record.getMessage() for record in caplog.records] == [
        f"The source group {__name__}.Broken() cannot say which images are in it and counts as empty."
    ]
    with pytest.raises(RuntimeError, match="out of order"):
        next(iter(Broken().files()))
    with pytest.raises(RuntimeError, match="out of order"):
        Broken().resolve()
    assert Broken().problems(database=False) == []
    assert Broken().problems(database=True) == [
        "<Broken()> cannot say which images are in it: RuntimeError: out of order."
    ]


def test_a_queryset_of_another_model_than_said_is_a_problem(make_image: Any) -> None:
    assert Foreign().problems(database=True) == [
        "<Foreign()> returns images of testapp.UUIDImage, but its model is gallery.CustomImage; "
        "set `model` of Foreign to UUIDImage."
    ]
    image = make_image(model=UUIDImage)
    assert ForeignSaid().problems(database=True) == []
    assert images_of(ForeignSaid()) == keys(image)


def test_a_group_without_a_queryset_says_so() -> None:
    class Empty(QuerySetSourceGroup):
        pass

    with pytest.raises(
        NotImplementedError, match=r"Empty has no get_queryset\(\); a group of images returns"
    ):
        Empty().resolve()
    assert Empty().problems(database=False) == [
        "<test_a_group_without_a_queryset_says_so.<locals>.Empty()> has no get_queryset(); "
        "a group of images returns a queryset of them there."
    ]


def test_a_group_without_files_says_so() -> None:
    with pytest.raises(NotImplementedError) as error:
        Bare().files()
    assert str(error.value) == "Bare has no files(); a source group yields its files there."


def test_a_queryset_of_ones_own_is_watched_for_tags_and_collections() -> None:
    assert Featured().watches == (TagsWatch(), CollectionsWatch())
    assert ImageModelSourceGroup().watches == ()


# Which are of images ---------------------------------------------------------------------------------------


def test_image_groups_are_those_whose_sources_are_images() -> None:
    of_images = [
        ImageModelSourceGroup(),
        CollectionSourceGroup("Press"),
        TagSourceGroup("a"),
        ImageFieldSourceGroup(Person, "portrait"),
        ReferenceSourceGroup(Person),
        Featured(),
    ]
    others = [ImageFieldSourceGroup(Person, "avatar"), DirectorySourceGroup("/tmp"), Shelf("a")]
    assert image_groups([*others, *of_images]) == of_images
