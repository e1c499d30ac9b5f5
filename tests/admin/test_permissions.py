"""Who may do what: every page and endpoint of ours, for every kind of user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from wagtail.models import Collection

from tests.admin.running import fail, finish
from wagtail_sourcegroups import RenditionSpec, counting
from wagtail_sourcegroups.admin import urls
from wagtail_sourcegroups.admin.collections.ticks import BOX, TICKED_BEFORE
from wagtail_sourcegroups.admin.starting import images_of
from wagtail_sourcegroups.models import (
    Assignment,
    BoundFilterSpec,
    CoverageCount,
    GenerationFailure,
    GenerationRun,
    StoredSpec,
)
from wagtail_sourcegroups.runs.question import Question
from wagtail_sourcegroups.runs.starting import start
from wagtail_sourcegroups.selection import Selection

pytestmark = pytest.mark.django_db

#: Who asks: nobody; somebody who may not come into the admin; an editor of Archive; somebody who may add images to
#: Press, and so change those that he has added; an editor of Press; and somebody who may do everything.
KINDS = ("nobody", "stranger", "other_editor", "contributor", "editor", "admin")

#: Asked to log in; sent to the admin's home page with a message; told that there is no such thing; sent back, as there
#: is nothing that he or she may have done; shown the page; and sent on, since it is done.
LOGIN, HOME, ABSENT, REFUSED, SHOWN, DONE = "login", "home", "absent", "refused", "shown", "done"

EVERY_EDITOR = (LOGIN, LOGIN, SHOWN, SHOWN, SHOWN, SHOWN)
EVERY_EDITOR_DOES = (LOGIN, LOGIN, DONE, DONE, DONE, DONE)
OF_PRESS = (LOGIN, LOGIN, ABSENT, SHOWN, SHOWN, SHOWN)
OF_PRESS_ONLY_ADMIN_DOES = (LOGIN, LOGIN, ABSENT, HOME, HOME, DONE)
EDITORS_OF_PRESS = (LOGIN, LOGIN, HOME, HOME, SHOWN, SHOWN)
EDITORS_OF_PRESS_DO = (LOGIN, LOGIN, HOME, HOME, DONE, DONE)
ITS_OWNER_TOO = (LOGIN, LOGIN, HOME, SHOWN, SHOWN, SHOWN)
ITS_OWNER_DOES_TOO = (LOGIN, LOGIN, HOME, DONE, DONE, DONE)
ONLY_ADMIN = (LOGIN, LOGIN, HOME, HOME, HOME, SHOWN)
ONLY_ADMIN_DOES = (LOGIN, LOGIN, HOME, HOME, HOME, DONE)

LEFTOVER = "width-77"


@dataclass(frozen=True)
class Site:
    """
    Two images of Press, one of which the contributor has added, with a failure each; a run over Press, and a spec that
    an admin has defined.
    """

    image: Any
    own: Any
    run: GenerationRun
    failure: GenerationFailure
    own_failure: GenerationFailure
    spec: StoredSpec
    press: Collection
    users: dict[str, Any] = field(default_factory=dict)

    def fill_in(self, text: str) -> str:
        """A text with the primary key of what it names in braces."""
        names = ("image", "own", "run", "failure", "own_failure", "spec", "press")
        return text.format(
            **{name: getattr(self, name).pk for name in names},
            root=Collection.get_first_root_node().pk,
            app=self.image._meta.app_label,
            model=self.image._meta.model_name,
        )


Effect = Callable[[Site], bool]


def a_run_of(*names: str) -> Effect:
    """Whether a run has been started over just these images, whatever else he or she who started it may not change."""

    def is_there(site: Site) -> bool:
        run = GenerationRun.objects.exclude(pk=site.run.pk).first()
        if run is None:
            return False
        images = images_of(Question.from_json(run.question).selection)
        assert set(images) == {getattr(site, name) for name in names}
        return True

    return is_there


def some_run(site: Site) -> bool:
    return GenerationRun.objects.exclude(pk=site.run.pk).exists()


def run_in(state: str) -> Effect:
    return lambda site: bool(GenerationRun.objects.get(pk=site.run.pk).state == state)


def is_worked_on(site: Site) -> bool:
    return site.image.renditions.filter(filter_spec="width-20").exists()


def is_assigned(site: Site) -> bool:
    return Assignment.objects.filter(spec_id=site.spec.spec_id, collection=site.press).exists()


def is_counting(site: Site) -> bool:
    return CoverageCount.objects.exists()


def is_swept(site: Site) -> bool:
    return not site.image.renditions.filter(filter_spec=LEFTOVER).exists()


def is_defined(site: Site) -> bool:
    return StoredSpec.objects.filter(spec_id="press:small").exists()


def is_changed(site: Site) -> bool:
    return StoredSpec.objects.filter(pk=site.spec.pk, label="Small").exists()


def is_deleted(site: Site) -> bool:
    return not StoredSpec.objects.filter(pk=site.spec.pk).exists()


class Cell(NamedTuple):
    """
    An address, by name and arguments, and what is sent along; all of these may name something of the :class:`Site`.
    ``effect`` says whether it was done; ``state`` is what the run is in before.
    """

    name: str
    method: str
    outcomes: tuple[str, ...]
    args: tuple[str, ...] = ()
    asked: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    effect: Effect | None = None
    state: str = "queued"

    def ask(self, client: Client, site: Site) -> Any:
        GenerationRun.objects.filter(pk=site.run.pk).update(state=self.state)
        assert self.effect is None or not self.effect(site)
        address = reverse(self.name, args=[site.fill_in(arg) for arg in self.args])
        if self.query:
            address = f"{address}?{site.fill_in(urlencode(self.query, safe='{}'))}"
        asked = {name: site.fill_in(value) for name, value in self.asked.items()}
        return getattr(client, self.method)(address, asked)


def page(name: str, outcomes: tuple[str, ...], /, *args: str, **asked: str) -> Cell:
    return Cell(name, "get", outcomes, args, asked)


def action(
    name: str,
    outcomes: tuple[str, ...],
    /,
    *args: str,
    effect: Effect | None,
    state: str = "queued",
    query: Mapping[str, str] = {},
    **asked: str,
) -> Cell:
    return Cell(name, "post", outcomes, args, asked, query, effect, state)


SPEC = {"label": "Small", "spec_id": "press:small", "filters": "width-5", "strategy": "", "description": ""}
BULK = ("wagtail_bulk_action", EVERY_EDITOR, "{app}", "{model}", "generate_renditions")
TICK = {"name": "Press", "parent": "{root}", BOX: "press:large", TICKED_BEFORE: ""}
CHOICE = {"specs": "shop:card", "what": "missing"}
#: Of an image of somebody else there is nothing to try again, and nothing to have made.
NOT_OF_OTHERS = (LOGIN, LOGIN, REFUSED, REFUSED, DONE, DONE)
NOT_OF_OTHER_COLLECTIONS = (LOGIN, LOGIN, REFUSED, DONE, DONE, DONE)

CELLS = (
    page("sourcegroups:overview", EVERY_EDITOR),
    page("sourcegroups:coverage", EVERY_EDITOR),
    page("sourcegroups:coverage_results", EVERY_EDITOR),
    page("sourcegroups:coverage_images", EVERY_EDITOR, spec="shop:card", state="missing"),
    action("sourcegroups:coverage_count", EVERY_EDITOR_DOES, effect=is_counting),
    page("sourcegroups:failures", EVERY_EDITOR),
    page("sourcegroups:failures_results", EVERY_EDITOR),
    action("sourcegroups:failures_retry", NOT_OF_OTHERS, one="{failure}", effect=a_run_of("image")),
    action("sourcegroups:failures_retry", NOT_OF_OTHERS, some="{failure}", effect=a_run_of("image")),
    action(
        "sourcegroups:failures_retry", NOT_OF_OTHER_COLLECTIONS, one="{own_failure}", effect=a_run_of("own")
    ),
    action("sourcegroups:failures_retry", NOT_OF_OTHER_COLLECTIONS, all="1", effect=some_run),
    page("sourcegroups:assignments", EVERY_EDITOR),
    action("sourcegroups:assignments", ONLY_ADMIN_DOES, effect=is_assigned, **{BOX: "{press}:press:large"}),
    page("sourcegroups:runs", EVERY_EDITOR),
    page("sourcegroups:runs_results", EVERY_EDITOR),
    page("sourcegroups:run", OF_PRESS, "{run}"),
    page("sourcegroups:run_standing", OF_PRESS, "{run}"),
    action("sourcegroups:run_step", (LOGIN, LOGIN, ABSENT, HOME, HOME, SHOWN), "{run}", effect=is_worked_on),
    action("sourcegroups:run_pause", OF_PRESS_ONLY_ADMIN_DOES, "{run}", effect=run_in("paused")),
    action(
        "sourcegroups:run_resume", OF_PRESS_ONLY_ADMIN_DOES, "{run}", effect=run_in("queued"), state="paused"
    ),
    action("sourcegroups:run_cancel", OF_PRESS_ONLY_ADMIN_DOES, "{run}", effect=run_in("cancelled")),
    action("sourcegroups:run_retry", OF_PRESS_ONLY_ADMIN_DOES, "{run}", effect=some_run, state="finished"),
    page("sourcegroups:generate", EVERY_EDITOR, spec="shop:card"),
    action("sourcegroups:generate", EVERY_EDITOR_DOES, effect=some_run, **CHOICE),
    page("sourcegroups:image_panel", EDITORS_OF_PRESS, "{image}"),
    page("sourcegroups:image_panel", ITS_OWNER_TOO, "{own}"),
    action("sourcegroups:image_generate", EDITORS_OF_PRESS_DO, "{image}", effect=a_run_of("image")),
    action("sourcegroups:image_generate", ITS_OWNER_DOES_TOO, "{own}", effect=a_run_of("own")),
    page("sourcegroups:spec_code", ONLY_ADMIN, "shop:card"),
    action("sourcegroups:spec_preview", ONLY_ADMIN, filters="width-10", effect=None),
    page("sourcegroups:spec_preview_picture", ONLY_ADMIN, filter="width-10", sample="{image}"),
    page("sourcegroups:spec_prune", ONLY_ADMIN, filter=LEFTOVER),
    action("sourcegroups:spec_prune", ONLY_ADMIN_DOES, filter=LEFTOVER, effect=is_swept),
    page("sourcegroups_specs:index", ONLY_ADMIN),
    page("sourcegroups_specs:index_results", ONLY_ADMIN),
    page("sourcegroups_specs:add", ONLY_ADMIN),
    action("sourcegroups_specs:add", ONLY_ADMIN_DOES, effect=is_defined, **SPEC),
    page("sourcegroups_specs:edit", ONLY_ADMIN, "{spec}"),
    action("sourcegroups_specs:edit", ONLY_ADMIN_DOES, "{spec}", effect=is_changed, **SPEC),
    page("sourcegroups_specs:copy", ONLY_ADMIN, "{spec}"),
    page("sourcegroups_specs:delete", ONLY_ADMIN, "{spec}"),
    action("sourcegroups_specs:delete", ONLY_ADMIN_DOES, "{spec}", effect=is_deleted),
    page("sourcegroups_specs:history", ONLY_ADMIN, "{spec}"),
    page("sourcegroups_specs:history_results", ONLY_ADMIN, "{spec}"),
    # Wagtail's own, with something of ours in them.
    page(*BULK, id="{image}"),
    page(*BULK, id="all"),
    action(BULK[0], NOT_OF_OTHERS, *BULK[2:], query={"id": "{image}"}, effect=a_run_of("image"), **CHOICE),
    action(
        BULK[0], NOT_OF_OTHER_COLLECTIONS, *BULK[2:], query={"id": "{own}"}, effect=a_run_of("own"), **CHOICE
    ),
    action(BULK[0], EVERY_EDITOR_DOES, *BULK[2:], query={"id": "all"}, effect=some_run, **CHOICE),
    page("wagtailadmin_collections:edit", ONLY_ADMIN, "{press}"),
    action("wagtailadmin_collections:edit", ONLY_ADMIN_DOES, "{press}", effect=is_assigned, **TICK),
    page("wagtailimages:edit", EDITORS_OF_PRESS, "{image}"),
    page("wagtailimages:edit", ITS_OWNER_TOO, "{own}"),
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
    contributor: Any,
    django_user_model: Any,
) -> Site:
    image = add_image(press, name="harbour.jpg")
    own = add_image(press, name="lighthouse.jpg", uploaded_by_user=contributor)
    add_image(archive)
    selection = Selection(collections=frozenset([press.pk]))
    run = start(Question((card.id,), selection=selection), user=admin_user)
    failure, own_failure = fail(run, image), fail(run, own)
    image.get_rendition(LEFTOVER)
    BoundFilterSpec.objects.create(filter_spec=LEFTOVER)
    spec = StoredSpec.objects.create(spec_id="press:large", label="Large", filters="width-30")
    stranger = django_user_model.objects.create_user("stranger", password="password")
    users = (None, stranger, other_editor, contributor, editor, admin_user)
    return Site(image, own, run, failure, own_failure, spec, press, dict(zip(KINDS, users, strict=True)))


def outcome(response: Any, is_done: bool | None) -> str:
    if response.status_code == 404:
        return ABSENT
    if response.status_code == 302:
        if response.url.startswith(reverse("wagtailadmin_login")):
            return LOGIN
        if response.url == reverse("wagtailadmin_home"):
            return HOME
        return REFUSED if is_done is False else DONE
    assert response.status_code == 200, response.status_code
    return SHOWN


def name_of(cell: Cell) -> str:
    return " ".join([cell.method, cell.name, *cell.args, *cell.asked.values(), *cell.query.values()])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cell", CELLS, ids=name_of)
def test_every_page_for_every_kind_of_user(
    cell: Cell, kind: str, site: Site, as_user: Callable[[Any], Client]
) -> None:
    response = cell.ask(as_user(site.users[kind]), site)
    is_done = cell.effect(site) if cell.effect is not None else None
    expected = cell.outcomes[KINDS.index(kind)]
    assert outcome(response, is_done) == expected
    if is_done is not None:
        assert is_done is (expected in (SHOWN, DONE))


def test_every_address_of_ours_is_in_the_table() -> None:
    ours = {f"sourcegroups:{pattern.name}" for pattern in urls.urlpatterns}
    _prefix, specs = get_resolver("wagtail.admin.urls").namespace_dict["sourcegroups_specs"]
    ours |= {f"sourcegroups_specs:{name}" for name in specs.reverse_dict if isinstance(name, str)}
    assert ours == {cell.name for cell in CELLS if cell.name.startswith("sourcegroups")}


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.method == "get"], ids=name_of)
def test_every_page_where_reads_go_to_a_replica(
    cell: Cell, site: Site, as_user: Callable[[Any], Client], replica: None
) -> None:
    for kind in ("editor", "admin"):
        response = cell.ask(as_user(site.users[kind]), site)
        assert outcome(response, None) == cell.outcomes[KINDS.index(kind)]


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.method == "post"], ids=name_of)
def test_what_changes_something_is_a_post_with_a_token(cell: Cell, site: Site) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(site.users["admin"])
    assert cell.ask(client, site).status_code == 403
    assert cell.effect is None or not cell.effect(site)


ENDPOINTS = [
    cell
    for cell in CELLS
    if cell.method == "post"
    and not any(other.method == "get" and other.name == cell.name for other in CELLS)
    and cell.name != "sourcegroups:spec_preview"
]


@pytest.mark.parametrize("cell", ENDPOINTS, ids=name_of)
def test_what_only_changes_something_cannot_be_asked_for(
    cell: Cell, site: Site, as_user: Callable[[Any], Client]
) -> None:
    response = cell._replace(method="get").ask(as_user(site.users["admin"]), site)
    assert response.status_code == 405
    assert cell.effect is None or not cell.effect(site)


@pytest.mark.parametrize(
    ("kind", "touched"),
    [("other_editor", ["of archive"]), ("contributor", ["own"]), ("editor", ["of press", "own"])],
)
def test_everybody_touches_his_own_images_only(
    kind: str, touched: list[str], site: Site, archive: Collection, as_user: Callable[[Any], Client]
) -> None:
    user = site.users[kind]
    as_user(user).post(reverse("sourcegroups:generate"), CHOICE)
    run = finish(GenerationRun.objects.get(started_by=user))
    images = {"of press": site.image, "own": site.own}
    images["of archive"] = type(site.image).objects.get(collection=archive)
    made = [name for name, image in images.items() if image.renditions.filter(filter_spec="width-20")]
    assert (sorted(made), run.sources) == (touched, len(touched))


def test_the_panel_is_on_the_page_of_whoever_may_change_the_image(
    site: Site, as_user: Callable[[Any], Client]
) -> None:
    panel = reverse("sourcegroups:image_panel", args=[site.own.pk])
    for kind in ("contributor", "editor", "admin"):
        page = as_user(site.users[kind]).get(reverse("wagtailimages:edit", args=[site.own.pk]))
        assert panel in page.content.decode()


def test_others_are_told_nothing_of_an_image_that_somebody_else_has_added(
    site: Site, as_user: Callable[[Any], Client]
) -> None:
    """The contributor may add to the same collection, and Wagtail's listing shows him his own."""
    counting.count()
    client = as_user(site.users["contributor"])
    told = {
        name_of(cell): cell.ask(client, site).content.decode()
        for cell in CELLS
        if cell.method == "get" and cell.outcomes[KINDS.index("contributor")] == SHOWN
    }
    told["Wagtail's listing"] = client.get(reverse("wagtailimages:index")).content.decode()
    assert site.own.title in told["Wagtail's listing"]
    assert site.own.title in told["get sourcegroups:failures"]
    assert [name for name, content in told.items() if site.image.title in content] == []
