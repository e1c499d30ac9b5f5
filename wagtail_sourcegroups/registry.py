"""
Who wants what: specs, groups, and the bindings between them, however they came to be.

One object, owned by the app config. Code registrations and the hooks are read when the registry is first
asked something, and again when they have changed. What admins have stored is known from the last
:meth:`Registry.refresh`: whatever starts something calls it, so that no other question costs a query. Nobody above can
tell where a binding came from.
"""

from __future__ import annotations

import contextlib
import difflib
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from wagtail import hooks

from . import stored
from .bindings import Binding, Problem, Reading, build_reading, hook_registrations
from .exceptions import UnknownSpec
from .registrations import Registrations, same_group
from .sourcegroups.base import SourceGroup
from .specs import RenditionSpec, matches

__all__ = ["Binding", "Problem", "Reading", "Registry", "get_registry"]

#: Seconds for which whoever only shows things may go on with what was stored.
RECENT = 5.0


class Registry:
    """Specs and bindings, read lazily."""

    def __init__(self, registrations: Registrations) -> None:
        self._registrations = registrations
        self._reading: Reading | None = None
        self._read_version = -1
        self._read_again = True
        self._stored = stored.NOTHING
        self._looked_at = float("-inf")

    # What is registered --------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """Changes whenever an answer of the registry may have."""
        return self._registrations.version

    @property
    def specs(self) -> dict[str, RenditionSpec]:
        """Every spec by its id, in the order of registration."""
        return dict(self.read().specs)

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """Every (spec, group), each once, in the order of registration."""
        return self.read().bindings

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is registered and cannot work; empty on a healthy site. Asks no database."""
        return self.read().problems

    @property
    def groups(self) -> tuple[SourceGroup, ...]:
        """Every group that some spec is bound to, each once."""
        return tuple(dict.fromkeys(binding.group for binding in self.bindings))

    def spec(self, spec_id: str) -> RenditionSpec:
        """The spec of this id. Raises :exc:`.UnknownSpec`, which names the nearest ones."""
        try:
            return self.read().specs[spec_id]
        except KeyError:
            raise UnknownSpec(self._unknown(f"No spec {spec_id!r} is registered", spec_id)) from None

    def specs_of(self, group: Any) -> tuple[RenditionSpec, ...]:
        """The specs bound to a group, given as registered or as adapted; none for one that is not registered."""
        return tuple(
            b.spec for b in self.bindings if b.group is group or same_group(b.group.registered, group)
        )

    def group_of(self, sender: Any) -> SourceGroup | None:
        """The registered group that a sender of signals is, or ``None``."""
        return next((g for g in self.groups if g is sender or same_group(g.registered, sender)), None)

    def location(self, registered: str | SourceGroup | Binding) -> str:
        """``file:line`` where a spec, given by its id, a group, or a binding was registered first."""
        reading = self.read()
        if isinstance(registered, Binding):
            return reading.binding_locations.get(registered, "")
        if isinstance(registered, SourceGroup):
            return reading.group_locations.get(registered, "")
        return reading.locations.get(registered, "")

    def select(self, patterns: Iterable[str]) -> tuple[RenditionSpec, ...]:
        """
        The specs that patterns of the command line mean; all for none.

        Raises :exc:`.UnknownSpec` for a pattern that no id matches.
        """
        specs = self.read().specs
        patterns = list(patterns)
        for pattern in patterns:
            if not any(matches(pattern, spec_id) for spec_id in specs):
                raise UnknownSpec(self._unknown(f"No spec matches {pattern!r}", pattern))
        return tuple(
            spec
            for spec_id, spec in specs.items()
            if not patterns or any(matches(pattern, spec_id) for pattern in patterns)
        )

    # What is stored ------------------------------------------------------------------------------------

    def refresh(self) -> Registry:
        """
        Look whether what admins have stored is still as it was; this registry.

        One query, and two more if not. Whatever starts something calls it: a flush, a task, a run, a page of the admin.
        """
        self._take(stored.version())
        return self

    def notice(self, version: uuid.UUID | None) -> None:
        """Somebody has read the version of what is stored along with something else. Two queries if it is a new one."""
        self._take(version)

    def _take(self, version: uuid.UUID | None) -> None:
        self._looked_at = time.monotonic()
        if version != self._stored.version:
            self._stored = stored.read(version)
            self._registrations.version += 1

    def recent(self) -> Registry:
        """As :meth:`refresh`, for whoever only shows things: looks once in :data:`RECENT` seconds at most."""
        if time.monotonic() - self._looked_at > RECENT:
            self.refresh()
        return self

    def is_stored(self, registered: str | Binding) -> bool:
        """Whether an admin has defined this spec, given by its id, or assigned this binding, and not code."""
        return self.location(registered) == stored.LOCATION

    # Registering ---------------------------------------------------------------------------------------

    def add_spec(self, spec: RenditionSpec, location: str = "") -> None:
        self._registrations.add_spec(spec, location)

    def add_group(self, spec_ids: str | Iterable[str], group: Any, location: str = "") -> None:
        self._registrations.add_group(spec_ids, group, location)

    def remove_spec(self, spec_id: str) -> None:
        self._registrations.remove_spec(spec_id)

    def remove_group(self, spec_ids: str | Iterable[str], group: Any) -> None:
        self._registrations.remove_group(spec_ids, group)

    @contextlib.contextmanager
    def override(self, *, empty: bool = False) -> Iterator[Registry]:
        """
        For tests: what is registered inside is forgotten on leaving, what is unregistered inside comes back.

        ``empty`` starts with nothing, hooks included.
        """
        if empty:
            # Else the first question about Wagtail's operations imports them, and what they register lands inside.
            hooks.search_for_hooks()
        registrations, reading, read_again = self._registrations, self._reading, self._read_again
        self._registrations = (
            Registrations(version=registrations.version + 1) if empty else registrations.copy()
        )
        self._read_again = not empty
        self._reading = None
        try:
            yield self
        finally:
            version = self._registrations.version
            self._registrations, self._read_again, self._reading = registrations, read_again, reading
            # Whoever cached an answer from inside must not take it for one from outside.
            self._registrations.version = self._read_version = version + 1
            self._reading = None

    # Reading -------------------------------------------------------------------------------------------

    def read(self) -> Reading:
        """Everything registered, as one consistent picture; kept until something is registered again."""
        registrations = self._registrations
        if self._reading is None or self._read_version != registrations.version:
            if self._read_again:
                # Imports every app's hooks, which may register; what comes later than the copy is read next time.
                hooks.search_for_hooks()
            version = registrations.version
            hooked = hook_registrations(registrations) if self._read_again else registrations.copy()
            reading = build_reading(hooked, self._stored)
            self._reading, self._read_version = reading, version
            return reading
        return self._reading

    def _unknown(self, beginning: str, asked: str) -> str:
        known = sorted(self.read().specs)
        near = difflib.get_close_matches(asked, known, n=3)
        if near:
            return f"{beginning}; did you mean {' or '.join(map(repr, near))}?"
        return f"{beginning}; the registered specs are {', '.join(map(repr, known)) or 'none'}."


def get_registry() -> Registry:
    """The registry of this process. Raises ``LookupError`` while the app is not installed and ready."""
    registry: Registry = apps.get_app_config("wagtail_sourcegroups").registry  # type: ignore[attr-defined]
    return registry
