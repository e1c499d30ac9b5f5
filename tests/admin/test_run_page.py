"""The page of a run: what it shows, how it is drawn anew, who steers it and who works on it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from wagtail.images import get_image_model
from wagtail.models import Collection

from tests.admin.running import FETCHED, asked, fail, finish, in_state, of_the_command, standing, url
from tests.images import picture, stored
from tests.taskclasses import skip_unless_a_worker_takes
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.admin.runs import page
from wagtail_sourcegroups.generation import account
from wagtail_sourcegroups.generation.progress import Progress
from wagtail_sourcegroups.models import GenerationRun, RenditionRecord, RunBatch
from wagtail_sourcegroups.runs import leases
from wagtail_sourcegroups.runs.tasks import run_batch_task
from wagtail_sourcegroups.runs.working import next_batch, walk_for, work
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup

pytestmark = pytest.mark.django_db


@pytest.fixture
def images(press: Collection, add_image: Callable[..., Any]) -> list[Any]:
    return [add_image(press) for _ in range(3)]


@pytest.fixture
def run(admin_user: Any, card: RenditionSpec, images: Any) -> GenerationRun:
    """Of everything, as an administrator has asked for it."""
    return asked(admin_user, card)


@pytest.fixture
def admin(as_user: Callable[[Any], Client], admin_user: Any) -> Client:
    return as_user(admin_user)


def shown(client: Client, run: GenerationRun) -> BeautifulSoup:
    response = client.get(url("run", run))
    assert response.status_code == 200, response
    return BeautifulSoup(response.content, "html.parser")


def text(found: Any) -> str:
    return " ".join(found.get_text(" ").split())


def step(client: Client, run: GenerationRun) -> dict[str, Any]:
    response = client.post(url("run_step", run), headers=FETCHED)
    assert response.status_code == 200, response
    told: dict[str, Any] = response.json()
    return told


def made() -> int:
    return int(get_image_model().get_rendition_model().objects.count())


# What it shows --------------------------------------------------------------------------------------------


def test_percentage_state_figures_and_what_was_asked(
    admin: Client, run: GenerationRun, settings: Any
) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    in_state(run, "running", sources_in_all=5000, sources=3109, generated=6200, failed=2, current="Loaf (#4)")
    soup = shown(admin, run)
    assert soup.title is not None
    assert f"Run {run.pk}: Card, all images" in text(soup.title)
    assert text(soup.select_one("[data-region=head]")) == "62% Running"
    progress = soup.select_one("progress")
    assert progress is not None
    assert (progress["max"], progress["value"]) == ("100", "62")
    said = text(soup.select_one("[data-region=progress]"))
    assert "Now: Loaf (#4)" in said
    assert "6,200 renditions made" in said
    assert "images done, of 5,000 3,109" in said
    assert "failed 2" in said
    assert "images a second" in said
    assert "left about" in said
    facts = text(soup.select_one("[data-region=facts]"))
    assert facts.startswith("Asked for Card, missing only Images All images 5,000 images to look at")
    assert "by admin" in facts


def test_nothing_is_written_into_the_page_that_a_strict_site_forbids(
    admin: Client, run: GenerationRun, images: Any
) -> None:
    fail(run, images[0])
    soup = shown(admin, finish(run))
    main = soup.select_one("main")
    assert main is not None
    for element in main.find_all(True):
        assert not [name for name in element.attrs if name == "style" or name.startswith("on")]
    assert not main.select("style, script:not([src])")


def test_the_newest_renditions_of_its_specs_are_shown_and_none_is_made(
    admin: Client, run: GenerationRun, images: Any, media_root: Path
) -> None:
    finish(run)
    rendition_model = get_image_model().get_rendition_model()
    other = rendition_model.objects.create(
        image=images[0], filter_spec="width-3", file="images/other.jpg", width=3, height=2
    )
    record = RenditionRecord.objects.first()
    assert record is not None
    RenditionRecord.objects.create(
        content_type=record.content_type, object_id=str(other.pk), bytes=1, seconds=1, source_fingerprint="x"
    )
    before = stored(media_root), made()
    soup = shown(admin, run)
    pictures = soup.select(".sg-pictures--newest img")
    assert {picture["alt"] for picture in pictures} == {image.title for image in images}
    assert not any("other" in str(picture["src"]) for picture in pictures)
    assert len(pictures) == 3
    assert (stored(media_root), made()) == before


def test_thumbnails_and_failures_appear_while_a_batch_goes_on(
    admin: Client, run: GenerationRun, images: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One batch may be hundreds of images."""
    monkeypatch.setattr(account, "OFTEN", 0)
    images[1].file.storage.delete(images[1].file.name)
    seen = []

    class Watcher(Progress):
        def advance(self, sources: int, totals: Any) -> None:
            soup = shown(admin, run)
            seen.append((len(soup.select(".sg-pictures--newest li")), len(soup.select(".sg-failures li"))))

    walk = walk_for(run)
    assert walk is not None
    batch = next_batch(run, walk)
    assert batch is not None
    assert work(batch, walk, face=Watcher())
    assert seen == sorted(seen)
    assert seen[-1] == (2, 2)
    assert len(set(seen)) > 2, "one after the other"


