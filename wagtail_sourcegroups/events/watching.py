"""Which models concern which groups: tables worked out once for each version of the registry, asked at every signal."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from django.db.models import ForeignKey, Model
from wagtail.images import get_image_model
from wagtail.models import Collection

from ..registry import get_registry
from ..sourcegroups.base import QuerySetSourceGroup, SourceGroup, image_groups
from ..sourcegroups.watches import CollectionsWatch, FieldWatch, ReferencesWatch, TagsWatch
from .facts import About

logger = logging.getLogger("wagtail_sourcegroups")

_ABOUT: dict[type, About] = {
    TagsWatch: "tags",
    CollectionsWatch: "collections",
    FieldWatch: "field",
    ReferencesWatch: "references",
}


@dataclass(frozen=True)
class OwnerField:
    """A field of an owner's model, and the groups that read it. ``model`` is the image model it points to, if any."""

    name: str
    model: type[Model] | None
    groups: tuple[SourceGroup, ...]


@dataclass
class Watching:
    """What the registered groups depend on. Every table is by the class that sends the signal."""

    images: dict[type, tuple[QuerySetSourceGroup, ...]] = field(default_factory=dict)
    """Groups by the (concrete) model of their images."""
    owners: dict[type, tuple[OwnerField, ...]] = field(default_factory=dict)
    referrers: dict[type, tuple[QuerySetSourceGroup, ...]] = field(default_factory=dict)
    renditions: frozenset[type] = frozenset()
    tags: frozenset[type] = frozenset()
    """Image models of which some group watches tags, ..."""
    collections: frozenset[type] = frozenset()
    """... and collections."""
    through: dict[type, type] = field(default_factory=dict)
    """The models between such images and what is put on them, with the model of that."""
    missing: set[str] = field(default_factory=set)
    """Keys of groups that were said to have no collection."""
    _senders: dict[type, tuple[type, ...]] = field(default_factory=dict)
    _concerned: dict[type, bool] = field(default_factory=dict)

    def concerns(self, sender: type) -> bool:
        """Whether saving or deleting an object of this class may mean anything to a group."""
        found = self._concerned.get(sender)
        if found is None:
            found = self._concerned[sender] = bool(
                self.models_of(sender)
                or sender in self.owners
                or sender in self.referrers
                or (self.collections and issubclass(sender, Collection))
            )
        return found

    def models_of(self, sender: type) -> tuple[type, ...]:
        """The image models of groups that an object of this class is one of; usually one or none."""
        found = self._senders.get(sender)
        if found is None:
            found = self._senders[sender] = tuple(model for model in self.images if issubclass(sender, model))
        return found

    def watchers(self, model: type) -> dict[About, frozenset[str]]:
        """Keys of the groups of this model by what, beside the image itself, may change who is in them."""
        found: dict[About, set[str]] = {}
        for group in self.images.get(model, ()):
            for watch in group.watches:
                found.setdefault(_ABOUT[type(watch)], set()).add(group.key)
        return {about: frozenset(keys) for about, keys in found.items()}


NOTHING = Watching()

_cached: tuple[Any, int, Watching] | None = None


def watching() -> Watching:
    """What is watched now. Asks the database nothing; a registry that cannot be read watches nothing, and says so."""
    global _cached
    registry = get_registry()
    if _cached is not None and _cached[0] is registry and _cached[1] == registry.version:
        return _cached[2]
    try:
        found = build(registry.groups)
    except Exception:
        # Code of the site: hooks, groups. Saving must go on; the system check names what is wrong.
        logger.exception(
            "The registered source groups cannot be read, so that nothing happens when images change."
        )
        found = NOTHING
    _cached = (registry, registry.version, found)
    return found


def forget() -> None:
    """Work the tables out again when next asked: a setting they depend on has changed."""
    global _cached
    _cached = None


def build(groups: tuple[SourceGroup, ...]) -> Watching:
    """
    The tables for some groups. One that cannot be asked is logged and left out.

    The site's image model is always watched: another process may have bound something to it since.
    """
    site_model = get_image_model()._meta.concrete_model
    found = Watching(images={site_model: ()}, collections=frozenset([site_model]))
    owners: dict[type, dict[str, list[SourceGroup]]] = {}
    for group in groups:
        try:
            _add(group, found, owners)
        except Exception:
            # Code of the site, as above; the other groups go on.
            logger.exception("The source group %r cannot be watched.", group)
    found.owners = {
        model: tuple(_owner_field(model, name, tuple(readers)) for name, readers in fields.items())
        for model, fields in owners.items()
    }
    through: dict[type, type] = {}
    for model in found.tags:
        for relation in model._meta.many_to_many:  # type: ignore[attr-defined]
            through[relation.remote_field.through] = relation.remote_field.model
    found.through = through
    found.renditions = frozenset(
        model.get_rendition_model()  # type: ignore[attr-defined]
        for model, bound in found.images.items()
        if bound
    )
    return found


def _add(group: SourceGroup, found: Watching, owners: dict[type, dict[str, list[SourceGroup]]]) -> None:
    watches = getattr(group, "watches", ())
    model: Any = None
    if image_groups([group]):
        assert isinstance(group, QuerySetSourceGroup)
        model = group.model._meta.concrete_model
        found.images[model] = (*found.images.get(model, ()), group)
    for watch in watches:
        if isinstance(watch, TagsWatch):
            found.tags |= {model}
        elif isinstance(watch, CollectionsWatch):
            found.collections |= {model}
        elif isinstance(watch, FieldWatch):
            for owner in watch.models:
                owners.setdefault(owner, {}).setdefault(watch.field, []).append(group)
        elif isinstance(watch, ReferencesWatch):
            assert isinstance(group, QuerySetSourceGroup)
            for referrer in watch.models:
                found.referrers[referrer] = (*found.referrers.get(referrer, ()), group)


def _owner_field(model: type, name: str, groups: tuple[SourceGroup, ...]) -> OwnerField:
    declared = model._meta.get_field(name)  # type: ignore[attr-defined]
    remote = declared.related_model if isinstance(declared, ForeignKey) else None
    return OwnerField(name, remote._meta.concrete_model if remote else None, groups)
