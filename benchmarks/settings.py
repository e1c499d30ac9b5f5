"""
The sandbox's settings for a throwaway site, which lives where ``SANDBOX_DIR`` says.

``BENCHMARK_STACK`` says what is installed: stock Wagtail is measured without this package's receivers, imagekit
without Wagtail. ``BENCHMARK_DATABASE`` is the name of a PostgreSQL database, where it is not a file. With
``BENCHMARK_TASKS``, tasks wait for workers of django-tasks-db, and every process wants what :mod:`.wagtail_hooks` says.
"""

import os

from sandbox.settings import *  # noqa: F403
from sandbox.settings import INSTALLED_APPS as SANDBOX_APPS
from sandbox.settings import MEDIA_ROOT

from . import postgres

STACK = os.environ["BENCHMARK_STACK"]

# With it on, Django keeps every query in memory.
DEBUG = False

if STACK == "imagekit":
    INSTALLED_APPS = ["imagekit"]
    # Asked for at import where django-rq is installed; nothing is sent there.
    RQ_QUEUES = {"default": {"URL": "redis://localhost"}}
else:
    # Only the image model is needed of the sandbox; the other apps register groups of their own.
    INSTALLED_APPS = [
        app
        for app in SANDBOX_APPS
        if app == "sandbox.gallery" or not app.startswith(("sandbox.", "wagtail_sourcegroups"))
    ]
    if STACK == "ours":
        INSTALLED_APPS.insert(0, "wagtail_sourcegroups")

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if os.environ.get("BENCHMARK_REQUEST_SECONDS"):
    STORAGES["default"] = {
        "BACKEND": "benchmarks.storage.RemoteStorage",
        "OPTIONS": {
            "location": MEDIA_ROOT,
            "seconds": float(os.environ["BENCHMARK_REQUEST_SECONDS"]),
        },
    }

if os.environ.get("BENCHMARK_DATABASE"):
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["BENCHMARK_DATABASE"],
            **postgres.CONNECTION,
            "CONN_MAX_AGE": None,
        }
    }
if os.environ.get("BENCHMARK_TASKS"):
    INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks", "django_tasks_db"]
    TASKS = {
        "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"},
        "pixels": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["images"]},
    }
    WAGTAIL_SOURCEGROUPS = {"TASK_BACKEND": "pixels"}
