"""Who may do what: every page and endpoint of ours, for every kind of user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import get_resolver, reverse
from wagtail.models import Collection

from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.admin import urls
from wagtail_sourcegroups.models import Assignment, GenerationFailure, GenerationRun, StoredSpec
from wagtail_sourcegroups.policies import image_policy
from wagtail_sourcegroups.runs.question import Question
from wagtail_sourcegroups.runs.starting import start
from wagtail_sourcegroups.selection import Selection

pytestmark = pytest.mark.django_db

#: What somebody gets who is nobody, may not come into the admin, edits Archive, edits Press, and may do everything.
KINDS = ("nobody", "stranger", "other_editor", "editor", "admin")

#: Asked to log in; sent to the admin's home page with a message; told that there is no such thing; shown the page; and
#: sent on, since it is done.
LOGIN, HOME, ABSENT, SHOWN, DONE = "login", "home", "absent", "shown", "done"

EVERY_EDITOR = (LOGIN, LOGIN, SHOWN, SHOWN, SHOWN)
EVERY_EDITOR_DOES = (LOGIN, LOGIN, DONE, DONE, DONE)
OF_PRESS = (LOGIN, LOGIN, ABSENT, SHOWN, SHOWN)
OF_PRESS_ONLY_ADMIN_DOES = (LOGIN, LOGIN, ABSENT, HOME, DONE)
ONLY_ADMIN = (LOGIN, LOGIN, HOME, HOME, SHOWN)
ONLY_ADMIN_DOES = (LOGIN, LOGIN, HOME, HOME, DONE)


@dataclass(frozen=True)
class Site:
    """An image, a run and a failure of Press, and a spec that an admin has defined."""

    image: Any
    run: GenerationRun
    failure: GenerationFailure
    spec: StoredSpec
    press: Collection
    users: dict[str, Any] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        return {
            "image": self.image.pk,
            "run": self.run.pk,
            "failure": self.failure.pk,
            "spec": self.spec.pk,
            "press": self.press.pk,
        }


class Cell(NamedTuple):
    """An address, by name and arguments, each of which may name something of the :class:`Site`."""

    name: str
    method: str
    outcomes: tuple[str, ...]
    args: tuple[str, ...] = ()
    asked: dict[str, Any] = {}


def page(name: str, outcomes: tuple[str, ...], *args: str, **asked: Any) -> Cell:
    return Cell(name, "get", outcomes, args, asked)


def action(name: str, outcomes: tuple[str, ...], *args: str, **asked: Any) -> Cell:
    return Cell(name, "post", outcomes, args, asked)


CELLS = (
    page("sourcegroups:overview", EVERY_EDITOR),
    page("sourcegroups:coverage", EVERY_EDITOR),
    page("sourcegroups:coverage_results", EVERY_EDITOR),
    page("sourcegroups:coverage_images", EVERY_EDITOR, spec="shop:card", state="missing"),
    action("sourcegroups:coverage_count", EVERY_EDITOR_DOES),
    page("sourcegroups:failures", EVERY_EDITOR),
    page("sourcegroups:failures_results", EVERY_EDITOR),
    action("sourcegroups:failures_retry", EVERY_EDITOR_DOES, failure="failure"),
    page("sourcegroups:assignments", EVERY_EDITOR),
    action("sourcegroups:assignments", EVERY_EDITOR_DOES),
    page("sourcegroups:runs", EVERY_EDITOR),
    page("sourcegroups:runs_results", EVERY_EDITOR),
    page("sourcegroups:run", OF_PRESS, "run"),
    page("sourcegroups:run_standing", OF_PRESS, "run"),
    action("sourcegroups:run_step", (LOGIN, LOGIN, ABSENT, HOME, SHOWN), "run"),
    action("sourcegroups:run_pause", OF_PRESS_ONLY_ADMIN_DOES, "run"),
    action("sourcegroups:run_resume", OF_PRESS_ONLY_ADMIN_DOES, "run"),
    action("sourcegroups:run_cancel", OF_PRESS_ONLY_ADMIN_DOES, "run"),
    action("sourcegroups:run_retry", OF_PRESS_ONLY_ADMIN_DOES, "run"),
    page("sourcegroups:generate", EVERY_EDITOR, spec="shop:card"),
    action("sourcegroups:generate", EVERY_EDITOR_DOES, specs="shop:card", what="missing"),
    page("sourcegroups:image_panel", (LOGIN, LOGIN, HOME, SHOWN, SHOWN), "image"),
    action("sourcegroups:image_generate", (LOGIN, LOGIN, HOME, DONE, DONE), "image"),
    page("sourcegroups:spec_code", ONLY_ADMIN, "shop:card"),
    action("sourcegroups:spec_preview", ONLY_ADMIN, filters="width-10"),
    page("sourcegroups:spec_preview_picture", ONLY_ADMIN, filter="width-10", sample="image"),
    page("sourcegroups:spec_prune", ONLY_ADMIN, filter="width-77"),
    action("sourcegroups:spec_prune", ONLY_ADMIN_DOES, filter="width-77"),
    page("sourcegroups_specs:index", ONLY_ADMIN),
    page("sourcegroups_specs:index_results", ONLY_ADMIN),
    page("sourcegroups_specs:add", ONLY_ADMIN),
    page("sourcegroups_specs:edit", ONLY_ADMIN, "spec"),
    page("sourcegroups_specs:copy", ONLY_ADMIN, "spec"),
    page("sourcegroups_specs:delete", ONLY_ADMIN, "spec"),
    action("sourcegroups_specs:delete", ONLY_ADMIN_DOES, "spec"),
    page("sourcegroups_specs:history", ONLY_ADMIN, "spec"),
    page("sourcegroups_specs:history_results", ONLY_ADMIN, "spec"),
)


@pytest.fixture
def site(
    card: RenditionSpec,
    press: Collection,
    archive: Collection,
    add_image: Callable[..., Any],
    admin_user: Any,
    editor: Any,
    other_editor: Any,
    django_user_model: Any,
) -> Site:
    image = add_image(press)
    add_image(archive)
    selection = Selection(collections=frozenset([press.pk]))
    run = start(Question((card.id,), selection=selection), user=admin_user)
    failure = GenerationFailure.objects.create(
        source_key=f"{image._meta.label_lower}:{image.pk}",
        source_name=image.title,
        content_type=ContentType.objects.get_for_model(image),
        object_id=str(image.pk),
        spec_id=card.id,
        filter_spec="width-20",
        error="OSError: it is gone",
        run=run,
    )
    spec = StoredSpec.objects.create(spec_id="press:large", label="Large", filters="width-30")
    stranger = django_user_model.objects.create_user("stranger", password="password")
    users = dict(zip(KINDS, (None, stranger, other_editor, editor, admin_user), strict=True))
    return Site(image, run, failure, spec, press, users)


def outcome(response: Any) -> str:
    if response.status_code == 404:
        return ABSENT
    if response.status_code == 302:
        if response.url.startswith(reverse("wagtailadmin_login")):
            return LOGIN
        return HOME if response.url == reverse("wagtailadmin_home") else DONE
    assert response.status_code == 200, response.status_code
    return SHOWN


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.method} {cell.name}")
def test_every_page_for_every_kind_of_user(
    cell: Cell, kind: str, site: Site, as_user: Callable[[Any], Client]
) -> None:
    known = site.values()
    address = reverse(cell.name, args=[known.get(arg, arg) for arg in cell.args])
    asked = {name: known.get(value, value) for name, value in cell.asked.items()}
    client = as_user(site.users[kind])
    response = getattr(client, cell.method)(address, asked)
    assert outcome(response) == cell.outcomes[KINDS.index(kind)]


def test_every_address_of_ours_is_in_the_table() -> None:
    ours = {f"sourcegroups:{pattern.name}" for pattern in urls.urlpatterns}
    _prefix, specs = get_resolver("wagtail.admin.urls").namespace_dict["sourcegroups_specs"]
    ours |= {f"sourcegroups_specs:{name}" for name in specs.reverse_dict if isinstance(name, str)}
    assert ours == {cell.name for cell in CELLS}


@pytest.mark.parametrize(
    "cell", [cell for cell in CELLS if cell.method == "post"], ids=lambda cell: cell.name
)
def test_what_changes_something_is_a_post_with_a_token(cell: Cell, site: Site) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(site.users["admin"])
    known = site.values()
    address = reverse(cell.name, args=[known.get(arg, arg) for arg in cell.args])
    assert client.post(address, cell.asked).status_code == 403


ENDPOINTS = [
    cell.name
    for cell in CELLS
    if cell.method == "post"
    and not any(other.method == "get" and other.name == cell.name for other in CELLS)
    and cell.name != "sourcegroups:spec_preview"
]


@pytest.mark.parametrize("name", ENDPOINTS)
def test_what_only_changes_something_cannot_be_asked_for(
    name: str, site: Site, as_user: Callable[[Any], Client]
) -> None:
    cell = next(cell for cell in CELLS if cell.name == name)
    known = site.values()
    address = reverse(cell.name, args=[known.get(arg, arg) for arg in cell.args])
    assert as_user(site.users["admin"]).get(address).status_code == 405


def test_an_editor_touches_the_images_of_one_collection_only(
    site: Site, editor: Any, archive: Collection, as_user: Callable[[Any], Client]
) -> None:
    client = as_user(editor)
    client.post(reverse("sourcegroups:generate"), {"specs": "shop:card", "what": "missing"})
    run = GenerationRun.objects.filter(started_by=editor).get()
    selection = Selection(by=run.question["selection"]["by"])
    images = image_policy().model.objects.all()
    assert list(selection.narrow(images)) == [site.image]


def test_an_editor_assigns_nothing(site: Site, editor: Any, as_user: Callable[[Any], Client]) -> None:
    client = as_user(editor)
    for name in ("assigned", "ticked", "spec", "box"):
        client.post(reverse("sourcegroups:assignments"), {name: f"press:large@{site.press.pk}"})
    assert not Assignment.objects.exists()
