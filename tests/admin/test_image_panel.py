"""The panel "Renditions" beside the form of an image: what it shows, what its buttons make, who may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.contenttypes.models import ContentType
from django.core.files.images import ImageFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import Collection

from tests.images import picture, rows, stored
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.admin.images import reading, views
from wagtail_sourcegroups.generation.sources import image_key
from wagtail_sourcegroups.models import GenerationFailure, GenerationRun, RenditionRecord
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.runs import starting
from wagtail_sourcegroups.runs.working import drive
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, ImageModelSourceGroup
from wagtail_sourcegroups.strategies import Manual

FETCHED = {"X-Requested-With": "XMLHttpRequest"}
#: Rows that are read one after the other come from a cursor, on PostgreSQL.
READING = ("SELECT", "DECLARE", "SAVEPOINT", "RELEASE")


@pytest.fixture
def card(registry: Registry) -> RenditionSpec:
    """Two renditions of every image, when somebody asks."""
    return bind(registry, "shop:card", ["width-20", "fill-10x10|format-webp"], "Card")


def bind(
    registry: Registry, spec_id: str, filters: list[str], label: str, group: Any = None
) -> RenditionSpec:
    spec = RenditionSpec(spec_id, filters, strategy=Manual(), label=label)
    registry.add_spec(spec)
    registry.add_group(spec.id, group or ImageModelSourceGroup())
    return spec


@pytest.fixture
def image(card: RenditionSpec, press: Collection, add_image: Callable[..., Any]) -> Any:
    return add_image(press, name="loaf.jpg", file_size=4000)


@pytest.fixture
def admin(as_user: Callable[[Any], Client], admin_user: Any) -> Client:
    return as_user(admin_user)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A backend with workers, of which none has come yet."""
    for module in (views, starting):
        monkeypatch.setattr(module, "is_inline", lambda: False)
    monkeypatch.setattr(starting, "nudge", lambda run: None)
    yield


def panel(client: Client, image: Any) -> BeautifulSoup:
    response = client.get(reverse("sourcegroups:image_panel", args=[image.pk]))
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def generate(client: Client, image: Any, **asked: str) -> BeautifulSoup:
    """Press a button of the panel."""
    url = reverse("sourcegroups:image_generate", args=[image.pk])
    response = client.post(url, asked, headers=FETCHED)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def text(found: Any) -> str:
    return " ".join(found.get_text(" ").split())


def shown(panel: BeautifulSoup) -> list[str]:
    """What is said of each rendition."""
    return [text(row) for row in panel.select(".sg-output")]


def buttons(panel: BeautifulSoup) -> list[str]:
    return [button.get("aria-label") or text(button) for button in panel.select("button")]


def fail(image: Any, filter_spec: str = "", error: str = "The original 'loaf.jpg' is not in storage.") -> Any:
    return GenerationFailure.objects.create(
        source_key=image_key(type(image), image.pk),
        content_type=ContentType.objects.get_for_model(image),
        object_id=str(image.pk),
        spec_id="shop:card",
        filter_spec=filter_spec,
        source_name="loaf",
        error=error,
        attempts=3,
    )


# What it shows --------------------------------------------------------------------------------------------


def test_each_rendition_with_its_thumbnail_size_format_weight_and_time(admin: Client, image: Any) -> None:
    generate(admin, image)
    RenditionRecord.objects.filter(object_id=str(rows(image)["width-20"].pk)).update(bytes=1000)

    seen = panel(admin, image)
    assert "2 of 2 ready" in text(seen) and "Original: 60 × 40, 3.9" in text(seen)
    assert [text(heading) for heading in seen.select("h3")] == ["Card"]
    assert "Made just now" in text(seen)
    assert "20 × 13, JPEG 1000 bytes, 25% of the original Ready" in shown(seen)[0].replace("\xa0", " ")
    assert shown(seen)[1].startswith("10 × 10, WebP")
    assert [img["src"] for img in seen.select("img")] == [
        rows(image)[key].url for key in ("width-20", "fill-10x10|format-webp")
    ]


def test_specs_each_with_what_they_want(
    admin: Client, registry: Registry, image: Any, press: Collection
) -> None:
    """What two want is in both, and counts once; what only other collections have is not there."""
    bind(registry, "shop:wide", ["width-20", "width-30"], "Wide", CollectionSourceGroup(press.pk))
    bind(
        registry,
        "shop:other",
        ["width-40"],
        "Other",
        CollectionSourceGroup(Collection.objects.create(name="X", path="00010009", depth=2).pk),
    )
    seen = panel(admin, image)
    assert [text(heading) for heading in seen.select("h3")] == ["Card", "Wide"]
    assert len(shown(seen)) == 4
    assert "0 of 3 ready" in text(seen)


def test_what_is_missing_out_of_date_or_failed_is_marked_with_the_reason(admin: Client, image: Any) -> None:
    generate(admin, image)
    image.file = ImageFile(picture((80, 40)), name="other.jpg")
    image.save()
    rows(image)["fill-10x10|format-webp"].delete()
    fail(image, "fill-10x10|format-webp", "TimeoutError: no answer")

    stale, failed = shown(panel(admin, image))
    assert "made before the file was replaced" in stale and stale.endswith("Out of date")
    assert failed.startswith(
        "10 × 10, cropped, WebP Storage didn't answer in time (3 tries) TimeoutError: no answer"
    )
    assert "Failed" in failed


