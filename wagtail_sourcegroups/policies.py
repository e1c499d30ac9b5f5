"""Wagtail's permission policies: Wagtail 8 has a registry of them, and before that each app had a module."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from wagtail.images import get_image_model
from wagtail.models import Collection

try:
    from wagtail.permissions import policy_registry
except ImportError:
    policy_registry = None

#: Conditions that are as good as the ids that meet them.
FEW = 10
#: Where the ids are kept.
_KNOWN = "_sourcegroups_collections"


def image_policy() -> Any:
    """The site's permission policy for its images."""
    if policy_registry is not None:
        return policy_registry.get_by_type(get_image_model())
    from wagtail.images.permissions import permission_policy

    return permission_policy


def collection_policy() -> Any:
    """Wagtail's permission policy for collections."""
    if policy_registry is not None:
        return policy_registry.get_by_type(Collection)
    from wagtail.permissions import collection_permission_policy

    return collection_permission_policy


def collections_with(user: Any, actions: tuple[str, ...]) -> QuerySet[Collection]:
    """
    Collections on whose images a user has one of these rights, for as many queries as a page has.

    The policy's answer has a condition for each permission. Where these are many, the ids are read once for each user
    object, of which every request has another one; Wagtail keeps the permissions there as well.
    """
    known: dict[tuple[str, ...], frozenset[Any]] = getattr(user, _KNOWN, {})
    setattr(user, _KNOWN, known)
    if actions not in known:
        found: QuerySet[Collection] = image_policy().collections_user_has_any_permission_for(user, actions)
        if len(found.query.where.children) <= FEW:
            return found
        known[actions] = frozenset(found.order_by().values_list("pk", flat=True))
    return Collection.objects.filter(pk__in=sorted(known[actions]))


def changeable_images(user: Any) -> QuerySet[Any]:
    """Images that this user may have renditions made of: those that he or she may change."""
    found: QuerySet[Any] = image_policy().instances_user_has_permission_for(user, "change")
    return found
