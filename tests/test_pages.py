from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from wagtail import hooks
from wagtail.images import get_image_model
from wagtail.images.image_operations import DoNothingOperation
from wagtail.models import Collection, Page

from tests.testapp.models import CodeImage, UUIDImage
from wagtail_sourcegroups import RenditionSpec, pages
from wagtail_sourcegroups.generation import settled
from wagtail_sourcegroups.generation.batches import make_batches
from wagtail_sourcegroups.generation.options import Options
from wagtail_sourcegroups.generation.plan import count_source, plan_images
from wagtail_sourcegroups.generation.progress import Progress, Totals
from wagtail_sourcegroups.generation.sources import image_key
from wagtail_sourcegroups.generation.state import content_type_of, write_states
from wagtail_sourcegroups.models import GenerationFailure, SourceState
from wagtail_sourcegroups.registry import Binding, get_registry
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
)
from wagtail_sourcegroups.walk import Walk

pytestmark = pytest.mark.django_db

ALL = RenditionSpec("all", ["width-20", "fill-10x10"])
PRESS = RenditionSpec("press", ["width-30|format-webp", "width-20"])
SOME = RenditionSpec("some", ["width-40|format-webp|preserve-svg", "fill-10x10"])
FOCUS = {"focal_point_x": 5, "focal_point_y": 6, "focal_point_width": 3, "focal_point_height": 4}


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    with get_registry().override(empty=True):
        yield


class TitledSome(QuerySetSourceGroup):
    def __init__(self, model: Any) -> None:
        self.model = model

    def get_queryset(self) -> Any:
        return self.model.objects.filter(title__contains="some")


class Library:
    """Images in up to three groups, with all that is wanted of them as rows, and none of it a file."""

    def __init__(self, model: Any = None, specs: tuple[RenditionSpec, ...] = (ALL, PRESS, SOME)) -> None:
        self.model = model or get_image_model()
        self.renditions = self.model.get_rendition_model()
        self.root = Collection.get_first_root_node()
        self.press = self.root.add_child(instance=Collection(name="Press"))
        self.archive = self.root.add_child(instance=Collection(name="Archive"))
        groups = [ImageModelSourceGroup(self.model), TitledSome(self.model)]
        if self.model is get_image_model():
            groups.insert(1, CollectionSourceGroup("Press"))
        self.bindings = [Binding(spec, group) for spec, group in zip(specs, groups, strict=False)]
        self.made = 0

    def add(self, *, complete: bool = True, **fields: Any) -> Any:
        """An image; ``complete`` ones have every rendition, and their state is kept."""
        self.made += 1
        fields = {
            "title": f"{self.made}",
            "file": f"original_images/{self.made}.jpg",
            "width": 100,
            "height": 80,
            "file_size": 1000,
            "file_hash": "ab" * 20,
            "collection": self.root,
            **({"id": f"code-{self.made}"} if self.model is CodeImage else {}),
            **fields,
        }
        (image,) = self.model.objects.bulk_create([self.model(**fields)])
        if complete:
            self.complete()
        return image

    def complete(self) -> None:
        for batch in self.walk(count_settled=False).image_batches(self.model):
            plan = plan_images(batch, Options(), Totals())
            write_states(self.model, plan.states)
            self.renditions.objects.bulk_create(
                self.renditions(
                    image=work.source.image,
                    filter_spec=key.filter_spec,
                    focal_point_key=key.focal_point_key,
                    file=f"images/{work.source.image.pk}.{number}",
                    width=1,
                    height=1,
                )
                for work in plan.works
                for number, key in enumerate(work.decision.missing)
            )

    def walk(self, *, count_settled: bool = True, bindings: Any = None, size: int = 3) -> Walk:
        walk = Walk(
            bindings or self.bindings,
            self.bindings,
            batch_size=size,
            count_settled=count_settled,
            write=False,
        )
        walk.prepare()
        return walk

    def rows(self, image: Any) -> Any:
        return self.renditions.objects.filter(image_id=image.pk).order_by("filter_spec")

    def state(self, image: Any) -> Any:
        return SourceState.objects.filter(object_id=str(image.pk), content_type=content_type_of(self.model))

    def set(self, image: Any, **fields: Any) -> None:
        self.model.objects.filter(pk=image.pk).update(**fields)

    def fail(self, key: str, filter_spec: str = "width-20") -> None:
        GenerationFailure.objects.create(source_key=key, filter_spec=filter_spec, error="no")

    def settled(self, image: Any) -> bool:
        batches = list(self.walk().image_batches(self.model))
        looked_at = {row.pk for batch in batches for row in batch.rows}
        assert sum(batch.size for batch in batches) == self.model.objects.count()
        return image.pk not in looked_at