def test_nothing_is_made_or_written_by_looking(admin: Client, image: Any, media_root: Path) -> None:
    panel(admin, image)
    before = stored(media_root)
    with CaptureQueriesContext(connection) as queries:
        panel(admin, image)
    assert not [query["sql"] for query in queries if not query["sql"].startswith(READING)]
    assert stored(media_root) == before and not rows(image)


def test_as_many_queries_however_many_renditions(admin: Client, registry: Registry, image: Any) -> None:
    generate(admin, image)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            panel(admin, image)
        return len(queries)

    few = asked()
    for number in range(5):
        bind(registry, f"more:{number}", [f"width-{30 + number}", f"max-{20 + number}x20"], f"More {number}")
    generate(admin, image)
    assert asked() == few


def test_no_spec_is_a_sentence_with_the_way_to_its_collection(
    admin: Client, registry: Registry, press: Collection, add_image: Callable[..., Any]
) -> None:
    seen = panel(admin, add_image(press))
    assert "No specs apply to this image" in text(seen)
    link = seen.select_one("a")
    assert link is not None and link["href"] == reverse("wagtailadmin_collections:edit", args=[press.pk])
    assert not buttons(seen)


def test_an_svg_has_no_use_for_other_formats(
    admin: Client, card: RenditionSpec, registry: Registry, press: Collection, add_image: Callable[..., Any]
) -> None:
    bind(registry, "shop:webp", ["format-webp|width-20"], "WebP")
    svg = picture()
    svg.truncate(0)
    svg.write(b'<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"/>')
    seen = panel(admin, add_image(press, name="logo.svg", content=svg))
    assert "Nothing: its formats don't apply to an SVG." in text(seen)


def test_a_huge_rendition_is_shown_by_wagtails_small_one(
    admin: Client, registry: Registry, press: Collection, add_image: Callable[..., Any]
) -> None:
    bind(registry, "shop:huge", ["width-2000"], "Huge")
    huge = add_image(press, content=picture((2000, 1500)))
    generate(admin, huge)
    assert not panel(admin, huge).select("img")
    small = huge.get_rendition("max-165x165")
    assert [img["src"] for img in panel(admin, huge).select("img")] == [small.url]


# What its buttons make ------------------------------------------------------------------------------------


def test_generate_what_is_missing(admin: Client, image: Any) -> None:
    assert buttons(panel(admin, image)) == ["Generate 2 renditions", "Make all again"]
    seen = generate(admin, image)
    assert "2 of 2 ready" in text(seen)
    assert buttons(seen) == ["Make all again"]
    assert set(rows(image)) == {"width-20", "fill-10x10|format-webp"}
    run = GenerationRun.objects.get()
    assert (run.state, run.started_from, run.sources) == ("finished", "admin", 1)


def test_make_all_again(admin: Client, image: Any) -> None:
    generate(admin, image)
    before = {rendition.file.name for rendition in rows(image).values()}
    generate(admin, image, force="1")
    assert not before & {rendition.file.name for rendition in rows(image).values()}


def test_retry_one_that_failed(admin: Client, image: Any) -> None:
    """And leave alone what is missing."""
    fail(image, "width-20")
    seen = panel(admin, image)
    assert buttons(seen)[0] == "Retry 20 wide of Card"
    assert seen.select_one("[data-failed]")["data-failed"] == "1"  # type: ignore[index]
    generate(admin, image, spec="shop:card", failed="1")
    assert set(rows(image)) == {"width-20"}
    assert not GenerationFailure.objects.exists()


def test_what_fails_again_counts_the_try(admin: Client, image: Any) -> None:
    Path(image.file.path).unlink()
    seen = generate(admin, image)
    assert len(shown(seen)) == 2
    assert all("The original isn't in storage" in said and "(1 try)" in said for said in shown(seen))


def test_a_spec_that_does_not_apply_is_refused_in_a_sentence(admin: Client, image: Any) -> None:
    assert "This spec doesn't apply to the image any more." in text(generate(admin, image, spec="shop:gone"))
    assert not GenerationRun.objects.exists()


def test_with_a_worker_it_waits_and_says_so(admin: Client, image: Any, worker: None) -> None:
    seen = generate(admin, image)
    assert all(said.endswith("Waiting") for said in shown(seen))
    drawn = seen.select_one("[data-waits]")
    assert drawn is not None and "2 waiting" in drawn["data-said"]
    assert not buttons(seen), "it is asked for already"
    run = GenerationRun.objects.get()
    assert seen.select_one("a")["href"] == reverse("sourcegroups:run", args=[run.pk])  # type: ignore[index]
    # Asked again meanwhile, by another page, it is the same run.
    generate(admin, image)
    assert GenerationRun.objects.count() == 1

    drive(run.pk)
    assert "2 of 2 ready" in text(panel(admin, image))
    assert not panel(admin, image).select("[data-waits]")