def test_only_those_that_were_made_while_it_was_at_work(
    admin: Client, admin_user: Any, card: RenditionSpec, run: GenerationRun, press: Collection, add_image: Any
) -> None:
    finish(run)
    late = add_image(press, name="late.jpg")
    again = finish(asked(admin_user, card))
    assert [p["alt"] for p in shown(admin, again).select(".sg-pictures--newest img")] == [late.title]
    assert late.title not in [p["alt"] for p in shown(admin, run).select(".sg-pictures--newest img")]


def test_a_large_rendition_is_shown_by_a_smaller_one_of_its_image(
    admin: Client, registry: Any, admin_user: Any, card: RenditionSpec, press: Collection, make_image: Any
) -> None:
    make_image("large.jpg", picture((1200, 900)), collection=press)
    large = RenditionSpec("shop:large", "width-1000")
    finish(asked(admin_user, card))
    registry.add_spec(large)
    registry.add_group(large.id, ImageModelSourceGroup())
    soup = shown(admin, finish(asked(admin_user, large)))
    (found,) = soup.select(".sg-pictures--newest li")
    image = found.select_one("img")
    assert image is not None
    assert "width-1000" not in str(image["src"])
    assert text(found) == "1000 × 750"


def test_failures_say_why_and_lead_to_the_images(
    admin: Client, run: GenerationRun, images: Any, settings: Any
) -> None:
    in_state(run, "running")
    fail(run, images[0])
    fail(run, images[1], "fill-10x10", "UnidentifiedImageError: cannot identify image file 'x.jpg'")
    section = shown(admin, run).select_one("section[aria-labelledby=sg-failures]")
    assert section is not None
    assert "2 failed so far" in text(section)
    newest, first = section.select("li")
    assert "10 × 10, cropped" in text(newest)
    assert "The original isn't a picture of a known format UnidentifiedImageError" in text(newest)
    assert "The original isn't in storage" in text(first)
    link = first.select_one("a")
    assert link is not None
    assert link["href"] == reverse("wagtailimages:edit", args=[images[0].pk])


def test_of_very_many_failures_the_first_are_shown(admin: Client, run: GenerationRun, images: Any) -> None:
    for number in range(25):
        fail(run, images[0], f"width-{number + 1}")
    soup = shown(admin, in_state(run, "running"))
    assert len(soup.select(".sg-failures li")) == 20
    assert "25 failed so far" in text(soup.select_one("section[aria-labelledby=sg-failures]"))
    assert "5 more in the report" in text(soup)


def test_finished_the_bar_is_a_share_and_failures_come_first(
    admin: Client, run: GenerationRun, images: Any
) -> None:
    images[0].file.storage.delete(images[0].file.name)
    finish(run)
    soup = shown(admin, run)
    assert text(soup.select_one("[data-region=head]")) == "4 of 6 Finished, 2 failed"
    assert soup.select_one("progress") is None
    share = soup.select_one("svg.sg-share")
    assert share is not None
    assert share["aria-label"] == "4 of 6 ready, 2 failed"
    assert [each.get("aria-labelledby") for each in soup.select("[data-region=details] section")] == [
        "sg-failures",
        "sg-newest",
    ]
    assert [text(button) for button in soup.select("[data-region=actions] button")] == ["Retry 2 failed"]
    assert standing(admin, run)["next"] is None


