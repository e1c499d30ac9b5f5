"""The pages of this part of the admin."""

from __future__ import annotations

from typing import Any

from django.urls import path

from .coverage import CountAgain, CoverageReport
from .failures import FailuresReport
from .images import ImagesByState
from .overview import Overview
from .retrying import Retry

urlpatterns: list[Any] = [
    path("", Overview.as_view(), name="overview"),
    path("coverage/", CoverageReport.as_view(), name="coverage"),
    path("coverage/results/", CoverageReport.as_view(results_only=True), name="coverage_results"),
    path("coverage/images/", ImagesByState.as_view(), name="coverage_images"),
    path("coverage/count/", CountAgain.as_view(), name="coverage_count"),
    path("failures/", FailuresReport.as_view(), name="failures"),
    path("failures/results/", FailuresReport.as_view(results_only=True), name="failures_results"),
    path("failures/retry/", Retry.as_view(), name="failures_retry"),
]