def test_a_run_that_waits_stands_for_what_it_does_and_nothing_else(
    admin: Client, image: Any, worker: None
) -> None:
    generate(admin, image)
    generate(admin, image, failed="1")
    generate(admin, image, spec="shop:card")
    assert GenerationRun.objects.count() == 1
    generate(admin, image, force="1")
    again = GenerationRun.objects.latest("pk")
    assert again.options == {"force": True}
    generate(admin, image, force="1", spec="shop:card")
    assert GenerationRun.objects.count() == 2


def test_without_javascript_it_goes_back_to_the_image(admin: Client, image: Any) -> None:
    edit = reverse("wagtailimages:edit", args=[image.pk])
    response = admin.post(reverse("sourcegroups:image_generate", args=[image.pk]), follow=True)
    assert response.redirect_chain == [(edit, 302)]
    assert "2 renditions of “loaf” were made." in text(BeautifulSoup(response.content, "html.parser"))


# The page of the image ------------------------------------------------------------------------------------


def edit_page(client: Client, image: Any) -> BeautifulSoup:
    response = client.get(reverse("wagtailimages:edit", args=[image.pk]))
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def test_the_panel_is_on_the_page_and_empty_until_shown(admin: Client, image: Any) -> None:
    page = edit_page(admin, image)
    loads = page.select_one('[data-side-panel="renditions"] [data-controller="sg-image-panel"]')
    assert loads is not None
    assert loads["data-sg-image-panel-url-value"] == reverse("sourcegroups:image_panel", args=[image.pk])
    assert not page.select(".sg-output")
    assert any("image-panel.js" in script.get("src", "") for script in page.select("script"))


def test_its_counter_is_the_number_of_failures(admin: Client, image: Any) -> None:
    def counter() -> Any:
        return edit_page(admin, image).select_one(
            '[data-side-panel-toggle="renditions"] [data-side-panel-toggle-counter]'
        )

    assert counter().has_attr("hidden")
    # Of the original: then nothing can be made of it.
    fail(image)
    assert text(counter()) == "2"


def test_what_other_packages_add_to_the_page_stays(
    admin: Client, image: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.urls import resolve
    from wagtail.admin.ui.side_panels import BaseSidePanel

    view_class = resolve(reverse("wagtailimages:edit", args=[image.pk])).func.view_class  # type: ignore[attr-defined]
    stock = view_class.__mro__[2]
    before = stock.get_side_panels

    class Notes(BaseSidePanel):
        name = "notes"
        title = "Notes"
        template_name = "wagtailadmin/shared/side_panels/checks.html"

        class SidePanelToggle(BaseSidePanel.SidePanelToggle):
            icon_name = "comment"

    def with_notes(self: Any) -> Any:
        panels = before(self)
        panels.append(Notes(self.object, self.request))
        return panels

    monkeypatch.setattr(stock, "get_side_panels", with_notes)
    page = edit_page(admin, image)
    assert [each["data-side-panel"] for each in page.select("[data-side-panel]")] == ["notes", "renditions"]


# Who may --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "sees", "generates"),
    [
        (None, 302, 302),
        ("other_editor", 302, 302),
        ("chooser", 200, 302),
        ("contributor", 302, 302),
        ("editor", 200, 200),
        ("admin_user", 200, 200),
    ],
)
def test_who_may_see_and_who_may_generate(
    request: pytest.FixtureRequest,
    as_user: Callable[[Any], Client],
    make_editor: Callable[..., Any],
    press: Collection,
    image: Any,
    who: str | None,
    sees: int,
    generates: int,
) -> None:
    if who == "chooser":
        user = make_editor("chooser", press, may=("choose",))
    else:
        user = request.getfixturevalue(who) if who else None
    client = as_user(user)
    response = client.get(reverse("sourcegroups:image_panel", args=[image.pk]))
    assert response.status_code == sees
    if sees == 200:
        assert bool(buttons(BeautifulSoup(response.content, "html.parser"))) is (generates == 200)
    url = reverse("sourcegroups:image_generate", args=[image.pk])
    assert client.get(url).status_code in (405, 302)
    answer = client.post(url)
    assert answer.status_code == 302
    assert bool(rows(image)) is (generates == 200)
    assert client.post(url, headers=FETCHED).status_code == (200 if generates == 200 else 403)


def test_no_image_is_no_page(admin: Client, card: RenditionSpec) -> None:
    assert admin.get(reverse("sourcegroups:image_panel", args=[1234])).status_code == 404


def test_an_editor_makes_it_in_a_run_of_what_he_or_she_may_change(
    as_user: Callable[[Any], Client],
    editor: Any,
    image: Any,
    archive: Collection,
    add_image: Callable[..., Any],
) -> None:
    add_image(archive)
    generate(as_user(editor), image)
    run = GenerationRun.objects.get()
    assert run.question["selection"] == {"images": [str(image.pk)], "by": str(editor.pk)}
    assert reading.outputs_of(image).ready == 2
