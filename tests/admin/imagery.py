"""Images in each state, for the tests of the reports."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from wagtail.models import Collection

from tests.images import asks
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.generation.batches import make
from wagtail_sourcegroups.generation.sources import image_key
from wagtail_sourcegroups.generation.state import content_type_of
from wagtail_sourcegroups.models import GenerationFailure


class Imagery:
    """Images of which the two renditions of a spec are made, or not."""

    def __init__(self, add_image: Callable[..., Any], spec: RenditionSpec) -> None:
        self.add_image = add_image
        self.spec = spec

    def add(self, collection: Collection, *, title: str = "", **fields: Any) -> Any:
        """Without any."""
        return self.add_image(collection, **({"name": f"{title}.jpg"} if title else {}), **fields)

    def ready(self, collection: Collection, **fields: Any) -> Any:
        image = self.add(collection, **fields)
        assert make(asks(image, self.spec)).ok
        return image

    def lacking(self, collection: Collection, **fields: Any) -> Any:
        """Without one of the two."""
        image = self.ready(collection, **fields)
        image.renditions.filter(filter_spec=self.spec.filters[0]).delete()
        return image

    def stale(self, collection: Collection, **fields: Any) -> Any:
        """Both of a file that it no longer has."""
        image = self.ready(collection, **fields)
        type(image)._default_manager.filter(pk=image.pk).update(file="original_images/another.jpg")
        return image

    def failed(self, collection: Collection, **fields: Any) -> Any:
        """Without one of the two, which has failed."""
        image = self.lacking(collection, **fields)
        self.fail(image)
        return image

    def fail(self, image: Any, filter_spec: str | None = None, **fields: Any) -> GenerationFailure:
        failure = GenerationFailure(
            source_key=image_key(type(image), image.pk),
            content_type=content_type_of(type(image)),
            object_id=str(image.pk),
            source_name=image.title,
            spec_id=self.spec.id,
            filter_spec=self.spec.filters[0] if filter_spec is None else filter_spec,
            error="OSError: broken data stream",
        )
        for name, value in fields.items():
            setattr(failure, name, value)
        failure.save()
        return failure


def fail_something(source_key: str, **fields: Any) -> GenerationFailure:
    """A failure of what is no image."""
    return GenerationFailure.objects.create(
        **{"source_key": source_key, "source_name": source_key, "error": "LookupError: no", **fields}
    )


def spreadsheet(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file, by its headings."""
    return list(csv.DictReader(io.StringIO(content.decode())))
