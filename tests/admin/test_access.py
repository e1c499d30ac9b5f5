"""Who may see what, asked of Wagtail's own policies."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from wagtail.models import Collection, GroupCollectionPermission

from wagtail_sourcegroups import policies
from wagtail_sourcegroups.admin import access
from wagtail_sourcegroups.admin.starting import selection_for
from wagtail_sourcegroups.policies import changeable_images
from wagtail_sourcegroups.selection import Selection

pytestmark = pytest.mark.django_db


def let(user: Any, collection: Any, *codenames: str) -> Any:
    """Give a user permissions on a collection, as the admin's groups do."""
    group = Group.objects.create(name=f"{user} {collection} {codenames}")
    user.groups.add(group)
    for permission in Permission.objects.filter(codename__in=codenames):
        GroupCollectionPermission.objects.create(group=group, collection=collection, permission=permission)
    return User.objects.get(pk=user.pk)


def test_an_editor_sees_and_changes_the_images_of_one_collection(
    editor: Any, press: Collection, archive: Collection, add_image: Any
) -> None:
    mine, other = add_image(press), add_image(archive)
    assert access.may_see(editor)
    assert list(access.visible_collections(editor)) == [press]
    assert list(access.visible_images(editor)) == [mine]
    assert list(changeable_images(editor)) == [mine]
    assert access.may_see_image(editor, mine) and not access.may_see_image(editor, other)
    assert access.may_generate_image(editor, mine) and not access.may_generate_image(editor, other)
    assert not access.sees_everything(editor)
    assert not access.changes_everything(editor)


def test_whoever_may_only_add_sees_and_changes_his_own(
    contributor: Any, press: Collection, add_image: Any
) -> None:
    mine, other = add_image(press, uploaded_by_user=contributor), add_image(press)
    assert access.may_see(contributor)
    assert list(access.visible_images(contributor)) == list(changeable_images(contributor)) == [mine]
    assert access.may_see_image(contributor, mine) and not access.may_see_image(contributor, other)
    assert not access.sees_everything(contributor)
    assert not access.changes_everything(contributor)


def test_a_right_on_ones_own_images_is_none_on_the_collection(
    contributor: Any, make_editor: Any, editor: Any, admin_user: Any, press: Collection, archive: Collection
) -> None:
    below = press.add_child(name="2026")
    chooser = make_editor("chooser", press, may=("choose",))
    both = make_editor("both", press, may=("add",))
    both = let(both, archive, "choose_image")
    for user, seen, changed in (
        (contributor, {press: False, below: False}, set()),
        (both, {press: False, below: False, archive: True}, set()),
        (chooser, {press: True, below: True}, set()),
        (editor, {press: True, below: True}, {press, below}),
    ):
        assert access.sight_by_collection(user) == {each.pk: whole for each, whole in seen.items()}
        assert set(access.visible_collections(user)) == set(seen)
        assert set(access.collections_seen_whole(user)) == {each for each, whole in seen.items() if whole}
        assert set(access.changeable_collections(user)) == changed
    everything = set(Collection.objects.all())
    assert set(access.collections_seen_whole(admin_user)) == everything
    assert set(access.changeable_collections(admin_user)) == everything


def test_adding_at_the_root_is_no_right_on_everything_whoever_has_added_what_there_is(
    make_editor: Any, press: Collection, add_image: Any
) -> None:
    own = make_editor("own", Collection.get_first_root_node(), may=("add",))
    for _ in range(2):
        assert not access.sees_everything(own)
        assert not access.changes_everything(own)
        assert selection_for(own).by == str(own.pk)
        add_image(press, uploaded_by_user=own)


def test_choosing_at_the_root_sees_everything_and_changes_nothing(make_editor: Any, press: Any) -> None:
    chooser = make_editor("chooser", Collection.get_first_root_node(), may=("choose",))
    assert access.sees_everything(chooser)
    assert not access.changes_everything(chooser)


