"""
Where images come from. No model is imported here: groups may be made before Django's models are loaded.
"""

from __future__ import annotations

from .adapters import AdaptedGroup, adapt
from .base import QuerySetSourceGroup, SourceGroup, image_groups

__all__ = ["AdaptedGroup", "QuerySetSourceGroup", "SourceGroup", "adapt", "image_groups"]
