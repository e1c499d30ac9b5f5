"""The pages of this part of the admin."""

from __future__ import annotations

from django.urls import path

from .views import GenerateView, ImagePanelView

urlpatterns = [
    path("images/<int:pk>/", ImagePanelView.as_view(), name="image_panel"),
    path("images/<int:pk>/generate/", GenerateView.as_view(), name="image_generate"),
]
