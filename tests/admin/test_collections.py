"""The panel "Renditions" on Wagtail's own pages that add and edit a collection."""

from __future__ import annotations

import html as markup
import re
from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.contrib.messages import get_messages
from django.core import checks
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse
from wagtail.admin.urls import collections as collection_urls
from wagtail.models import Collection, ModelLogEntry

from tests.admin.assigning import assigned, boxes, fields, let_assign, let_manage
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.admin.collections.history import ACTION
from wagtail_sourcegroups.admin.collections.ticks import BOX, TICKED_BEFORE
from wagtail_sourcegroups.admin.extending import extend_view
from wagtail_sourcegroups.counting import count
from wagtail_sourcegroups.models import Assignment, StoredSpec
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, TagSourceGroup

pytestmark = pytest.mark.django_db

Log = Callable[[Any], Any]


@pytest.fixture(autouse=True)
def specs(registry: Registry) -> None:
    """Two specs that an admin has defined, of one rendition and of two."""
    StoredSpec.objects.create(spec_id="press", label="Press download", filters="width-2400|format-jpeg")
    StoredSpec.objects.create(spec_id="zoom", label="Zoom", filters="fill-{40x40,80x80}|format-webp")


@pytest.fixture
def recipes(press: Collection) -> Collection:
    return press.add_child(name="Recipes")


@pytest.fixture
def manager(editor: Any, press: Collection) -> Any:
    """Who may change images and collections in Press, and assign."""
    return let_assign(let_manage(editor, press))


def edit_url(collection: Collection) -> str:
    return reverse("wagtailadmin_collections:edit", args=[collection.pk])


ADD_URL = "wagtailadmin_collections:add"


def rows(html: str) -> dict[str, str]:
    """The text of each row of the panel, by the name of its spec."""
    (table,) = re.findall(r'<table class="listing sg-ticks">(.*?)</table>', html, re.DOTALL)
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", table.partition("<tbody>")[2], re.DOTALL):
        (name,) = re.findall(r'class="sg-ticks__label">(.*?)<', row)
        found[name] = " ".join(markup.unescape(re.sub(r"<[^>]*>", " ", row)).split())
    return found


def said(response: Any) -> list[str]:
    return [" ".join(re.sub(r"<[^>]*>", " ", str(m)).split()) for m in get_messages(response.wsgi_request)]


# Editing ---------------------------------------------------------------------------------------------------------


def test_a_row_says_what_a_spec_makes_and_what_ticking_it_would_cost(
    as_user: Log, admin_user: Any, press: Collection, recipes: Collection, add_image: Any
) -> None:
    add_image(press), add_image(recipes)
    html = as_user(admin_user).get(edit_url(press)).content.decode()
    assert boxes(html) == {"press": False, "zoom": False}
    assert rows(html) == {
        "Press download": "Press download 2400 wide; JPEG Up to 2 renditions to make",
        "Zoom": "Zoom 40 × 40 and 80 × 80, cropped; WebP Up to 4 renditions to make",
    }
    assert re.search(r'<label for="(sg-spec-1)".*?>Press download</label>', html)
    assert re.search(r'value="press" id="sg-spec-1" aria-describedby="sg-spec-1-words"', html)


def test_ticking_and_unticking(as_user: Log, admin_user: Any, press: Collection) -> None:
    client = as_user(admin_user)
    page = client.get(edit_url(press)).content.decode()
    client.post(edit_url(press), {"name": "Press", "parent": 1, **fields(page, tick=["press"])})
    assert assigned() == {("press", "Press")}
    page = client.get(edit_url(press)).content.decode()
    assert boxes(page) == {"press": True, "zoom": False}
    client.post(
        edit_url(press), {"name": "Press", "parent": 1, **fields(page, tick=["zoom"], untick=["press"])}
    )
    assert assigned() == {("zoom", "Press")}


