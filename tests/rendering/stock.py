"""What Wagtail does by itself, to compare with."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import willow
from django.core.files import File
from wagtail.images import get_image_model
from wagtail.images.models import Filter

from wagtail_sourcegroups.rendering import Output, RenderFailure, render


def image_row(name: str, data: bytes, focal_point: tuple[int, int, int, int] | None = None) -> Any:
    """An image that was never saved, with the size that Wagtail would have stored for it."""
    try:
        width, height = willow.Image.open(BytesIO(data)).get_size()
    except Exception:  # noqa: BLE001 - a source that cannot be read has a row too: it broke later
        width, height = 96, 64
    image = get_image_model()(
        pk=1,
        title=name,
        file=f"original_images/{name}",
        width=int(width),
        height=int(height),
        collection_id=1,
    )
    if focal_point is not None:
        image.focal_point_x, image.focal_point_y, image.focal_point_width, image.focal_point_height = (
            focal_point
        )
    return image


def comparable(error: Exception) -> tuple[Any, ...]:
    """An error as two runs can be compared by it: without the addresses of objects."""
    return (type(error), str(error).split(" at 0x")[0].split("<django")[0].split("<_io")[0])


def stock_result(image: Any, data: bytes, spec: str) -> tuple[Any, ...]:
    try:
        file = image.generate_rendition_file(Filter(spec), source=File(BytesIO(data), name=image.file.name))
        content = contents(file)
        willow_file = willow.Image.open(file)
        width, height = willow_file.get_size()
        file.close()
    except Exception as error:  # noqa: BLE001 - errors are compared too
        return comparable(error)
    return (file.name, int(width), int(height), willow_file.format_name, content)


def our_results(image: Any, data: bytes, specs: Iterable[str], **options: Any) -> dict[str, tuple[Any, ...]]:
    results = {}
    for result in render(image, BytesIO(data), [Filter(spec) for spec in specs], **options):
        assert result.filter.spec not in results
        if isinstance(result, RenderFailure):
            results[result.filter.spec] = comparable(result.error)
        else:
            content = contents(result.file)
            assert result.size == len(content)
            results[result.filter.spec] = (
                result.file.name,
                result.width,
                result.height,
                result.format_name,
                content,
            )
            result.file.close()
    return results


def contents(file: File) -> bytes:
    file.seek(0)
    content: bytes = file.read()
    file.seek(0)
    return content


def outputs(image: Any, data: bytes, *specs: str, **options: Any) -> dict[str, Output]:
    """Render, all of which has to succeed; the outputs by filter spec."""
    found = {}
    for result in render(image, BytesIO(data), [Filter(spec) for spec in specs], **options):
        assert isinstance(result, Output), result
        found[result.filter.spec] = result
    return found


def failures(image: Any, data: bytes, *specs: str, **options: Any) -> dict[str, Exception]:
    """The errors of those filters that failed, by filter spec."""
    found = {}
    for result in render(image, BytesIO(data), [Filter(spec) for spec in specs], **options):
        if isinstance(result, RenderFailure):
            found[result.filter.spec] = result.error
        else:
            result.file.close()
    return found
