"""Who assigns specs in the tests, and how a page says it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from wagtail.models import Collection, GroupCollectionPermission

from wagtail_sourcegroups.admin.collections.ticks import BOX, TICKED_BEFORE
from wagtail_sourcegroups.models import Assignment


def let_manage(user: Any, *collections: Collection, may: Iterable[str] = ("add", "change")) -> Any:
    """Let a user do this with collections, and nothing else with what is in them."""
    group = Group.objects.create(name=f"{user} manages {collections}")
    group.permissions.add(Permission.objects.get(codename="access_admin"))
    for action in may:
        permission = Permission.objects.get(codename=f"{action}_collection")
        for collection in collections:
            GroupCollectionPermission.objects.create(
                group=group, collection=collection, permission=permission
            )
    user.groups.add(group)
    return type(user).objects.get(pk=user.pk)


def let_assign(user: Any) -> Any:
    """Let a user assign specs to whatever collections he or she may change."""
    user.user_permissions.add(Permission.objects.get(codename="change_assignment"))
    return type(user).objects.get(pk=user.pk)


def assigned() -> set[tuple[str, str]]:
    """(spec id, name of the collection or label of the model) of every assignment."""
    return {
        (each.spec_id, each.image_model or each.collection.name)
        for each in Assignment.objects.select_related("collection")
    }


def boxes(html: str) -> dict[str, bool]:
    """The boxes of a page that can be ticked, and whether they are."""
    found = re.findall(rf'<input type="checkbox" name="{BOX}" value="([^"]+)"([^>]*)>', html)
    return {name: " checked" in rest for name, rest in found}


def fields(html: str, *, tick: Iterable[str] = (), untick: Iterable[str] = ()) -> dict[str, Any]:
    """What the page would send after these boxes have been ticked and unticked."""
    there = boxes(html)
    assert not set(tick) - there.keys() and not set(untick) - there.keys(), there
    (before,) = re.findall(rf'name="{TICKED_BEFORE}" value="([^"]*)"', html)
    ticked = {name for name, was in there.items() if was} | set(tick)
    return {BOX: sorted(ticked - set(untick)), TICKED_BEFORE: before}
