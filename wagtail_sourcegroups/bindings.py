"""What the registry reads: registrations of code and of hooks and what is stored, as one picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wagtail import hooks

from .exceptions import InvalidSourceGroup, InvalidSpec, SourceGroupsError
from .registrations import Registrations
from .sourcegroups.adapters import adapt
from .sourcegroups.base import SourceGroup
from .specs import RenditionSpec
from .stored import LOCATION, NOTHING, Stored

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
    binding_locations: dict[Binding, str] = field(default_factory=dict)


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


def build_reading(registrations: Registrations, kept: Stored = NOTHING) -> Reading:
    """
    Bindings and problems from what is registered and what is stored: a pure function of these and of Wagtail's
    registered operations.
    """
    registrations, shadowed = with_stored(registrations, kept)
    problems = [Problem(message, LOCATION) for message in (*kept.problems, *shadowed)]
    problems += [
        Problem(message, registrations.locations[spec.id])
        for spec in registrations.specs.values()
        for message in operation_problems(spec)
    ]
    bindings: dict[Binding, str] = {}
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
            bindings.setdefault(Binding(spec, group), location)
            group_locations.setdefault(group, location)
        except SourceGroupsError as error:
            problems.append(Problem(str(error), location))
    return Reading(
        dict(registrations.specs),
        dict(registrations.locations),
        tuple(bindings),
        tuple(problems),
        group_locations,
        bindings,
    )


def with_stored(registrations: Registrations, kept: Stored) -> tuple[Registrations, list[str]]:
    """Both together, and a sentence for each stored spec whose id code has taken: there, code is believed."""
    together, shadowed = registrations.copy(), []
    for spec in kept.specs:
        if spec.id in together.specs:
            shadowed.append(
                f"The spec {spec.id!r} is defined in the admin and in code, at {together.locations[spec.id]}: "
                "the one in code counts. Delete the other under Renditions, Specs."
            )
        else:
            together.add_spec(spec, LOCATION)
    for spec_id, group in kept.groups:
        # One for a spec that code does not register any more waits for it to come back.
        if spec_id in together.specs:
            together.add_group(spec_id, group, LOCATION)
    return together, shadowed


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