def planned(walk: Walk, model: Any, options: Options | None = None) -> dict[str, Any]:
    """All that comes of planning a walk, in an order that does not depend on its batches."""
    totals = Totals()
    found: dict[str, Any] = {"works": {}, "states": {}, "outdated": [], "images": 0}
    for batch in walk.image_batches(model):
        found["images"] += batch.size
        plan = plan_images(batch, options or Options(), totals)
        for work in plan.works:
            # As if it had been made.
            count_source(work.membership, totals)
            decision = work.decision
            found["works"][work.source.key] = (
                dict(decision.existing),
                set(decision.missing),
                dict(decision.replace),
                decision.drop,
                work.snapshot,
                {key: filter_.spec for key, filter_ in work.filters},
            )
        found["states"] |= plan.states
        found["outdated"] += plan.outdated_failures
        assert plan.unsure == []
    found["outdated"].sort()
    found["totals"] = asdict(totals)
    return found


# What may befall an image: by name, the function that does it. Those in UNHARMED leave nothing to do.

Event = Callable[[Library, Any], object]


def lose(rows: Any) -> None:
    rows.filter(pk__in=rows.values_list("pk", flat=True)[:1]).delete()


EVENTS: dict[str, Event] = {
    "nothing": lambda library, image: None,
    "another title": lambda library, image: library.set(image, title=f"{image.title}, another"),
    "a rendition of another filter spec": lambda library, image: library.renditions.objects.create(
        image_id=image.pk, filter_spec="width-99", focal_point_key="", file="x", width=1, height=1
    ),
    "a rendition of another focal point": lambda library, image: library.renditions.objects.create(
        image_id=image.pk, filter_spec="fill-10x10", focal_point_key="beef", file="x", width=1, height=1
    ),
    "a failure of a plain file": lambda library, image: library.fail(f"file:{image.pk}"),
    "a failure of an image whose key begins alike": lambda library, image: library.fail(
        image_key(library.model, f"{image.pk}0")
    ),
    "a failure of another model": lambda library, image: library.fail(f"other.model:{image.pk}"),
    "the state of another model": lambda library, image: SourceState.objects.get_or_create(
        object_id=str(image.pk), content_type=content_type_of(Page), defaults={"stale": ["1"]}
    ),
    "a rendition went": lambda library, image: lose(library.rows(image)),
    "the last rendition went": lambda library, image: lose(library.rows(image).reverse()),
    "all renditions went": lambda library, image: library.rows(image).delete(),
    "a rendition of another key in its place": lambda library, image: (
        library.rows(image).filter(filter_spec="width-20").update(focal_point_key="beef")
    ),
    "the key of a fill went": lambda library, image: (
        library.rows(image).filter(filter_spec="fill-10x10").update(focal_point_key="")
    ),
    "a stale rendition": lambda library, image: library.state(image).update(
        stale=[str(pk) for pk in library.rows(image).values_list("pk", flat=True)[:1]]
    ),
    "a stale rendition that is gone": lambda library, image: library.state(image).update(stale=["-1"]),
    "a failure": lambda library, image: library.fail(image_key(library.model, image.pk)),
    "a failure of the source": lambda library, image: library.fail(image_key(library.model, image.pk), ""),
    "a failure of what nobody wants": lambda library, image: library.fail(
        image_key(library.model, image.pk), "width-99"
    ),
    "another file": lambda library, image: library.set(image, file="original_images/other.jpg"),
    "a file of another case": lambda library, image: library.set(image, file=str(image.file).upper()),
    "another size": lambda library, image: library.set(image, file_size=7),
    "no size": lambda library, image: library.set(image, file_size=None),
    "no size kept": lambda library, image: library.state(image).update(file_size=None),
    "another hash": lambda library, image: library.set(image, file_hash="cd" * 20),
    "no hash": lambda library, image: library.set(image, file_hash=""),
    "no hash kept": lambda library, image: library.state(image).update(file_hash=""),
    "a focal point": lambda library, image: library.set(image, **FOCUS),
    "another focal point": lambda library, image: library.set(image, **FOCUS | {"focal_point_x": 50}),
    "half a focal point": lambda library, image: library.set(image, focal_point_width=3),
    "another collection": lambda library, image: library.set(image, collection=library.archive),
    "the collection of a group": lambda library, image: library.set(image, collection=library.press),
    "other groups kept": lambda library, image: library.state(image).update(groups=["some:other"]),
    "no groups kept": lambda library, image: library.state(image).update(groups=[]),
    "in one group more": lambda library, image: library.set(image, title="some more"),
    "no state": lambda library, image: library.state(image).delete(),
    "a state, but of another model": lambda library, image: library.state(image).update(
        content_type=content_type_of(Page)
    ),
    "an SVG now": lambda library, image: library.set(image, file="original_images/other.svg"),
}
UNHARMED = {
    "nothing",
    "another title",
    "a rendition of another filter spec",
    "a rendition of another focal point",
    "a failure of a plain file",
    "a failure of an image whose key begins alike",
    "a failure of another model",
    "the state of another model",
}

