"""
Who may do what, asked of Wagtail's permission policies every time.

Seeing needs any permission on the images concerned, generating needs *change* on them. Assigning needs *change* on the
collection and the permission to change assignments; defining specs those of specs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from wagtail.models import Collection

from ..generation.failures import failures_of
from ..models import Assignment, GenerationFailure, StoredSpec
from ..policies import changeable_images, collection_policy, collections_with, image_policy

#: What lets somebody see an image's renditions and figures.
ANY = ("add", "change", "delete", "choose")


def may_see(user: Any) -> bool:
    """Whether there may be images whose renditions this user may see."""
    return bool(image_policy().user_has_any_permission(user, ANY))


def may_see_image(user: Any, image: Any) -> bool:
    return bool(image_policy().user_has_any_permission_for_instance(user, ANY, image))


def visible_collections(user: Any) -> QuerySet[Collection]:
    """Those whose images this user may see."""
    return collections_with(user, ANY)


def visible_images(user: Any) -> QuerySet[Any]:
    """
    Images whose renditions this user may see: those in visible collections, as every figure is by collection.
    """
    return image_policy().model._default_manager.filter(collection__in=visible_collections(user))


def visible_failures(user: Any) -> QuerySet[GenerationFailure]:
    """
    Failures of images that this user may see; those of anything else, such as files and groups, only for whoever sees
    everything.
    """
    if sees_everything(user):
        return GenerationFailure.objects.all()
    return failures_of(visible_images(user))


def sees_everything(user: Any) -> bool:
    """Whether there is no collection that this user may not see."""
    return not Collection.objects.exclude(pk__in=visible_collections(user).values("pk")).exists()


def may_generate(user: Any) -> bool:
    """Whether there may be images that this user may have renditions made of."""
    return bool(image_policy().user_has_permission(user, "change"))


def may_generate_image(user: Any, image: Any) -> bool:
    return bool(image_policy().user_has_permission_for_instance(user, "change", image))


def changes_everything(user: Any) -> bool:
    """
    Whether this user may have renditions made of every image, those of other people included, and of those that will
    be added to any collection.
    """
    if user.is_active and user.is_superuser:
        return True
    if Collection.objects.exclude(pk__in=changeable_collections(user).values("pk")).exists():
        return False
    changeable = changeable_images(user).order_by().values("pk")
    return not image_policy().model._default_manager.exclude(pk__in=changeable).exists()


def changeable_among(user: Any, pks: Iterable[Any]) -> frozenset[Any]:
    """Those of some images of the site's model that this user may have renditions made of. One query."""
    return frozenset(changeable_images(user).filter(pk__in=list(pks)).values_list("pk", flat=True))


def changeable_collections(user: Any) -> QuerySet[Collection]:
    """Those of which this user may have renditions made of every image."""
    return collections_with(user, ("change",))


def may_define(user: Any, action: str) -> bool:
    """Whether this user may ``add``, ``change``, ``delete`` or ``view`` specs."""
    return bool(user.has_perm(_permission(StoredSpec, action)))


def may_see_specs(user: Any) -> bool:
    """Whether this user may see how specs are defined, those of code among them."""
    return any(may_define(user, action) for action in ("add", "change", "delete", "view"))


def may_prune(user: Any) -> bool:
    """Whether this user may delete what specs have left behind, of images that he or she may change."""
    return (may_define(user, "change") or may_define(user, "delete")) and may_generate(user)


def may_assign(user: Any) -> bool:
    """Whether this user may assign specs to the collections that he or she may change."""
    return bool(user.has_perm(_permission(Assignment, "change")))


def may_see_assignments(user: Any) -> bool:
    """Whether this user may see which specs are assigned to what: the collections that he or she sees."""
    return may_see(user) or may_assign(user)


def known_collections(user: Any) -> QuerySet[Collection]:
    """Those that this user meets in the admin: he or she may see their images, or do something with them themselves."""
    theirs = collection_policy().instances_user_has_any_permission_for(user, ("add", "change", "delete"))
    with_images = Q(pk__in=visible_collections(user).order_by().values("pk"))
    return Collection.objects.filter(with_images | Q(pk__in=theirs.order_by().values("pk")))


def assignable_collections(user: Any) -> QuerySet[Collection]:
    """Collections that this user may assign specs to."""
    if not may_assign(user):
        return Collection.objects.none()
    found: QuerySet[Collection] = collection_policy().instances_user_has_permission_for(user, "change")
    return found


def may_assign_to_all(user: Any) -> bool:
    """Whether this user may assign specs to all images: that is as good as to the root collection."""
    root = Collection.objects.filter(depth=1)
    return may_assign(user) and assignable_collections(user).filter(pk__in=root).exists()


def require(allowed: bool) -> None:
    """Raises ``PermissionDenied``, which Wagtail's admin answers with its home page and a message."""
    if not allowed:
        raise PermissionDenied


def _permission(model: Any, action: str) -> str:
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"
