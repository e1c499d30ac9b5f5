"""What is done with the facts of a transaction once it has committed: read, compare, tell, remember."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import router, transaction
from django.db.models import Q

from .. import conf
from ..generation.failures import forgive, sentence
from ..generation.progress import Failed
from ..generation.sources import image_key, source_of
from ..generation.state import Snapshot, following, forget_images, forget_renditions, now_stale, write_states
from ..models import SourceState
from ..registry import get_registry
from . import dispatch, references
from .comparing import Verdict, compare, left
from .dispatch import Round
from .facts import (
    About,
    Fact,
    FileFact,
    ImageFact,
    Question,
    ReferenceFact,
    RenditionGone,
    Seen,
    Story,
    stories_of,
)
from .questions import ask_later
from .reading import NotMigrated, read_images
from .watching import Watching, watching

logger = logging.getLogger("wagtail_sourcegroups")

#: Marks an image object whose file was replaced outside any transaction: see :func:`_remember_replaced`.
REPLACED = "sourcegroups_replaced"


def flush(using: str, facts: list[Fact]) -> None:
    """Tell what happened. Never raises: an editor's save has been done, whatever goes wrong here."""
    with dispatch.telling() as round_, _nobody_suffers(round_):
        _tell_all(round_, using, facts)


@contextmanager
def _nobody_suffers(round_: Round) -> Iterator[None]:
    """Whatever goes wrong inside is logged and recorded, and what comes after goes on."""
    try:
        yield
    except NotMigrated as error:
        logger.debug("%s", error)
    except Exception as error:
        logger.exception("What happened to images cannot be told; the next run of generateimages sees to it.")
        round_.failed.append(Failed("changes of images", "", "", sentence(error), source_key="task:events"))


def _tell_all(round_: Round, using: str, facts: list[Fact]) -> None:
    tables = watching()
    questions = [fact for fact in facts if isinstance(fact, Question)]
    referring = [fact for fact in facts if isinstance(fact, ReferenceFact)]
    found = references.image_facts(referring, tables, using) if referring else []
    stories = stories_of([*facts, *found])
    if any(not tables.images.get(model) for model, _ in stories):
        # Nothing is bound to images of this model, unless an admin has done so in another process: no other query asks.
        get_registry().refresh()
        tables = watching()
    _forget_renditions(fact for fact in facts if isinstance(fact, RenditionGone))
    _tell_files(round_, tables, [fact for fact in facts if isinstance(fact, FileFact)])
    for model, groups in tables.images.items():
        if not groups:
            continue
        told = [story for (of, _), story in stories.items() if of is model]
        brought = [story for story in told if not story.own]
        if len(brought) > conf.get("BATCH_SIZE"):
            # What changed is not the images but what decides on them: that can be asked again, bit by bit.
            questions.append(Question(model._meta.label_lower))  # type: ignore[attr-defined]
            told = [story for story in told if story.own]
        for batch in _batches(told):
            with _nobody_suffers(round_):
                tell_images(round_, model, batch, using)
    for question in dict.fromkeys(questions):
        ask_later(question)


def tell_images(round_: Round, model: type, stories: Sequence[Story], using: str) -> None:
    """
    Tell what happened to some images of one model, and remember how they are now.

    Two queries, three if the file of one was replaced, two more if one was deleted.
    """
    tables = watching()
    seen = _seen(round_, model, tables, stories, using)
    if watching() is not tables:
        # What was read said that an admin has changed assignments since.
        tables = watching()
        seen = _seen(round_, model, tables, stories, using)
    groups = {group.key: group for group in tables.images.get(model, ())}
    watchers = tables.watchers(model)
    verdicts: dict[str, Verdict] = {}
    gone = []
    for story in stories:
        found = seen.get(story.pk)
        if found is not None:
            verdicts[str(story.pk)] = compare(story, found, groups, watchers)
        elif story.deleted is not None:
            gone.append(story)
    _remember(model, seen, verdicts)
    if gone:
        forget_images(model, [story.pk for story in gone])

    registry = get_registry()
    for story in stories:
        found = seen.get(story.pk)
        if found is None:
            if story.deleted is not None:
                for key, event in left(story, groups).items():
                    dispatch.tell(round_, event, groups[key], story.deleted.file)
            continue
        verdict = verdicts[str(story.pk)]
        source = source_of(found.image.file)
        round_.members[source] = frozenset(
            spec for key in verdict.now.groups for spec in registry.specs_of(groups[key])
        )
        _remember_replaced(story, verdict)
        for key, event in verdict.events.items():
            dispatch.tell(round_, event, groups[key], found.image.file)
        if story.emptied:
            dispatch.call_again(round_, source, round_.members[source])


