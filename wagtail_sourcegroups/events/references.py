"""Which images objects refer to, now that they were saved or published, and did before."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

from django.db import connections, transaction
from django.db.models import Exists, Q
from wagtail.models import ReferenceIndex

from ..sourcegroups.lookups import looked_up
from ..sourcegroups.references import ReferenceSourceGroup
from .facts import ImageFact, ReferenceFact
from .watching import Watching

logger = logging.getLogger("wagtail_sourcegroups")

References = dict[str, frozenset[tuple[type, Any]]]


def references_of(instance: Any, tables: Watching, using: str) -> References:
    """
    (Model, primary key) of the images that an object refers to, by the key of the group that asks.

    Read from the object; children that are not in memory are asked of the database.
    """
    found: References = {}
    for group in tables.referrers.get(type(instance), ()):
        read = getattr(group, "references_of", None)
        if read is None:
            continue
        model = group.model._meta.concrete_model
        try:
            # What fails in a transaction that is going on must not spoil it.
            with transaction.atomic(using=using) if connections[using].in_atomic_block else nullcontext():
                found[group.key] = frozenset((model, pk) for pk in read(instance))
        except Exception:
            # Blocks and rich text of the site, as they come.
            logger.exception("The images that %r refers to cannot be told.", instance)
    return found


def references_before(model: Any, pk: Any, tables: Watching, using: str) -> References:
    """As :func:`references_of`, of the object as the database has it. One query, and those for its children."""
    stored = model._base_manager.using(using).filter(pk=pk).first()
    return {} if stored is None else references_of(stored, tables, using)


def references_while_live(instance: Any, tables: Watching, using: str) -> References:
    """What an object referred to that is not live any more, as far as it knows."""
    live = copy.copy(instance)
    live.live = True
    return references_of(live, tables, using)


def image_facts(facts: Iterable[ReferenceFact], tables: Watching, using: str) -> list[ImageFact]:
    """What objects that were saved mean for the images they refer to, or did."""
    first: dict[tuple[type, Any], ReferenceFact] = {}
    last: dict[tuple[type, Any], ReferenceFact] = {}
    for fact in facts:
        first.setdefault((fact.model, fact.pk), fact)
        last[fact.model, fact.pk] = fact
    found = []
    for (model, pk), fact in last.items():
        before = first[model, pk].before
        if fact.instance is None:
            now = references_before(model, pk, tables, using)
        else:
            now = references_of(fact.instance, tables, using)
        for group in tables.referrers.get(model, ()):
            key = group.key
            were, are = before.get(key, frozenset()), now.get(key, frozenset())
            kept = _named_besides(group, model, pk, {image for _, image in were - are}, using)
            for image_model, image_pk in were ^ are:
                here = frozenset([key])
                inside = (image_model, image_pk) in are
                found.append(
                    ImageFact(
                        model=image_model,
                        pk=image_pk,
                        about="references",
                        inside=here if inside else frozenset(),
                        outside=frozenset() if inside or image_pk in kept else here,
                        was=frozenset() if inside else here,
                    )
                )
    return found


def _named_besides(group: Any, model: type, pk: Any, images: set[Any], using: str) -> set[Any]:
    """
    Those of some images that other objects than this one refer to as well. One query, none for no images.

    The index may still say that this one does: it is brought up to date after the save, or by a queue.
    """
    if not images or not isinstance(group, ReferenceSourceGroup):
        return images
    referred = group.condition()
    if not isinstance(referred, Exists):
        return images
    content_type = ReferenceIndex._get_base_content_type(model)
    referred.query = referred.query.clone()
    referred.query.add_q(~Q(base_content_type=content_type, object_id=str(pk)))
    rows = group.model._base_manager.using(using).filter(looked_up(referred), pk__in=images)
    return set(rows.values_list("pk", flat=True))