def test_a_policy_may_leave_out_a_collection_below(
    make_editor: Any, archive: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    chief = make_editor("chief", Collection.get_first_root_node())
    assert access.sees_everything(chief) and access.changes_everything(chief)
    policy = access.image_policy()

    class Discreet(type(policy)):  # type: ignore[misc]
        def _check_perm(self, user: Any, actions: Any, collection: Any = None) -> bool:
            return collection != archive and bool(super()._check_perm(user, actions, collection))

        def _collections_with_perm(self, user: Any, actions: Any) -> Any:
            return super()._collections_with_perm(user, actions).exclude(pk=archive.pk)

    discreet = Discreet(policy.model, policy.auth_model, policy.owner_field_name)
    for module in (access, policies):
        monkeypatch.setattr(module, "image_policy", lambda: discreet)
    assert not access.sees_everything(chief) and not access.changes_everything(chief)


def test_collections_that_one_adds_to_or_manages_are_known(
    contributor: Any, press: Collection, archive: Collection
) -> None:
    secret = Collection.get_first_root_node().add_child(name="Secret")
    user = let(contributor, archive, "change_collection")
    assert set(access.known_collections(user)) == {press, archive}
    assert secret not in access.known_collections(user)


def test_an_administrator_sees_and_changes_everything(
    admin_user: Any, archive: Collection, add_image: Any
) -> None:
    add_image(archive)
    assert access.sees_everything(admin_user)
    assert access.changes_everything(admin_user)
    assert access.may_assign_to_all(admin_user)
    assert set(access.assignable_collections(admin_user)) == set(Collection.objects.all())


def test_an_editor_of_the_root_changes_everything_without_being_an_administrator(
    archive: Collection, add_image: Any
) -> None:
    root = Collection.get_first_root_node()
    chief = let(User.objects.create_user("chief"), root, "change_customimage", "change_image")
    add_image(archive)
    assert access.sees_everything(chief)
    assert access.changes_everything(chief)


def test_nobody_in_particular_sees_nothing(press: Collection, add_image: Any) -> None:
    add_image(press)
    nobody = AnonymousUser()
    assert not access.may_see(nobody)
    assert not access.visible_images(nobody).exists()
    assert not changeable_images(nobody).exists()
    assert not access.assignable_collections(nobody).exists()
    assert not access.may_define(nobody, "add")


def test_assigning_takes_both_permissions(press: Collection, archive: Collection) -> None:
    user = let(User.objects.create_user("manager"), press, "change_collection")
    assert not access.assignable_collections(user).exists()
    user.user_permissions.add(Permission.objects.get(codename="change_assignment"))
    user = User.objects.get(pk=user.pk)
    assert list(access.assignable_collections(user)) == [press]
    assert not access.may_assign_to_all(user)


@pytest.mark.parametrize("action", ["add", "change", "delete"])
def test_defining_specs_takes_the_permission_of_specs(action: str) -> None:
    user = User.objects.create_user("definer")
    assert not access.may_define(user, action)
    user.user_permissions.add(Permission.objects.get(codename=f"{action}_storedspec"))
    user = User.objects.get(pk=user.pk)
    assert access.may_define(user, action)
    assert not access.may_define(user, {"add": "change", "change": "delete", "delete": "add"}[action])


def test_a_selection_is_narrowed_to_what_its_user_may_change(
    editor: Any, admin_user: Any, press: Collection, archive: Collection, add_image: Any
) -> None:
    mine, other = add_image(press), add_image(archive)
    images = access.image_policy().model.objects.all()
    assert selection_for(admin_user) == Selection()
    assert set(selection_for(admin_user).narrow(images)) == {mine, other}
    narrowed = selection_for(editor)
    assert narrowed.by == str(editor.pk)
    assert list(narrowed.narrow(images)) == [mine]
    assert narrowed.images_only
    editor.groups.clear()
    assert not narrowed.narrow(images).exists()
    editor.delete()
    assert not narrowed.narrow(images).exists()