def test_without_failures_only_the_good_news(admin: Client, run: GenerationRun) -> None:
    soup = shown(admin, finish(run))
    assert text(soup.select_one("[data-region=head]")) == "6 of 6 Finished"
    assert not soup.select("[data-region=actions] button, section[aria-labelledby=sg-failures]")
    assert "made 6" in text(soup.select_one(".sg-figures"))


def test_nothing_to_make_is_said(admin: Client, admin_user: Any, card: RenditionSpec, press: Any) -> None:
    soup = shown(admin, finish(asked(admin_user, card)))
    assert text(soup.select_one("[data-region=head]")) == "Nothing to make Finished"


def test_paused_says_by_whom(admin: Client, run: GenerationRun) -> None:
    in_state(run, "running", sources_in_all=4, sources=3)
    admin.post(url("run_pause", run))
    soup = shown(admin, run)
    assert text(soup.select_one("[data-region=head]")) == "75% Paused"
    assert "Paused by admin, nothing is lost." in text(soup)
    assert soup.select("progress.sg-progress--resting")
    admin.post(url("run_resume", run))
    run.refresh_from_db()
    assert run.paused_by is None


def test_cancelled_says_what_is_kept(admin: Client, run: GenerationRun) -> None:
    in_state(run, "running", sources_in_all=5000, sources=3109, generated=988)
    admin.post(url("run_cancel", run))
    soup = shown(admin, run)
    assert "Cancelled at 62%; the 988 made are kept." in text(soup)
    link = soup.select_one("[data-region=actions] a")
    assert link is not None
    assert link["href"] == f"{reverse('sourcegroups:generate')}?spec=shop%3Acard"


def test_a_run_that_was_given_up_says_why(
    admin: Client, run: GenerationRun, card: RenditionSpec, registry: Any
) -> None:
    registry.remove_spec(card.id)
    told = step(admin, run)
    assert told["state"] == "failed"
    assert "None of the specs of the run is registered any more" in told["html"]["progress"]
    assert "Resume" in told["html"]["actions"]


def test_the_number_of_queries_does_not_grow(
    admin: Client, run: GenerationRun, images: Any, press: Collection, add_image: Any
) -> None:
    def count() -> list[int]:
        counted = []
        for name in ("run", "run_standing"):
            with CaptureQueriesContext(connection) as queries:
                admin.get(url(name, run))
            counted.append(len(queries))
        return counted

    finish(run)
    fail(run, images[0], "width-3")
    count()
    before = count()
    more = [add_image(press) for _ in range(6)]
    assert run.parts is not None
    GenerationRun.objects.filter(pk=run.pk).update(
        state="queued", finished_at=None, part=run.parts[0], after=""
    )
    finish(run)
    for number, image in enumerate(more):
        fail(run, image, f"width-{number + 1}")
        run.batches.create(number=100 + number, part="images")
    assert count() == before


# Drawn anew -----------------------------------------------------------------------------------------------


def test_the_script_is_told_what_the_page_shows(admin: Client, run: GenerationRun) -> None:
    values = {"sources_in_all": 5000, "sources": 3109, "generated": 6200, "failed": 2, "pace_from": None}
    in_state(run, "running", **values)
    told = standing(admin, run)
    assert (told["state"], told["percent"], told["sentence"]) == ("running", 62, "62%, 2 failed")
    assert told["figures"]["done"] == 3109
    assert told["figures"]["in_all"] == 5000
    assert told["next"] > 0
    assert not told["over"]
    soup = shown(admin, run)
    for region, html in told["html"].items():
        drawn = soup.select_one(f"[data-region={region}]")
        assert text(drawn) == text(BeautifulSoup(html, "html.parser"))
    assert set(told["html"]) == {each["data-region"] for each in soup.select("[data-region]")}


