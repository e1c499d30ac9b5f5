"""What every test may use: a media directory of its own, a site for tests of several processes, services."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections

ROOT = Path(__file__).resolve().parent.parent
LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1", ""}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    vendor = os.environ.get("SOURCEGROUPS_DATABASE", "sqlite")
    if vendor == "postgres":
        return
    reason = f"needs PostgreSQL, and SOURCEGROUPS_DATABASE is {vendor!r} (make test runs it on both)"
    for item in items:
        if item.get_closest_marker("requires_postgres"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections that leave this machine: the suite has to pass without a network."""
    connect = socket.socket.connect

    def connect_locally(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOCAL_HOSTS:
            raise AssertionError(f"A test tried to reach {address!r}; tests may talk to this machine only.")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_locally)


@pytest.fixture(autouse=True)
def media_root(settings: Any, tmp_path: Path) -> Path:
    """An empty media directory for this test alone; returns its path."""
    root = tmp_path / "media"
    root.mkdir()
    settings.MEDIA_ROOT = str(root)
    return root


@dataclass(frozen=True)
class ProcessSite:
    """A site with a database and a media directory that several processes share, this one among them."""

    media_root: Path
    env: dict[str, str]

    def manage(self, *args: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run ``manage.py`` with these arguments to its end, whatever its exit status; output is captured."""
        return subprocess.run(
            self.command(*args), cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=timeout
        )

    def start(self, *args: str, **popen: Any) -> subprocess.Popen[str]:
        """Start ``manage.py`` with these arguments and return at once; the fixture ends it if the test does not."""
        popen = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, **popen}
        process = subprocess.Popen(self.command(*args), cwd=ROOT, env=self.env, **popen)
        _started.append(process)
        return process

    @staticmethod
    def command(*args: str) -> list[str]:
        return [sys.executable, "-m", "django", *args]


_started: list[subprocess.Popen[str]] = []


@pytest.fixture(scope="session")
def migrated_database(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """Give a function that makes a migrated database of its own, by copying one that was migrated once."""
    if connection.vendor == "sqlite":
        template = tmp_path_factory.mktemp("database") / "template.sqlite3"
        with django_db_blocker.unblock():
            connection.ensure_connection()
            # "VACUUM INTO" copies the migrated in-memory database into a file.
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [str(template)])

        def copy(name: str) -> str:
            return str(shutil.copy(template, template.with_name(f"{name}.sqlite3")))

        return copy

    template_name = connection.settings_dict["NAME"]

    def clone(name: str) -> str:
        database = f"{template_name}_{name}"[:60]
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template_name}"')
        return database

    return clone


@pytest.fixture
def process_site(
    migrated_database: Callable[[str], str],
    django_db_blocker: Any,
    media_root: Path,
    request: pytest.FixtureRequest,
) -> Iterator[ProcessSite]:
    """Point this process at a committed database of its own and give what other processes need to join it.

    Do not combine it with ``db`` or ``transactional_db``: nothing here is rolled back, the database is thrown away.
    """
    with django_db_blocker.unblock():
        settings_dict = connections["default"].settings_dict
        original = settings_dict["NAME"]
        sqlite_in_memory = connection.vendor == "sqlite"
        kept_open = connections["default"].connection if sqlite_in_memory else None
        if sqlite_in_memory:
            # Closing the last connection to an in-memory database loses it, so it is set aside and not closed.
            connections["default"].connection = None
        else:
            connections["default"].close()
        name = migrated_database(f"p{os.getpid()}_{abs(hash(request.node.nodeid)) % 10**8}")
        settings_dict["NAME"] = name
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONPATH": str(ROOT),
            "SOURCEGROUPS_DATABASE_NAME": name,
            "SOURCEGROUPS_MEDIA_ROOT": str(media_root),
        }
        try:
            yield ProcessSite(media_root=media_root, env=env)
        finally:
            while _started:
                process = _started.pop()
                if process.poll() is None:
                    process.kill()
                process.communicate()
            connections["default"].close()
            settings_dict["NAME"] = original
            if sqlite_in_memory:
                connections["default"].connection = kept_open
                Path(name).unlink(missing_ok=True)
            else:
                with connection._nodb_cursor() as cursor:
                    cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def superuser(db: None, django_user_model: Any) -> Any:
    """An administrator, ``admin`` with the password ``password``."""
    return django_user_model.objects.create_superuser(
        username="admin", email="admin@example.com", password="password"
    )
