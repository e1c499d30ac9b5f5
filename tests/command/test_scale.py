"""A large library, complete: a run that has nothing to do is quick."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model
from wagtail.images.models import Filter
from wagtail.models import Collection

from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.models import RenditionRecord, SourceState
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
    TagSourceGroup,
)

IMAGES = 20_000
COPIED = 1_000
BATCH = 500
SPECS = {
    "a": ["width-400", "width-800"],
    "b": ["max-165x165"],
    "c": ["fill-320x240"],
    "d": ["format-webp|width-400"],
    "e": ["width-800"],
}
FILTERS = {filter_spec for filters in SPECS.values() for filter_spec in filters}


class Even(QuerySetSourceGroup):
    def get_queryset(self) -> Any:
        return get_image_model().objects.filter(title__endswith="0")


@pytest.fixture
def library(db: None, registry: Registry, untouchable: None) -> None:
    """Images and stock's renditions of them, none of which has a file: whoever looks is found out."""
    model = get_image_model()
    rendition_model = model.get_rendition_model()
    root = Collection.get_first_root_node()
    model.objects.bulk_create(
        model(title=f"{i}", file=f"original_images/{i}.jpg", width=1000, height=800, collection=root)
        for i in range(COPIED)
    )
    columns = ", ".join(field.column for field in model._meta.local_concrete_fields if not field.primary_key)
    key = Filter(spec="fill-320x240").get_cache_key(model())
    with connection.cursor() as cursor:
        table = model._meta.db_table
        first = model.objects.order_by("pk").values_list("pk", flat=True)[0]
        for _ in range(IMAGES // COPIED - 1):
            cursor.execute(
                f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} WHERE id < %s",
                [first + COPIED],
            )
        for filter_spec in sorted(FILTERS):
            cursor.execute(
                f"INSERT INTO {rendition_model._meta.db_table} "
                "(image_id, filter_spec, focal_point_key, file, width, height) "
                f"SELECT id, %s, %s, 'images/' || id || %s, 10, 10 FROM {model._meta.db_table}",
                [filter_spec, key if "fill" in filter_spec else "", f".{filter_spec.replace('|', '.')}.jpg"],
            )
    for spec_id, filters in SPECS.items():
        registry.add_spec(RenditionSpec(spec_id, filters))
        registry.add_group(spec_id, ImageModelSourceGroup())
    # Images in several groups are walked once, whatever these ask.
    registry.add_group("a", CollectionSourceGroup("Root"))
    registry.add_group("b", Even())
    registry.add_group("c", TagSourceGroup("postcard"))


def test_a_run_with_nothing_to_do(library: None, run: Any) -> None:
    # The first run adopts what stock has made, without opening or touching anything.
    with CaptureQueriesContext(connection) as captured:
        adopted = run("--json")
    assert adopted.status == 0
    assert (adopted.json["existing"], adopted.json["generated"]) == (IMAGES * len(FILTERS), 0)
    assert adopted.json["sources"] == IMAGES == SourceState.objects.count()
    assert not RenditionRecord.objects.exists()
    batches = IMAGES // BATCH
    # A batch of states is written in as many statements as the database takes values at once.
    assert sum(query["sql"].startswith("SELECT") for query in captured) <= 4 * batches + 15

    with CaptureQueriesContext(connection) as captured:
        result = run("--json")

    assert (result.json["existing"], result.json["generated"]) == (IMAGES * len(FILTERS), 0)
    queries = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    # Beside those of the batches: whether each of the four groups can be asked, what is bound, what has failed,
    # which runs wait for somebody.
    assert len(queries) <= 4 * batches + 15
    # Nothing is written, but that coverage is to be counted.
    written = [query for query in queries if query.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [
        query for query in written if not query.startswith('UPDATE "wagtail_sourcegroups_coveragecount"')
    ] == []