def test_what_is_drawn_anew_is_the_same_as_long_as_nothing_happens(admin: Client, run: GenerationRun) -> None:
    """Tokens against forgery differ each time; a button that is swapped under a finger is not pressed."""
    in_state(run, "paused")
    first, second = standing(admin, run), standing(admin, run)
    assert first["html"] == second["html"]
    assert "sg-steer" in first["html"]["actions"]
    assert "csrfmiddlewaretoken" not in first["html"]["actions"]
    form = shown(admin, run).select_one("form#sg-steer")
    assert form is not None
    assert form.select("[name=csrfmiddlewaretoken]")
    assert not form.find_parents(attrs={"data-region": True})


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("running", "40%, 1 failed"),
        ("paused", "Paused, 40%, 1 failed"),
        ("cancelled", "Cancelled, 40%, 1 failed"),
        ("finished", "Finished, 1 failed"),
        ("stalled", "Stalled, 40%, 1 failed"),
    ],
)
def test_one_short_sentence_is_live_and_nothing_else(
    state: str, sentence: str, admin: Client, run: GenerationRun, with_workers: None
) -> None:
    in_state(run, state, sources_in_all=5, sources=2, failed=1)
    assert standing(admin, run)["sentence"] == sentence
    main = shown(admin, run).select_one("[data-controller=sg-run]")
    assert main is not None
    live = main.select("[role=status], [role=alert], [aria-live]")
    assert [each["data-sg-run-target"] for each in live] == ["live"]


def test_percentages_are_rounded_down(admin: Client, run: GenerationRun) -> None:
    in_state(run, "running", sources_in_all=2820, sources=2819)
    assert standing(admin, run)["percent"] == 99
    in_state(run, "running", sources_in_all=2820, sources=2820)
    assert standing(admin, run)["percent"] == 99
    in_state(run, "finished", sources_in_all=2820, sources=2820)
    assert standing(admin, run)["percent"] == 100


# Without a worker -----------------------------------------------------------------------------------------


def test_the_open_page_does_the_work_where_no_worker_is(
    admin: Client, run: GenerationRun, settings: Any
) -> None:
    settings.WAGTAIL_SOURCEGROUPS = {"BATCH_SIZE": 1}
    soup = shown(admin, run)
    root = soup.select_one("[data-controller=sg-run]")
    assert root is not None
    assert root["data-sg-run-drives-value"] == "true"
    assert f"goes on while this page is open, or when generateimages --resume {run.pk} runs" in text(soup)
    assert text(soup.select_one("[data-region=head]")) == "0% Waiting"
    assert made() == 0, "looking makes nothing"
    percents = []
    for _ in range(10):
        told = step(admin, run)
        percents.append(told["percent"])
        if told["over"]:
            break
    assert percents[0] == 33
    assert percents == sorted(percents)
    assert told["state"] == "finished"
    assert made() == 6


def test_a_page_that_is_opened_again_takes_up_where_it_stands(
    admin: Client, run: GenerationRun, settings: Any
) -> None:
    settings.WAGTAIL_SOURCEGROUPS = {"BATCH_SIZE": 1}
    step(admin, run)
    in_state(run, "stalled")
    assert standing(admin, run)["state"] == "waiting"
    assert "Nobody has worked on it" not in standing(admin, run)["html"]["progress"]
    told = step(admin, run)
    assert (told["state"], told["percent"]) == ("running", 66)
    run.refresh_from_db()
    # How fast it is counts from now on.
    assert run.pace_sources == 1


