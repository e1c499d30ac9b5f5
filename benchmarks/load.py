"""
A burst of uploads through Wagtail's own view, while two workers make the renditions.

Stock Wagtail and this package each have a server, a process of its own that speaks HTTP as Django's ``runserver``
does, and a database. One client sends each picture to both, one after the other, as the page for several uploads does.
What disturbs one disturbs both, the workers included.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from .bench import Bench
from .measure import ROOT, MeasuredProcessFailed
from .postgres import database
from .site import ServerSite
from .table import Row, Target

WORKERS = 2
CASES = ("stock", "exact")
#: Before anything counts.
WARM = 10
#: How long a worker sleeps when nothing waits, in seconds. As db_worker's own default.
INTERVAL = 1
#: After which renditions that are not there count as lost.
PATIENCE = 900.0
#: Of the pictures: those of a burst are small, for it is the burst that matters.
SIZE = (640, 480)


def rows(bench: Bench) -> Iterator[Row]:
    """What an upload takes longer, with idle workers and with busy ones; when all is made, and with how much memory."""
    uploads = bench.extent.uploads
    with ExitStack() as opened:
        names = {case: opened.enter_context(database(case)) for case in CASES}
        base = bench.empty.directory.parent
        sites = {
            "stock": ServerSite.empty(base / "load-stock", names["stock"], "stock"),
            "exact": ServerSite.empty(base / "load-exact", names["exact"], tasks=True),
        }
        logins = {case: site.call("load.log_in") for case, site in sites.items()}
        clients = {
            case: Client(opened.enter_context(serving(site)), logins[case]) for case, site in sites.items()
        }
        pictures = _pictures()
        for _ in range(WARM):
            _in_turn(clients, next(pictures))
        alone = [_in_turn(clients, next(pictures)) for _ in range(max(uploads // 10, WARM))]
        with working(sites["exact"], WORKERS) as workers:
            sent = WARM + len(alone)
            sites["exact"].call("load.wait", uploads=sent, patience=PATIENCE)
            idle = [_memory(worker.pid, "VmRSS") for worker in workers]
            bench.say(f"       load average {os.getloadavg()[0]:.2f}; {uploads:,} uploads")
            began = time.time()
            burst = [_in_turn(clients, next(pictures)) for _ in range(uploads)]
            ended = time.time()
            found = sites["exact"].call("load.wait", uploads=sent + uploads, patience=PATIENCE)
            peaks = [_memory(worker.pid, "VmHWM") for worker in workers]
            if any(worker.poll() is not None for worker in workers):
                raise MeasuredProcessFailed("A worker has ended before it was told to.")
    yield from _requests(f"{len(alone):,} uploads, workers off", alone)
    name = f"{uploads:,} uploads, {WORKERS} workers"
    yield from _requests(name, burst)
    yield Row(
        name,
        "uploads sent to both; all renditions there, after the first upload and after the last",
        {},
        basis=f"{ended - began:.1f} s; {found['ready'] - began:.1f} and {max(found['ready'] - ended, 0):.1f} s",
    )
    yield Row(
        name,
        "peak memory of each worker; when idle",
        {},
        basis=f"{_list(peaks)}; {_list(idle)} MiB",
    )
    yield Row(
        name,
        "lost: renditions without row, rows without file, tasks not done",
        {"exact": found["lost"]},
        {"exact": Target(0, most=True)},
        basis=f"{found['missing']}, {found['without_file']}, {found['tasks']} of {found['expected']:,}",
    )


def _requests(name: str, pairs: Sequence[dict[str, float]]) -> Iterator[Row]:
    times = {case: [pair[case] * 1000 for pair in pairs] for case in CASES}
    for said, value in (("median", median), ("99th percentile", _percentile)):
        stock, exact = value(times["stock"]), value(times["exact"])
        yield Row(
            name,
            f"upload, {said}, ÷ stock",
            {"exact": exact / stock},
            basis=f"{stock:.1f} ms and {exact:.1f} ms",
        )
    yield Row(
        name,
        "upload, median of the differences",
        {},
        basis=f"{median(ours - theirs for ours, theirs in zip(times['exact'], times['stock'], strict=True)):.1f} ms",
    )


def _percentile(values: Sequence[float]) -> float:
    return quantiles(values, n=100)[98]


def _list(values: Sequence[float]) -> str:
    return " and ".join(f"{value:.0f}" for value in values)


def _in_turn(clients: dict[str, Client], picture: tuple[str, bytes]) -> dict[str, float]:
    """The same picture to everybody, each time beginning with another."""
    names = list(clients)
    if int(picture[0].partition(".")[0]) % 2:
        names.reverse()
    return {name: clients[name].upload(*picture) for name in names}


def _pictures() -> Iterator[tuple[str, bytes]]:
    """Names and contents of different small JPEGs: each has a comment of its own."""
    from PIL import Image

    painted = io.BytesIO()
    Image.effect_mandelbrot(SIZE, (-2, -1, 1, 1), 60).convert("RGB").save(painted, "JPEG", quality=85)
    start, rest = painted.getvalue()[:2], painted.getvalue()[2:]
    number = 0
    while True:
        number += 1
        comment = f"{number:08}".encode()
        yield (
            f"{number}.jpg",
            start + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + rest,
        )


class Client:
    """What a browser does with one file of several: ``login`` are its cookies."""

    def __init__(self, port: int, login: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._path = login["path"]
        self._collection = login["collection"]
        self._headers = {
            "Content-Type": "multipart/form-data; boundary=picture",
            "Cookie": f"sessionid={login['session']}; csrftoken={login['csrf']}",
            "X-CSRFToken": login["csrf"],
            "X-Requested-With": "XMLHttpRequest",
        }

    def upload(self, name: str, content: bytes) -> float:
        """The seconds until the answer is there. Raises :exc:`.MeasuredProcessFailed` if it is not the one expected."""
        body = b"\r\n".join(
            [
                b"--picture",
                b'Content-Disposition: form-data; name="collection"',
                b"",
                self._collection.encode(),
                b"--picture",
                f'Content-Disposition: form-data; name="files[]"; filename="{name}"'.encode(),
                b"Content-Type: image/jpeg",
                b"",
                content,
                b"--picture--",
                b"",
            ]
        )
        began = time.perf_counter()
        try:
            self._connection.request("POST", self._path, body, self._headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except OSError as error:
            raise MeasuredProcessFailed(f"The upload of {name} was not answered: {error!r}") from error
        seconds = time.perf_counter() - began
        if answer.status != 200 or not json.loads(text)["success"]:
            raise MeasuredProcessFailed(f"An upload was answered with {answer.status}: {text[:500]!r}")
        return seconds


@contextmanager
def serving(site: ServerSite) -> Iterator[int]:
    """The site's server, running; yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with _started(site, "server", "runserver", "--noreload", f"127.0.0.1:{port}") as server:
        until = time.monotonic() + 60
        while not _answers(port):
            if server.poll() is not None or time.monotonic() > until:
                raise MeasuredProcessFailed(f"The server has not begun: {_said(site, 'server')}")
            time.sleep(0.1)
        yield port