def test_what_is_inherited_is_ticked_disabled_says_from_where_and_stays(
    as_user: Log,
    admin_user: Any,
    press: Collection,
    recipes: Collection,
    registry: Registry,
    card: RenditionSpec,
) -> None:
    Assignment.objects.create(spec_id="press", collection=press)
    Assignment.objects.create(spec_id="zoom", image_model="gallery.customimage")
    client = as_user(admin_user)
    html = client.get(edit_url(recipes)).content.decode()
    assert boxes(html) == {}
    shown = rows(html)
    assert shown["Press download"].startswith("Press download from Press ")
    assert shown["Zoom"].startswith("Zoom from All images ")
    assert shown["Card"].startswith("Card in code ")
    for box in re.findall(r'<input type="checkbox" id="sg-spec-[^>]*>', html):
        assert "checked disabled" in box and "name=" not in box
        (described,) = re.findall(r'aria-describedby="(\S+) ', box)
        assert f'class="w-status" id="{described}"' in html
    client.post(edit_url(recipes), {"name": "Recipes", "parent": press.pk, **fields(html)})
    assert assigned() == {("press", "Press"), ("zoom", "gallery.customimage")}


def test_what_is_ticked_here_as_well_as_above_stays_when_it_is_shown_as_inherited(
    as_user: Log, admin_user: Any, press: Collection, recipes: Collection
) -> None:
    for collection in (press, recipes):
        Assignment.objects.create(spec_id="press", collection=collection)
    client = as_user(admin_user)
    html = client.get(edit_url(recipes)).content.decode()
    assert "Assigned here as well" in rows(html)["Press download"]
    client.post(edit_url(recipes), {"name": "Recipes", "parent": press.pk, **fields(html)})
    assert assigned() == {("press", "Press"), ("press", "Recipes")}


def test_code_may_bind_a_collection_or_some_images_only(
    as_user: Log, admin_user: Any, press: Collection, recipes: Collection, registry: Registry
) -> None:
    registry.add_spec(RenditionSpec("code", "width-20", label="Coded"))
    registry.add_group("code", CollectionSourceGroup("Press"))
    registry.add_group("zoom", TagSourceGroup("big"))
    client = as_user(admin_user)
    here, below = (rows(client.get(edit_url(each)).content.decode()) for each in (press, recipes))
    assert here["Coded"].startswith("Coded in code ")
    assert below["Coded"].startswith("Coded from Press ")
    assert "In code also for: " in here["Zoom"] and "big" in here["Zoom"]


def test_what_code_binds_to_a_collection_alone_does_not_apply_below_it(
    as_user: Log, admin_user: Any, press: Collection, recipes: Collection, registry: Registry
) -> None:
    registry.add_group("zoom", CollectionSourceGroup(press.pk, include_descendants=False))
    client = as_user(admin_user)
    assert rows(client.get(edit_url(press)).content.decode())["Zoom"].startswith("Zoom in code")
    assert "zoom" in boxes(client.get(edit_url(recipes)).content.decode())


def test_a_request_without_boxes_changes_no_assignment(
    as_user: Log, admin_user: Any, press: Collection
) -> None:
    Assignment.objects.create(spec_id="press", collection=press)
    as_user(admin_user).post(edit_url(press), {"name": "Papers", "parent": 1})
    assert assigned() == {("press", "Papers")}


def test_what_somebody_else_has_changed_meanwhile_is_not_reverted(
    as_user: Log, admin_user: Any, press: Collection
) -> None:
    Assignment.objects.create(spec_id="press", collection=press)
    client = as_user(admin_user)
    page = client.get(edit_url(press)).content.decode()
    Assignment.objects.all().delete()
    Assignment.objects.create(spec_id="zoom", collection=press)
    client.post(edit_url(press), {"name": "Papers", "parent": 1, **fields(page)})
    assert assigned() == {("zoom", "Papers")}


def test_ticks_survive_a_form_with_an_error(as_user: Log, admin_user: Any, press: Collection) -> None:
    Assignment.objects.create(spec_id="press", collection=press)
    client = as_user(admin_user)
    page = client.get(edit_url(press)).content.decode()
    asked = fields(page, tick=["zoom"], untick=["press"])
    again = client.post(edit_url(press), {"name": "", "parent": 1, **asked}).content.decode()
    assert boxes(again) == {"press": False, "zoom": True}
    assert assigned() == {("press", "Press")}
    client.post(edit_url(press), {"name": "Press", "parent": 1, **fields(again)})
    assert assigned() == {("zoom", "Press")}


