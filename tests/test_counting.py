"""The kept figures: what they say, and that they are taken anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Sum
from django.utils import timezone
from wagtail.models import Collection

from tests.test_pages import ALL, PRESS, Library
from wagtail_sourcegroups import RenditionSpec, counting
from wagtail_sourcegroups.coverage import Coverage
from wagtail_sourcegroups.generation.sources import image_key
from wagtail_sourcegroups.management import job
from wagtail_sourcegroups.models import CoverageCount, CoverageFigure, GenerationRun
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.runs import starting, working
from wagtail_sourcegroups.runs.question import Question
from wagtail_sourcegroups.selection import Selection

pytestmark = pytest.mark.django_db


@pytest.fixture
def registry() -> Iterator[Registry]:
    with get_registry().override(empty=True) as registry:
        yield registry


@pytest.fixture
def library(registry: Registry) -> Library:
    """Three specs, of all images, of those in Press, and of some."""
    library = Library()
    for spec, group in library.bindings:
        registry.add_spec(spec)
        registry.add_group(spec.id, group)
    return library


def figures(spec: str = "", group: str = "", **narrowed: Any) -> dict[str, int]:
    """What is kept of a place, all collections together unless narrowed."""
    rows = CoverageFigure.objects.filter(spec_id=spec, group_key=group, **narrowed)
    found = rows.aggregate(**{name: Sum(name) for name in ("images", "expected", "ready", "missing")})
    return {name: number or 0 for name, number in found.items()}


def kept() -> CoverageCount:
    return CoverageCount.objects.get()


def while_counting(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> list[int]:
    """Have something happen once everything is counted, and before it is kept; how often that came, in a list."""
    original, times = counting.coverage, [0]

    def counted(*arguments: Any) -> Coverage:
        found = original(*arguments)
        times[0] += 1
        if times[0] == 1:
            happens()
        return found

    monkeypatch.setattr(counting, "coverage", counted)
    return times


def test_figures_are_kept_by_collection_spec_and_group(library: Library) -> None:
    library.add()
    library.add(collection=library.press)
    library.add(complete=False, collection=library.press)
    before = timezone.now()
    assert counting.count()
    assert before <= kept().counted_at <= timezone.now()
    everybody = library.bindings[0].group.key
    assert figures("all", everybody, collection=library.root) == {
        "images": 1,
        "expected": 2,
        "ready": 2,
        "missing": 0,
    }
    assert figures("all", everybody, collection=library.press)["missing"] == 2
    assert figures("press", collection=library.root)["images"] == 0
    assert set(map(tuple, kept().counted)) == {(spec.id, group.key) for spec, group in library.bindings}
    assert not CoverageFigure.objects.filter(collection=library.archive).exists()


def test_a_rendition_that_two_specs_want_counts_once_together(library: Library) -> None:
    assert set(ALL.filters) & set(PRESS.filters) == {"width-20"}
    library.add(collection=library.press)
    counting.count()
    by_spec = [figures(spec.id)["expected"] for spec in (ALL, PRESS)]
    assert by_spec == [2, 2]
    assert figures()["expected"] == figures()["ready"] == 3
    assert figures()["images"] == 1


def test_a_rendition_that_two_groups_want_counts_once_for_the_spec(
    library: Library, registry: Registry
) -> None:
    registry.add_group("all", library.bindings[1].group)
    library.add(collection=library.press)
    counting.count()
    for _, group in library.bindings[:2]:
        assert figures("all", group.key)["expected"] == 2
    assert figures("all")["expected"] == 2


def test_a_count_replaces_the_one_before(library: Library, registry: Registry) -> None:
    image = library.add()
    counting.count()
    registry.remove_spec("some")
    registry.remove_spec("press")
    library.rows(image).delete()
    counting.count()
    assert figures()["missing"] == 2
    assert not CoverageFigure.objects.exclude(spec_id__in=("", "all")).exists()
    assert CoverageCount.objects.count() == 1


def test_the_count_that_began_later_stays(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.add()

    def meanwhile() -> None:
        library.add()
        assert counting.count()

    while_counting(monkeypatch, meanwhile)
    assert not counting.count()
    assert figures()["images"] == 2


def test_a_collection_that_goes_takes_its_figures_along(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add()
    library.add(collection=library.press)
    counting.count()
    Collection.objects.get(pk=library.press.pk).delete()
    assert figures()["images"] == 1
    gone = library.root.add_child(name="Gone")
    library.add(collection=gone)
    while_counting(monkeypatch, lambda: Collection.objects.get(pk=gone.pk).delete())
    assert counting.count()
    assert figures()["images"] == 1


def test_groups_that_cannot_say_who_is_in_them_are_named(library: Library, registry: Registry) -> None:
    class Broken(type(library.bindings[2].group)):  # type: ignore[misc]
        key = "broken"

        def get_queryset(self) -> Any:
            raise LookupError("no such thing")

    registry.add_group("some", Broken(library.model))
    counting.count()
    assert kept().unknown == ["broken"]


# Asking for it --------------------------------------------------------------------------------------------


def test_whoever_asks_has_it_counted_after_the_commit(
    library: Library, django_capture_on_commit_callbacks: Any
) -> None:
    library.add()
    with django_capture_on_commit_callbacks(execute=True):
        assert counting.ask()
        assert kept().asked_at is not None
        assert kept().counted_at is None
    assert kept().asked_at is None
    assert figures()["images"] == 1


def test_nobody_counts_beside_somebody_who_counts(
    library: Library, django_capture_on_commit_callbacks: Any
) -> None:
    assert counting.ask()
    with django_capture_on_commit_callbacks() as callbacks:
        assert not counting.ask()
    assert callbacks == []
    assert kept().again


def test_who_asks_while_it_is_counted_gets_a_count_that_is_new(
    library: Library, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    library.add()

    def meanwhile() -> None:
        library.add()
        assert not counting.ask()

    times = while_counting(monkeypatch, meanwhile)
    with django_capture_on_commit_callbacks(execute=True):
        assert counting.ask()
    assert times == [2]
    assert figures()["images"] == 2
    assert (kept().asked_at, kept().again) == (None, False)


@pytest.mark.parametrize("minutes", [-16, 16])
def test_who_was_killed_counting_keeps_nobody_from_it(minutes: int) -> None:
    at = timezone.now() + timedelta(minutes=minutes)
    CoverageCount.objects.create(pk=1, asked_at=at, again=True)
    assert counting.ask()
    assert not kept().again


def test_a_backend_that_refuses_leaves_it_to_be_asked_again(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def refuse(task: Any) -> Any:
        raise ConnectionError("no broker")

    monkeypatch.setattr(counting, "routed", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        assert counting.ask()
    assert kept().asked_at is None
    assert counting.ask()


def test_a_count_that_fails_leaves_the_figures_and_can_be_asked_for_again(
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    library.add()
    counting.count()
    counted_at = kept().counted_at

    def fail(*arguments: Any) -> Any:
        raise RuntimeError("something of the site's")

    monkeypatch.setattr(counting, "coverage", fail)
    with django_capture_on_commit_callbacks(execute=True):
        assert counting.ask()
    assert "The coverage cannot be counted." in caplog.text
    assert (kept().asked_at, kept().counted_at) == (None, counted_at)
    assert figures()["images"] == 1


def test_asking_never_raises(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(counting, "is_counting", lambda: 1 / 0)
    assert not counting.ask()
    assert "could not be asked" in caplog.text
    # The transaction that it happened in goes on.
    assert CoverageFigure.objects.count() == 0


# Full runs ------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Filled by everybody who asks for a count."""
    asked: list[bool] = []
    for module in (working, job):
        monkeypatch.setattr(module.counting, "ask", lambda: asked.append(True))
    return asked


