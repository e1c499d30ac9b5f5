"""Pages for whoever may see renditions of some images; each narrows what it shows to these."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from ...registry import get_registry
from .. import access


class SeenMixin:
    """Before anything else: may this user see any, and what have admins stored since."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        access.require(access.may_see(request.user))
        get_registry().refresh()
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