def test_a_spec_that_was_deleted_meanwhile_is_named_and_the_rest_is_saved(
    as_user: Log, admin_user: Any, press: Collection
) -> None:
    client = as_user(admin_user)
    page = client.get(edit_url(press)).content.decode()
    StoredSpec.objects.filter(spec_id="zoom").get().delete()
    response = client.post(
        edit_url(press), {"name": "Press", "parent": 1, **fields(page, tick=["press", "zoom"])}
    )
    assert assigned() == {("press", "Press")}
    assert "The spec “zoom” isn't there any more, so it was not assigned." in markup.unescape(
        " ".join(said(response))
    )


def test_ready_here_is_of_this_collection_and_those_below_as_it_was_counted(
    as_user: Log, admin_user: Any, press: Collection, recipes: Collection, archive: Collection, add_image: Any
) -> None:
    Assignment.objects.create(spec_id="zoom", collection=press)
    Assignment.objects.create(spec_id="zoom", collection=archive)
    add_image(press), add_image(recipes), add_image(archive)
    client = as_user(admin_user)
    assert "Not counted yet" in rows(client.get(edit_url(press)).content.decode())["Zoom"]
    count()
    assert " 0 of 4 " in rows(client.get(edit_url(press)).content.decode())["Zoom"]
    assert " 0 of 2 " in rows(client.get(edit_url(recipes)).content.decode())["Zoom"]
    Assignment.objects.create(spec_id="press", collection=recipes)
    assert "Not counted yet" in rows(client.get(edit_url(recipes)).content.decode())["Press download"]


def test_when_is_the_strategy_in_words(as_user: Log, admin_user: Any, press: Collection) -> None:
    spec = StoredSpec.objects.get(spec_id="zoom")
    spec.strategy = StoredSpec.When.MANUAL
    spec.save()
    for spec_id in ("zoom", "press"):
        Assignment.objects.create(spec_id=spec_id, collection=press)
    shown = rows(as_user(admin_user).get(edit_url(press)).content.decode())
    assert shown["Zoom"].endswith("Only when somebody asks for them")
    assert shown["Press download"].endswith("In the background, after an upload")


def test_the_number_of_queries_does_not_grow_with_specs_or_collections(
    as_user: Log, admin_user: Any, press: Collection, recipes: Collection, registry: Registry
) -> None:
    registry.add_group("zoom", TagSourceGroup("big"))
    client = as_user(admin_user)
    client.get(edit_url(recipes))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(edit_url(recipes))
        return len(captured)

    before = queries()
    below = recipes
    for number in range(8):
        below = below.add_child(name=f"Below {number}")
        StoredSpec.objects.create(spec_id=f"more:{number}", label=f"More {number}", filters="width-20")
        Assignment.objects.create(spec_id=f"more:{number}", collection=press)
    client.get(edit_url(recipes))
    assert queries() == before


# Adding ----------------------------------------------------------------------------------------------------------


def test_a_new_collection_is_added_with_its_specs(as_user: Log, admin_user: Any, press: Collection) -> None:
    client = as_user(admin_user)
    page = client.get(reverse(ADD_URL)).content.decode()
    client.post(reverse(ADD_URL), {"name": "New", "parent": press.pk, **fields(page, tick=["zoom"])})
    assert assigned() == {("zoom", "New")}
    assert Collection.objects.get(name="New").get_parent() == press


def test_below_which_parent_a_spec_would_apply_is_said_while_it_is_open(
    as_user: Log, admin_user: Any, press: Collection, recipes: Collection, archive: Collection
) -> None:
    for collection in (press, recipes, archive):
        Assignment.objects.create(spec_id="zoom", collection=collection)
    html = as_user(admin_user).get(reverse(ADD_URL)).content.decode()
    assert (
        "Applies below Archive and Press" in rows(html)["Zoom"]
        or "Applies below Press and Archive" in rows(html)["Zoom"]
    )
    assert "is shown once this collection is saved" in html
    assert "to make" not in html


def test_with_one_parent_only_what_is_inherited_is_known(
    as_user: Log, manager: Any, press: Collection
) -> None:
    Assignment.objects.create(spec_id="zoom", collection=press)
    html = as_user(manager).get(reverse(ADD_URL)).content.decode()
    assert rows(html)["Zoom"].startswith("Zoom from Press ")
    assert boxes(html) == {"press": False}


def test_a_parent_that_was_chosen_is_known_when_the_form_comes_back(
    as_user: Log, admin_user: Any, press: Collection, archive: Collection
) -> None:
    Assignment.objects.create(spec_id="zoom", collection=press)
    html = as_user(admin_user).post(reverse(ADD_URL), {"name": "", "parent": press.pk}).content.decode()
    assert rows(html)["Zoom"].startswith("Zoom from Press ")


