"""
The ways to make renditions that are compared, each in a process of its own.

A way is a function of some originals' names and filter specs that gets ready and returns what is to be measured: a
function that makes all outputs, and returns them by ``"name|filter spec"`` unless they have rendition rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from io import StringIO
from os import environ
from pathlib import Path
from typing import Any

from .lock import LockWatch
from .measure import measured

#: Paths below the media directory, or encoded files themselves.
Outputs = Mapping[str, str | bytes]
Make = Callable[[], Outputs | None]
Way = Callable[[Sequence[str], Sequence[str]], Make]

SMALL = "small.jpg"


class WrongOutputs(Exception):
    """A case did not do what it was measured for."""


def run(
    case: str, names: list[str], filters: list[str], workers: int | None = None, watch_lock: bool = False
) -> dict[str, Any]:
    """
    Make every filter spec of every original in one of the ways, measured after a first small picture.

    Returns its :class:`.Usage` as a dictionary, with ``outputs``: for each its digest and, where it is one, its file;
    ``requests`` of a remote storage; and, with ``watch_lock``, ``lock``: the interpreter lock's share.
    """
    way = _way(case, workers)
    way([SMALL], filters)()
    make = way(names, filters)
    requests = _requests()
    watch = LockWatch()
    with measured() as usage, watch if watch_lock else nullcontext():
        outputs = make()
    requests = _requests() - requests
    if outputs is None:
        outputs = rendition_files(names)
    wanted = {f"{name}|{filter_spec}" for name in names for filter_spec in filters}
    if outputs.keys() != wanted:
        raise WrongOutputs(f"{case} made {len(outputs)} outputs instead of {len(wanted)}.")
    return {
        **asdict(usage),
        "requests": requests,
        "lock": watch.share(usage.cpu) if watch_lock else None,
        "outputs": {key: _seen(each) for key, each in outputs.items()},
    }


def _way(case: str, workers: int | None) -> Way:
    # Each imports what it needs and no more: libvips is measured without Django.
    if case in ("exact", "fast"):
        return partial(ours, exact=case == "exact", workers=workers)
    if case in ("imagekit", "libvips", "limit"):
        from . import peers

        return {"imagekit": peers.imagekit, "libvips": peers.libvips, "limit": peers.limit}[case]
    return {"stock": stock, "one by one": one_by_one, "command": command}[case]


def ours(names: Sequence[str], filters: Sequence[str], *, exact: bool, workers: int | None) -> Make:
    """This package's loop, for explicit requests."""
    from wagtail_sourcegroups import RenditionSpec
    from wagtail_sourcegroups.generation.batches import make as make_renditions
    from wagtail_sourcegroups.generation.options import Options
    from wagtail_sourcegroups.generation.requests import Request
    from wagtail_sourcegroups.generation.sources import source_of

    spec = RenditionSpec("benchmark", filters, exact=exact)
    images = images_named(names)

    def make() -> None:
        requests = [Request(source_of(image.file), (spec,)) for image in images]
        totals = make_renditions(requests, options=Options(workers=workers))
        if totals.failures or totals.all.generated != len(names) * len(filters):
            raise WrongOutputs(f"{totals.all.generated} were made; {totals.failures[:1]}.")

    return make


def stock(names: Sequence[str], filters: Sequence[str]) -> Make:
    """Wagtail's ``get_renditions``, image by image."""
    images = images_named(names)

    def make() -> None:
        for image in images:
            image.get_renditions(*filters)

    return make


def one_by_one(names: Sequence[str], filters: Sequence[str]) -> Make:
    """Wagtail's ``get_rendition``, as templates call it."""
    images = images_named(names)

    def make() -> None:
        for image in images:
            for filter_spec in filters:
                image.get_rendition(filter_spec)

    return make


def command(names: Sequence[str], filters: Sequence[str]) -> Make:
    """Wagtail's ``wagtail_update_image_renditions``, which makes again what has a row."""
    from django.core.management import call_command
    from wagtail.images import get_image_model

    rendition_model = get_image_model().get_rendition_model()
    rendition_model.objects.all().delete()
    rendition_model.objects.bulk_create(
        rendition_model(
            image=image,
            filter_spec=filter_spec,
            focal_point_key=focal_point_key(image, filter_spec),
            file=f"images/former-{image.pk}-{number}.jpg",
            width=1,
            height=1,
        )
        for image in images_named(names)
        for number, filter_spec in enumerate(filters)
    )

    def make() -> None:
        call_command("wagtail_update_image_renditions", stdout=StringIO(), stderr=StringIO())

    return make


def images_named(names: Sequence[str]) -> list[Any]:
    from wagtail.images import get_image_model

    return list(get_image_model().objects.filter(title__in=names).order_by("pk"))


def focal_point_key(image: Any, filter_spec: str) -> str:
    from wagtail.images.models import Filter

    return str(Filter(spec=filter_spec).get_cache_key(image))


def rendition_files(names: Sequence[str]) -> Outputs:
    """What rows say there is."""
    from wagtail.images import get_image_model

    rows = get_image_model().get_rendition_model().objects.filter(image__title__in=names)
    return {
        f"{title}|{filter_spec}": file
        for title, filter_spec, file in rows.values_list("image__title", "filter_spec", "file")
    }


def _seen(output: str | bytes) -> dict[str, str]:
    """Raises an error if there is no such file, or nothing in it."""
    if isinstance(output, bytes):
        content, file = output, ""
    else:
        path = Path(environ["SANDBOX_DIR"], "media", output)
        content, file = path.read_bytes(), str(path)
    if not content:
        raise WrongOutputs(f"{file or 'An output'} is empty.")
    return {"digest": hashlib.sha256(content).hexdigest(), "file": file}


def _requests() -> int:
    """How many requests a remote storage got so far, where there is one."""
    if not environ["BENCHMARK_REQUEST_SECONDS"]:
        return 0
    from .storage import RemoteStorage

    return RemoteStorage.requests
