"""What :mod:`.pages` measures, in the process of a site: a library as an admin meets it, and visits to its pages."""

from __future__ import annotations

import time
from dataclasses import asdict
from http import HTTPStatus
from statistics import median
from typing import Any
from urllib.parse import urlencode

from .measure import measured
from .million import BYTES, analyze, counting, first_image, multiply, populate

#: Specs that an admin has defined: the first half is for all images, the other for each of the topmost collections.
SPECS = {f"page:{number}": f"width-{200 + 100 * number}|format-webp" for number in range(10)}
#: And specs that want the same of the images of some collections, each of so many.
PLACED = {f"place:{number}": filter_spec for number, filter_spec in enumerate(SPECS.values())}
PLACES = 20
#: Topmost collections, and how many each has below it.
TOPS, BELOW = 20, 9
#: Of which specs some renditions are missing: one image in two, one in a hundred, the last three of all.
HALF, FEW, LAST, FAILED = "page:1", "page:2", "page:3", "page:4"
#: One image in so many has failed, and one has another original than its renditions.
FAILED_ONE_IN, STALE_ONE_IN = 20, 100
RUNS = 300
#: Who comes: an administrator, an editor of one topmost collection, and one of so many collections.
USERS = {"admin": "administrator", "editor": "editor", "many": "editor-of-many"}
MANY = 150


def fill(images: int) -> dict[str, int]:
    """Everything there may be to show, as rows. Of the files, nobody asks."""
    from wagtail.images import get_image_model

    from wagtail_sourcegroups.models import GenerationFailure, StoredSpec

    populate(images)
    collections = _collections()
    _spread(_everywhere())
    _define(collections)
    _place(_everywhere())
    _make()
    _break(images)
    _run()
    _invite(collections)
    analyze()
    rendition_model = get_image_model().get_rendition_model()
    return {
        "specs": StoredSpec.objects.count(),
        "collections": len(_everywhere()),
        "renditions": rendition_model._base_manager.count(),
        "failures": GenerationFailure.objects.count(),
    }


def count() -> dict[str, Any]:
    """The kept figures, taken anew."""
    from wagtail_sourcegroups import counting as figures

    with counting() as counted, measured() as usage:
        assert figures.count()
    return {**asdict(usage), **counted}


def visit(user: str, rounds: int) -> dict[str, dict[str, float]]:
    """Each page once to warm up, then so often; the median."""
    client = _client(user)
    found = {}
    for name, url in _pages().items():
        if client.get(url).status_code == HTTPStatus.FOUND:
            # Not for everybody.
            continue
        walls, queries, size = [], 0, 0
        for _ in range(rounds):
            with counting() as counted:
                began = time.perf_counter()
                size = len(_get(client, url).content)
                walls.append(time.perf_counter() - began)
            queries = counted["queries"]
        found[name] = {"wall": median(walls), "queries": queries, "bytes": size}
    return found


def export(user: str) -> dict[str, dict[str, Any]]:
    """Each list as CSV, read to its end as a browser would, a piece at a time."""
    from django.urls import reverse

    client = _client(user)
    lists = {
        "coverage": reverse("sourcegroups:coverage"),
        "images by state, every second": _by_state(HALF, "missing"),
        "images by state, all": _by_state("page:0", "ready"),
        "failures": reverse("sourcegroups:failures"),
    }
    found = {}
    for name, url in lists.items():
        separator = "&" if "?" in url else "?"
        with measured() as usage:
            answer = _get(client, f"{url}{separator}export=csv")
            rows = sum(piece.count(b"\n") for piece in answer.streaming_content) - 1
        found[name] = {**asdict(usage), "rows": rows}
    return found


# The library -----------------------------------------------------------------------------------------------


def _everywhere() -> list[Any]:
    """The ids of all collections but the root, in the order of the tree."""
    from wagtail.models import Collection

    return list(Collection.objects.filter(depth__gt=1).order_by("path").values_list("pk", flat=True))


def _collections() -> list[Any]:
    """The topmost ones, each with some below it."""
    from wagtail.models import Collection

    tops = []
    for number in range(TOPS):
        top = Collection.get_first_root_node().add_child(name=f"Collection {number}")
        for below in range(BELOW):
            top.add_child(name=f"Collection {number}.{below}")
        tops.append(Collection.objects.get(pk=top.pk))
    return tops


def _spread(keys: list[Any]) -> None:
    """The images over all collections."""
    from django.db import connection
    from wagtail.images import get_image_model

    table = get_image_model()._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET collection_id = (%s::int[])[1 + id %% {len(keys)}]",
            [keys],
        )


