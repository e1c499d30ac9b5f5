"""The pages of this part of the admin."""

from __future__ import annotations

from django.urls import path

from .views import AssignmentsView

urlpatterns = [path("assignments/", AssignmentsView.as_view(), name="assignments")]
