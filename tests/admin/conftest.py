"""Who comes to the admin's pages: an administrator, and editors of one collection each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Group, Permission
from django.db import connections
from django.test import Client
from wagtail.models import Collection, GroupCollectionPermission

from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.policies import image_policy
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup
from wagtail_sourcegroups.strategies import Manual


@pytest.fixture(autouse=True)
def nothing_stored() -> Iterator[None]:
    """What a test stores is rolled back, and the registry is not told."""
    get_registry().notice(None)
    yield
    get_registry().notice(None)


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry without what the sandbox registers; what a test stores is in it once it is refreshed."""
    with get_registry().override(empty=True) as registry:
        yield registry


@pytest.fixture
def card(registry: Registry) -> RenditionSpec:
    """A spec of code: two renditions of every image, when somebody asks for them."""
    spec = RenditionSpec("shop:card", ["width-20", "fill-10x10"], strategy=Manual(), label="Card")
    registry.add_spec(spec)
    registry.add_group(spec.id, ImageModelSourceGroup())
    return spec


@pytest.fixture
def press(db: None) -> Collection:
    return Collection.get_first_root_node().add_child(name="Press")


@pytest.fixture
def archive(db: None) -> Collection:
    return Collection.get_first_root_node().add_child(name="Archive")


@pytest.fixture
def secret(db: None) -> Collection:
    """A collection of which nobody but an administrator is to know the name."""
    return Collection.get_first_root_node().add_child(name="Secretparent")


@pytest.fixture
def admin_user(superuser: Any) -> Any:
    """Who may do everything."""
    return superuser


@pytest.fixture
def editor(press: Collection, make_editor: Callable[..., Any]) -> Any:
    """Who may add and change images of Press, and nothing else."""
    return make_editor("editor", press)


@pytest.fixture
def other_editor(archive: Collection, make_editor: Callable[..., Any]) -> Any:
    """The same for Archive."""
    return make_editor("other_editor", archive)


@pytest.fixture
def make_editor(db: None, django_user_model: Any) -> Callable[..., Any]:
    """
    Makes users with the password ``password`` who come into the admin, with these permissions on images of these
    collections.
    """

    def make(name: str, *collections: Collection, may: tuple[str, ...] = ("add", "change")) -> Any:
        user = django_user_model.objects.create_user(
            username=name, email=f"{name}@example.com", password="password"
        )
        group = Group.objects.create(name=name)
        group.permissions.add(Permission.objects.get(codename="access_admin"))
        asked = image_policy().auth_model._meta
        for action in may:
            codename = get_permission_codename(action, asked)
            permission = Permission.objects.get(content_type__app_label=asked.app_label, codename=codename)
            for collection in collections:
                GroupCollectionPermission.objects.create(
                    group=group, collection=collection, permission=permission
                )
        user.groups.add(group)
        return user

    return make


@pytest.fixture
def add_image(make_image: Callable[..., Any]) -> Callable[..., Any]:
    """Makes an image in a collection, with its file."""
    numbers = count(1)

    def add(collection: Collection, **fields: Any) -> Any:
        fields.setdefault("name", f"picture-{next(numbers)}.jpg")
        return make_image(collection=collection, **fields)

    return add


@pytest.fixture
def contributor(press: Collection, make_editor: Callable[..., Any]) -> Any:
    """Who may add images to Press, and so change those that he has added; he has no right on others."""
    return make_editor("contributor", press, may=("add",))


@pytest.fixture
def replica(db: None, settings: Any) -> Iterator[None]:
    """A site whose router has everything read from another database, which is as far as the first one."""
    default = connections["default"]
    replica = type(default)(default.settings_dict, "replica")
    # Whatever the test has written can be read there: in truth it is the same connection.
    replica.connection, replica.autocommit, replica.in_atomic_block = default.connection, False, True
    connections["replica"] = replica

    class Router:
        def db_for_read(self, model: Any, **hints: Any) -> str:
            return "replica"

        def db_for_write(self, model: Any, **hints: Any) -> str:
            return "default"

        def allow_relation(self, *args: Any, **hints: Any) -> bool:
            return True

    settings.DATABASE_ROUTERS = [Router()]
    yield
    settings.DATABASE_ROUTERS = []
    replica.connection = None
    del connections["replica"]


@pytest.fixture
def as_user(client: Client) -> Callable[[Any], Client]:
    """The client, logged in as this user; ``None`` is nobody."""

    def log_in(user: Any) -> Client:
        client.logout()
        if user is not None:
            client.force_login(user)
        return client

    return log_in
