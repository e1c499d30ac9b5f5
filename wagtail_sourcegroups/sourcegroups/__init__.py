"""
Where images come from: the ready source groups, and what one's own are made of.

No model is imported here: groups may be made before Django's models are loaded.
"""

from __future__ import annotations

from .adapters import AdaptedGroup, adapt
from .base import QuerySetSourceGroup, SourceGroup, image_groups
from .collections import CollectionSourceGroup
from .directories import DirectorySourceGroup
from .fields import ImageFieldSourceGroup
from .images import ImageModelSourceGroup
from .references import ReferenceSourceGroup
from .tags import TagSourceGroup
from .watches import CollectionsWatch, FieldWatch, ReferencesWatch, TagsWatch, Watch

__all__ = [
    "AdaptedGroup",
    "CollectionSourceGroup",
    "CollectionsWatch",
    "DirectorySourceGroup",
    "FieldWatch",
    "ImageFieldSourceGroup",
    "ImageModelSourceGroup",
    "QuerySetSourceGroup",
    "ReferenceSourceGroup",
    "ReferencesWatch",
    "SourceGroup",
    "TagSourceGroup",
    "TagsWatch",
    "Watch",
    "adapt",
    "image_groups",
]
