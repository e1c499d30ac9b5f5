"""The page that asks before renditions are generated, reached from elsewhere by its address."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.http import urlencode
from wagtail.images import get_image_model
from wagtail.models import Collection

from tests.admin.running import finish, url
from tests.images import asks, stored
from wagtail_sourcegroups import RenditionSpec, counting
from wagtail_sourcegroups.admin.runs import prospects
from wagtail_sourcegroups.admin.runs.asking import address
from wagtail_sourcegroups.admin.runs.labels import Labels
from wagtail_sourcegroups.generation.batches import make
from wagtail_sourcegroups.models import GenerationRun, StoredSpec
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, DirectorySourceGroup

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(as_user: Callable[[Any], Client], admin_user: Any) -> Client:
    return as_user(admin_user)


@pytest.fixture
def wide(registry: Registry, card: RenditionSpec) -> RenditionSpec:
    """A second spec, for the images of Press and those below."""
    spec = RenditionSpec("shop:wide", ["width-30"], strategy=card.strategy, label="Wide")
    registry.add_spec(spec)
    registry.add_group(spec.id, CollectionSourceGroup("Press"))
    return spec


def where(**asked: Any) -> str:
    return f"{reverse('sourcegroups:generate')}?{urlencode(asked, doseq=True)}"


def shown(client: Client, **asked: Any) -> BeautifulSoup:
    response = client.get(where(**asked))
    assert response.status_code == 200, response
    return BeautifulSoup(response.content, "html.parser")


def text(found: Any) -> str:
    return " ".join(found.get_text(" ").split())


def specs(soup: BeautifulSoup) -> dict[str, bool]:
    """The specs that are offered, and whether they are ticked."""
    boxes = soup.select("input[name=specs]")
    return {str(box["value"]): box.has_attr("checked") for box in boxes}


def button(soup: BeautifulSoup) -> str:
    return text(soup.select_one("form[data-controller=sg-generate] button"))


# What it says ---------------------------------------------------------------------------------------------


def test_which_images_how_many_and_what_each_spec_makes(
    admin: Client, wide: RenditionSpec, press: Collection, archive: Collection, add_image: Any
) -> None:
    images = [add_image(press.add_child(name="2026")), add_image(press), add_image(archive)]
    soup = shown(admin, collection=press.pk)
    assert "Press and those below" in text(soup.select_one("main"))
    assert "Generate renditions 2 images" in text(soup.select_one("h1"))
    assert {li["title"] for li in soup.select(".sg-pictures li")} == {image.title for image in images[:2]}
    rows = [text(row) for row in soup.select("table tbody tr")]
    assert rows == [
        "Card 20 wide; 10 × 10, cropped 0 of 4 4",
        "Wide 30 wide 0 of 2 2",
    ]
    assert specs(soup) == {"shop:card": True, "shop:wide": True}
    assert "6 renditions" in text(soup.select_one("#sg-missing-help"))
    assert button(soup) == "Generate 6 renditions"


def test_every_box_has_a_label(admin: Client, wide: RenditionSpec, press: Collection, add_image: Any) -> None:
    add_image(press)
    soup = shown(admin)
    for box in soup.select("form input:is([type=checkbox], [type=radio])"):
        label = soup.select_one(f"label[for='{box['id']}']")
        assert label is not None
        assert text(label)


def test_specs_that_do_not_apply_are_not_offered(
    admin: Client, wide: RenditionSpec, archive: Collection, add_image: Any
) -> None:
    add_image(archive)
    assert specs(shown(admin)) == {"shop:card": True}


def test_asked_specs_are_ticked_and_the_button_counts_these(
    admin: Client, wide: RenditionSpec, press: Collection, add_image: Any
) -> None:
    add_image(press)
    soup = shown(admin, spec="shop:wide", force=1)
    assert specs(soup) == {"shop:card": False, "shop:wide": True}
    again = soup.select_one("#sg-again")
    assert again is not None
    assert again.has_attr("checked")
    assert button(soup) == "Make 1 rendition again"


def test_missing_and_all_again_have_a_count_each(
    admin: Client, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    made, _missing = add_image(press), add_image(press)
    make(asks(made, card))
    soup = shown(admin)
    assert "2 of 4" in text(soup.select_one("table tbody"))
    share = soup.select_one("svg.sg-share")
    assert share is not None
    assert share["aria-label"] == "2 of 4 ready, 2 missing"
    assert text(soup.select_one("#sg-missing-help")) == "2 renditions"
    assert text(soup.select_one("#sg-again-help")).startswith("4 renditions")
    assert button(soup) == "Generate 2 renditions"
    box = soup.select_one("input[name=specs]")
    assert box is not None
    assert (box["data-lacking"], box["data-every"]) == ("2", "4")


def test_everything_ready_is_said_by_the_numbers(
    admin: Client, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    make(asks(add_image(press), card))
    soup = shown(admin)
    assert "Everything is ready." in text(soup)
    assert text(soup.select_one("#sg-missing-help")) == "0 renditions"
    assert button(shown(admin, force=1)) == "Make 2 renditions again"


def test_what_two_specs_want_both_is_said_to_be_the_most_there_can_be(
    admin: Client, registry: Registry, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    also = RenditionSpec("shop:also", ["width-20"], label="Also")
    registry.add_spec(also)
    registry.add_group(also.id, CollectionSourceGroup("Press"))
    add_image(press)
    assert button(shown(admin)) == "Generate up to 3 renditions"


def test_of_many_images_the_kept_figures_tell_and_their_age_is_said(
    admin: Client,
    card: RenditionSpec,
    press: Collection,
    archive: Collection,
    add_image: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prospects, "LIVE", 1)
    make(asks(add_image(press), card))
    add_image(press)
    add_image(archive)
    counting.count()
    # One that nobody has counted.
    add_image(press)
    soup = shown(admin, collection=press.pk)
    assert "2 of 4" in text(soup.select_one("table tbody"))
    assert "Counted" in text(soup)
    assert text(soup.select_one("#sg-missing-help")) == "At most 4 renditions"
    assert text(soup.select_one("#sg-again-help")).startswith("At most 6 renditions")
    assert button(soup) == "Generate up to 4 renditions"
    # Of some images nobody has kept any.
    pks = list(get_image_model().objects.values_list("pk", flat=True)[:2])
    soup = shown(admin, image=pks)
    assert "Counted" not in text(soup)
    assert button(soup) == "Generate up to 4 renditions"


def test_only_pictures_that_exist_are_shown_and_none_is_made(
    admin: Client, card: RenditionSpec, press: Collection, add_image: Any, media_root: Any
) -> None:
    make(asks(add_image(press), card))
    for _ in range(11):
        add_image(press)
    before = stored(media_root)
    soup = shown(admin)
    assert len(soup.select(".sg-pictures .sg-thumbnail--none")) == 10
    assert "and 2 more" in text(soup.select_one(".sg-pictures"))
    assert (
        len(shown(admin, image=[get_image_model().objects.earliest("pk").pk]).select(".sg-pictures img")) == 1
    )
    assert stored(media_root) == before


def test_files_that_are_no_images_are_not_counted_and_not_left_out(
    admin: Client, registry: Registry, card: RenditionSpec, press: Collection, add_image: Any, tmp_path: Any
) -> None:
    kit = RenditionSpec("press:kit", ["width-20"], strategy=card.strategy, label="Kit")
    registry.add_spec(kit)
    registry.add_group(kit.id, DirectorySourceGroup(tmp_path, ["*.jpg"]))
    add_image(press)
    assert "Other files, not counted" in text(shown(admin))
    # They are in no collection.
    assert specs(shown(admin, collection=press.pk)) == {"shop:card": True}


def test_nothing_to_do_is_a_sentence(
    admin: Client,
    registry: Registry,
    wide: RenditionSpec,
    press: Collection,
    archive: Collection,
    add_image: Any,
) -> None:
    assert "No images are meant" in text(shown(admin, collection=archive.pk))
    registry.remove_group("shop:card", registry.bindings[0].group)
    add_image(archive)
    soup = shown(admin, collection=archive.pk)
    assert "No specs apply to these images" in text(soup)
    assert not soup.select("form[data-controller=sg-generate]")


@pytest.mark.parametrize(
    "asked",
    [{"spec": "gone"}, {"collection": "987"}, {"collection": "x"}, {"image": "x"}, {"image": "9" * 30}],
)
def test_what_is_not_there_is_said_in_a_sentence(asked: dict[str, str], admin: Client, card: Any) -> None:
    response = admin.get(where(**asked), follow=True)
    assert response.redirect_chain == [(reverse("sourcegroups:runs"), 302)]
    (said,) = [str(message) for message in response.context["messages"]]
    assert "is not there" in said or "There is no spec" in said


# What comes of it -----------------------------------------------------------------------------------------


def test_it_starts_a_run_and_goes_to_its_page(
    admin: Client, admin_user: Any, wide: RenditionSpec, press: Collection, add_image: Any
) -> None:
    add_image(press)
    response = admin.post(where(collection=press.pk), {"specs": ["shop:wide"], "what": "missing"})
    run = GenerationRun.objects.get()
    assert response["Location"] == url("run", run)
    assert run.started_by == admin_user
    assert run.question == {"specs": ["shop:wide"], "selection": {"collections": [press.pk]}}
    assert run.options == {}
    assert finish(run).generated == 1


def test_all_again(admin: Client, card: RenditionSpec, press: Collection, add_image: Any) -> None:
    image = add_image(press)
    make(asks(image, card))
    admin.post(where(image=image.pk), {"specs": ["shop:card"], "what": "again"})
    run = GenerationRun.objects.get()
    assert run.options == {"force": True}
    assert finish(run).generated == 2


def test_no_spec_is_refused_at_the_boxes(
    admin: Client, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    add_image(press)
    response = admin.post(where(), {"what": "again"})
    soup = BeautifulSoup(response.content, "html.parser")
    assert text(soup.select_one(".error-message")) == "Choose at least one spec."
    assert specs(soup) == {"shop:card": False}
    assert button(soup) == "Make all again"
    response = admin.post(where(), {"specs": ["gone"], "what": "missing"})
    assert "“gone” does not apply to these images." in text(BeautifulSoup(response.content, "html.parser"))
    assert not GenerationRun.objects.exists()


def test_specs_that_apply_to_nothing_start_no_run(
    admin: Client, wide: RenditionSpec, press: Collection, archive: Collection, add_image: Any
) -> None:
    add_image(archive)
    for asked, spec_id in (({}, wide.id), ({"collection": press.pk}, "shop:card")):
        response = admin.post(where(**asked), {"specs": [spec_id], "what": "missing"})
        assert response.status_code == 200
    assert not GenerationRun.objects.exists()


def test_specs_that_admins_have_stored_are_known(
    admin: Client, registry: Registry, press: Collection, add_image: Any
) -> None:
    add_image(press)
    spec = StoredSpec.objects.create(spec_id="press:kit", label="Kit", filters="width-5")
    registry.add_group("press:kit", CollectionSourceGroup("Press"))
    assert specs(shown(admin)) == {"press:kit": True}
    admin.post(where(), {"specs": [spec.spec_id], "what": "missing"})
    assert finish(GenerationRun.objects.get()).generated == 1


def test_the_same_can_be_asked_again(
    admin: Client, admin_user: Any, card: RenditionSpec, press: Collection, add_image: Any
) -> None:
    image = add_image(press)
    for asked in ({"image": image.pk}, {"collection": press.pk}, {}):
        admin.post(where(**asked), {"specs": ["shop:card"], "what": "again"})
        run = GenerationRun.objects.latest("pk")
        again = address(run)
        assert again is not None
        response = admin.post(again, {"specs": ["shop:card"], "what": "again"})
        other = GenerationRun.objects.latest("pk")
        assert response["Location"] == url("run", other)
        assert other.question == run.question
    assert address(GenerationRun(question={"selection": {"only_failed": True}})) is None


# Who may --------------------------------------------------------------------------------------------------


def test_an_editor_generates_for_his_own_images_only(
    as_user: Any, editor: Any, card: RenditionSpec, press: Collection, archive: Collection, add_image: Any
) -> None:
    add_image(press)
    other = add_image(archive)
    client = as_user(editor)
    assert "1 image" in text(shown(client).select_one("h1"))
    soup = shown(client, image=other.pk)
    assert "You don't have permission to change 1 of these images." in text(soup)
    assert other.title not in str(soup), "he does not see it at all"
    assert not soup.select("form[data-controller=sg-generate]")
    assert client.get(where(collection=archive.pk))["Location"] == reverse("sourcegroups:runs")
    client.post(where(), {"specs": ["shop:card"], "what": "missing"})
    assert finish(GenerationRun.objects.get()).sources == 1
    # Forged.
    client.post(where(image=other.pk), {"specs": ["shop:card"], "what": "missing"})
    assert GenerationRun.objects.count() == 1


def test_what_is_ready_of_others_does_not_make_ones_own_any_fewer(
    as_user: Any,
    contributor: Any,
    card: RenditionSpec,
    press: Collection,
    add_image: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_image(press, uploaded_by_user=contributor)
    for _ in range(3):
        make(asks(add_image(press), card))
    counting.count()
    client = as_user(contributor)
    # Exactly, as long as that is quick.
    assert button(shown(client, collection=press.pk)) == "Generate 2 renditions"
    monkeypatch.setattr(prospects, "LIVE", 0)
    for asked in ({}, {"collection": press.pk}):
        soup = shown(client, **asked)
        assert button(soup) == "Generate up to 2 renditions"
        assert "Counted" not in text(soup)


def test_kept_figures_are_taken_of_collections_that_one_may_change_whole(
    as_user: Any,
    make_editor: Any,
    editor: Any,
    card: RenditionSpec,
    press: Collection,
    archive: Collection,
    add_image: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prospects, "LIVE", 0)
    both = make_editor("both", archive, may=("add",))
    both.groups.add(*editor.groups.all())
    add_image(archive, uploaded_by_user=both)
    for _ in range(2):
        make(asks(add_image(press), card))
        make(asks(add_image(archive), card))
    counting.count()
    # Three of his images: the two of Press are ready, and nobody has looked at the one in Archive.
    soup = shown(as_user(both))
    assert button(soup) == "Generate up to 2 renditions"
    assert "Counted" in text(soup)


def test_whoever_changes_nothing_is_sent_home(
    client: Client, as_user: Any, make_editor: Any, card: RenditionSpec, press: Collection
) -> None:
    assert client.get(where())["Location"].startswith(reverse("wagtailadmin_login"))
    reader = as_user(make_editor("reader", press, may=("choose",)))
    for ask in (reader.get, reader.post):
        assert ask(where())["Location"] == reverse("wagtailadmin_home")
    assert not GenerationRun.objects.exists()


def test_a_token_is_asked_for(admin_user: Any, card: RenditionSpec) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin_user)
    assert strict.post(where(), {"specs": ["shop:card"], "what": "missing"}).status_code == 403


def test_the_number_of_queries_does_not_grow_with_the_images(
    admin: Client, wide: RenditionSpec, press: Collection, add_image: Any
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            shown(admin, collection=press.pk)
        return len(queries)

    for _ in range(2):
        add_image(press)
    count()
    before = count()
    for number in range(10):
        add_image(press.add_child(name=f"Press {number}"))
    assert count() == before


# Labels ---------------------------------------------------------------------------------------------------


def test_labels_count_as_the_language_does() -> None:
    labels = Labels(bound=False)
    assert labels.button(1, again=False) == "Generate 1 rendition"
    assert labels.button(2811, again=False) == "Generate 2,811 renditions"
    assert labels.button(0, again=False) == "Generate what is missing"
    assert labels.forms["missing"]["one"] == "Generate %(count)s rendition"
    assert labels.forms["missing"]["other"] == "Generate %(count)s renditions"


def test_the_script_is_given_the_labels(
    admin: Client, card: RenditionSpec, press: Any, add_image: Any
) -> None:
    add_image(press)
    form = shown(admin).select_one("form[data-controller=sg-generate]")
    assert form is not None
    assert json.loads(str(form["data-sg-generate-labels-value"])) == Labels(bound=False).forms