def test_ticks_for_a_parent_below_which_one_may_not_assign_are_refused_in_words(
    as_user: Log, manager: Any, press: Collection, archive: Collection
) -> None:
    user = let_manage(manager, archive, may=["add"])
    client = as_user(user)
    page = client.get(reverse(ADD_URL)).content.decode()
    response = client.post(
        reverse(ADD_URL), {"name": "New", "parent": archive.pk, **fields(page, tick=["zoom"])}
    )
    assert Collection.objects.filter(name="New").exists()
    assert assigned() == set()
    assert "No spec was assigned: you may not assign specs to the collection “New”." in said(response)


# Moving ----------------------------------------------------------------------------------------------------------


def test_moving_and_ticking_in_one_save(
    as_user: Log, admin_user: Any, press: Collection, recipes: Collection, archive: Collection
) -> None:
    client = as_user(admin_user)
    page = client.get(edit_url(recipes)).content.decode()
    client.post(edit_url(recipes), {"name": "Recipes", "parent": archive.pk, **fields(page, tick=["zoom"])})
    assert Collection.objects.get(name="Recipes").get_parent() == archive
    assert assigned() == {("zoom", "Recipes")}


# Permissions -----------------------------------------------------------------------------------------------------


def test_without_the_permission_to_assign_one_sees_what_applies_and_no_boxes(
    as_user: Log, editor: Any, press: Collection, recipes: Collection, add_image: Any
) -> None:
    user = let_manage(editor, press)
    add_image(recipes)
    Assignment.objects.create(spec_id="zoom", collection=press)
    client = as_user(user)
    html = client.get(edit_url(recipes)).content.decode()
    assert list(rows(html)) == ["Zoom"]
    assert 'type="checkbox"' not in html and TICKED_BEFORE not in html
    client.post(edit_url(recipes), {"name": "Recipes", "parent": press.pk})
    assert assigned() == {("zoom", "Press")}


def test_boxes_that_were_not_there_are_refused(
    as_user: Log, editor: Any, press: Collection, recipes: Collection
) -> None:
    Assignment.objects.create(spec_id="press", collection=recipes)
    user = let_manage(editor, press)
    forged = {BOX: ["zoom"], TICKED_BEFORE: "press"}
    response = as_user(user).post(edit_url(recipes), {"name": "Recipes", "parent": press.pk, **forged})
    assert assigned() == {("press", "Recipes")}
    assert "No spec was assigned: you may not assign specs to the collection “Recipes”." in said(response)


def test_an_editor_of_images_comes_to_no_page_of_a_collection(
    as_user: Log, other_editor: Any, press: Collection
) -> None:
    for user in (None, other_editor):
        response = as_user(user).post(edit_url(press), {"name": "Mine", BOX: ["zoom"], TICKED_BEFORE: ""})
        assert response.status_code == 302
    assert assigned() == set()


def test_a_collection_above_that_one_does_not_see_is_not_named(
    as_user: Log, make_editor: Any, press: Collection, recipes: Collection
) -> None:
    cakes = recipes.add_child(name="Cakes")
    Assignment.objects.create(spec_id="zoom", collection=press)
    user = let_assign(let_manage(make_editor("baker", cakes), recipes))
    html = as_user(user).get(edit_url(cakes)).content.decode()
    assert rows(html)["Zoom"].startswith("Zoom from a collection above ")


def test_whoever_does_not_see_all_images_there_is_told_no_numbers_of_them(
    as_user: Log, make_editor: Any, press: Collection, archive: Collection, add_image: Any
) -> None:
    add_image(press)
    for images in (make_editor("clerk", archive), make_editor("reporter", press, may=("add",))):
        user = let_assign(let_manage(images, press))
        html = as_user(user).get(edit_url(press)).content.decode()
        assert boxes(html) == {"press": False, "zoom": False}
        assert "Ready here" not in html and "to make" not in html


# After saving ----------------------------------------------------------------------------------------------------


