"""What every test may use: a media directory of its own, a site for tests of several processes, services."""

from __future__ import annotations

import hashlib
import importlib
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.images import ImageFile
from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from wagtail.images import get_image_model

from sandbox import zoo
from tests.images import picture
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.registry import get_registry

ROOT = Path(__file__).resolve().parent.parent
DATABASE = os.environ.get("SOURCEGROUPS_DATABASE", "sqlite")
LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1", ""}


def pytest_configure() -> None:
    _template["real"] = connection.settings_dict["NAME"]
    # A shell that starts the tests in the background has Ctrl-C ignored, by every process they start too.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if is_transactional(item):
            # Migrations make the root page and the root collection; a flush after another test takes them away.
            item.add_marker(pytest.mark.django_db(transaction=True, serialized_rollback=True), append=False)
        if item.get_closest_marker("requires_postgres") and DATABASE != "postgres":
            reason = (
                f"needs PostgreSQL, and SOURCEGROUPS_DATABASE is {DATABASE!r} (make test runs it on both)"
            )
            item.add_marker(pytest.mark.skip(reason=reason))
    # Whatever shuffled them: a test that flushes the database comes after those that count on what migrations made.
    items.sort(key=is_transactional)


def is_transactional(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    fixtures = getattr(item, "fixturenames", ())
    return bool(mark and mark.kwargs.get("transaction")) or "transactional_db" in fixtures


@pytest.fixture(scope="session", autouse=True)
def tasks_as_at_the_start() -> None:
    """A task is of the class that its backend has when it is imported: not while a test has another one."""
    for module in (
        "wagtail.tasks",
        "wagtail.images.tasks",
        "wagtail_sourcegroups.tasks",
        "wagtail_sourcegroups.runs.tasks",
    ):
        importlib.import_module(module)


@pytest.fixture(autouse=True)
def nothing_stored() -> Iterator[None]:
    """What a test has stored goes with its transaction; the registry of this process is told."""
    yield
    get_registry().notice(None)


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
    # Wagtail keeps renditions there; what it remembers of the last test is gone.
    cache.clear()
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
def django_db_setup(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Keep a copy of the migrated database, before any test has written to it, for ``process_site``."""
    created = None
    with django_db_blocker.unblock():
        if connection.settings_dict["NAME"] == _template["real"]:
            # pytest-django makes no database where no test is marked, and tests of several processes are not.
            created = setup_databases(verbosity=0, interactive=False)
        if connection.vendor == "sqlite":
            template = tmp_path_factory.mktemp("database") / "template.sqlite3"
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [str(template)])
            _template["name"] = str(template)
        else:
            _template["name"] = connection.settings_dict["NAME"] + "_template"
            copy_database(connection.settings_dict["NAME"], _template["name"])
    yield
    with django_db_blocker.unblock():
        if connection.vendor != "sqlite":
            drop_database(_template["name"])
        if created is not None:
            teardown_databases(created, verbosity=0)


_template: dict[str, str] = {}


def copy_database(source: str, name: str) -> None:
    if connection.vendor == "sqlite":
        shutil.copy(source, name)
        return
    # PostgreSQL copies a database that nobody is connected to.
    connection.close()
    drop_database(name)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')


def drop_database(name: str) -> None:
    if connection.vendor == "sqlite":
        Path(name).unlink(missing_ok=True)
        return
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def process_site(
    django_db_setup: None, django_db_blocker: Any, media_root: Path, tmp_path: Path
) -> Iterator[ProcessSite]:
    """Point this process at a database of its own, committed to for good, that other processes can join.

    Do not combine it with ``db`` or ``transactional_db``: nothing is rolled back here, the database is thrown away.
    """
    with django_db_blocker.unblock():
        settings_dict = connection.settings_dict
        original = settings_dict["NAME"]
        in_memory = connection.connection if connection.vendor == "sqlite" else None
        if connection.vendor == "sqlite":
            name = str(tmp_path / "process.sqlite3")
            # Closing the last connection to an in-memory database would lose it, so it is set aside instead.
            connection.connection = None
        else:
            name = f"{original}_{uuid.uuid4().hex[:12]}"
        copy_database(_template["name"], name)
        connection.close()
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
            connection.close()
            settings_dict["NAME"] = original
            drop_database(name)
            if connection.vendor == "sqlite":
                connection.connection = in_memory


@pytest.fixture
def superuser(db: None, django_user_model: Any) -> Any:
    """An administrator, ``admin`` with the password ``password``."""
    return django_user_model.objects.create_superuser(
        username="admin", email="admin@example.com", password="password"
    )


@pytest.fixture
def make_image(db: None) -> Callable[..., Any]:
    """Makes an image row with its file, of the site's image model unless told otherwise."""

    def make(
        name: str = "one.jpg", content: io.BytesIO | None = None, model: Any = None, **fields: Any
    ) -> Any:
        model = model or get_image_model()
        file = ImageFile(content or picture(), name=name)
        return model.objects.create(title=name.partition(".")[0], file=file, **fields)

    return make


@pytest.fixture
def spec() -> RenditionSpec:
    """Two renditions, one of which depends on the focal point."""
    return RenditionSpec("test:spec", ["width-20", "fill-10x10"])


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The zoo's pictures by name, kept between runs until the code that paints them changes."""
    sandbox = Path(zoo.__file__).parent
    painters = [sandbox / "zoo.py", *sorted((sandbox / "art").glob("*.py"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in painters)).hexdigest()[:12]
    cache = getattr(request.config, "cache", None)
    directory = cache.mkdir(f"zoo-{digest}") if cache else tmp_path_factory.mktemp("zoo")
    return {path.name: path for path in zoo.make_pictures(directory)}
