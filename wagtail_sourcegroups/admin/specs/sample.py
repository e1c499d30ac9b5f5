"""The picture that a spec is tried on: the one somebody has chosen, or else the newest."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F

from ... import conf
from .. import access

#: Where a session remembers what was chosen.
SESSION_KEY = "sourcegroups_sample"


def sample_for(request: Any, chosen: str = "") -> Any:
    """
    An image that this user may see, or ``None`` where there is none. What is ``chosen`` is remembered for the next
    time. Two queries at most besides permissions.
    """
    found = visible(request.user, chosen or request.session.get(SESSION_KEY))
    if found is None:
        return newest(access.visible_images(request.user))
    if chosen and request.session.get(SESSION_KEY) != str(found.pk):
        request.session[SESSION_KEY] = str(found.pk)
    return found


def visible(user: Any, key: Any) -> Any:
    """The image of this key, if there is one and this user may see it."""
    images = access.visible_images(user)
    try:
        images.model._meta.pk.to_python(key)
    except ValidationError:
        return None
    return images.filter(pk=key).first() if key else None


def newest(images: Any) -> Any:
    """The newest of some images that can be shown quickly: an SVG has no formats, and a large one takes long."""
    pixels = F("width") * F("height")
    shown = images.alias(pixels=pixels).filter(pixels__lte=most_pixels()).exclude(file__iendswith=".svg")
    return shown.order_by("-created_at", "-pk").first()


def most_pixels() -> int:
    """Of a picture that is decoded while somebody waits."""
    return int(conf.get("MAX_PIXELS_IN_FLIGHT"))