def test_two_open_pages_never_do_one_batch_twice(
    admin: Client, run: GenerationRun, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WAGTAIL_SOURCEGROUPS = {"BATCH_SIZE": 2, "RUN_BATCHES": 1}
    walk = walk_for(run)
    assert walk is not None
    # The other page has the only batch that may be open in hand.
    held = next_batch(run, walk)
    assert held is not None
    told = step(admin, run)
    assert (made(), told["percent"], told["over"]) == (0, 0, False)
    assert work(held, walk)
    assert made() == 4
    finish(run)
    assert (run.generated, run.existing) == (6, 0)
    assert not RunBatch.objects.filter(run=run).exclude(state="done").exists()


def test_a_step_is_no_transaction_of_its_own(run: GenerationRun) -> None:
    callback = resolve(url("run_step", run)).func
    assert "default" in callback._non_atomic_requests  # type: ignore[attr-defined]


def test_who_may_not_steer_watches(
    as_user: Any, run: GenerationRun, editor: Any, other_editor: Any, card: RenditionSpec, archive: Any
) -> None:
    mine = asked(editor, card)
    client = as_user(other_editor)
    in_state(run, "running", sources_in_all=3)
    told = standing(client, run)
    assert not told["drives"]
    assert "form=" not in told["html"]["actions"]
    assert client.post(url("run_step", run), headers=FETCHED).status_code == 403
    assert client.post(url("run_step", mine), headers=FETCHED).status_code == 404
    assert made() == 0


def test_what_a_command_holds_is_watched_and_not_taken_from_it(
    admin: Client, card: RenditionSpec, images: Any
) -> None:
    run = of_the_command(card)
    told = step(admin, run)
    assert not told["drives"]
    assert "On the command line." in told["html"]["facts"]
    assert made() == 0
    # Killed: somebody has to say that it is to go on.
    in_state(run, "stalled")
    RunBatch.objects.update(leased_until=run.created_at)
    told = standing(admin, run)
    assert told["state"] == "stalled"
    assert "resume it to go on" in told["html"]["progress"]
    admin.post(url("run_resume", run))
    while not step(admin, run)["over"]:
        pass
    assert made() == 6


# With workers ---------------------------------------------------------------------------------------------


@pytest.fixture
def with_workers(settings: Any) -> None:
    """Tasks go to a table, where a worker finds them."""
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"},
        "pixels": {"BACKEND": "django_tasks_db.DatabaseBackend"},
    }
    settings.WAGTAIL_SOURCEGROUPS = {"TASK_BACKEND": "pixels", "BATCH_SIZE": 1}


@pytest.fixture
def worker(with_workers: None) -> Iterator[Callable[[int], None]]:
    """``db_worker``, for so many tasks."""
    skip_unless_a_worker_takes(run_batch_task)
    loggers = [logging.getLogger(name) for name in ("django.tasks", "django_tasks", "django_tasks_db")]
    before = [(logger.level, logger.handlers[:]) for logger in loggers]

    def work(tasks: int) -> None:
        where = ["--backend", "pixels", "--queue-name", "*", "--worker-id", f"worker-{os.getpid()}"]
        call_command(
            "db_worker", *where, "--batch", "--no-startup-delay", "--no-reload", "--max-tasks", str(tasks)
        )

    yield work
    for logger, (level, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.mark.django_db(transaction=True)
def test_with_workers_the_page_watches(
    worker: Callable[[int], None], admin: Client, run: GenerationRun
) -> None:
    told = step(admin, run)
    assert (told["state"], told["drives"]) == ("queued", False)
    assert made() == 0
    assert "In the background. You can close this page." in told["html"]["facts"]
    worker(1)
    told = standing(admin, run)
    assert told["percent"] == 33
    worker(10)
    told = standing(admin, run)
    assert (told["state"], told["percent"], told["over"]) == ("finished", 100, True)
    assert made() == 6


@pytest.mark.django_db(transaction=True)
def test_paused_workers_leave_it_and_resumed_they_go_on(
    worker: Callable[[int], None], admin: Client, run: GenerationRun
) -> None:
    worker(1)
    admin.post(url("run_pause", run))
    worker(10)
    assert (standing(admin, run)["state"], made()) == ("paused", 2)
    admin.post(url("run_resume", run))
    worker(10)
    assert (standing(admin, run)["state"], made()) == ("finished", 6)


# Steering -------------------------------------------------------------------------------------------------


def test_buttons_that_the_state_allows(
    admin: Client, run: GenerationRun, with_workers: None, images: Any
) -> None:
    fail(run, images[0])

    def buttons(state: str) -> list[str]:
        in_state(run, state, failed=1)
        return [text(each) for each in shown(admin, run).select("[data-region=actions] :is(a, button)")]

    assert buttons("queued") == ["Pause", "Cancel"]
    assert buttons("running") == ["Pause", "Cancel"]
    assert buttons("paused") == ["Resume", "Cancel"]
    assert buttons("stalled") == ["Resume", "Cancel"]
    assert buttons("failed") == ["Resume"]
    assert buttons("finished") == ["Retry 1 failed"]
    assert buttons("cancelled") == ["Retry 1 failed", "Generate the rest"]


def test_what_failed_is_tried_again_in_a_new_run(
    admin: Client, admin_user: Any, run: GenerationRun, images: Any
) -> None:
    name = images[0].file.name
    content = images[0].file.storage.open(name).read()
    images[0].file.storage.delete(name)
    finish(run)
    assert run.failed == 2
    with images[0].file.storage.open(name, "wb") as file:
        file.write(content)
    response = admin.post(url("run_retry", run))
    again = GenerationRun.objects.latest("pk")
    assert response["Location"] == url("run", again)
    assert again.started_by == admin_user
    assert again.question["selection"] == {"only_failed": True, "failed_in": run.pk}
    finish(again)
    assert (again.sources, again.generated) == (1, 2)
    assert not shown(admin, run).select("[data-region=actions] button"), "nothing is left to be tried"
    response = admin.post(url("run_retry", run), follow=True)
    assert "Nothing that failed in this run is left" in response.content.decode()


def test_an_editor_tries_again_what_he_may_change(
    as_user: Any, admin_user: Any, editor: Any, card: RenditionSpec, images: Any, archive: Any, add_image: Any
) -> None:
    run = asked(editor, card)
    for image in (images[0], add_image(archive)):
        fail(run, image)
    in_state(run, "finished", failed=2)
    client = as_user(editor)
    # He started it, and is shown only what he may see.
    assert "Retry 1 failed" in text(shown(client, run))
    client.post(url("run_retry", run))
    again = GenerationRun.objects.latest("pk")
    assert again.question["selection"]["by"] == str(editor.pk)
    assert again.collections == run.collections
    assert finish(again).sources == 1


def test_what_cannot_be_done_any_more_is_said_in_a_sentence(admin: Client, run: GenerationRun) -> None:
    finish(run)
    response = admin.post(url("run_pause", run), follow=True)
    assert "That can't be done any more: the run's state is “Finished”." in response.content.decode().replace(
        "&#x27;", "'"
    )
    run.refresh_from_db()
    assert run.state == "finished"


@pytest.mark.parametrize("name", ["run_step", "run_pause", "run_resume", "run_cancel", "run_retry"])
def test_whatever_changes_something_is_a_post_with_a_token(
    name: str, admin: Client, admin_user: Any, run: GenerationRun
) -> None:
    assert admin.get(url(name, run)).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin_user)
    assert strict.post(url(name, run)).status_code == 403
    run.refresh_from_db()
    assert run.state == "queued"
    assert made() == 0


