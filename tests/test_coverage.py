from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model

from tests.images import asks
from tests.test_pages import EVENTS, FOCUS, KINDS, Library, nothing_registered, planned
from tests.testapp.models import CodeImage, UUIDImage
from wagtail_sourcegroups import RenditionSpec, coverage, pages
from wagtail_sourcegroups.coverage import Coverage, Figures
from wagtail_sourcegroups.generation.batches import make
from wagtail_sourcegroups.generation.settled import Evidence
from wagtail_sourcegroups.generation.sources import image_key
from wagtail_sourcegroups.models import RenditionRecord
from wagtail_sourcegroups.registry import Binding
from wagtail_sourcegroups.selection import Selection
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
    SourceGroup,
)

pytestmark = pytest.mark.django_db

__all__ = ["nothing_registered"]


def covered(library: Library, bindings: Any = None, selection: Selection | None = None) -> Coverage:
    return coverage.coverage(bindings or library.bindings, library.bindings, selection)


def test_how_outputs_stand() -> None:
    library = Library()
    everybody, press, some = (binding.group.key for binding in library.bindings)
    library.add()
    lacking = library.add()
    library.add(collection=library.press, **FOCUS)
    replaced = library.add(collection=library.press)
    library.set(replaced, file="original_images/other.jpg")
    bare, failed, unseen = (library.add(complete=False, collection=library.press) for _ in range(3))
    library.fail(image_key(library.model, failed.pk))
    library.fail(image_key(library.model, unseen.pk), "")
    library.rows(lacking).filter(filter_spec="width-20").delete()
    found = covered(library)
    assert found.groups == {
        ("all", everybody): Figures(7, 14, ready=5, missing=4, stale=2, failed=3),
        ("press", press): Figures(5, 10, ready=2, missing=3, stale=2, failed=3),
        ("some", some): Figures(),
    }
    assert found.specs == {spec_id: figures for (spec_id, _), figures in found.groups.items()}
    assert library.rows(bare).count() == 0
    assert found.unknown == ()


def test_an_image_in_two_groups_of_a_spec_counts_for_each_and_once_in_all() -> None:
    library = Library()
    spec = library.bindings[0].spec
    press = CollectionSourceGroup("Press")
    library.bindings = [Binding(spec, ImageModelSourceGroup()), Binding(spec, press)]
    library.add(collection=library.press)
    library.add()
    found = covered(library)
    assert found.specs == {"all": Figures(2, 4, ready=4)}
    assert [figures.images for figures in found.groups.values()] == [2, 1]
    archive = Selection(collections=frozenset([library.archive.pk]))
    assert covered(library, selection=archive).specs == {"all": Figures()}
    assert covered(library, library.bindings[1:]).specs == {"all": Figures(1, 2, ready=2)}


@pytest.mark.parametrize("model", [None, CodeImage, UUIDImage])
@pytest.mark.parametrize("seed", range(4))
def test_what_the_database_tells_is_what_reading_tells(
    model: Any, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage, "PAGE", 7)
    chance = random.Random(seed)
    library = Library(model)
    images = [library.add(complete=False, **KINDS[chance.choice(list(KINDS))]) for _ in range(40)]
    for image in images[:30]:
        library.set(image, collection=chance.choice([library.root, library.press]))
    library.complete()
    for image in chance.sample(images, 20):
        for event in chance.sample(list(EVENTS), 2):
            with suppress(IntegrityError), transaction.atomic():
                EVENTS[event](library, image)
    for bindings in (library.bindings, library.bindings[:1], library.bindings[-1:]):
        told = covered(library, bindings)
        with monkeypatch.context() as patch:
            patch.setattr(Evidence, "available", False)
            assert covered(library, bindings) == told
        totals = planned(library.walk(count_settled=False, bindings=bindings), library.model)["totals"]
        for spec_id, figures in told.specs.items():
            counted = totals["specs"].get(spec_id, {"sources": 0, "existing": 0})
            assert (figures.images, figures.ready) == (counted["sources"], counted["existing"])
            assert figures.expected == figures.ready + figures.missing + figures.stale + figures.failed


@pytest.mark.parametrize("focal", [{}, FOCUS])
def test_what_was_made_here_is_weighed(make_image: Any, focal: dict[str, int]) -> None:
    spec = RenditionSpec("made", ["width-20", "fill-10x10"])
    bindings = [Binding(spec, ImageModelSourceGroup())]
    image = make_image(**focal)
    make_image("two.jpg").get_rendition("width-20")
    assert make(asks(image, spec)).ok
    figures = coverage.coverage(bindings, bindings).specs["made"]
    assert figures == Figures(
        2, 4, ready=3, missing=1, bytes=sum(each.file.size for each in image.renditions.all())
    )
    assert figures.bytes == sum(RenditionRecord.objects.values_list("bytes", flat=True)) > 0


def test_queries_do_not_grow_with_images_that_need_no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "PAGE", 10)
    library = Library()

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            covered(library)
        return len(queries)

    for _ in range(3):
        library.add()
    # What is looked up once is looked up.
    asked()
    few = asked()
    for _ in range(7):
        library.add()
    assert asked() == few
    # Two for another page.
    library.add()
    assert asked() == few + 2


def test_a_group_that_cannot_say_who_is_in_it_is_unknown_and_costs_no_other() -> None:
    class Broken(QuerySetSourceGroup):
        key = "broken"

        def get_queryset(self) -> Any:
            return get_image_model().objects.extra(where=["no such column"])

    library = Library()
    library.add()
    library.bindings = [library.bindings[0], Binding(library.bindings[0].spec, Broken())]
    found = covered(library)
    assert found.unknown == ("broken",)
    assert list(found.groups.values()) == [Figures(1, 2, ready=2)]


def test_plain_groups_are_left_out() -> None:
    class Plain(SourceGroup):
        def files(self) -> Any:
            raise AssertionError("Nobody is to walk it.")

    spec = RenditionSpec("plain", "width-20")
    assert coverage.coverage([Binding(spec, Plain())], []) == Coverage()
    assert pages.PAGE == coverage.PAGE
