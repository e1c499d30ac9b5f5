"""
Who wants what: specs, groups, and the bindings between them, however they came to be.

One object, owned by the app config. Code registrations and the hooks are read when the registry is first
asked something, and again when they have changed; nobody above can tell where a binding came from.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.apps import apps
from wagtail import hooks

from .exceptions import InvalidSourceGroup, InvalidSpec, SourceGroupsError, UnknownSpec
from .registrations import Registrations, same_group
from .sourcegroups.adapters import adapt
from .sourcegroups.base import SourceGroup
from .specs import RenditionSpec, matches

SPECS_HOOK = "register_rendition_specs"
GROUPS_HOOK = "register_source_groups"


class Binding(NamedTuple):
    """A spec, and a group of sources it is wanted for."""

    spec: RenditionSpec
    group: SourceGroup


class Problem(NamedTuple):
    """Something registered that cannot work: a sentence, and ``file:line`` of the registration."""

    message: str
    location: str


@dataclass(frozen=True)
class Reading:
    """What the registry knew when it was last read."""

    specs: dict[str, RenditionSpec] = field(default_factory=dict)
    locations: dict[str, str] = field(default_factory=dict)
    bindings: tuple[Binding, ...] = ()
    problems: tuple[Problem, ...] = ()
    group_locations: dict[SourceGroup, str] = field(default_factory=dict)


class Registry:
    """Specs and bindings, read lazily."""

    def __init__(self, registrations: Registrations) -> None:
        self._registrations = registrations
        self._reading: Reading | None = None
        self._read_version = -1
        self._read_again = True

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

    def location(self, registered: str | SourceGroup) -> str:
        """``file:line`` where a spec, given by its id, or a group was registered."""
        reading = self.read()
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
            reading = build_reading(hooked)
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


def hook_registrations(registrations: Registrations) -> Registrations:
    """
    Code registrations together with what the hooks return.

    Discovering the hooks comes first: it imports every app's ``wagtail_hooks``, which may call ``register``.
    """
    from_hooks = [(fn(), _location(fn)) for fn in hooks.get_hooks(SPECS_HOOK)]
    groups_from_hooks = [(fn(), _location(fn)) for fn in hooks.get_hooks(GROUPS_HOOK)]
    together = registrations.copy()
    for specs, location in from_hooks:
        for spec in _listed(SPECS_HOOK, specs, location, "a list of specs"):
            together.add_spec(spec, location)
    for pairs, location in groups_from_hooks:
        for pair in _listed(
            GROUPS_HOOK, pairs, location, "pairs of a spec id, or several, and a source group"
        ):
            try:
                spec_ids, group = pair
            except (TypeError, ValueError):
                raise InvalidSourceGroup(
                    f"The hook {GROUPS_HOOK} at {location} returned {pair!r}; "
                    "it must return pairs of a spec id, or several, and a source group."
                ) from None
            together.add_group(spec_ids, group, location)
    return together


def _listed(hook: str, returned: Any, location: str, accepted: str) -> list[Any]:
    if isinstance(returned, str | RenditionSpec) or not isinstance(returned, Iterable):
        raise InvalidSpec(f"The hook {hook} at {location} returned {returned!r}; it must return {accepted}.")
    return list(returned)


def build_reading(registrations: Registrations) -> Reading:
    """
    Bindings and problems from registrations: a pure function of them and of Wagtail's registered operations.
    """
    problems = [
        Problem(message, registrations.locations[spec.id])
        for spec in registrations.specs.values()
        for message in operation_problems(spec)
    ]
    bindings: dict[Binding, None] = {}
    group_locations: dict[SourceGroup, str] = {}
    for spec_id, given, location in ((r.spec_id, r.group, r.location) for r in registrations.groups):
        spec = registrations.specs.get(spec_id)
        if spec is None:
            problems.append(
                Problem(
                    f"A source group is registered for the spec {spec_id!r}, which is not registered: {given!r}. "
                    f"Register it with register.spec({spec_id!r}, ...), or correct the id.",
                    location,
                )
            )
            continue
        try:
            group = adapt(given)
            bindings.setdefault(Binding(spec, group))
            group_locations.setdefault(group, location)
        except SourceGroupsError as error:
            problems.append(Problem(str(error), location))
    return Reading(
        dict(registrations.specs),
        dict(registrations.locations),
        tuple(bindings),
        tuple(problems),
        group_locations,
    )


def operation_problems(spec: RenditionSpec) -> list[str]:
    """One sentence for each filter spec of a spec that Wagtail cannot read."""
    # Wagtail's models are only needed here, and may not be loaded when registrations are made.
    from wagtail.images.exceptions import InvalidFilterSpecError
    from wagtail.images.models import Filter

    found = []
    for filter_spec in spec.filters:
        # As Wagtail's clean_filter_for_svg: it is a word for the renderer, not an operation.
        operations = "|".join(piece for piece in filter_spec.split("|") if piece != "preserve-svg")
        try:
            if not operations:
                raise InvalidFilterSpecError("'preserve-svg' must stand beside at least one other operation")
            Filter(spec=operations).operations  # noqa: B018 - reading them is what raises
        except (InvalidFilterSpecError, TypeError, ValueError) as error:
            found.append(
                f"Spec {spec.id!r} has the filter spec {filter_spec!r}, which Wagtail cannot read: {error}. "
                "Wagtail's image operations are described under 'How to use images in templates' in its documentation."
            )
    return found


def _location(fn: Any) -> str:
    code = getattr(fn, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(fn)