def _seen(
    round_: Round, model: type, tables: Watching, stories: Sequence[Story], using: str
) -> dict[Any, Seen]:
    """The images as they are. Nothing is read of those of which it is known already what there is to read."""
    foreseen = {story.pk: story.after for story in stories if story.after is not None}
    pks = [story.pk for story in stories if story.pk not in foreseen]
    if not pks:
        return foreseen
    read = read_images(model, tables.images.get(model, ()), Q(pk__in=pks), using=using)
    round_.failed += read.failed
    return {**foreseen, **{seen.image.pk: seen for seen in read.seen}}


def _remember(model: type, seen: dict[Any, Seen], verdicts: dict[str, Verdict]) -> None:
    kept: dict[str, Snapshot] = {}
    replaced = [pk for pk in seen if verdicts[str(pk)].replaced]
    renditions = now_stale(model, replaced) if replaced else {}
    for pk, found in seen.items():
        verdict = verdicts[str(pk)]
        now = verdict.now
        if verdict.before is not None:
            now = following(now, verdict.before, renditions.get(str(pk), ()))
        if now != found.state:
            kept[str(pk)] = now
    changed = [pk for pk in seen if verdicts[str(pk)].replaced or verdicts[str(pk)].refocused]
    if kept:
        with transaction.atomic(using=router.db_for_write(SourceState)):
            write_states(model, kept)
            forgive([image_key(model, pk) for pk in changed])


def _remember_replaced(story: Story, verdict: Verdict) -> None:
    """
    Outside a transaction Wagtail's image form throws the renditions away after its save has been dealt with.

    The object that it saved is the one whose renditions it deletes; the mark tells those deletions from others.
    """
    for fact in story.facts:
        if fact.saved is not None:
            setattr(fact.saved._state, REPLACED, verdict.replaced)


def _forget_renditions(facts: Iterable[RenditionGone]) -> None:
    gone: dict[type, list[Any]] = {}
    for fact in facts:
        gone.setdefault(fact.model, []).append(fact.pk)
    for model, pks in gone.items():
        forget_renditions(model, pks)


def _tell_files(round_: Round, tables: Watching, facts: Iterable[FileFact]) -> None:
    first: dict[tuple[type, Any, str], FileFact] = {}
    last: dict[tuple[type, Any, str], FileFact] = {}
    for fact in facts:
        key = (fact.model, fact.pk, fact.field)
        first.setdefault(key, fact)
        last[key] = fact
    for key, fact in last.items():
        before, now = first[key].before, fact.now
        if before == now:
            continue
        model, _, name = key
        file = getattr(fact.instance, name)
        if not now:
            # What is gone is told by its former name.
            file = file.__class__(fact.instance, file.field, before)
        for group in (
            g for field in tables.owners.get(model, ()) if field.name == name for g in field.groups
        ):
            dispatch.tell(
                round_, "changed" if before and now else "created" if now else "deleted", group, file
            )


def _batches(stories: Sequence[Story]) -> Iterator[Sequence[Story]]:
    size = conf.get("BATCH_SIZE")
    for start in range(0, len(stories), size):
        yield stories[start : start + size]


def tell_again(model_label: str, where: Q, after: str, using: str) -> str | None:
    """
    Look at one batch of images of a model again, whatever happened to them: the answer to a :class:`.Question`.

    Returns the primary key, as text, to go on after; ``None`` if that was the last batch.
    """
    model: Any = apps.get_model(model_label)
    size = conf.get("BATCH_SIZE")
    if after:
        where &= Q(pk__gt=model._meta.pk.to_python(after))
    pks = list(
        model._base_manager.using(using).filter(where).order_by("pk").values_list("pk", flat=True)[:size]
    )
    if not pks:
        return None
    with dispatch.telling() as round_:
        abouts: tuple[About, ...] = ("tags", "collections", "field", "references")
        stories = [Story(model, pk, [ImageFact(model=model, pk=pk, about=a) for a in abouts]) for pk in pks]
        tell_images(round_, model, stories, using)
    return str(pks[-1]) if len(pks) == size else None
