"""How many renditions that would be at most, whatever is assigned where."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.images import get_image_model
from wagtail.models import Collection

from tests.sourcegroups.test_placement import grow, some_groups
from tests.testapp.models import UUIDImage
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.admin.runs import prospects
from wagtail_sourcegroups.admin.starting import estimates
from wagtail_sourcegroups.models import Assignment, StoredSpec, StoredVersion
from wagtail_sourcegroups.registry import Registry
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
    TagSourceGroup,
)
from wagtail_sourcegroups.sourcegroups.base import image_groups

pytestmark = pytest.mark.django_db


class Odd(QuerySetSourceGroup):
    """A group of the site's own."""

    def get_queryset(self) -> Any:
        return get_image_model().objects.filter(title__contains="24")


def one_by_one(registry: Registry, spec: RenditionSpec, images: Any) -> int:
    """The images that are in a group of the spec, each asked of each group."""
    groups = image_groups(binding.group for binding in registry.bindings if binding.spec == spec)
    return sum(any(group.contains(image) for group in groups) for image in images)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_counted_by_collection_is_what_is_counted_one_by_one(seed: int, registry: Registry) -> None:
    chance = random.Random(seed)
    collections = grow(chance, 20)
    for image in get_image_model().objects.all():
        if chance.random() < 0.3:
            image.tags.add("sharp")
    groups = some_groups(chance, collections, 20)
    for number in range(8):
        registry.add_spec(RenditionSpec(f"s{number}", ["width-20", "width-30"][: 1 + number % 2]))
        mine = chance.sample(groups, number)
        if number % 3 == 0:
            mine += [TagSourceGroup("sharp"), Odd()]
        for group in mine:
            registry.add_group(f"s{number}", group)
    model = get_image_model()
    for images in (
        model.objects.all(),
        model.objects.filter(collection__in=collections[:7]),
        model.objects.filter(tags__name="sharp"),
    ):
        for estimate in estimates(registry.specs.values(), images):
            assert estimate.images == one_by_one(registry, estimate.spec, images)
            assert estimate.renditions == estimate.images * len(estimate.spec.filters)


def test_a_group_that_cannot_say_is_empty_and_one_of_all_is_of_all(
    registry: Registry, add_image: Any
) -> None:
    class Broken(QuerySetSourceGroup):
        def get_queryset(self) -> Any:
            raise RuntimeError("no")

    class All(ImageModelSourceGroup):
        """By another name."""

    add_image(Collection.get_first_root_node())
    for spec_id, group in (("none", Broken()), ("all", All())):
        registry.add_spec(RenditionSpec(spec_id, "width-20"))
        registry.add_group(spec_id, group)
    counted = estimates(registry.specs.values(), get_image_model().objects.all())
    assert {estimate.spec.id: estimate.images for estimate in counted} == {"none": 0, "all": 1}


# Many assignments -----------------------------------------------------------------------------------------------


@pytest.fixture
def tops(db: None, add_image: Any) -> list[Collection]:
    """Forty collections below the root; there is an image in the first."""
    root = Collection.get_first_root_node()
    made = [root.add_child(name=f"Collection {number}") for number in range(40)]
    add_image(made[0])
    return made


def assign(tops: list[Collection], specs: int, each: int) -> None:
    """So many specs of two renditions, each to so many collections."""
    for number in range(specs):
        spec_id = f"many:{number}"
        StoredSpec.objects.get_or_create(
            spec_id=spec_id,
            defaults={
                "label": f"Many {number}",
                "filters": f"width-{100 + number}\nwidth-{200 + number}|format-webp",
            },
        )
        for collection in tops[:each]:
            Assignment.objects.get_or_create(spec_id=spec_id, collection=collection)
    StoredVersion.change()


PAGES: dict[str, dict[str, Any]] = {
    "sourcegroups:generate": {},
    "sourcegroups:coverage_images": {"spec": "many:0", "state": "missing"},
    "wagtail_bulk_action": {"id": "all"},
}


def address(name: str) -> str:
    model = get_image_model()._meta
    args = [model.app_label, model.model_name, "generate_renditions"] if name == "wagtail_bulk_action" else []
    return reverse(name, args=args)


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("name", PAGES)
def test_the_same_queries_for_one_assignment_and_for_four_hundred(
    name: str,
    live: bool,
    as_user: Any,
    admin_user: Any,
    registry: Registry,
    tops: list[Collection],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not live:
        monkeypatch.setattr(prospects, "LIVE", 0)
    client = as_user(admin_user)

    def asked() -> int:
        client.get(address(name), PAGES[name])
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(name), PAGES[name]).status_code == 200
        return len(captured)

    assign(tops, 1, 1)
    few = asked()
    assign(tops, 10, 40)
    assert asked() == few


@pytest.mark.parametrize("name", ["sourcegroups:generate", "wagtail_bulk_action"])
def test_asking_about_fifty_specs_is_light(
    name: str, as_user: Any, admin_user: Any, registry: Registry, tops: list[Collection]
) -> None:
    assign(tops, 50, 20)
    response = as_user(admin_user).get(address(name), PAGES[name])
    assert response.content.count(b'name="specs"') == 50
    assert len(response.content) < 100_000


def test_groups_of_other_models_do_not_count(registry: Registry, tops: list[Collection]) -> None:
    registry.add_spec(RenditionSpec("other", "width-20"))
    registry.add_group("other", ImageModelSourceGroup(UUIDImage))
    registry.add_group("other", CollectionSourceGroup(tops[0].pk, model=UUIDImage))
    (estimate,) = estimates(registry.specs.values(), get_image_model().objects.all())
    assert (estimate.images, estimate.renditions) == (0, 0)
