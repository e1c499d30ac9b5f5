"""
What ``manage.py check`` says about specs, groups and settings.

========  ==================================================================================
id        what is wrong
========  ==================================================================================
E001      a key or value of ``WAGTAIL_SOURCEGROUPS``
E002      the default strategy
E003      a registration that contradicts another one, or a hook that returns something else
E004      a spec whose filters Wagtail cannot read, or a group bound to an unknown spec
E005      a source group that names a model or field that does not exist
E006      tasks that are sent to a backend or a queue that ``TASKS`` does not have
W001      a source group that the database knows no collection for (needs the database)
W002      a rendition cache that each process has for itself: replaced files stay a while
W003      a rendition storage where one image's file may overwrite another's
W004      a collection's pages in the admin without the panel that the settings ask for
========  ==================================================================================

None of them asks the database, but for W001, which runs where Django's ``database`` checks do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import DatabaseError
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from wagtail.images import get_image_model

from . import conf, queueing
from .admin.collections.editing import CollectionAssignments
from .exceptions import NoSuchQueue, SourceGroupsError
from .generation.departures import cache_is_per_process
from .generation.files import overwrites, storage_of, unwrapped
from .registry import Registry, get_registry
from .strategies import default_strategy

TAG = "sourcegroups"


def register() -> None:
    """Connect the checks; the app config does when it is ready."""
    checks.register(check_settings, TAG)
    checks.register(check_registrations, TAG)
    checks.register(check_task_backend, TAG)
    checks.register(check_rendition_storage, TAG)
    checks.register(check_collection_panel, TAG)
    # A sensible default for development, so only said where somebody deploys.
    checks.register(check_rendition_cache, TAG, deploy=True)
    checks.register(check_groups_in_database, TAG, checks.Tags.database)


def check_settings(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    configured = getattr(settings, conf.SETTING, {})
    found: list[checks.CheckMessage] = [
        checks.Error(sentence, hint="Every key is optional; see docs/settings.md.", id=_id("E001"))
        for sentence in conf.complaints(configured)
    ]
    if not found:
        try:
            default_strategy()
        except SourceGroupsError as error:
            hint = f"Correct {conf.SETTING}['DEFAULT_STRATEGY'] in the settings."
            found.append(checks.Error(str(error), hint=hint, id=_id("E002")))
    return found


def check_task_backend(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    if conf.complaints(getattr(settings, conf.SETTING, {})):
        # E001 says it.
        return []
    try:
        queueing.destination()
    except NoSuchQueue as error:
        hint = "TASKS names the task backends and their QUEUES; see docs/background.md."
        return [checks.Error(str(error), hint=hint, id=_id("E006"))]
    return []


def check_registrations(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    registry = get_registry()
    try:
        problems = registry.problems
    except SourceGroupsError as error:
        return [checks.Error(str(error), id=_id("E003"))]
    found: list[checks.CheckMessage] = [
        checks.Error(problem.message, hint=_registered_at(problem.location), id=_id("E004"))
        for problem in problems
    ]
    return [*found, *_group_problems(registry, database=False)]


def check_groups_in_database(
    app_configs: Any = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterable[checks.CheckMessage]:
    if not databases:
        return []
    try:
        return _group_problems(get_registry().refresh(), database=True)
    except (SourceGroupsError, DatabaseError):
        # The first is E003's to say; the second says that nothing is migrated yet.
        return []


def check_rendition_cache(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    if not cache_is_per_process(get_image_model().get_rendition_model()):
        return []
    return [
        checks.Warning(
            "Wagtail keeps renditions in a cache that each process has for itself (LocMemCache), so the file of a "
            "rendition that is made again stays in storage for ORPHAN_GRACE seconds, for the processes that still "
            "name it.",
            hint="Give CACHES a 'renditions' that all processes share, such as Redis or the database cache.",
            id=_id("W002"),
        )
    ]


def check_rendition_storage(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    storage = storage_of(get_image_model().get_rendition_model())
    if not overwrites(storage):
        return []
    return [
        checks.Warning(
            f"The storage of renditions ({type(unwrapped(storage)).__name__}) overwrites a file when another is saved "
            "under its name. Wagtail cuts names of renditions off at 60 characters, so two images may be given one: "
            "those made here get names of their own, but one that a template makes may replace another image's.",
            hint="In the OPTIONS of its entry in STORAGES, set file_overwrite (as S3 calls it) to False.",
            id=_id("W003"),
        )
    ]


def check_collection_panel(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    if conf.complaints(getattr(settings, conf.SETTING, {})) or not conf.get("COLLECTION_PANEL"):
        return []
    served = {
        "adds": _view_named("wagtailadmin_collections:add"),
        "edits": _view_named("wagtailadmin_collections:edit", 1),
    }
    return [
        checks.Warning(
            f'The panel "Renditions" is not on the page of the admin that {does} a collection: the page is served by '
            f"{view!r}, which does not extend the view that Wagtail mounts.",
            hint=f"Have it extend that view, or set {conf.SETTING}['COLLECTION_PANEL'] to False; specs can be assigned "
            "under Renditions, Assignments all the same.",
            id=_id("W004"),
        )
        for does, view in served.items()
        if view is not None and not (isinstance(view, type) and issubclass(view, CollectionAssignments))
    ]


def _view_named(name: str, *args: Any) -> Any:
    """The class, or the function, that serves a URL; ``None`` where there is no such URL: the admin is not mounted."""
    try:
        function = resolve(reverse(name, args=args)).func
    except (NoReverseMatch, Resolver404):
        return None
    return getattr(function, "view_class", function)


def _group_problems(registry: Registry, *, database: bool) -> list[checks.CheckMessage]:
    message, id_ = (checks.Warning, "W001") if database else (checks.Error, "E005")
    known: set[str] = set()
    found: list[checks.CheckMessage] = []
    for group in registry.groups:
        sentences = group.problems(database=database)
        if database:
            known = set(group.problems(database=False))
        found += [
            message(sentence, hint=_registered_at(registry.location(group)), id=_id(id_))
            for sentence in sentences
            if sentence not in known
        ]
    return found


def _registered_at(location: str) -> str | None:
    return f"Registered at {location}." if location else None


def _id(number: str) -> str:
    return f"wagtail_sourcegroups.{number}"
