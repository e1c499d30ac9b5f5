"""The sandbox's settings, made quick and repeatable for tests.

``SOURCEGROUPS_DATABASE`` chooses the database: ``sqlite`` (default, in memory) or ``postgres`` (127.0.0.1:5432 as
``postgres`` unless PGHOST, PGPORT, PGUSER and PGPASSWORD say otherwise). The two names below are set by the
``process_site`` fixture for the processes that it starts, and are of no use to anyone else:
``SOURCEGROUPS_DATABASE_NAME`` (a file or a PostgreSQL database) and ``SOURCEGROUPS_MEDIA_ROOT``. Nothing is written
beside the code: what the sandbox keeps on disk goes to a temporary directory, unless ``SANDBOX_DIR`` names one.
"""

import atexit
import os
import shutil
import tempfile

from django.core.exceptions import ImproperlyConfigured

if "SANDBOX_DIR" not in os.environ:
    # In the environment, so that the processes that a test starts share it.
    os.environ["SANDBOX_DIR"] = _directory = tempfile.mkdtemp(prefix="sourcegroups-")
    atexit.register(shutil.rmtree, _directory, ignore_errors=True)

from sandbox.settings import *  # noqa: F403
from sandbox.settings import INSTALLED_APPS, SANDBOX_DIR

DEBUG = False
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]

# The database of the tests has the table that workers of django-tasks-db look into.
INSTALLED_APPS = [*INSTALLED_APPS, "tests.testapp", "django_tasks_db"]

_database = os.environ.get("SOURCEGROUPS_DATABASE", "sqlite")
_database_name = os.environ.get("SOURCEGROUPS_DATABASE_NAME")
if _database == "sqlite":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _database_name or ":memory:",
            "OPTIONS": {"timeout": 30},
        }
    }
elif _database == "postgres":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            # Of this process alone: two runs on one server do not meet.
            "NAME": _database_name or f"sourcegroups_{os.getpid()}",
            "HOST": os.environ.get("PGHOST", "127.0.0.1"),
            "PORT": os.environ.get("PGPORT", "5432"),
            "USER": os.environ.get("PGUSER", "postgres"),
            "PASSWORD": os.environ.get("PGPASSWORD", ""),
        }
    }
else:
    raise ImproperlyConfigured(
        f"SOURCEGROUPS_DATABASE is {_database!r}; it has to be 'sqlite' or 'postgres' (see tests/settings.py)."
    )

MEDIA_ROOT = os.environ.get("SOURCEGROUPS_MEDIA_ROOT") or str(SANDBOX_DIR / "media")  # type: ignore[assignment]

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
