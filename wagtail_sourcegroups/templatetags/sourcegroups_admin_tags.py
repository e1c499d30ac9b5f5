"""What the admin's own templates share: states, shares and specs in words."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma

from ..admin import states
from ..words import in_words, several_in_words

register = template.Library()


@register.inclusion_tag("wagtail_sourcegroups/admin/includes/state.html")
def rendition_state(key: str) -> dict[str, Any]:
    """A state (``ready``, ``missing``, ``stale``, ``failed`` or ``waiting``) as icon and word."""
    return {"state": states.STATES[key]}


@register.inclusion_tag("wagtail_sourcegroups/admin/includes/share.html")
def rendition_share(figures: Any, classname: str = "") -> dict[str, Any]:
    """How much is ready, as a bar, of an object with figures."""
    return {
        "parts": list(states.parts(figures)),
        "words": states.in_words(figures),
        "classname": classname,
    }


@register.simple_tag
def counted_state(state: states.State, count: int | None) -> str:
    """So many in a state, "2,811 ready"; where nobody has counted, the state alone."""
    if count is None:
        return str(state.label)
    return states.counted(state, count) % {"count": intcomma(count)}


@register.filter
def percent_ready(figures: Any) -> int:
    """Rounded down."""
    return states.percentage(figures.ready, figures.expected)


@register.filter
def filters_in_words(filter_specs: Any) -> str:
    """Several filter specs: "800 × 450 and 1600 × 900, cropped; AVIF, WebP"."""
    return several_in_words(filter_specs)


@register.filter
def filter_in_words(filter_spec: str) -> str:
    """One filter spec: "800 × 450, cropped, WebP"."""
    return str(in_words(filter_spec))
