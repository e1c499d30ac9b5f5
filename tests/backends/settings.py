"""
The settings of a site's processes, which are its workers; the one that uploads has where tasks go from here.

``SOURCEGROUPS_TASKS`` names the backend that this package's tasks go to (``immediate``, ``db`` or ``rq``), an alias
beside the default one, so that Wagtail's own tasks are done at once; ``SOURCEGROUPS_ALL_TASKS`` makes it the default
one, so that Wagtail's go there too. ``SOURCEGROUPS_REDIS_PORT`` is where Redis listens, ``SOURCEGROUPS_RQ_SERIALIZER``
how RQ writes its jobs.
"""

import os

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.backends.site"]

_backends = {
    "immediate": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"},
    "db": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["images"]},
    "rq": {"BACKEND": "django_tasks_rq.RQBackend", "QUEUES": ["images"]},
}
_name = os.environ["SOURCEGROUPS_TASKS"]

if _name == "rq":
    INSTALLED_APPS = [*INSTALLED_APPS, "django_rq"]
    RQ_QUEUES = {
        "images": {
            "HOST": "127.0.0.1",
            "PORT": int(os.environ["SOURCEGROUPS_REDIS_PORT"]),
            "SERIALIZER": os.environ.get("SOURCEGROUPS_RQ_SERIALIZER") or "rq.serializers.DefaultSerializer",
        }
    }
    RQ_QUEUES["default"] = RQ_QUEUES["images"]

if os.environ.get("SOURCEGROUPS_ALL_TASKS"):
    TASKS = {"default": {**_backends[_name], "QUEUES": ["default", "images"]}}
    WAGTAIL_SOURCEGROUPS = {"TASK_QUEUE": "images"}
else:
    TASKS = {"default": _backends["immediate"], "pixels": _backends[_name]}
    WAGTAIL_SOURCEGROUPS = {"TASK_BACKEND": "pixels"}
