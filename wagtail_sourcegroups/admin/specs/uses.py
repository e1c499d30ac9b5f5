"""Who uses a spec: what it is assigned to in the admin, and what code binds it to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...registry import Binding, Registry
from ...sourcegroups.base import image_groups
from .. import access
from ..groups import HIDDEN, names_of


@dataclass
class Uses:
    """
    Names of what a spec is ``assigned`` to and of what it is bound to ``in_code``; of how many collections the names
    are ``hidden``, as the user does not see these. ``are_images`` says whether there are groups of images among them.
    """

    assigned: list[str | Promise] = field(default_factory=list)
    in_code: list[str | Promise] = field(default_factory=list)
    hidden: int = 0
    are_images: bool = False

    def __bool__(self) -> bool:
        return bool(self.assigned or self.in_code or self.hidden)

    @property
    def assigned_in_words(self) -> str:
        """Such as "Press, Blog and 2 collections that you don't see"; empty for none."""
        names = [str(name) for name in self.assigned]
        if self.hidden:
            names.append(
                ngettext(
                    "%(count)s collection that you don't see",
                    "%(count)s collections that you don't see",
                    self.hidden,
                )
                % {"count": self.hidden}
            )
        return get_text_list(names, _("and"))

    @property
    def in_code_in_words(self) -> str:
        return get_text_list([str(name) for name in self.in_code], _("and"))


def uses(user: Any, registry: Registry, *, of: str | None = None) -> dict[str, Uses]:
    """By spec id: of all specs, or ``of`` one. One query besides permissions."""
    bindings = [binding for binding in registry.bindings if of in (None, binding.spec.id)]
    names = names_of((binding.group for binding in bindings), access.known_collections(user))
    found: dict[str, Uses] = {}
    for binding in bindings:
        _note(found.setdefault(binding.spec.id, Uses()), binding, registry, names)
    return found


def _note(mine: Uses, binding: Binding, registry: Registry, names: dict[str, str | Promise]) -> None:
    mine.are_images |= any(image_groups([binding.group]))
    name = names[binding.group.key]
    if name is HIDDEN:
        mine.hidden += 1
    elif registry.is_stored(binding):
        mine.assigned.append(name)
    else:
        mine.in_code.append(name)
