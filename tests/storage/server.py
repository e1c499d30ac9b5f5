"""
``python -m tests.storage.server``: an S3 of moto's on this machine, until standard input ends. Says its port first.

In front of it stands a doorkeeper, who writes down what is asked and may be told to turn some of it away:
``GET /doorkeeper`` gives what was asked since the last time, ``POST /doorkeeper`` takes the :class:`Fault` to come.
"""

from __future__ import annotations

import json
import logging
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Respond = Callable[..., Any]

#: Seconds that two who shall meet wait for each other.
PATIENCE = 10.0


@dataclass
class Fault:
    """
    What befalls the next ``times`` requests of a ``method`` whose path contains ``path``, after ``skip`` of them.

    ``kind``: ``refuse`` them with this ``status`` and ``code``; ``reset`` the connection; ``hang`` for some
    ``seconds``; ``meet``, wait until two are there. With ``arrives`` it is done all the same before the answer is lost.
    """

    kind: str
    method: str = ""
    path: str = ""
    times: int = 1
    skip: int = 0
    status: int = 503
    code: str = "SlowDown"
    seconds: float = 5.0
    arrives: bool = False


class Doorkeeper:
    def __init__(self, app: Any) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._asked: list[list[str]] = []
        self._inside = 0
        self._most = 0
        self._faults: list[Fault] = []
        self._met = threading.Barrier(2)

    def __call__(self, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path == "/doorkeeper":
            return self._told(environ, respond)
        with self._lock:
            self._asked.append([method, path, environ.get("QUERY_STRING", "")])
            self._inside += 1
            self._most = max(self._most, self._inside)
            fault = self._fault_of(method, path)
        try:
            return self._answer(fault, environ, respond)
        finally:
            with self._lock:
                self._inside -= 1

    def _told(self, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        with self._lock:
            if environ["REQUEST_METHOD"] == "POST":
                body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
                self._faults = [Fault(**fault) for fault in json.loads(body)]
                self._met = threading.Barrier(2)
            answer = json.dumps({"asked": self._asked, "most": self._most})
            self._asked, self._most = [], 0
        respond("200 OK", [("Content-Type", "application/json")])
        return [answer.encode()]

    def _fault_of(self, method: str, path: str) -> Fault | None:
        for fault in self._faults:
            if fault.method in ("", method) and fault.path in path:
                if fault.skip:
                    fault.skip -= 1
                elif fault.times:
                    fault.times -= 1
                    return fault
        return None

    def _answer(self, fault: Fault | None, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        if fault is None:
            return self._app(environ, respond)  # type: ignore[no-any-return]
        if fault.kind == "meet":
            self._met.wait(PATIENCE)
            return self._app(environ, respond)  # type: ignore[no-any-return]
        if fault.arrives:
            list(self._app(environ, lambda *args: None))
        elif environ.get("CONTENT_LENGTH"):
            environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        if fault.kind == "hang":
            time.sleep(fault.seconds)
        if fault.kind in ("hang", "reset"):
            connection: socket.socket = environ["werkzeug.socket"]
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            return []
        body = f"<Error><Code>{fault.code}</Code><Message>As told</Message></Error>"
        respond(f"{fault.status} Told", [("Content-Type", "application/xml")])
        return [body.encode() if environ["REQUEST_METHOD"] != "HEAD" else b""]


def main() -> None:
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    app = Doorkeeper(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