@pytest.mark.parametrize("name", ["run_step", "run_pause", "run_resume", "run_cancel", "run_retry"])
def test_only_who_may_steer_does(
    name: str,
    client: Client,
    as_user: Any,
    run: GenerationRun,
    editor: Any,
    card: RenditionSpec,
    press: Collection,
    admin_user: Any,
) -> None:
    of_press = asked(admin_user, card, collections=frozenset([press.pk]))
    in_state(of_press, "running")
    assert client.post(url(name, of_press))["Location"].startswith(reverse("wagtailadmin_login"))
    # Who sees all of it, and has not started it.
    watcher = as_user(editor)
    assert shown(watcher, of_press).select("progress")
    assert not shown(watcher, of_press).select("[data-region=actions] button")
    assert watcher.post(url(name, of_press))["Location"] == reverse("wagtailadmin_home")
    assert watcher.post(url(name, of_press), headers=FETCHED).status_code == 403
    of_press.refresh_from_db()
    assert of_press.state == "running"
    assert GenerationRun.objects.count() == 2


def test_who_started_it_steers(as_user: Any, editor: Any, card: RenditionSpec, images: Any) -> None:
    run = asked(editor, card)
    client = as_user(editor)
    for name, state in (("run_pause", "paused"), ("run_resume", "queued"), ("run_cancel", "cancelled")):
        assert client.post(url(name, run))["Location"] == url("run", run)
        run.refresh_from_db()
        assert run.state == state


# Who sees what of it --------------------------------------------------------------------------------------


