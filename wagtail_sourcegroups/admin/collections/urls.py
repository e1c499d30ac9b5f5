"""The pages of this part of the admin."""

from __future__ import annotations

from django.urls import path

from .views import assignments

urlpatterns = [path("assignments/", assignments, name="assignments")]
