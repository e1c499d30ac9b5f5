"""A Redis of the test's own: on a free port, nothing kept on disk, so that it can be killed and comes back empty."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import redis

REQUIRED = bool(os.environ.get("REQUIRE_SERVICES"))


def missing(what: str) -> None:
    """Skip the test for want of a service, and say so; where services are required, fail."""
    if REQUIRED:
        pytest.fail(f"{what} (REQUIRE_SERVICES is set)")
    pytest.skip(what)


class RedisServer:
    """``redis-server`` on a port of 127.0.0.1 that nobody else uses."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.client = redis.Redis(port=self.port)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            missing("needs redis-server (on Debian: apt-get install redis-server)")
        assert program is not None
        self._process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            cwd=self.directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while not self.answers():
            assert time.monotonic() < until, "redis-server does not answer after 20 seconds"
            assert self._process.poll() is None, "redis-server ended at once"
            time.sleep(0.02)

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def kill(self) -> None:
        """As a machine that loses its power would: what was queued is lost."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        self.client.close()
        self.kill()