def test_new_ticks_are_offered_to_be_generated_for_what_is_there_already(
    as_user: Log, admin_user: Any, press: Collection, recipes: Collection, archive: Collection, add_image: Any
) -> None:
    add_image(press), add_image(recipes), add_image(archive)
    client = as_user(admin_user)
    page = client.get(edit_url(press)).content.decode()
    response = client.post(edit_url(press), {"name": "Press", "parent": 1, **fields(page, tick=["zoom"])})
    (message,) = map(str, get_messages(response.wsgi_request))
    assert "2 images are there already: up to 4 renditions to make for Zoom." in message
    (url, label) = re.findall(r'href="([^"]+)"[^>]*>(.*?)</a>', message)[-1]
    assert markup.unescape(url) == f"{reverse('sourcegroups:generate')}?spec=zoom&collection={press.pk}"
    assert label == "Generate up to 4 renditions"


@pytest.mark.parametrize("kind", ["no images", "nothing new", "may not generate"])
def test_nothing_is_offered_where_there_is_nothing_to_offer(
    kind: str,
    as_user: Log,
    admin_user: Any,
    editor: Any,
    make_editor: Any,
    press: Collection,
    archive: Collection,
    add_image: Any,
) -> None:
    user = admin_user
    if kind != "no images":
        add_image(press)
    if kind == "may not generate":
        user = let_assign(let_manage(make_editor("clerk", archive), press))
    client = as_user(user)
    page = client.get(edit_url(press)).content.decode()
    tick = [] if kind == "nothing new" else ["zoom"]
    response = client.post(edit_url(press), {"name": "Press", "parent": 1, **fields(page, tick=tick)})
    (message,) = said(response)
    assert "to make" not in message and "Generate" not in message


def test_only_images_that_the_user_may_change_are_offered(
    as_user: Log, make_editor: Any, press: Collection, recipes: Collection, add_image: Any
) -> None:
    add_image(press), add_image(recipes)
    user = let_assign(let_manage(make_editor("baker", recipes), press))
    client = as_user(user)
    page = client.get(edit_url(press)).content.decode()
    response = client.post(edit_url(press), {"name": "Press", **fields(page, tick=["zoom"])})
    assert "1 image is there already: up to 2 renditions to make for Zoom." in said(response)[0]


def test_one_entry_in_the_history_names_the_specs(as_user: Log, admin_user: Any, press: Collection) -> None:
    Assignment.objects.create(spec_id="press", collection=press)
    client = as_user(admin_user)
    page = client.get(edit_url(press)).content.decode()
    client.post(
        edit_url(press), {"name": "Press", "parent": 1, **fields(page, tick=["zoom"], untick=["press"])}
    )
    (entry,) = ModelLogEntry.objects.filter(action=ACTION)
    assert (entry.user, entry.object_id, entry.label) == (admin_user, str(press.pk), "Press")
    assert (
        entry.formatter.format_message(entry) == "Specs assigned: Zoom. No longer assigned: Press download."
    )
    assert (
        "Specs assigned: Zoom." in client.get(reverse("wagtailadmin_reports:site_history")).content.decode()
    )
    client.post(
        edit_url(press),
        {"name": "Press", "parent": 1, **fields(client.get(edit_url(press)).content.decode())},
    )
    assert ModelLogEntry.objects.filter(action=ACTION).count() == 1


# No specs --------------------------------------------------------------------------------------------------------


def test_without_specs_there_is_a_way_to_add_one_for_whoever_may(
    as_user: Log, admin_user: Any, manager: Any, press: Collection, recipes: Collection
) -> None:
    StoredSpec.objects.all().delete()
    html = as_user(admin_user).get(edit_url(recipes)).content.decode()
    assert "No specs yet." in html and reverse("sourcegroups_specs:add") in html
    html = as_user(manager).get(edit_url(recipes)).content.decode()
    assert "No specs yet." in html and reverse("sourcegroups_specs:add") not in html


