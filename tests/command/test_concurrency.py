"""Two runs at once over the same images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from wagtail.images import get_image_model

from tests.command.processes import add_images, call, together
from tests.images import stored
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.models import FileRendition, GenerationFailure, RenditionRecord, SourceState
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import DirectorySourceGroup, ImageModelSourceGroup

FILTERS = ["width-20", "fill-10x10", "width-30|format-webp"]


@pytest.mark.parametrize("batch_size", ["3", "500"])
@pytest.mark.parametrize("force", [False, True])
def test_one_row_and_one_file_for_each_rendition(
    process_site: Any,
    registry: Registry,
    media_root: Path,
    tmp_path: Path,
    settings: Any,
    batch_size: str,
    force: bool,
) -> None:
    images = add_images(f"image{index}" for index in range(50))
    press = tmp_path / "press"
    press.mkdir()
    for image in images[:5]:
        (press / f"{image.title}.jpg").write_bytes(image.file.open("rb").read())
    registry.add_spec(RenditionSpec("both", FILTERS))
    registry.add_group("both", ImageModelSourceGroup())
    registry.add_group("both", DirectorySourceGroup(press, ["*.jpg"]))
    expected = len(FILTERS) * 55
    arguments = ["--json", "--batch-size", batch_size]
    if force:
        assert call().status == 0
        arguments.append("--force")

    one, other = (
        json.loads(output)
        for output in together(lambda: call(*arguments), lambda: call(*arguments), directory=tmp_path)
    )

    for result in (one, other):
        assert result["failures"] == []
        assert (result["existing"] + result["generated"], result["failed"]) == (expected, 0)
        assert not result["interrupted"]
    if not force:
        assert one["generated"] + other["generated"] == expected
    model = get_image_model().get_rendition_model()
    keys = list(model.objects.values_list("image", "filter_spec", "focal_point_key"))
    assert len(keys) == len(set(keys)) == len(FILTERS) * 50
    named = {row.file.name for each in (model, FileRendition) for row in each.objects.all()}
    assert len(named) == expected
    assert not GenerationFailure.objects.exists()
    assert (SourceState.objects.count(), RenditionRecord.objects.count()) == (50, len(FILTERS) * 50)
    # What a replaced rendition leaves for other processes goes with the next run.
    settings.WAGTAIL_SOURCEGROUPS = {"ORPHAN_GRACE": 0}
    assert call("--json").json["existing"] == expected
    assert stored(media_root) == named