def _define(tops: list[Any]) -> None:
    from wagtail.images import get_image_model_string

    from wagtail_sourcegroups.models import Assignment, StoredSpec

    for number, (spec_id, filter_spec) in enumerate(SPECS.items()):
        StoredSpec.objects.create(spec_id=spec_id, label=f"Spec {number}", filters=filter_spec)
        if number < len(SPECS) / 2:
            Assignment.objects.create(spec_id=spec_id, image_model=get_image_model_string().lower())
        else:
            for top in tops:
                Assignment.objects.create(spec_id=spec_id, collection=top)


def _place(keys: list[Any]) -> None:
    """Specs for some collections each, here and there in the tree."""
    from wagtail_sourcegroups.models import Assignment, StoredSpec

    apart = len(keys) // PLACES
    for number, (spec_id, filter_spec) in enumerate(PLACED.items()):
        StoredSpec.objects.create(spec_id=spec_id, label=f"Place {number}", filters=filter_spec)
        for key in keys[number % apart :: apart][:PLACES]:
            Assignment.objects.create(spec_id=spec_id, collection_id=key)


def _make() -> None:
    """Every rendition of every image, what is known of it, and how each image was when last seen."""
    from django.contrib.contenttypes.models import ContentType
    from wagtail.images import get_image_model

    from wagtail_sourcegroups.generation.options import Options
    from wagtail_sourcegroups.generation.plan import plan_images
    from wagtail_sourcegroups.generation.progress import Totals
    from wagtail_sourcegroups.generation.state import write_states
    from wagtail_sourcegroups.models import RenditionRecord
    from wagtail_sourcegroups.registry import get_registry
    from wagtail_sourcegroups.walk import Walk

    image_model = get_image_model()
    rendition_model = image_model.get_rendition_model()
    first = first_image()
    rendition_model._default_manager.bulk_create(
        rendition_model(
            image=first, filter_spec=filter_spec, file=f"images/shared-{number}.webp", width=400, height=267
        )
        for number, filter_spec in enumerate(SPECS.values())
    )
    multiply(
        rendition_model,
        f"JOIN {image_model._meta.db_table} AS image ON image.id > {first.pk}",
        image_id="image.id",
    )
    pattern = RenditionRecord.objects.create(
        content_type=ContentType.objects.get_for_model(rendition_model),
        object_id="",
        source_fingerprint="",
        bytes=BYTES,
        seconds=0.1,
    )
    multiply(
        RenditionRecord, f"CROSS JOIN {rendition_model._meta.db_table} AS made", object_id="made.id::varchar"
    )
    pattern.delete()
    analyze()
    bindings = get_registry().refresh().bindings
    walk = Walk(bindings, bindings, write=False)
    walk.prepare()
    for batch in walk.image_batches(image_model):
        write_states(image_model, plan_images(batch, Options(), Totals()).states)


def _break(images: int) -> None:
    """Some renditions are missing, some have failed, some are of an original that has been replaced."""
    from django.db.models import F
    from django.db.models.functions import Mod
    from wagtail.images import get_image_model

    from wagtail_sourcegroups.generation.sources import image_key
    from wagtail_sourcegroups.generation.state import content_type_of
    from wagtail_sourcegroups.models import GenerationFailure

    image_model = get_image_model()
    made = image_model.get_rendition_model()._base_manager.annotate(number=F("image_id") - first_image().pk)

    def lose(spec_id: str, one_in: int) -> None:
        chosen = made.annotate(left=Mod("number", one_in)).filter(left=0, filter_spec=SPECS[spec_id])
        chosen._raw_delete(chosen.db)  # type: ignore[attr-defined]

    lose(HALF, 2)
    lose(FEW, 100)
    lose(FAILED, FAILED_ONE_IN)
    last = made.filter(filter_spec=SPECS[LAST], number__gte=images - 3)
    last._raw_delete(last.db)  # type: ignore[attr-defined]
    keys = image_model._default_manager.order_by("pk").values_list("pk", flat=True)[::FAILED_ONE_IN]
    GenerationFailure.objects.bulk_create(
        GenerationFailure(
            source_key=image_key(image_model, pk),
            content_type=content_type_of(image_model),
            object_id=str(pk),
            source_name=f"photograph {pk}",
            spec_id=FAILED,
            filter_spec=SPECS[FAILED],
            error="The original 'shared.jpg' is not in storage.",
        )
        for pk in keys
    )
    changed = image_model._default_manager.annotate(left=Mod("pk", STALE_ONE_IN)).filter(left=7)
    image_model._default_manager.filter(pk__in=list(changed.values_list("pk", flat=True))).update(
        file="original_images/replaced.jpg"
    )


