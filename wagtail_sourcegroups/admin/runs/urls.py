"""The pages of this part of the admin."""

from __future__ import annotations

from django.urls import path

from .asking import GenerateView
from .listing import RunsView
from .page import CancelView, PauseView, ResumeView, RetryView, RunView, StandingView, StepView

urlpatterns = [
    path("generate/", GenerateView.as_view(), name="generate"),
    path("runs/", RunsView.as_view(), name="runs"),
    path("runs/results/", RunsView.as_view(results_only=True), name="runs_results"),
    path("runs/<int:pk>/", RunView.as_view(), name="run"),
    path("runs/<int:pk>/standing/", StandingView.as_view(), name="run_standing"),
    path("runs/<int:pk>/step/", StepView.as_view(), name="run_step"),
    path("runs/<int:pk>/pause/", PauseView.as_view(), name="run_pause"),
    path("runs/<int:pk>/resume/", ResumeView.as_view(), name="run_resume"),
    path("runs/<int:pk>/cancel/", CancelView.as_view(), name="run_cancel"),
    path("runs/<int:pk>/retry/", RetryView.as_view(), name="run_retry"),
]