@pytest.mark.parametrize(
    ("question", "full"),
    [
        (Question(("all", "press", "some")), True),
        (Question(("all", "press")), False),
        (Question(("all", "press", "some"), selection=Selection(only_failed=True)), False),
    ],
)
def test_a_full_run_has_it_counted_when_it_ends(
    library: Library, asked: list[bool], question: Question, full: bool
) -> None:
    run = starting.start(question)
    assert asked == []
    working.drive(run.pk)
    assert GenerationRun.objects.get(pk=run.pk).state == "finished"
    assert asked == [True] * full


@pytest.mark.parametrize(("arguments", "full"), [((), True), (("all",), False), (("--dry-run",), False)])
def test_so_does_a_full_run_of_the_command(
    library: Library, asked: list[bool], arguments: tuple[str, ...], full: bool
) -> None:
    call_command("generateimages", *arguments, verbosity=0)
    assert asked == [True] * full


def test_failures_and_what_is_out_of_date_are_counted(library: Library) -> None:
    replaced, failed = library.add(), library.add(complete=False)
    library.fail(image_key(library.model, failed.pk))
    library.set(replaced, file="original_images/other.jpg")
    counting.count()
    row = CoverageFigure.objects.get(spec_id=ALL.id, group_key="", collection=library.root)
    assert (row.expected, row.ready, row.missing, row.stale, row.failed) == (4, 0, 1, 2, 1)


def test_nothing_registered_is_nothing_to_count(registry: Registry) -> None:
    registry.add_spec(RenditionSpec("alone", "width-20"))
    assert counting.count()
    assert kept().counted == []
    assert not CoverageFigure.objects.exists()