def test_registrations_that_cannot_be_read_leave_the_page_as_wagtail_has_it(
    as_user: Log, admin_user: Any, press: Collection, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wagtail_sourcegroups.exceptions import InvalidSpec

    def fail(self: Registry) -> None:
        raise InvalidSpec("two definitions")

    monkeypatch.setattr(Registry, "read", fail)
    html = as_user(admin_user).get(edit_url(press)).content.decode()
    assert "sg-ticks" not in html and "two definitions" not in html
    as_user(admin_user).post(edit_url(press), {"name": "Papers", "parent": 1})
    assert Collection.objects.filter(name="Papers").exists()


# The setting, the check, and other packages ------------------------------------------------------------------------


def test_the_setting_turns_the_panel_off(
    as_user: Log, admin_user: Any, press: Collection, settings: Any
) -> None:
    settings.WAGTAIL_SOURCEGROUPS = {"COLLECTION_PANEL": False}
    client = as_user(admin_user)
    assert "sg-ticks" not in client.get(edit_url(press)).content.decode()
    client.post(edit_url(press), {"name": "Press", "parent": 1, BOX: ["zoom"], TICKED_BEFORE: ""})
    assert assigned() == set()


class Stranger:
    """Another package, which extends the same views."""

    class StrangeForm(forms.Form):
        pass

    template_name = "tests/stranger.html"

    def get_form_class(self) -> Any:
        base = super().get_form_class()  # type: ignore[misc]
        return type("StrangeForm", (base,), {"motto": forms.CharField(required=False)})

    def save_instance(self) -> Any:
        instance = super().save_instance()  # type: ignore[misc]
        self.request.session["motto"] = self.form.cleaned_data["motto"]  # type: ignore[attr-defined]
        return instance


@pytest.mark.parametrize("first", ["stranger", "ours"])
def test_another_package_that_extends_the_view_keeps_its_form_and_its_template(
    first: str, as_user: Log, admin_user: Any, press: Collection, settings: Any
) -> None:
    from wagtail.admin.views.collections import Edit

    from wagtail_sourcegroups.admin.collections.editing import CollectionAssignments

    settings.TEMPLATES = [
        {
            **settings.TEMPLATES[0],
            "APP_DIRS": False,
            "OPTIONS": {
                **settings.TEMPLATES[0]["OPTIONS"],
                "loaders": [
                    (
                        "django.template.loaders.locmem.Loader",
                        {
                            "tests/stranger.html": "{% extends 'wagtailadmin/collections/edit.html' %}"
                            "{% block form_content %}<p>Stranger's</p>{{ block.super }}{% endblock %}"
                        },
                    ),
                    "django.template.loaders.app_directories.Loader",
                ],
            },
        },
        *settings.TEMPLATES[1:],
    ]
    patterns = [path("", Edit.as_view(), name="edit")]
    for mixin in (
        (Stranger, CollectionAssignments) if first == "stranger" else (CollectionAssignments, Stranger)
    ):
        extend_view(patterns, "edit", mixin)
    (pattern,) = (each for each in collection_urls.urlpatterns if each.name == "edit")
    before = pattern.callback
    try:
        pattern.callback = patterns[0].callback
        client = as_user(admin_user)
        html = client.get(edit_url(press)).content.decode()
        assert "Stranger's" in html and 'name="motto"' in html
        asked = fields(html, tick=["zoom"])
        client.post(edit_url(press), {"name": "Press", "parent": 1, "motto": "read all", **asked})
    finally:
        pattern.callback = before
    assert client.session["motto"] == "read all"
    assert assigned() == {("zoom", "Press")}


def complaints() -> list[str]:
    return [
        message.msg
        for message in checks.run_checks(tags=["sourcegroups"], databases=[])
        if message.id == "wagtail_sourcegroups.W004"
    ]


def replaced(request: Any, pk: int) -> HttpResponse:
    return HttpResponse("another page")


def test_the_check_is_silent_where_the_panel_is_there() -> None:
    assert complaints() == []


def test_the_check_says_where_another_view_has_taken_the_place(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pattern,) = (each for each in collection_urls.urlpatterns if each.name == "edit")
    monkeypatch.setattr(pattern, "callback", replaced)
    (message,) = complaints()
    assert "edits a collection" in message and "replaced" in message
    settings.WAGTAIL_SOURCEGROUPS = {"COLLECTION_PANEL": False}
    assert complaints() == []


def test_the_check_says_nothing_where_there_is_no_admin(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.admin.no_admin"
    assert complaints() == []


def test_the_setting_is_true_or_false(settings: Any) -> None:
    settings.WAGTAIL_SOURCEGROUPS = {"COLLECTION_PANEL": "no"}
    found = [message.msg for message in checks.run_checks(tags=["sourcegroups"], databases=[])]
    assert found == ["WAGTAIL_SOURCEGROUPS['COLLECTION_PANEL'] is 'no'; it must be True or False."]
