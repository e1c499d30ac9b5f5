"""The pages of this part of the admin that are not of Wagtail's kind."""

from __future__ import annotations

from typing import Any

from django.urls import path

from .page import CodeSpecView
from .preview import preview, preview_picture
from .prune import PruneView

urlpatterns: list[Any] = [
    path("specs/code/<str:spec_id>/", CodeSpecView.as_view(), name="spec_code"),
    path("specs/preview/", preview, name="spec_preview"),
    path("specs/preview/picture/", preview_picture, name="spec_preview_picture"),
    path("specs/prune/", PruneView.as_view(), name="spec_prune"),
]