# How images begin: complete, all of them.
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "in two groups": {"title": "some"},
    "of unknown size": {"file_size": None},
    "without a hash": {"file_hash": ""},
    "SVG": {"file": "original_images/a.svg"},
    "SVG in capitals": {"file": "original_images/a.SVG"},
    "SVG in two groups": {"file": "original_images/b.svg", "title": "some"},
    "not quite SVG": {"file": "original_images/a.ſvg"},
    "short name": {"file": "a"},
    "with a focal point": FOCUS,
    "with part of a focal point": FOCUS | {"focal_point_height": None},
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_settled_needs_nothing(kind: str) -> None:
    library = Library()
    library.add()
    image = library.add(**KINDS[kind])
    for event, happens in EVENTS.items():
        with transaction.atomic():
            happens(library, image)
            thorough = planned(library.walk(count_settled=False), library.model)
            assert planned(library.walk(), library.model) == thorough, event
            if library.settled(image):
                assert image_key(library.model, image.pk) not in thorough["works"], event
                assert str(image.pk) not in thorough["states"], event
                assert thorough["outdated"] == [], event
            elif "focal point" not in kind:
                assert event not in UNHARMED, "looked at in vain"
            transaction.set_rollback(True)


@pytest.mark.parametrize("few", [0, 1, 2, 3])
def test_however_many_failures_there_are(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled, "FEW", few)
    library = Library()
    images = [library.add(complete=False) for _ in range(4)]
    library.complete()
    library.fail("file:elsewhere")
    library.fail(image_key(library.model, -1))
    for image in images[1:3]:
        library.fail(image_key(library.model, image.pk))
    assert [library.settled(image) for image in images] == [True, False, False, True]
    assert [batch.failed for batch in library.walk().image_batches(library.model) if batch.rows] == [True]


def test_failures_are_not_asked_for_where_there_are_none() -> None:
    library = Library()
    library.add(complete=False)
    (batch,) = library.walk().image_batches(library.model)
    with CaptureQueriesContext(connection) as captured:
        plan_images(batch, Options(), Totals())
    # States, renditions, and the image of which something is missing.
    assert len(captured) == 3


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "focal point" not in kind])
def test_what_is_complete_is_settled(kind: str) -> None:
    library = Library()
    image = library.add(**KINDS[kind])
    assert library.settled(image)


def test_a_focal_point_that_no_output_depends_on_is_no_matter() -> None:
    library = Library(specs=(RenditionSpec("a", "width-20"),))
    image, part = library.add(**FOCUS), library.add(**FOCUS | {"focal_point_height": None})
    assert library.settled(image)
    assert library.settled(part)
    library.set(image, focal_point_x=99)
    assert not library.settled(image)
    assert library.settled(part)


