"""URLs of a site, or of one of its processes, without the admin."""

from __future__ import annotations

from typing import Any

urlpatterns: list[Any] = []
