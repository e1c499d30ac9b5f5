"""A site that a browser can visit: Django's live server, over a database and files of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.files.images import ImageFile
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test import Client
from django.test.testcases import LiveServerThread
from django.urls import reverse
from django.utils.http import urlencode
from wagtail.images import get_image_model
from wagtail.models import Collection

from tests.conftest import ProcessSite
from wagtail_sourcegroups.models import Assignment, StoredSpec


class PatientServer(ThreadedWSGIServer):
    """Is not closed before it has answered: else a request would find itself in the database of the next test."""

    daemon_threads = False


class ServerThread(LiveServerThread):
    server_class = PatientServer


@dataclass
class Site:
    """Where it is, and what a test puts there before anybody looks."""

    url: str
    process: ProcessSite
    photographs: dict[str, Path]

    def path(self, name: str, *args: Any, **query: Any) -> str:
        """The address of a page, by the name of its URL."""
        return self.url + reverse(name, args=args) + (f"?{urlencode(query, doseq=True)}" if query else "")

    def collection(self, name: str, parent: Collection | None = None) -> Collection:
        parent = parent or Collection.get_first_root_node()
        return parent.add_child(name=name)

    def spec(
        self, label: str, *filters: str, strategy: str = StoredSpec.When.MANUAL, **fields: Any
    ) -> StoredSpec:
        """A spec as an admin would define it."""
        spec_id = fields.pop("spec_id", label.lower().replace(" ", ":"))
        return StoredSpec.objects.create(
            label=label, spec_id=spec_id, filters="\n".join(filters), strategy=strategy, **fields
        )

    def assign(self, spec: StoredSpec, collection: Collection | None = None) -> Assignment:
        """To a collection, or to all images."""
        model = "" if collection else get_image_model()._meta.label
        return Assignment.objects.create(spec_id=spec.spec_id, collection=collection, image_model=model)

    def images(self, collection: Collection, count: int = 1, **fields: Any) -> list[Any]:
        """So many photographs, each with a file of its own."""
        made = []
        titles = list(self.photographs)
        for number in range(count):
            title = titles[number % len(titles)]
            path = self.photographs[title]
            name = title if number < len(titles) else f"{title} {number // len(titles) + 1}"
            with path.open("rb") as file:
                made.append(
                    get_image_model().objects.create(
                        title=name,
                        file=ImageFile(file, name=path.name),
                        collection=collection,
                        file_size=path.stat().st_size,
                        **fields,
                    )
                )
        return made

    def user(self, name: str = "admin") -> Any:
        """The administrator of that name."""
        users = get_user_model()._default_manager
        found = users.filter(username=name).first()
        return found or users.create_superuser(
            username=name, email=f"{name}@example.com", password="password"
        )

    def session(self, user: Any) -> dict[str, Any]:
        """The cookie of somebody who is logged in."""
        client = Client()
        client.force_login(user)
        (cookie,) = client.cookies.values()
        return {"name": cookie.key, "value": cookie.value, "url": self.url}

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[str]]:
        """A worker in a process of its own, ended on leaving."""
        env = {**self.process.env, "DJANGO_SETTINGS_MODULE": "tests.browser.worker_settings"}
        command = ["db_worker", "--backend", "pixels", "--queue-name", "*", "--interval", "0.1"]
        process = replace(self.process, env=env).start(
            *command, "--no-startup-delay", "--no-reload", "--skip-checks", stdout=subprocess.DEVNULL
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=20)


@contextmanager
def served() -> Iterator[str]:
    """The site of this process's settings; its address."""
    thread = ServerThread("127.0.0.1", StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    try:
        if thread.error:
            raise thread.error
        yield f"http://{thread.host}:{thread.port}"
    finally:
        thread.terminate()
