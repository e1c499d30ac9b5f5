"""Worker processes of a real backend: so many of them, waited for until nothing is left to do, killed when told to."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import redis
from rq import Queue, Worker
from rq.job import Job
from rq.registry import FailedJobRegistry, StartedJobRegistry

from tests.backends.services import RedisServer
from tests.conftest import ProcessSite

#: The queue that this package's tasks go to.
QUEUE = "images"


@dataclass
class Backend:
    """Where a site's tasks go: what its processes are told, which command works, how much is waiting."""

    name: str
    env: dict[str, str] = field(default_factory=dict)

    @property
    def alias(self) -> str:
        return "default" if "SOURCEGROUPS_ALL_TASKS" in self.env else "pixels"

    def command(self, worker: str) -> list[str]:
        """``manage.py`` with these arguments is a worker of that name."""
        raise NotImplementedError

    def left(self, alive: set[str]) -> int:
        """Tasks that wait, or that one of the workers alive has in hand."""
        raise NotImplementedError

    def given_up(self) -> int:
        """Tasks that were begun, will never end, and are not tried again."""
        raise NotImplementedError


class Inline(Backend):
    """Tasks are run by whoever enqueues them."""

    def __init__(self) -> None:
        super().__init__("immediate")


class DatabaseBackend(Backend):
    """django-tasks-db."""

    def __init__(self, **env: str) -> None:
        super().__init__("db", env)

    def command(self, worker: str) -> list[str]:
        places = ["--backend", self.alias, "--queue-name", "*"]
        quick = ["--interval", "0.05", "--no-startup-delay", "--no-reload"]
        return ["db_worker", *places, *quick, "--worker-id", worker, "--skip-checks"]

    def left(self, alive: set[str]) -> int:
        from django_tasks_db.models import DBTaskResult

        rows = DBTaskResult.objects.filter(status__in=["READY", "RUNNING"]).values_list(
            "status", "worker_ids"
        )
        return sum(status == "READY" or workers[-1] in alive for status, workers in rows)

    def given_up(self) -> int:
        from django_tasks_db.models import DBTaskResult

        return DBTaskResult.objects.filter(status="RUNNING").count()


class RQBackend(Backend):
    """django-tasks-rq."""

    def __init__(self, server: RedisServer, **env: str) -> None:
        super().__init__("rq", {"SOURCEGROUPS_REDIS_PORT": str(server.port), **env})
        self.server = server

    def command(self, worker: str) -> list[str]:
        serializer = self.env.get("SOURCEGROUPS_RQ_SERIALIZER")
        written = ["--serializer", serializer] if serializer else []
        return [
            "rqworker",
            QUEUE,
            "default",
            "--job-class",
            "django_tasks_rq.Job",
            "--name",
            worker,
            "--skip-checks",
            *written,
        ]

    def left(self, alive: set[str]) -> int:
        try:
            return sum(self._left(name, alive) for name in (QUEUE, "default"))
        except redis.ConnectionError:
            # Nobody knows, while it is down.
            return 1

    def given_up(self) -> int:
        registry = FailedJobRegistry(queue=Queue(QUEUE, connection=self.server.client))
        return len(registry.get_job_ids(cleanup=False))

    def _left(self, name: str, alive: set[str]) -> int:
        client = self.server.client
        queue = Queue(name, connection=client)
        begun = client.llen(queue.intermediate_queue_key)
        for job_id in StartedJobRegistry(queue=queue).get_job_ids(cleanup=False):
            with contextlib.suppress(Exception):
                begun += Job.fetch(job_id, connection=client).worker_name in alive
        busy = sum(
            worker.name in alive and worker.get_state() == "busy" for worker in Worker.all(connection=client)
        )
        return queue.count + begun + busy


class Workers:
    """
    ``with Workers(site, backend, 2) as workers``: two workers, ended on leaving.

    ``env`` is for them alone, such as where to die (see ``tests.backends.site.apps``). What they say is in ``said()``.
    """

    def __init__(
        self, site: ProcessSite, backend: Backend, count: int = 2, *, directory: Path, **env: str
    ) -> None:
        self._site = pointed(site, backend, **env)
        self._backend, self._count, self._directory = backend, count, directory
        self._processes: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Workers:
        for _ in range(self._count):
            self.start()
        return self

    def __exit__(self, *exc: Any) -> None:
        living = [process for process in self._processes.values() if process.poll() is None]
        for process in living:
            process.terminate()
        for process in living:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                _kill(process.pid)
                process.wait()

    def start(self) -> str:
        """One more; its name."""
        name = f"worker-{os.getpid()}-{len(self._processes)}"
        with (self._directory / f"{name}.log").open("w") as log:
            self._processes[name] = self._site.start(*self._backend.command(name), stdout=log)
        return name

    @property
    def alive(self) -> set[str]:
        return {name for name, process in self._processes.items() if process.poll() is None}

    def kill(self, name: str) -> None:
        """SIGKILL for a worker and the processes that it has started."""
        _kill(self._processes[name].pid)
        self._processes[name].wait()

    def wait(self, timeout: float = 120) -> None:
        """Until no task waits and no worker alive has one in hand."""
        until, quiet = time.monotonic() + timeout, 0
        # Between two places a task is in neither, for a moment.
        while quiet < 2:
            left = self._backend.left(self.alive)
            quiet = 0 if left else quiet + 1
            assert not left or self.alive, f"{left} tasks are left, and no worker. {self.said()}"
            assert time.monotonic() < until, f"{left} tasks are left after {timeout} s. {self.said()}"
            time.sleep(0.05)

    def wait_for(self, condition: Any, timeout: float = 60) -> None:
        """Until ``condition()`` holds, whatever the workers do."""
        until = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < until, f"That did not come to be in {timeout} s. {self.said()}"
            time.sleep(0.02)

    def said(self) -> str:
        return "\n".join(path.read_text()[-3000:] for path in sorted(self._directory.glob("worker-*.log")))


def pointed(site: ProcessSite, backend: Backend, **env: str) -> ProcessSite:
    """The site as its own processes are to see it: with tasks that go to that backend."""
    settings = {"DJANGO_SETTINGS_MODULE": "tests.backends.settings", "SOURCEGROUPS_TASKS": backend.name}
    return replace(site, env={**site.env, **settings, **backend.env, **env})


def _kill(pid: int) -> None:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    started = [int(child) for child in children.read_text().split()] if children.exists() else []
    for each in (pid, *started):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
