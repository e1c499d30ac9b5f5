"""The spec that a template names."""

from __future__ import annotations

from ..exceptions import InvalidSpec
from ..registry import get_registry
from ..specs import RenditionSpec


def spec_for(spec_id: str) -> RenditionSpec:
    """
    The registered spec of an id. One that code has registered costs no query; whether admins have changed theirs is
    looked up every few seconds. Raises :exc:`.UnknownSpec`.
    """
    if not isinstance(spec_id, str) or not spec_id:
        raise InvalidSpec(f"{spec_id!r} is no spec id; give one such as 'blog:hero', in quotes.")
    registry = get_registry()
    if spec_id in registry.read().specs and not registry.is_stored(spec_id):
        return registry.spec(spec_id)
    return registry.recent().spec(spec_id)
