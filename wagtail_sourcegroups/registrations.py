"""
What code has registered: specs, and the groups they are bound to.

Model-free, so that registrations may come before ``django.setup()``. They wait in :data:`waiting` until the
app config owns the registry, which takes them over.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps

from .exceptions import InvalidSourceGroup, InvalidSpec, UnknownSpec
from .specs import RenditionSpec
from .strategies import has_equality

_PACKAGE = __name__.partition(".")[0]


@dataclass(frozen=True, slots=True)
class GroupRegistration:
    """One spec id and one group object, as registered, and where."""

    spec_id: str
    group: Any
    location: str


@dataclass(slots=True)
class Registrations:
    """
    Specs by id and bindings in order, as code gave them.

    ``version`` grows with every change, so that whoever read them knows when to read again.
    """

    specs: dict[str, RenditionSpec] = field(default_factory=dict)
    locations: dict[str, str] = field(default_factory=dict)
    groups: list[GroupRegistration] = field(default_factory=list)
    version: int = 0

    def add_spec(self, spec: RenditionSpec, location: str) -> None:
        """Raises :exc:`.InvalidSpec` for a second, different definition of an id."""
        if not isinstance(spec, RenditionSpec):
            raise InvalidSpec(
                f"{spec!r} ({location}) is no RenditionSpec; make one with RenditionSpec(id, filters)."
            )
        known = self.specs.get(spec.id)
        if known is not None and known != spec:
            raise InvalidSpec(
                f"Spec {spec.id!r} is registered at {location} with another definition than at "
                f"{self.locations[spec.id]}: {spec!r} against {known!r}. Give one of them another id."
            )
        if known is None:
            self.specs[spec.id] = spec
            self.locations[spec.id] = location
            self.version += 1

    def add_group(self, spec_ids: str | Iterable[str], group: Any, location: str) -> None:
        """Raises :exc:`.InvalidSourceGroup` for an object without ``files()``."""
        validate_group(group, location)
        for spec_id in ids_of(spec_ids):
            self.groups.append(GroupRegistration(spec_id, group, location))
        self.version += 1

    def remove_spec(self, spec_id: str) -> None:
        """Forget a spec and its bindings. Raises :exc:`.UnknownSpec`."""
        if spec_id not in self.specs:
            raise UnknownSpec(f"No spec {spec_id!r} is registered in code, so it cannot be unregistered.")
        del self.specs[spec_id], self.locations[spec_id]
        self.groups = [registration for registration in self.groups if registration.spec_id != spec_id]
        self.version += 1

    def remove_group(self, spec_ids: str | Iterable[str], group: Any) -> None:
        """Forget the bindings of an equal group. Raises :exc:`.InvalidSourceGroup` if there are none."""
        ids = ids_of(spec_ids)
        kept = [r for r in self.groups if r.spec_id not in ids or not same_group(r.group, group)]
        if len(kept) == len(self.groups):
            raise InvalidSourceGroup(
                f"{group!r} is not registered for {', '.join(map(repr, ids))}, so it cannot be unregistered."
            )
        self.groups = kept
        self.version += 1

    def copy(self) -> Registrations:
        return Registrations(dict(self.specs), dict(self.locations), list(self.groups), self.version)


#: Where registrations go until the app config owns a registry.
waiting = Registrations()


def ids_of(spec_ids: str | Iterable[str]) -> list[str]:
    return [spec_ids] if isinstance(spec_ids, str) else list(spec_ids)


def validate_group(group: Any, location: str) -> None:
    """Raises :exc:`.InvalidSourceGroup` unless ``group`` is an instance with a callable ``files``."""
    if isinstance(group, type):
        raise InvalidSourceGroup(
            f"{group.__qualname__} ({location}) is a class; register an instance: {group.__qualname__}(...)."
        )
    if not callable(getattr(group, "files", None)):
        raise InvalidSourceGroup(
            f"{group!r} ({location}) is no source group: it has no files() method. "
            "A group's files() yields its source files; see wagtail_sourcegroups.sourcegroups for ready ones."
        )


def same_group(one: Any, other: Any) -> bool:
    """Whether two group objects mean the same: equal, or of one class with equal attributes."""
    if one is other or one == other:
        return True
    if type(one) is not type(other) or has_equality(one):
        return False
    return hasattr(one, "__dict__") and vars(one) == vars(other)


def caller() -> str:
    """``file:line`` of the nearest code outside this package: where a registration was written."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def target() -> Any:
    """What registers now: the app config's registry once it is there, :data:`waiting` before."""
    config = apps.app_configs.get(_PACKAGE)
    return getattr(config, "registry", None) or waiting


class Register:
    """``register.spec(...)`` and ``register.source_group(...)``."""

    def spec(self, spec: RenditionSpec | str, *args: Any, **kwargs: Any) -> RenditionSpec:
        """
        Register a spec, given as one or with the arguments of :class:`.RenditionSpec`, and return it.

        Raises :exc:`.InvalidSpec` if the id has another definition; an equal one changes nothing.
        """
        if not isinstance(spec, RenditionSpec):
            spec = RenditionSpec(spec, *args, **kwargs)
        elif args or kwargs:
            raise InvalidSpec(f"{spec!r} is a whole spec already; it takes no further arguments.")
        target().add_spec(spec, caller())
        return spec

    def source_group(self, spec_ids: str | Iterable[str], group: Any) -> Any:
        """
        Bind a source group to one spec id or several, and return the group.

        The specs may be registered later. Raises :exc:`.InvalidSourceGroup` for an object without ``files()``.
        """
        target().add_group(spec_ids, group, caller())
        return group


class Unregister:
    """``unregister.spec(...)`` and ``unregister.source_group(...)``."""

    def spec(self, spec_id: str) -> None:
        """Forget a spec and all its bindings. Raises :exc:`.UnknownSpec`."""
        target().remove_spec(spec_id)

    def source_group(self, spec_ids: str | Iterable[str], group: Any) -> None:
        """Unbind an equal group from one spec id or several. Raises :exc:`.InvalidSourceGroup`."""
        target().remove_group(spec_ids, group)


register = Register()
unregister = Unregister()
