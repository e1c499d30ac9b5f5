"""Specs in the admin: defining them, those of code beside them, and what a change or a deletion leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image
from wagtail.admin.menu import admin_menu
from wagtail.images.models import Filter
from wagtail.log_actions import registry as log_registry
from wagtail.models import Collection

from tests.images import rows
from wagtail_sourcegroups import RenditionSpec, counting, pruning
from wagtail_sourcegroups.admin.specs import mistakes, prune
from wagtail_sourcegroups.admin.specs.changes import change
from wagtail_sourcegroups.admin.specs.code import where
from wagtail_sourcegroups.admin.specs.mistakes import mistake
from wagtail_sourcegroups.admin.specs.when import when_in_words
from wagtail_sourcegroups.generation import bound
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.models import Assignment, BoundFilterSpec, GenerationRun, StoredSpec
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.rendering import encoders
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup
from wagtail_sourcegroups.strategies import Eager, Manual, Optimistic

pytestmark = pytest.mark.django_db

INDEX = "sourcegroups_specs:index"

#: What the form sends.
HERO = {
    "label": "Blog hero",
    "spec_id": "blog:hero",
    "filters": "width-20\r\nwidth-30",
    "strategy": "",
    "description": "",
}


@pytest.fixture
def hero(registry: Registry, press: Collection) -> StoredSpec:
    """A spec of the admin that Press has."""
    stored = StoredSpec.objects.create(label="Blog hero", spec_id="blog:hero", filters="width-20\nwidth-30")
    Assignment.objects.create(spec_id=stored.spec_id, collection=press)
    registry.refresh()
    return stored


@pytest.fixture
def curator(editor: Any) -> Any:
    """An editor of Press who may also define specs."""
    return let(editor, "add_storedspec", "change_storedspec", "delete_storedspec")


def let(user: Any, *codenames: str) -> Any:
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return type(user).objects.get(pk=user.pk)


def made(image: Any, *filter_specs: str) -> None:
    """Renditions as a binding has asked for them."""
    spec = RenditionSpec("made", filter_specs)
    bound.remember([spec])
    RenditionSet(spec, image.file).generate()


def said(response: Any) -> str:
    """All that the messages of an answer say."""
    return " ".join(map(str, get_messages(response.wsgi_request)))


def edit(stored: StoredSpec) -> str:
    return reverse("sourcegroups_specs:edit", args=[stored.pk])


class TestMistakes:
    @pytest.mark.parametrize(
        ("pattern", "sentence"),
        [
            ("fil-800x450", "There is no filter called “fil”. Did you mean “fill-800x450”?"),
            (
                "fil-{800x450,1600x900}|format-webp",
                "There is no filter called “fil”. Did you mean “fill-{800x450,1600x900}”?",
            ),
            ("{width,heigth}-20", "There is no filter called “heigth”. Did you mean “height-20”?"),
            ("fil-800", "There is no filter called “fil”. Did you mean “fill-800x450”?"),
            ("width-20|webp", "There is no filter called “webp”. Did you mean “format-webp”?"),
            (
                "width-20|jpgquality-80",
                "There is no filter called “jpgquality”. Did you mean “jpegquality-80”?",
            ),
            ("zzz-1", "There is no filter called “zzz”."),
            ("fill-800", "“fill-800” cannot be read. Write it like “fill-800x450”."),
            ("width-", "“width-” cannot be read. Write it like “width-800”."),
            ("width-20|format-wepb", "There is no format called “wepb”. Did you mean “format-webp”?"),
            ("fill-0x450", "“fill-0x450” makes no picture: sizes begin at 1."),
            ("width-20||format-webp", "“width-20||format-webp” has a “|” too many."),
            ("preserve-svg", "“preserve-svg” has to stand beside another operation, such as width-800."),
        ],
    )
    def test_names_the_wrong_part_and_the_nearest_right_one(self, pattern: str, sentence: str) -> None:
        assert mistake(["width-10", pattern]) == sentence

    @pytest.mark.parametrize("part", ["width-{20", "width-20,30", "wïdth-20", "width-{20,30}{1,2}"])
    def test_names_a_part_that_is_written_wrong(self, part: str) -> None:
        assert f"“{part}” cannot be read." in (mistake([f"{part}|format-webp"]) or "")

    def test_unknown_formats_are_listed_where_none_is_near(self) -> None:
        assert "There is no format called “zzz”. Wagtail writes jpeg, png" in (mistake(["format-zzz"]) or "")

    @pytest.mark.parametrize(
        "pattern",
        ["fill-{800x450,1600x900}|format-{avif,webp,jpeg}", "width-20 format-webp", "original", "scale-12.5",
         "format-webp-lossless|max-20x20|preserve-svg", "fill-20x20-c100|jpegquality-80|bgcolor-fff"],
    )  # fmt: skip
    def test_right_ones_are_taken(self, pattern: str) -> None:
        assert mistake([pattern]) is None

    def test_braces_may_not_make_too_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(mistakes, "MOST", 4)
        assert mistake(["width-{1,2}|format-{webp,jpeg}"]) is None
        assert mistake(["width-{1,2}|format-{webp,jpeg}", "width-9"]) == (
            "These make 5 renditions of each image; there may be 4 at most."
        )

    def test_braces_that_would_make_millions_are_not_expanded(self) -> None:
        assert "100000 renditions" in (mistake(["|".join(["width-{1,2,3,4,5,6,7,8,9,10}"] * 5)]) or "")
        assert "more than a million renditions" in (
            mistake(["|".join(["width-{1,2,3,4,5,6,7,8,9,10}"] * 12)]) or ""
        )

    def test_braces_that_make_more_than_can_be_written_down(self) -> None:
        assert "more than a million renditions" in (mistake(["|".join(["width-{1,2}"] * 15_000)]) or "")

    def test_what_wagtail_cannot_store_is_refused(self) -> None:
        assert "more than 255 characters" in (mistake(["|".join(["jpegquality-80"] * 18)]) or "")

    def test_a_format_without_an_encoder_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        Image.init()
        monkeypatch.delitem(Image.SAVE, "AVIF")
        encoders.can_write.cache_clear()
        try:
            assert mistake(["width-20|format-avif"]) == (
                "This server cannot write AVIF: its Pillow was installed without it."
            )
            assert mistake(["width-20|format-webp"]) is None
        finally:
            encoders.can_write.cache_clear()


class TestDefining:
    def test_a_new_spec_is_known_at_once_and_logged(
        self, as_user: Callable[[Any], Client], admin_user: Any, registry: Registry
    ) -> None:
        client = as_user(admin_user)
        response = client.post(reverse("sourcegroups_specs:add"), HERO)
        stored = StoredSpec.objects.get()
        assert registry.refresh().spec("blog:hero").filters == ("width-20", "width-30")
        assert "created" in said(response)
        assert reverse("sourcegroups:assignments") in said(response)
        history = client.get(reverse("sourcegroups_specs:history", args=[stored.pk]))
        assert "Created" in history.content.decode()

    def test_wrong_filters_are_refused_at_the_field(
        self, as_user: Callable[[Any], Client], admin_user: Any, registry: Registry
    ) -> None:
        response = as_user(admin_user).post(
            reverse("sourcegroups_specs:add"), {**HERO, "filters": "fil-{80x45,160x90}"}
        )
        assert not StoredSpec.objects.exists()
        page = response.content.decode()
        assert "There is no filter called “fil”. Did you mean “fill-{80x45,160x90}”?" in page
        assert "Shown here as soon as the filters are right." in page

    @pytest.mark.parametrize("spec_id", ["blog hero", ":blog", "blog::hero", "bläg"])
    def test_an_id_that_cannot_be_one_is_refused(
        self, spec_id: str, as_user: Callable[[Any], Client], admin_user: Any, registry: Registry
    ) -> None:
        response = as_user(admin_user).post(reverse("sourcegroups_specs:add"), {**HERO, "spec_id": spec_id})
        assert f"“{spec_id}” cannot be an id." in response.content.decode()
        assert not StoredSpec.objects.exists()

    def test_an_id_that_code_has_set_is_refused(
        self, as_user: Callable[[Any], Client], admin_user: Any, registry: Registry
    ) -> None:
        registry.add_spec(RenditionSpec("blog:hero", "width-20"), "/somewhere/site/specs.py:12")
        response = as_user(admin_user).post(reverse("sourcegroups_specs:add"), HERO)
        assert "“blog:hero” is set in code, at specs.py, line 12." in response.content.decode()
        assert not StoredSpec.objects.exists()

    def test_an_id_that_another_spec_has_is_refused(
        self, as_user: Callable[[Any], Client], admin_user: Any, hero: StoredSpec
    ) -> None:
        response = as_user(admin_user).post(reverse("sourcegroups_specs:add"), HERO)
        assert "There is another spec with this id." in response.content.decode()
        assert StoredSpec.objects.count() == 1

    def test_an_id_stays_as_it_is(
        self, as_user: Callable[[Any], Client], admin_user: Any, hero: StoredSpec
    ) -> None:
        as_user(admin_user).post(edit(hero), {**HERO, "label": "Hero", "spec_id": "blog:other"})
        hero.refresh_from_db()
        assert (hero.label, hero.spec_id) == ("Hero", "blog:hero")

    def test_a_copy_has_everything_but_the_id(
        self, as_user: Callable[[Any], Client], admin_user: Any, hero: StoredSpec
    ) -> None:
        response = as_user(admin_user).get(reverse("sourcegroups_specs:copy", args=[hero.pk]))
        form = response.context["form"]
        assert form["filters"].value() == "width-20\nwidth-30"
        assert not form["spec_id"].value()
        assert response.context["action_url"] == reverse("sourcegroups_specs:add")

    def test_one_whose_id_code_has_set_since_says_so(
        self, as_user: Callable[[Any], Client], admin_user: Any, hero: StoredSpec, registry: Registry
    ) -> None:
        registry.add_spec(RenditionSpec("blog:hero", "width-99"))
        client = as_user(admin_user)
        assert "Code has set this id since" in client.get(edit(hero)).content.decode()
        assert "Code has set this id since" in client.get(reverse(INDEX)).content.decode()


class TestListing:
    def test_specs_of_code_stand_beside_the_admins(
        self, as_user: Callable[[Any], Client], admin_user: Any, hero: StoredSpec, card: RenditionSpec
    ) -> None:
        response = as_user(admin_user).get(reverse(INDEX))
        page = response.content.decode()
        assert [str(row) for row in response.context["object_list"]] == ["Blog hero", "Card"]
        assert edit(hero) in page
        assert reverse("sourcegroups:spec_code", args=["shop:card"]) in page
        assert page.count("In code") == 1
        assert "20 and 30 wide" in page
        assert "All images" in page and "Press" in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [("hero", ["Blog hero"]), ("SHOP", ["Card"]), ("fill-10", ["Card"]), ("blog 30", ["Blog hero"]), ("zzz", [])],
    )  # fmt: skip
    def test_search_finds_both(
        self,
        query: str,
        found: list[str],
        as_user: Callable[[Any], Client],
        admin_user: Any,
        hero: StoredSpec,
        card: RenditionSpec,
    ) -> None:
        response = as_user(admin_user).get(reverse("sourcegroups_specs:index_results"), {"q": query})
        assert [str(row) for row in response.context["object_list"]] == found

    def test_it_can_be_turned_around(
        self, as_user: Callable[[Any], Client], admin_user: Any, hero: StoredSpec, card: RenditionSpec
    ) -> None:
        response = as_user(admin_user).get(reverse(INDEX), {"ordering": "-label"})
        assert [str(row) for row in response.context["object_list"]] == ["Card", "Blog hero"]

    def test_names_only_collections_that_the_user_knows(
        self, as_user: Callable[[Any], Client], curator: Any, hero: StoredSpec, archive: Collection
    ) -> None:
        Assignment.objects.create(spec_id=hero.spec_id, collection=archive)
        page = as_user(curator).get(reverse(INDEX)).content.decode()
        assert "Press and 1 collection that you don&#x27;t see" in page
        assert "Archive" not in page

    def test_shows_how_much_was_ready_when_it_was_counted(
        self,
        as_user: Callable[[Any], Client],
        admin_user: Any,
        hero: StoredSpec,
        press: Collection,
        add_image: Callable[..., Any],
    ) -> None:
        client = as_user(admin_user)
        assert "Not counted yet" in client.get(reverse(INDEX)).content.decode()
        made(add_image(press), "width-20")
        counting.count()
        assert "50%, 1 of 2" in client.get(reverse(INDEX)).content.decode()
        client.post(edit(hero), {**HERO, "filters": "width-20"})
        page = client.get(reverse(INDEX)).content.decode()
        assert "Changed since it was counted" in page and "50%" not in page

    def test_more_specs_ask_the_database_no_more(
        self, as_user: Callable[[Any], Client], admin_user: Any, hero: StoredSpec, press: Collection
    ) -> None:
        client = as_user(admin_user)
        client.get(reverse(INDEX))
        with CaptureQueriesContext(connection) as few:
            client.get(reverse(INDEX))
        for number in range(10):
            StoredSpec.objects.create(label=f"S{number}", spec_id=f"s:{number}", filters="width-9")
            Assignment.objects.create(spec_id=f"s:{number}", collection=press)
        client.get(reverse(INDEX))
        with CaptureQueriesContext(connection) as many:
            response = client.get(reverse(INDEX))
        assert len(response.context["object_list"]) == 11
        assert len(many) == len(few)


class TestCode:
    def test_the_page_can_only_be_read(
        self, as_user: Callable[[Any], Client], admin_user: Any, card: RenditionSpec
    ) -> None:
        page = as_user(admin_user).get(reverse("sourcegroups:spec_code", args=["shop:card"])).content.decode()
        assert "Set in code" in page
        assert "width-20\nfill-10x10" in page
        assert 'name="filters"' not in page and 'id="w-editor-form"' not in page

    @pytest.mark.parametrize("spec_id", ["blog:hero", "no:such"])
    def test_there_is_none_for_others(
        self, spec_id: str, as_user: Callable[[Any], Client], admin_user: Any, hero: StoredSpec
    ) -> None:
        assert as_user(admin_user).get(reverse("sourcegroups:spec_code", args=[spec_id])).status_code == 404

    def test_the_place_names_no_directory_of_the_machine(self) -> None:
        assert where(f"{__file__}:7") == "tests/admin/test_specs.py, line 7"
        assert where("/elsewhere/of/nobody.py:7") == "nobody.py, line 7"
        assert where("a shell") == "a shell"

    def test_strategies_in_words(self, settings: Any) -> None:
        settings.WAGTAIL_SOURCEGROUPS = {"DEFAULT_STRATEGY": Manual()}

        class OnFridays(Manual):
            pass

        assert when_in_words(Optimistic()) == "In the background, after an upload"
        assert when_in_words(None) == "Only when somebody asks for them (the site's default)"
        assert when_in_words(OnFridays()) == "OnFridays"
        assert StoredSpec.When(f"{Eager.__module__}.Eager").label == when_in_words(Eager())


class TestChanging:
    def test_says_what_is_new_and_what_is_left_and_offers_both(
        self,
        as_user: Callable[[Any], Client],
        admin_user: Any,
        hero: StoredSpec,
        press: Collection,
        add_image: Callable[..., Any],
    ) -> None:
        for _number in range(3):
            made(add_image(press), "width-20", "width-30")
        response = as_user(admin_user).post(edit(hero), {**HERO, "filters": "width-30\nwidth-40"})
        answer = said(response)
        assert "1 rendition of each image is new, 1 is not asked for any more." in answer
        assert f"{reverse('sourcegroups:generate')}?spec=blog%3Ahero" in answer
        assert "Delete 3 renditions left over" in answer
        assert f"{reverse('sourcegroups:spec_prune')}?filter=width-20" in answer

    def test_another_name_offers_nothing(
        self, as_user: Callable[[Any], Client], admin_user: Any, hero: StoredSpec
    ) -> None:
        answer = said(as_user(admin_user).post(edit(hero), {**HERO, "label": "Hero"}))
        assert "updated" in answer and "Generate" not in answer and "Delete" not in answer

    def test_a_spec_that_is_used_for_nothing_has_nothing_to_generate(
        self, as_user: Callable[[Any], Client], admin_user: Any, hero: StoredSpec
    ) -> None:
        Assignment.objects.all().delete()
        answer = said(as_user(admin_user).post(edit(hero), {**HERO, "filters": "width-40"}))
        assert reverse("sourcegroups:generate") not in answer

    def test_what_templates_alone_have_made_is_left_over_too(
        self,
        as_user: Callable[[Any], Client],
        admin_user: Any,
        hero: StoredSpec,
        press: Collection,
        add_image: Callable[..., Any],
    ) -> None:
        add_image(press).create_rendition(Filter("width-20"))
        assert not BoundFilterSpec.objects.exists()
        answer = said(as_user(admin_user).post(edit(hero), {**HERO, "filters": "width-30"}))
        assert "Delete 1 rendition left over" in answer

    def test_whoever_may_change_no_image_is_offered_nothing(
        self,
        as_user: Callable[[Any], Client],
        curator: Any,
        hero: StoredSpec,
        archive: Collection,
        add_image: Callable[..., Any],
    ) -> None:
        made(add_image(archive), "width-20")
        answer = said(as_user(curator).post(edit(hero), {**HERO, "filters": "width-30"}))
        assert "1 rendition of each image is not asked for any more." in answer
        assert "Delete" not in answer

    @pytest.mark.parametrize(
        ("before", "now", "words"),
        [
            (["a"], ["a"], ""),
            (["a"], ["b", "a"], "1 rendition of each image is new."),
            (["a", "b"], ["c", "d"], "2 renditions of each image are new, 2 are not asked for any more."),
            (["a", "b", "c"], ["c"], "2 renditions of each image are not asked for any more."),
        ],
    )
    def test_a_change_in_words(self, before: list[str], now: list[str], words: str) -> None:
        assert str(change(before, now)) == words


class TestPruning:
    @pytest.fixture
    def left(
        self, hero: StoredSpec, press: Collection, add_image: Callable[..., Any], registry: Registry
    ) -> Any:
        """An image with what the spec made of it once, what it makes now, and what a template has made."""
        image = add_image(press)
        made(image, "width-20", "width-30")
        image.get_rendition("width-50")
        StoredSpec.objects.filter(pk=hero.pk).update(filters="width-30")
        hero.refresh_from_db()
        hero.save()
        registry.refresh()
        return image

    def test_names_what_goes_and_deletes_that_alone(
        self, as_user: Callable[[Any], Client], admin_user: Any, left: Any
    ) -> None:
        client = as_user(admin_user)
        page = client.get(reverse("sourcegroups:spec_prune")).content.decode()
        assert "Delete 1 rendition" in page
        assert "width-20" in page and "width-30" not in page and "width-50" not in page
        response = client.post(reverse("sourcegroups:spec_prune"), {"filter": ["width-20"]})
        assert "1 rendition deleted." in said(response)
        assert set(rows(left)) == {"width-30", "width-50"}

    def test_whatever_is_asked_for_stays(
        self, as_user: Callable[[Any], Client], admin_user: Any, left: Any
    ) -> None:
        as_user(admin_user).post(
            reverse("sourcegroups:spec_prune"), {"filter": ["width-20", "width-30", "width-50"]}
        )
        assert set(rows(left)) == {"width-30", "width-50"}

    def test_what_another_spec_wants_elsewhere_goes_where_nothing_wants_it(
        self,
        as_user: Callable[[Any], Client],
        admin_user: Any,
        left: Any,
        archive: Collection,
        add_image: Callable[..., Any],
        registry: Registry,
    ) -> None:
        other = add_image(archive)
        made(other, "width-20")
        registry.add_spec(RenditionSpec("archive:small", "width-20"))
        registry.add_group("archive:small", CollectionSourceGroup(archive))
        client, page = as_user(admin_user), reverse("sourcegroups:spec_prune")
        assert "Nothing is left over" in client.get(page).content.decode()
        assert "Delete up to 2 renditions" in client.get(page, {"filter": "width-20"}).content.decode()
        client.post(page, {"filter": "width-20"})
        assert "width-20" not in rows(left)
        assert "width-20" in rows(other)

    def test_what_a_group_that_cannot_be_asked_might_want_stays(
        self, as_user: Callable[[Any], Client], admin_user: Any, left: Any, registry: Registry
    ) -> None:
        registry.add_spec(RenditionSpec("lost:small", "width-20"))
        registry.add_group("lost:small", CollectionSourceGroup("Nowhere"))
        as_user(admin_user).post(reverse("sourcegroups:spec_prune"), {"filter": "width-20"})
        assert "width-20" in rows(left)

    def test_only_images_that_the_user_may_change(
        self,
        as_user: Callable[[Any], Client],
        curator: Any,
        left: Any,
        archive: Collection,
        add_image: Callable[..., Any],
    ) -> None:
        other = add_image(archive)
        made(other, "width-20")
        client = as_user(curator)
        page = client.get(reverse("sourcegroups:spec_prune")).content.decode()
        assert "Delete 1 rendition" in page
        client.post(reverse("sourcegroups:spec_prune"), {"filter": "width-20"})
        assert "width-20" not in rows(left)
        assert "width-20" in rows(other)

    def test_a_worker_does_it_in_the_background(
        self,
        as_user: Callable[[Any], Client],
        admin_user: Any,
        left: Any,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        asked: list[Any] = []
        monkeypatch.setattr(prune, "is_inline", lambda: False)
        monkeypatch.setattr(pruning, "_enqueue", lambda *args: asked.append(args))
        with django_capture_on_commit_callbacks(execute=True):
            response = as_user(admin_user).post(reverse("sourcegroups:spec_prune"), {"filter": "width-20"})
        assert "in the background" in said(response)
        assert "width-20" in rows(left)
        ((filter_specs, by, after),) = asked
        pruning.sweep_renditions_task.func(filter_specs, by, after)
        assert set(rows(left)) == {"width-30", "width-50"}

    def test_without_a_worker_it_is_done_bit_by_bit(
        self,
        as_user: Callable[[Any], Client],
        admin_user: Any,
        left: Any,
        press: Collection,
        add_image: Callable[..., Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        other = add_image(press)
        made(other, "width-20")
        monkeypatch.setattr(prune, "PATIENCE", -1.0)
        monkeypatch.setattr(pruning, "AT_ONCE", 1)
        client, page = as_user(admin_user), reverse("sourcegroups:spec_prune")
        first = client.post(page, {"filter": "width-20"})
        assert "1 rendition deleted. There are more of them: go on." in said(first)
        assert first.url == f"{page}?filter=width-20&after={left.pk}"
        assert "width-20" not in rows(left) and "width-20" in rows(other)
        again = client.get(first.url).content.decode()
        assert f'name="after" value="{left.pk}"' in again
        client.post(page, {"filter": "width-20", "after": left.pk})
        assert "width-20" not in rows(other)

    def test_a_task_leaves_the_rest_to_the_next_one(
        self, left: Any, press: Collection, add_image: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(add_image(press), "width-20")
        asked: list[Any] = []
        monkeypatch.setattr(pruning, "_enqueue", lambda *args: asked.append(args))
        monkeypatch.setattr(pruning, "PATIENCE", -1.0)
        monkeypatch.setattr(pruning, "AT_ONCE", 1)
        pruning.sweep_renditions_task.func(["width-20"], None, None)
        assert asked == [(["width-20"], None, str(left.pk))]

    def test_nonsense_is_answered_in_words(
        self, as_user: Callable[[Any], Client], admin_user: Any, left: Any
    ) -> None:
        client, page = as_user(admin_user), reverse("sourcegroups:spec_prune")
        assert "There is nothing to delete." in said(client.post(page, {"filter": "no-such"}))
        assert client.get(page, {"filter": "width-20", "after": "x"}).status_code == 200
        assert len(rows(left)) == 3


class TestDeleting:
    def test_says_what_uses_it(
        self,
        as_user: Callable[[Any], Client],
        admin_user: Any,
        hero: StoredSpec,
        press: Collection,
        add_image: Callable[..., Any],
        registry: Registry,
        archive: Collection,
    ) -> None:
        registry.add_group("blog:hero", CollectionSourceGroup(archive))
        GenerationRun.objects.create(question={"specs": ["blog:hero"]})
        GenerationRun.objects.create(question={"specs": ["blog:other"]})
        GenerationRun.objects.create(question={"specs": ["blog:hero"]}, state="finished")
        made(add_image(press), "width-20")
        counting.count()
        page = as_user(admin_user).get(reverse("sourcegroups_specs:delete", args=[hero.pk])).content.decode()
        assert "It is assigned to Press. These assignments go with it." in page
        assert "Code asks for it: Archive." in page
        assert "1 rendition is ready." in page
        assert "1 run is still to make it" in page
        assert "<code>blog:hero</code>" in page

    def test_takes_its_assignments_along_and_offers_to_prune(
        self,
        as_user: Callable[[Any], Client],
        admin_user: Any,
        hero: StoredSpec,
        press: Collection,
        add_image: Callable[..., Any],
        registry: Registry,
    ) -> None:
        kept = Assignment.objects.create(spec_id="blog:other", collection=press)
        add_image(press).create_rendition(Filter("width-20"))
        response = as_user(admin_user).post(reverse("sourcegroups_specs:delete", args=[hero.pk]))
        assert list(Assignment.objects.all()) == [kept]
        assert "No longer assigned: Blog hero." in [
            entry.message for entry in log_registry.get_logs_for_instance(press)
        ]
        assert not StoredSpec.objects.exists()
        assert "blog:hero" not in registry.refresh().specs
        assert "Delete 1 rendition left over" in said(response)

    def test_one_that_cannot_be_read_takes_its_assignments_along_too(
        self, as_user: Callable[[Any], Client], admin_user: Any, press: Collection, registry: Registry
    ) -> None:
        spec = StoredSpec.objects.create(spec_id="blog:odd", label="Odd", filters="wi dth-{")
        Assignment.objects.create(spec_id="blog:odd", collection=press)
        client, page = as_user(admin_user), reverse("sourcegroups_specs:delete", args=[spec.pk])
        assert "Code has set" not in client.get(page).content.decode()
        client.post(page)
        assert not StoredSpec.objects.exists()
        assert not Assignment.objects.exists()

    def test_where_code_has_set_the_id_its_assignments_stay(
        self, as_user: Callable[[Any], Client], admin_user: Any, hero: StoredSpec, registry: Registry
    ) -> None:
        registry.add_spec(RenditionSpec("blog:hero", "width-20"))
        client, page = as_user(admin_user), reverse("sourcegroups_specs:delete", args=[hero.pk])
        assert "nothing depends on this one" in client.get(page).content.decode()
        client.post(page)
        assert not StoredSpec.objects.exists()
        assert Assignment.objects.count() == 1


class TestPermissions:
    PAGES = ["index", "add", "edit", "copy", "delete", "history", "code", "prune"]

    def url(self, page: str, hero: StoredSpec) -> str:
        if page == "code":
            return reverse("sourcegroups:spec_code", args=["shop:card"])
        if page == "prune":
            return reverse("sourcegroups:spec_prune")
        args = [] if page in ("index", "add") else [hero.pk]
        return reverse(f"sourcegroups_specs:{page}", args=args)

    @pytest.mark.parametrize("page", PAGES)
    @pytest.mark.parametrize("kind", ["nobody", "editor", "curator", "admin_user"])
    def test_each_page_for_each_kind_of_user(
        self,
        page: str,
        kind: str,
        as_user: Callable[[Any], Client],
        hero: StoredSpec,
        card: RenditionSpec,
        request: pytest.FixtureRequest,
    ) -> None:
        user = None if kind == "nobody" else request.getfixturevalue(kind)
        response = as_user(user).get(self.url(page, hero))
        assert response.status_code == (200 if kind in ("curator", "admin_user") else 302)
        if kind == "editor":
            assert response.url == reverse("wagtailadmin_home")

    @pytest.mark.parametrize("page", ["add", "edit", "delete", "prune"])
    @pytest.mark.parametrize("kind", ["nobody", "editor"])
    def test_nothing_is_changed_without_permission(
        self,
        page: str,
        kind: str,
        as_user: Callable[[Any], Client],
        hero: StoredSpec,
        request: pytest.FixtureRequest,
    ) -> None:
        user = None if kind == "nobody" else request.getfixturevalue(kind)
        as_user(user).post(self.url(page, hero), {**HERO, "filters": "width-99"})
        assert list(StoredSpec.objects.values_list("filters", flat=True)) == ["width-20\nwidth-30"]

    def test_changes_need_a_token(self, admin_user: Any, hero: StoredSpec) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(admin_user)
        for page in ("add", "edit", "delete", "prune"):
            assert client.post(self.url(page, hero), HERO).status_code == 403
        assert StoredSpec.objects.count() == 1

    def test_what_somebody_may_not_do_is_not_there(
        self, as_user: Callable[[Any], Client], editor: Any, hero: StoredSpec, card: RenditionSpec
    ) -> None:
        client = as_user(let(editor, "view_storedspec"))
        page = client.get(reverse(INDEX)).content.decode()
        assert "Blog hero" in page
        for name in ("add", "edit", "copy", "delete", "prune"):
            assert self.url(name, hero) not in page

    def test_the_menu_shows_it_to_those_who_may_see_it(self, curator: Any, rf: Any) -> None:
        def labels(user: Any) -> list[str]:
            request = rf.get("/")
            request.user = user
            group = next(
                item for item in admin_menu.menu_items_for_request(request) if item.name == "renditions"
            )
            return [str(item.label) for item in group.menu.menu_items_for_request(request)]

        assert "Specs" in labels(curator)
        curator.user_permissions.clear()
        assert "Specs" not in labels(type(curator).objects.get(pk=curator.pk))
