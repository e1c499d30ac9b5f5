"""
What Django's and Wagtail's signals and hooks mean for source groups. Receivers note it; nothing is done here.

A receiver that concerns no registered group costs a look into a dictionary. Those that run before a change read,
in one query, how things were: afterwards nobody could tell.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.signals import setting_changed
from django.db import connections
from django.db.models import Q
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save
from wagtail.images.models import AbstractRendition
from wagtail.models import Collection
from wagtail.signals import page_published, page_unpublished, published, unpublished

from . import conf, signals, tasks
from .events import dispatch, notes, owners, questions, tags
from .events.before import (
    all_touched,
    can_ask,
    collection_renamed,
    images_of_collection,
    orientation_of_upload,
    seen_now,
    touched,
)
from .events.facts import Fact, ImageFact, Question, ReferenceFact, RenditionGone
from .events.flush import REPLACED, flush
from .events.reading import NotMigrated
from .events.references import references_before, references_of, references_while_live
from .events.watching import forget, watching
from .showing.asked import note_deleted

logger = logging.getLogger("wagtail_sourcegroups")

#: Where a receiver that runs before a save leaves what it read for the one that runs afterwards.
BEFORE = "sourcegroups_before"
#: In there, how the picture is turned that the image is about to get.
ORIENTATION = "orientation"
#: Fields that a draft's save writes; none of them is what visitors see.
DRAFT_FIELDS = frozenset(
    {
        "draft_title",
        "expire_at",
        "expired",
        "first_published_at",
        "go_live_at",
        "has_unpublished_changes",
        "last_published_at",
        "latest_revision",
        "latest_revision_created_at",
        "live_revision",
        "locked",
        "locked_at",
        "locked_by",
    }
)


def connect() -> None:
    """Listen. Once, when the app is ready."""
    notes.flush_with(flush)
    questions.ask_with(tasks.ask)
    for signal, receiver in (
        (pre_save, before_save),
        (post_save, after_save),
        (pre_delete, before_delete),
        (post_delete, after_delete),
        (m2m_changed, relations_changed),
        (page_published, object_published),
        (page_unpublished, object_unpublished),
        (published, object_published),
        (unpublished, object_unpublished),
        (setting_changed, setting_was_changed),
        (signals.source_created, dispatch.receive("created")),
        (signals.source_changed, dispatch.receive("changed")),
        (signals.source_deleted, dispatch.receive("deleted")),
        (signals.existence_required, dispatch.require("on_existence_required")),
        (signals.content_required, dispatch.require("on_content_required")),
    ):
        uid = f"wagtail_sourcegroups.{receiver.__qualname__}"
        signal.connect(receiver, weak=False, dispatch_uid=uid)


def quiet(receiver: Callable[..., None]) -> Callable[..., None]:
    """A receiver whose failure is logged and costs nobody his save."""

    @wraps(receiver)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            receiver(*args, **kwargs)
        except NotMigrated as error:
            logger.debug("%s", error)
        except Exception:
            logger.exception("A change cannot be noted; the next run of generateimages sees to it.")

    return guarded


# Saving -------------------------------------------------------------------------------------------------


@quiet
def before_save(
    sender: Any, instance: Any, raw: bool = False, using: str = "", update_fields: Any = None, **kwargs: Any
) -> None:
    tables = watching()
    if raw or not tables.concerns(sender):
        return
    before: dict[Any, Any] = {}
    setattr(instance._state, BEFORE, before)
    if any(tables.images[model] for model in tables.models_of(sender)):
        before[ORIENTATION] = orientation_of_upload(instance)
    if instance.pk is None or instance._state.adding or not can_ask(using):
        owners.before_insert(before, tables, sender, instance)
        return
    for model in tables.models_of(sender):
        if tables.images[model] and not notes.knows(using, model, instance.pk):
            before[model] = next(iter(seen_now(model, Q(pk=instance.pk), using)), None)
    owners.before_update(before, tables, sender, instance, using, update_fields)
    if sender in tables.referrers and not _only_draft(update_fields):
        before["references"] = references_before(sender, instance.pk, tables, using)
    if tables.collections and issubclass(sender, Collection):
        before[Collection] = collection_renamed(instance, using, update_fields)


@quiet
def after_save(
    sender: Any,
    instance: Any,
    created: bool = False,
    raw: bool = False,
    using: str = "",
    update_fields: Any = None,
    **kwargs: Any,
) -> None:
    tables = watching()
    if raw or not tables.concerns(sender):
        return
    before = instance._state.__dict__.pop(BEFORE, {})
    outside = not connections[using].in_atomic_block
    facts: list[Fact] = []
    orientation = before.get(ORIENTATION)
    for model in tables.models_of(sender):
        seen = before.get(model)
        facts.append(
            ImageFact(
                model=model,
                pk=instance.pk,
                about="image",
                new=created,
                before=(seen.state or seen.now) if seen is not None and not created else None,
                saved=instance if outside and not created else None,
                orientations={} if orientation is None else {instance.file.name: orientation},
            )
        )
    facts += owners.after_save(before, sender, instance)
    if sender in tables.referrers and not _only_draft(update_fields):
        # Of fields that were not saved, what is in memory may be a draft.
        whole = instance if update_fields is None else None
        facts.append(ReferenceFact(sender, instance.pk, whole, before.get("references", {})))
    notes.note(using, *facts, *before.get(Collection, ()))


# Deleting -----------------------------------------------------------------------------------------------


@quiet
def before_delete(sender: Any, instance: Any, using: str = "", **kwargs: Any) -> None:
    tables = watching()
    if sender in tables.through.values():
        notes.note(using, *tags.of_all_tagged(instance, using))
    if not tables.concerns(sender):
        return
    for model in tables.models_of(sender):
        if tables.images[model] and not notes.knows(using, model, instance.pk) and can_ask(using):
            seen = seen_now(model, Q(pk=instance.pk), using)
            notes.note(using, *(touched(model, each, "image") for each in seen))
    if sender in tables.referrers:
        gone = references_of(instance, tables, using)
        notes.note(using, ReferenceFact(sender, instance.pk, None, gone))


@quiet
def after_delete(sender: Any, instance: Any, using: str = "", **kwargs: Any) -> None:
    tables = watching()
    if isinstance(instance, AbstractRendition):
        note_deleted(instance)
    if sender in tables.renditions:
        _rendition_deleted(instance, using)
    if sender in tables.through:
        notes.note(using, *tags.of_one_tagged(sender, instance))
    if not tables.concerns(sender):
        return
    for model in tables.models_of(sender):
        notes.note(using, ImageFact(model=model, pk=instance.pk, about="image", deleted=_kept(instance)))
    notes.note(using, *owners.after_delete(tables, sender, instance))


def _kept(image: Any) -> Any:
    """A copy that outlasts the deletion: Django takes the primary key from the object itself."""
    kept = copy.copy(image)
    # The file of a copy would go on belonging to the original.
    kept.__dict__["file"] = image.file.name
    return kept


def _rendition_deleted(rendition: Any, using: str) -> None:
    """Deleted on purpose, unless the image object says that its file was replaced a moment ago."""
    notes.note(using, RenditionGone(type(rendition), rendition.pk))
    image = rendition._state.fields_cache.get("image")
    if image is None or not image._state.__dict__.pop(REPLACED, False):
        return
    for model in watching().models_of(type(image)):
        notes.note(using, ImageFact(model=model, pk=image.pk, about="image", emptied=True))


# Tags ---------------------------------------------------------------------------------------------------


@quiet
def relations_changed(
    sender: Any,
    instance: Any,
    action: str,
    reverse: bool = False,
    pk_set: Any = None,
    using: str = "",
    **kwargs: Any,
) -> None:
    if not reverse and (pk_set is None or pk_set):
        notes.note(using, *tags.related(sender, instance, before=action.startswith("pre_"), using=using))


# Collections --------------------------------------------------------------------------------------------


@quiet
def before_bulk_action(request: Any, action_type: str, objects: Any, action: Any) -> None:
    """Before images are put into another collection by the bulk action, which sends no signal."""
    if action_type != "add_to_collection" or not objects:
        return
    collection = action.cleaned_form.cleaned_data["collection"]
    using = collection._state.db
    pks = [image.pk for image in objects]
    for model in watching().models_of(type(objects[0])):
        question = Question(model._meta.label_lower, collection=str(collection.pk))  # type: ignore[attr-defined]
        if len(pks) > conf.get("BATCH_SIZE"):
            notes.note(using, question)
        else:
            notes.note(using, *all_touched(model, Q(pk__in=pks), "collections", using, question))


@quiet
def before_collection_moves(collection: Any) -> None:
    """Before a collection moves in the tree, which sends no signal."""
    using = collection._state.db
    notes.note(using, *images_of_collection(collection.pk, collection.path, using))


# Pages and other objects that refer to images -----------------------------------------------------------


@quiet
def object_published(sender: Any, instance: Any, **kwargs: Any) -> None:
    if type(instance) in watching().referrers:
        notes.note(instance._state.db, ReferenceFact(type(instance), instance.pk, instance, {}))


@quiet
def object_unpublished(sender: Any, instance: Any, **kwargs: Any) -> None:
    tables = watching()
    if type(instance) in tables.referrers:
        using = instance._state.db
        before = references_while_live(instance, tables, using)
        notes.note(using, ReferenceFact(type(instance), instance.pk, None, before))


def _only_draft(update_fields: Any) -> bool:
    return update_fields is not None and DRAFT_FIELDS.issuperset(update_fields)


# Settings -----------------------------------------------------------------------------------------------


def setting_was_changed(setting: str = "", **kwargs: Any) -> None:
    if setting in ("WAGTAILIMAGES_IMAGE_MODEL", "INSTALLED_APPS"):
        forget()
