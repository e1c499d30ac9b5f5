"""All pages of ours, below ``renditions/`` in Wagtail's admin; named ``sourcegroups:...``."""

from __future__ import annotations

from .collections.urls import urlpatterns as collections
from .images.urls import urlpatterns as images
from .reports.urls import urlpatterns as reports
from .runs.urls import urlpatterns as runs
from .specs.urls import urlpatterns as specs

app_name = "sourcegroups"

urlpatterns = [*reports, *specs, *collections, *runs, *images]