@contextmanager
def working(site: ServerSite, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many workers of the site, until the block is left."""
    arguments = ("db_worker", "--backend", "pixels", "--queue-name", "images", "--interval", str(INTERVAL))
    with ExitStack() as opened:
        yield [opened.enter_context(_started(site, f"worker-{n}", *arguments)) for n in range(count)]


@contextmanager
def _started(site: ServerSite, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with (site.directory / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "django", *arguments],
            cwd=ROOT,
            env={**site.environment, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _said(site: ServerSite, name: str) -> str:
    return Path(site.directory, f"{name}.log").read_text(errors="replace")[-2000:]


def _memory(pid: int, name: str) -> float:
    """Of another process, in MiB; nothing where there is no Linux to tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


# In the site's own process:


def log_in() -> dict[str, str]:
    """An administrator's session, and where it uploads to."""
    from django.contrib.auth import get_user_model
    from django.test import Client as Browser
    from django.urls import reverse
    from wagtail.models import Collection

    user = get_user_model().objects.create_superuser("benchmark", "benchmark@example.com", "benchmark")
    browser = Browser()
    browser.force_login(user)
    return {
        "session": browser.cookies["sessionid"].value,
        "csrf": "b" * 32,
        "path": reverse("wagtailimages:add_multiple"),
        "collection": str(Collection.get_first_root_node().pk),
    }


def wait(uploads: int, patience: float) -> dict[str, Any]:
    """Until all renditions of so many uploads are there; what is not, and when the last was made."""
    from django.db.models import Max
    from django_tasks_db.models import DBTaskResult
    from wagtail.images import get_image_model

    from wagtail_sourcegroups.models import RenditionRecord

    from .wagtail_hooks import BURST

    image_model = get_image_model()
    made = image_model.get_rendition_model()._default_manager.filter(filter_spec__in=BURST)
    expected = uploads * len(BURST)
    left = DBTaskResult.objects.exclude(status="SUCCESSFUL")
    until = time.monotonic() + patience
    while (made.count() < expected or left.exists()) and time.monotonic() < until:
        time.sleep(0.25)
    assert image_model._default_manager.count() == uploads
    files = [rendition.file for rendition in made.iterator()]
    missing, without_file = expected - len(files), sum(not file.storage.exists(file.name) for file in files)
    tasks = left.count()
    return {
        "ready": RenditionRecord.objects.aggregate(last=Max("made_at"))["last"].timestamp(),
        "expected": expected,
        "missing": missing,
        "without_file": without_file,
        "tasks": tasks,
        "lost": missing + without_file + tasks,
    }