@pytest.mark.parametrize("model", [None, CodeImage, UUIDImage])
@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_looking_at_all(model: Any, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE", 7)
    chance = random.Random(seed)
    library = Library(model)
    images = [library.add(complete=False, **KINDS[chance.choice(list(KINDS))]) for _ in range(40)]
    for image in images[:30]:
        library.set(image, collection=chance.choice([library.root, library.press]))
    library.complete()
    for image in chance.sample(images, 20):
        for event in chance.sample(list(EVENTS), chance.choice([1, 1, 2])):
            with suppress(IntegrityError), transaction.atomic():
                EVENTS[event](library, image)
    for bindings in (library.bindings, library.bindings[:1], library.bindings[-1:]):
        walks = [library.walk(count_settled=way, bindings=bindings) for way in (True, False)]
        counted, looked_at = (planned(walk, library.model) for walk in walks)
        assert counted == looked_at


def test_more_outputs_than_a_number_has_bits() -> None:
    library = Library(specs=(RenditionSpec("many", [f"width-{width}" for width in range(1, 150)]),))
    images = [library.add() for _ in range(3)]
    assert all(map(library.settled, images))
    for image, width in zip(images, (1, 62, 149), strict=True):
        library.rows(image).get(filter_spec=f"width-{width}").delete()
        assert not library.settled(image)


def test_an_image_that_nothing_is_wanted_of_is_settled() -> None:
    library = Library(specs=(RenditionSpec("webp", "width-20|format-webp"),))
    assert library.settled(library.add(file="original_images/a.svg"))


def test_where_a_group_cannot_be_asked_images_keep_the_groups_they_had() -> None:
    library = Library()
    library.bindings.append(Binding(ALL, CollectionSourceGroup("Nowhere")))
    image = library.add()
    library.state(image).update(groups=["some:other"])
    assert library.settled(image)


class TestBatches:
    @pytest.fixture(autouse=True)
    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pages, "PAGE", 4)

    def test_are_as_large_as_asked_and_in_the_order_of_keys(self) -> None:
        library = Library()
        images = [library.add(complete=number > 10) for number in range(12)]
        complete = images.pop(2)
        # Of those before it all has been made, too.
        lost = [image.pk for image in images]
        library.renditions.objects.exclude(image_id=complete.pk).delete()
        batches = list(library.walk(size=2).image_batches(library.model))
        assert [pk for batch in batches for pk in (row.pk for row in batch.rows)] == lost
        assert [(len(batch.rows), batch.size) for batch in batches] == [
            (0, 1),
            *[(2, 2), (1, 1)],
            *[(2, 2), (2, 2)],
            *[(2, 2), (2, 2)],
        ]

    @pytest.mark.parametrize("images", [3, 4, 5, 8])
    def test_each_image_once(self, images: int) -> None:
        library = Library()
        for _ in range(images):
            library.add(complete=False)
        library.complete()
        with CaptureQueriesContext(connection) as captured:
            totals = [batch.size for batch in library.walk().image_batches(library.model)]
        assert sum(totals) == images
        pages_ = [query for query in captured if "as_kept" in query["sql"]]
        assert len(pages_) == len(totals) == -(-images // 4)

    def test_are_read_when_their_turn_comes(self) -> None:
        library = Library()
        first, second, third = (library.add(complete=False) for _ in range(3))
        batches = library.walk(size=1).image_batches(library.model)
        assert [row.pk for row in next(batches).rows] == [first.pk]
        library.set(second, file="original_images/newer.jpg")
        (row,) = next(batches).rows
        assert (row.pk, row.snapshot_values[0]) == (second.pk, "original_images/newer.jpg")
        third.delete()
        assert list(batches) == []

    def test_everything_is_counted_as_done(self) -> None:
        library = Library()
        for number in range(9):
            library.add(complete=number > 5)
        done: list[int] = []

        class Counting(Progress):
            def advance(self, sources: int, totals: Totals) -> None:
                done.append(sources)

        walk = library.walk()
        totals = make_batches(walk.batches(), options=Options(), progress=Counting())
        assert sum(done) == 9 == totals.all.sources


class TestWhereTheDatabaseCannotTell:
    """Every image is read, as it is by whoever looks closer."""

    @pytest.fixture
    def library(self) -> Library:
        library = Library()
        library.add()
        assert library.settled(library.model.objects.get())
        return library

    @staticmethod
    def is_read(library: Library) -> bool:
        (batch,) = library.walk().image_batches(library.model)
        return not batch.settled and len(batch.rows) == 1

    def test_texts_may_be_equal_that_are_not(self, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settled, "EXACT_TEXT", frozenset())
        assert self.is_read(library)

    def test_two_rows_may_be_one_output(self, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("unique_together", "total_unique_constraints"):
            monkeypatch.setitem(library.renditions._meta.__dict__, name, ())
        assert self.is_read(library)

    def test_keys_depend_on_what_is_no_column(self, library: Library) -> None:
        class Operation(DoNothingOperation):
            vary_fields = ("default_alt_text",)

        spec = RenditionSpec("s", "shiny")
        with hooks.register_temporarily("register_image_operations", lambda: [("shiny", Operation)]):
            bindings = [Binding(spec, binding.group) for binding in library.bindings]
            (batch,) = library.walk(bindings=bindings).image_batches(library.model)
        assert len(batch.rows) == 1

    def test_rows_are_in_several_databases(self, library: Library, settings: Any) -> None:
        class Elsewhere:
            def db_for_read(self, model: Any, **hints: Any) -> str | None:
                return "elsewhere" if model is SourceState else None

        evidence = settled.Evidence(library.model, [ALL])
        assert evidence.available
        settings.DATABASE_ROUTERS = [Elsewhere()]
        assert not evidence.available


@pytest.mark.parametrize("closer", ["force", "verify", "only_failed"])
def test_whoever_looks_closer_has_every_image_read(closer: str) -> None:
    assert Options().only_missing
    assert not Options(**{closer: True}).only_missing
