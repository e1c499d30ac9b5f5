"""The settings of a site whose tasks wait in a table for a worker: what the test's own process has, and the worker."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

# What the sandbox wants of its pictures nobody asks for here: only what admins have stored.
INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "sandbox.blog"]

TASKS = {
    "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"},
    "pixels": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]},
}
WAGTAIL_SOURCEGROUPS = {"TASK_BACKEND": "pixels"}
