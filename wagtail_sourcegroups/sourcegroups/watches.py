"""
What, besides saving an image itself, may change which images are in a group.

A group of images names its watches, so that whoever listens to Django's signals knows whose to listen to.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Model


@dataclass(frozen=True, slots=True)
class TagsWatch:
    """Tags put on images or taken off them."""


@dataclass(frozen=True, slots=True)
class CollectionsWatch:
    """Collections made, renamed, moved or deleted, and images put into others."""


@dataclass(frozen=True, slots=True)
class FieldWatch:
    """
    A field of other models: a ForeignKey to an image model, or an ``ImageField``.

    ``models`` are those whose signals tell of it: concrete ones with their multi-table children and proxies.
    """

    models: tuple[type[Model], ...]
    field: str


@dataclass(frozen=True, slots=True)
class ReferencesWatch:
    """Anything in objects of these models (children and proxies included) that may refer to an image."""

    models: tuple[type[Model], ...]


Watch = TagsWatch | CollectionsWatch | FieldWatch | ReferencesWatch
