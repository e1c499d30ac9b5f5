"""A PostgreSQL of the test's own, which it can stop: a cluster in a temporary directory, on a port nobody else uses."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.backends.services import missing

USER = "postgres"


class PostgresServer:
    """``initdb`` and ``pg_ctl``, as the user ``postgres`` where this process is root: PostgreSQL refuses to be."""

    def __init__(self) -> None:
        self.bin = _programs()
        # Not below pytest's own directory, into which other users cannot look.
        self.directory = Path(tempfile.mkdtemp(prefix="sourcegroups-postgres-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._as: dict[str, Any] = {}
        if os.getuid() == 0:
            self._as = {"user": USER, "group": USER, "extra_groups": []}
            shutil.chown(self.directory, USER, USER)

    def make(self) -> None:
        """An empty cluster, started."""
        self._run(
            "initdb", "-D", self._data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )
        with (self._data / "postgresql.conf").open("a") as conf:
            # What a killed server has told the system to write is written: only the machine must not go down.
            conf.write("fsync = off\nshared_buffers = '16MB'\nunix_socket_directories = ''\n")
            conf.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\n")
        self.start()

    def start(self) -> None:
        self._control("start", "-l", str(self.directory / "log"))

    def stop(self) -> None:
        """As a server that crashes: nobody is waited for, and nothing is written any more."""
        self._control("stop", "-m", "immediate")

    @property
    def settings(self) -> dict[str, str]:
        """What Django is to connect with."""
        return {"HOST": "127.0.0.1", "PORT": str(self.port), "USER": USER, "PASSWORD": ""}

    def copy(self, name: str, settings: dict[str, Any]) -> None:
        """A database as that of another server."""
        other = {**os.environ, "PGPASSWORD": settings["PASSWORD"]}
        host = ["-h", settings["HOST"], "-p", str(settings["PORT"]), "-U", settings["USER"]]
        dump = subprocess.run(
            [self.bin / "pg_dump", *host, name], env=other, capture_output=True, check=True
        ).stdout
        here = ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER]
        self._run("createdb", *here, name)
        self._run("psql", *here, "-q", "-v", "ON_ERROR_STOP=1", name, given=dump)

    def close(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.directory)

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def _control(self, *args: str) -> None:
        self._run("pg_ctl", "-D", self._data, "-w", "-s", *args)

    def _run(self, program: str, *args: str | Path, given: bytes | None = None) -> None:
        done = subprocess.run(
            [self.bin / program, *args],
            input=given,
            cwd=self.directory,
            # A file: a server that is started keeps a pipe open.
            stdout=subprocess.DEVNULL,
            stderr=(self.directory / "errors").open("wb"),
            **self._as,
        )
        assert done.returncode == 0, (self.directory / "errors").read_text()


def _programs() -> Path:
    """Where the server's programs are; skips, or fails where services are required, if they are not."""
    known = shutil.which("initdb")
    if known:
        return Path(known).resolve().parent
    # Debian keeps them apart, since it has several versions.
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not found:
        missing("needs initdb and pg_ctl (on Debian: apt-get install postgresql)")
    return found[-1].parent
