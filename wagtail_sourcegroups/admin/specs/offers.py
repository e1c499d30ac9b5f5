"""What is offered once a spec has changed: to generate what is new, and to delete what it has left behind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import ngettext
from wagtail.admin import messages

from ...generation.prune import as_stored
from ...registry import Registry
from .. import access
from .leftovers import address, leftovers

MessageButton = tuple[str, str, bool]


def generate_address(user: Any, registry: Registry, spec_id: str) -> str:
    """The page that asks before it generates; "" for whoever may not, and for a spec that is used for nothing."""
    is_used = any(binding.spec.id == spec_id for binding in registry.bindings)
    if not is_used or not access.may_generate(user):
        return ""
    return f"{reverse('sourcegroups:generate')}?{urlencode({'spec': spec_id})}"


def prune_offer(user: Any, registry: Registry, dropped: Iterable[str]) -> MessageButton | None:
    """The way to delete what is left of filters, as specs write them; ``None`` for nothing. Two queries."""
    if not access.may_prune(user):
        return None
    written = frozenset(dropped)
    # Of a raster image and of an SVG.
    in_rows = as_stored(written, False) | as_stored(written, True)
    left = sum(leftover.renditions for leftover in leftovers(user, registry, in_rows)) if in_rows else 0
    if not left:
        return None
    label = ngettext(
        "Delete %(count)s rendition left over", "Delete %(count)s renditions left over", left
    ) % {"count": intcomma(left)}
    button: MessageButton = messages.button(address(in_rows), label)
    return button
