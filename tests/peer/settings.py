"""The settings of Wagtail's own tests, with this package installed where its installation guide puts it.

``PEER_STRATEGY`` says how (see ``run.py``); ``stock`` leaves the package out, for comparison. ``PEER_DATABASE`` is the
SQLite file of the test database, ``PEER_FILES`` a directory for media and static files.
"""

import os
from pathlib import Path

from wagtail.test.settings import *  # noqa: F403
from wagtail.test.settings import INSTALLED_APPS

STRATEGY = os.environ["PEER_STRATEGY"]
FILES = Path(os.environ["PEER_FILES"])

if STRATEGY != "stock":
    place = INSTALLED_APPS.index("wagtail.images")
    INSTALLED_APPS = [*INSTALLED_APPS[:place], "wagtail_sourcegroups", *INSTALLED_APPS[place:]]

if STRATEGY == "held":
    TASKS = {"default": {"BACKEND": "tests.peer.held.HoldOurTasks"}}

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["PEER_DATABASE"],
        "TEST": {"NAME": os.environ["PEER_DATABASE"]},
        # It is thrown away: nothing has to survive a power cut.
        "OPTIONS": {"init_command": "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY;"},
    }
}
MEDIA_ROOT = str(FILES / "media")
STATIC_ROOT = str(FILES / "static")