def test_of_other_peoples_images_only_state_and_percentage_are_seen(
    as_user: Any, admin_user: Any, editor: Any, card: RenditionSpec, press: Any, archive: Any, add_image: Any
) -> None:
    mine, other = add_image(press, name="mine.jpg"), add_image(archive, name="harbour.jpg")
    run = asked(admin_user, card)
    finish(run)
    fail(run, mine, "width-3")
    fail(run, other, "width-3")
    in_state(
        run, "running", sources_in_all=4, sources=3, failed=2, current="harbour (#2)", message="At harbour."
    )
    client = as_user(editor)
    soup = shown(client, run)
    assert text(soup.select_one("[data-region=head]")) == "75% Running"
    assert "mine" in text(soup.select_one(".sg-failures"))
    assert [picture["alt"] for picture in soup.select(".sg-pictures--newest img")] == ["mine"]
    said = str(soup.select_one("main"))
    for hidden in ("harbour", "Card", "2 failed", "by admin", "of 4", "All images"):
        assert hidden not in said
    told = standing(client, run)
    assert (told["percent"], told["state"]) == (75, "running")
    assert "figures" not in told
    assert "failed" not in told["sentence"]
    assert "harbour" not in str(told["html"])


@pytest.mark.parametrize(
    ("state", "remark"),
    [("cancelled", "Cancelled at 25%; what is made is kept."), ("paused", "Nothing is lost.")],
)
def test_of_other_peoples_images_a_remark_tells_no_more(
    state: str,
    remark: str,
    as_user: Any,
    admin_user: Any,
    editor: Any,
    card: RenditionSpec,
    press: Any,
    archive: Any,
    add_image: Any,
) -> None:
    add_image(press), add_image(archive)
    admin_user.first_name = "Zebulon"
    admin_user.save()
    run = asked(admin_user, card)
    in_state(run, state, sources_in_all=20000, sources=5000, generated=4711, paused_by=admin_user)
    client = as_user(editor)
    assert text(shown(client, run).select_one(".sg-run__remark")) == remark
    for content in (str(shown(client, run).select_one("main")), str(standing(client, run))):
        assert not any(hidden in content for hidden in ("4,711", "4711", "Zebulon"))


def test_that_a_command_works_on_it_is_told_to_whoever_sees_all_of_it(
    as_user: Any, admin_user: Any, editor: Any, card: RenditionSpec, press: Any, archive: Any, add_image: Any
) -> None:
    add_image(press), add_image(archive)
    run = of_the_command(card)
    assert "On the command line." in text(shown(as_user(admin_user), run))
    assert "On the command line." not in text(shown(as_user(editor), run))


def test_whoever_may_only_add_is_shown_his_own_images(
    as_user: Any, admin_user: Any, contributor: Any, card: RenditionSpec, press: Any, add_image: Any
) -> None:
    mine = add_image(press, name="mine.jpg", uploaded_by_user=contributor)
    other = add_image(press, name="harbour.jpg")
    run = asked(admin_user, card, collections=frozenset([press.pk]))
    finish(run)
    fail(run, mine, "width-3")
    fail(run, other, "width-3")
    soup = shown(as_user(contributor), run)
    assert [picture["alt"] for picture in soup.select(".sg-pictures--newest img")] == ["mine"]
    assert "mine" in text(soup.select_one(".sg-failures"))
    assert "harbour" not in str(soup)
    assert not soup.select("[data-region=actions] button")


def test_an_editors_own_run_shows_no_image_of_others(
    as_user: Any, admin_user: Any, editor: Any, card: RenditionSpec, press: Any, archive: Any, add_image: Any
) -> None:
    add_image(press, name="mine.jpg")
    add_image(archive, name="other.jpg")
    run = asked(editor, card)
    # At the same time, of the same spec.
    finish(asked(admin_user, card, collections=frozenset([archive.pk])))
    finish(run)
    pictures = shown(as_user(editor), run).select(".sg-pictures--newest img")
    assert [picture["alt"] for picture in pictures] == ["mine"]


def test_a_run_that_is_not_there(admin: Client) -> None:
    for name in ("run", "run_standing"):
        assert admin.get(reverse(f"sourcegroups:{name}", args=[987])).status_code == 404


def test_the_page_waits_for_two_seconds_of_work_at_most(
    admin: Client, run: GenerationRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for = []
    monkeypatch.setattr(page, "drive", lambda pk, seconds: asked_for.append((pk, seconds)))
    step(admin, run)
    assert asked_for == [(run.pk, page.SECONDS)]
    assert leases.BEAT.total_seconds() < page.SECONDS <= 2
