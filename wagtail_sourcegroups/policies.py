"""Wagtail's permission policies: Wagtail 8 has a registry of them, and before that each app had a module."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from wagtail.images import get_image_model

try:
    from wagtail.permissions import policy_registry
except ImportError:
    policy_registry = None


def image_policy() -> Any:
    """The site's permission policy for its images."""
    if policy_registry is not None:
        return policy_registry.get_by_type(get_image_model())
    from wagtail.images.permissions import permission_policy

    return permission_policy


def collection_policy() -> Any:
    """Wagtail's permission policy for collections."""
    if policy_registry is not None:
        from wagtail.models import Collection

        return policy_registry.get_by_type(Collection)
    from wagtail.permissions import collection_permission_policy

    return collection_permission_policy


def changeable_images(user: Any) -> QuerySet[Any]:
    """Images that this user may have renditions made of: those that he or she may change."""
    found: QuerySet[Any] = image_policy().instances_user_has_permission_for(user, "change")
    return found