def _run() -> None:
    """Runs that are over, the last of them with all failures, and one that is at it."""
    from django.utils import timezone

    from wagtail_sourcegroups.models import GenerationFailure, GenerationRun, RunState
    from wagtail_sourcegroups.runs import leases, starting, working
    from wagtail_sourcegroups.runs.question import Question

    now = timezone.now()
    GenerationRun.objects.bulk_create(
        GenerationRun(
            question=Question((spec_id,)).as_json(),
            state=RunState.FINISHED,
            started_at=now,
            finished_at=now,
            parts=[],
            sources=1000,
            expected=1000,
            generated=900,
            failed=100,
        )
        for spec_id in list(SPECS) * (RUNS // len(SPECS))
    )
    GenerationFailure.objects.update(run=GenerationRun.objects.first())
    run = starting.start(Question(tuple(SPECS)), by_workers=False)
    walk = working.walk_for(run)
    assert walk is not None and working.next_batch(run, walk)
    leases.begin(run.pk)


def _invite(tops: list[Any]) -> None:
    """An administrator, an editor of one of the topmost collections, and one who edits many, each by itself."""
    from django.contrib.auth import get_user_model

    get_user_model()._default_manager.create_superuser(USERS["admin"], "admin@example.com", "")
    _let_edit("editor", [tops[0].pk])
    _let_edit("many", _everywhere()[:MANY])


def _let_edit(user: str, keys: list[Any]) -> None:
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group, Permission
    from wagtail.models import GroupCollectionPermission

    from wagtail_sourcegroups.policies import image_policy

    group = Group.objects.create(name=f"Editors like {user}")
    group.permissions.add(Permission.objects.get(codename="access_admin"))
    asked = image_policy().auth_model._meta
    for action in ("add", "change"):
        permission = Permission.objects.get(
            content_type__app_label=asked.app_label, codename=f"{action}_{asked.model_name}"
        )
        for key in keys:
            GroupCollectionPermission.objects.create(group=group, collection_id=key, permission=permission)
    editor = get_user_model()._default_manager.create_user(USERS[user], f"{user}@example.com", "")
    editor.groups.add(group)


# The pages --------------------------------------------------------------------------------------------------


def _pages() -> dict[str, str]:
    from django.urls import reverse
    from wagtail.images import get_image_model

    from wagtail_sourcegroups.models import GenerationRun

    from .pages import CONFIRMATION

    model = get_image_model()
    first = model._default_manager.filter(collection__name="Collection 0").earliest("pk")
    active, over = (
        GenerationRun.objects.filter(state=state).latest("pk") for state in ("running", "finished")
    )
    bulk = reverse(
        "wagtail_bulk_action", args=[model._meta.app_label, model._meta.model_name, "generate_renditions"]
    )
    everything = urlencode({"spec": [*SPECS, *PLACED]}, doseq=True)
    whole = urlencode({"collection": _everywhere()[1]})
    return {
        "home": reverse("wagtailadmin_home"),
        "overview": reverse("sourcegroups:overview"),
        "coverage": reverse("sourcegroups:coverage"),
        "images missing one, every second": _by_state(HALF, "missing"),
        "images missing one, 1 in 100": _by_state(FEW, "missing"),
        "images missing one, the last 3": _by_state(LAST, "missing"),
        "images that failed": _by_state(FAILED, "failed"),
        "images out of date, 1 in 100": _by_state("page:0", "stale"),
        f"images missing one, in {PLACES} collections": _by_state("place:2", "missing"),
        "failures": reverse("sourcegroups:failures"),
        "failures, page 40": f"{reverse('sourcegroups:failures')}?p=40",
        "specs": reverse("sourcegroups_specs:index"),
        "assignments": reverse("sourcegroups:assignments"),
        "runs": reverse("sourcegroups:runs"),
        "run, at it": reverse("sourcegroups:run", args=[active.pk]),
        "run, over, with all failures": reverse("sourcegroups:run", args=[over.pk]),
        CONFIRMATION: f"{bulk}?id=all",
        "confirmation, all specs": f"{reverse('sourcegroups:generate')}?{everything}",
        "confirmation, one collection": f"{reverse('sourcegroups:generate')}?{whole}",
        "image panel": reverse("sourcegroups:image_panel", args=[first.pk]),
    }


def _by_state(spec_id: str, state: str) -> str:
    from django.urls import reverse

    return f"{reverse('sourcegroups:coverage_images')}?{urlencode({'spec': spec_id, 'state': state})}"


def _client(user: str) -> Any:
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client()
    client.force_login(get_user_model()._default_manager.get(username=USERS[user]))
    return client


def _get(client: Any, url: str) -> Any:
    answer = client.get(url)
    assert answer.status_code == HTTPStatus.OK, (
        f"{url}: {answer.status_code} {answer.headers.get('Location', '')}"
    )
    return answer
