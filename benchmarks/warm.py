"""Nothing to do: how long it takes to find that out, with as many images as a library has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from io import StringIO
from typing import Any

from .bench import Bench
from .measure import interleaved, measured, middle, ratio
from .table import Row, Target

FILTERS = ("max-165x165", "width-400", "width-800", "fill-400x400", "width-1200|format-webp")


def rows(bench: Bench) -> Iterator[Row]:
    """This package against a loop over stock's ``get_renditions``, then itself with ten times the images."""
    empty, extent = bench.empty, bench.extent
    few, many = extent.warm_images, extent.warm_images * 10
    site = empty.counted("warm", few, FILTERS)
    results = interleaved(
        extent.rounds,
        ("stock", "exact"),
        lambda case: site.read(f"warm.{'stock' if case == 'stock' else 'ours'}", case, images=few),
    )
    name = f"warm, {few:,} × {len(FILTERS)}"
    yield Row(
        name,
        "wall",
        {"stock": 1.0, "exact": ratio(results, "wall", "stock", "exact")},
        bench.asked({"exact": Target(60, 150)}),
        basis=f"{middle(results, 'stock', 'wall'):.2f} s",
    )
    yield Row(
        name,
        "CPU",
        {"stock": 1.0, "exact": ratio(results, "cpu", "stock", "exact")},
        basis=f"{middle(results, 'stock', 'cpu'):.2f} s",
    )
    yield Row(
        name,
        "queries",
        {"stock": 1.0, "exact": ratio(results, "queries", "stock", "exact")},
        basis=f"{middle(results, 'stock', 'queries'):,.0f} and {middle(results, 'exact', 'queries'):,.0f}",
    )

    larger = empty.counted("warm-larger", many, FILTERS)
    grown = interleaved(
        extent.rounds,
        ("few", "many"),
        lambda size: (
            site.read("warm.ours", "exact", images=few)
            if size == "few"
            else larger.read("warm.ours", "exact", images=many)
        ),
    )
    name = f"warm, {many:,} × {len(FILTERS)}"
    yield Row(
        name,
        f"wall per image ÷ at {few:,}",
        {"exact": ratio(grown, "wall", "many", "few") * few / many},
        {"exact": Target(1.25, 1.1, most=True)},
        basis=f"{middle(grown, 'many', 'wall'):.2f} s",
    )
    yield Row(
        name,
        f"peak memory ÷ at {few:,}",
        {"exact": ratio(grown, "peak", "many", "few")},
        {"exact": Target(1.25, 1.1, most=True)},
        basis=f"{middle(grown, 'few', 'peak'):.0f} and {middle(grown, 'many', 'peak'):.0f} MiB",
    )


# In the site's own process:


def populate(images: int, filters: Sequence[str]) -> None:
    """Rows for so many images and all their renditions, and one run, so that this package knows them."""
    from django.db import transaction
    from wagtail.images import get_image_model
    from wagtail.models import Collection

    from .cases import focal_point_key

    image_model = get_image_model()
    rendition_model = image_model.get_rendition_model()
    root = Collection.get_first_root_node()
    keys = {each: focal_point_key(image_model(), each) for each in filters}
    with transaction.atomic():
        for start in range(0, images, 5000):
            made = image_model._default_manager.bulk_create(
                image_model(
                    title=f"photograph {number}",
                    file=f"original_images/{number}.jpg",
                    width=6000,
                    height=4000,
                    file_size=9_000_000,
                    collection=root,
                )
                for number in range(start, min(start + 5000, images))
            )
            rendition_model._default_manager.bulk_create(
                rendition_model(
                    image=image,
                    filter_spec=filter_spec,
                    focal_point_key=key,
                    file=f"images/{image.pk}-{number}.jpg",
                    width=400,
                    height=267,
                )
                for image in made
                for number, (filter_spec, key) in enumerate(keys.items())
            )
    _register()
    _generate(images)


def ours(images: int) -> dict[str, Any]:
    """``generateimages`` for the whole library, at its default batch size."""
    _register()
    # Whatever Django and Wagtail do the first time.
    _generate(1, "--image", str(_first().pk))
    with _counting() as counted, measured() as usage:
        _generate(images)
    return {**asdict(usage), **counted}


def stock(images: int) -> dict[str, Any]:
    """``get_renditions`` of every image."""
    from wagtail.images import get_image_model

    _first().get_renditions(*FILTERS)
    with _counting() as counted, measured() as usage:
        done = 0
        for image in get_image_model()._default_manager.order_by("pk").iterator():
            done += len(image.get_renditions(*FILTERS))
    assert done == images * len(FILTERS)
    return {**asdict(usage), **counted}


def _register() -> None:
    from wagtail_sourcegroups import register
    from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup

    register.spec("benchmark", FILTERS)
    register.source_group("benchmark", ImageModelSourceGroup())


def _generate(images: int, *arguments: str) -> None:
    from django.core.management import call_command

    answer = StringIO()
    call_command("generateimages", "--json", *arguments, stdout=answer, stderr=StringIO())
    found = json.loads(answer.getvalue())
    assert (found["sources"], found["existing"], found["generated"]) == (images, images * len(FILTERS), 0)


def _first() -> Any:
    from wagtail.images import get_image_model

    return get_image_model()._default_manager.earliest("pk")


def _counting() -> Any:
    from contextlib import contextmanager

    from django.db import connection

    counted = {"queries": 0}

    def count(execute: Any, *arguments: Any) -> Any:
        counted["queries"] += 1
        return execute(*arguments)

    @contextmanager
    def counting() -> Iterator[dict[str, int]]:
        with connection.execute_wrapper(count):
            yield counted

    return counting()
