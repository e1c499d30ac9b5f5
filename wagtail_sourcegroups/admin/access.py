"""
Who may do what, asked of Wagtail's permission policies every time.

Seeing needs *change*, *delete* or *choose* on the images concerned, generating needs *change* on them. As everywhere in
Wagtail, whoever may only *add* images to a collection may change those that he or she has added, and has no right on
others. Assigning needs *change* on the collection and the permission to change assignments; defining specs those of
specs.
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

#: What lets somebody see an image's renditions: what Wagtail's own listing and chooser of images go by.
SEEING = ("change", "delete", "choose")
CHANGING = ("change",)


def may_see(user: Any) -> bool:
    """Whether there may be images whose renditions this user may see."""
    return bool(image_policy().user_has_any_permission(user, SEEING))


def may_see_image(user: Any, image: Any) -> bool:
    return bool(image_policy().user_has_any_permission_for_instance(user, SEEING, image))


def visible_images(user: Any) -> QuerySet[Any]:
    """Images whose renditions this user may see."""
    found: QuerySet[Any] = image_policy().instances_user_has_any_permission_for(user, SEEING)
    return found


def visible_collections(user: Any) -> QuerySet[Collection]:
    """Those of which this user may see images: all of them, or those that he or she has added."""
    return collections_with(user, SEEING)


def sight_by_collection(user: Any) -> dict[Any, bool]:
    """
    Ids of the collections of which this user may see images: true where he or she sees every image, whoever has added
    it; false where only his or her own. One query besides permissions.
    """
    return _reach(user, SEEING, visible_collections(user))


def collections_seen_whole(user: Any) -> QuerySet[Collection]:
    """Those of which this user sees every image, and so may see figures."""
    return _whole(user, SEEING)


def visible_failures(user: Any) -> QuerySet[GenerationFailure]:
    """
    Failures of images that this user may see; those of anything else, such as files and groups, only for whoever sees
    everything.
    """
    if sees_everything(user):
        return GenerationFailure.objects.all()
    return failures_of(visible_images(user))


def sees_everything(user: Any) -> bool:
    """Whether this user sees every image, those that will be added to any collection included."""
    return _covers_everything(user, SEEING)


def may_generate(user: Any) -> bool:
    """Whether there may be images that this user may have renditions made of."""
    return bool(image_policy().user_has_permission(user, "change"))


def may_generate_image(user: Any, image: Any) -> bool:
    return bool(image_policy().user_has_permission_for_instance(user, "change", image))


def changes_everything(user: Any) -> bool:
    """
    Whether this user may have renditions made of every image, those of other people included, and of those that will
    be added to any collection. Which images there are today is of no matter.
    """
    return _covers_everything(user, CHANGING)


def changeable_among(user: Any, pks: Iterable[Any]) -> frozenset[Any]:
    """Those of some images of the site's model that this user may have renditions made of. One query."""
    return frozenset(changeable_images(user).filter(pk__in=list(pks)).values_list("pk", flat=True))


def changeable_collections(user: Any) -> QuerySet[Collection]:
    """
    Those of which this user may have renditions made of every image, whoever has added it: not those where he or she
    may change his or her own only, which Wagtail's policy counts among those that one may change.
    """
    return _whole(user, CHANGING)


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
    """
    Those that this user meets in the admin: he or she may see their images, add some, or do something with them
    themselves. Names of others are not told.
    """
    theirs = collection_policy().instances_user_has_any_permission_for(user, ("add", "change", "delete"))
    with_images = image_policy().collections_user_has_any_permission_for(user, ("add", *SEEING))
    return Collection.objects.filter(
        Q(pk__in=with_images.order_by().values("pk")) | Q(pk__in=theirs.order_by().values("pk"))
    )


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


def _covers_everything(user: Any, actions: tuple[str, ...]) -> bool:
    """Whether this user has one of some rights on whatever image there is or will be."""
    if _may_everything(user):
        return True
    root = Collection.get_first_root_node()
    if root is None or not _reach(user, actions, [root])[root.pk]:
        return False
    # Wagtail's own policies hand permissions down; another one may leave a collection out.
    covered = collections_with(user, actions)
    return not Collection.objects.exclude(pk__in=covered.order_by().values("pk")).exists()


def _whole(user: Any, actions: tuple[str, ...]) -> QuerySet[Collection]:
    """Collections where this user has one of some rights on every image. One query besides permissions."""
    some = collections_with(user, actions)
    if _may_everything(user):
        return some
    whole = [pk for pk, is_whole in _reach(user, actions, some).items() if is_whole]
    return Collection.objects.filter(pk__in=whole)


def _reach(user: Any, actions: tuple[str, ...], collections: Iterable[Collection]) -> dict[Any, bool]:
    """
    By their ids, whether this user has one of some rights on every image of these collections. Only the policy can tell
    a right on all from one on one's own, and tells it of images: it is asked of one that nobody has added.
    """
    policy = image_policy()
    anybodys = policy.model(collection=None)
    found = {}
    for collection in collections:
        anybodys.collection = collection
        found[collection.pk] = bool(policy.user_has_any_permission_for_instance(user, actions, anybodys))
    return found


def _may_everything(user: Any) -> bool:
    return bool(user.is_active and user.is_superuser)


def _permission(model: Any, action: str) -> str:
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"
