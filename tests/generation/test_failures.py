"""Failures on record, found by their images."""

from __future__ import annotations

from typing import Any

import pytest
from wagtail.models import Page

from tests.test_pages import Library
from tests.testapp.models import CodeImage, UUIDImage
from wagtail_sourcegroups.generation.failures import failures_of
from wagtail_sourcegroups.generation.sources import image_key
from wagtail_sourcegroups.generation.state import content_type_of
from wagtail_sourcegroups.models import GenerationFailure

pytestmark = pytest.mark.django_db


def fail(model: Any, pk: Any, filter_spec: str = "width-20") -> GenerationFailure:
    return GenerationFailure.objects.create(
        source_key=image_key(model, pk),
        content_type=content_type_of(model),
        object_id=str(pk),
        filter_spec=filter_spec,
    )


@pytest.mark.parametrize("model", [None, CodeImage, UUIDImage])
def test_those_of_some_images_and_no_others(model: Any) -> None:
    library = Library(model)
    first, second, whole = (library.add(complete=False) for _ in range(3))
    mine = {fail(library.model, first.pk), fail(library.model, first.pk, "width-30")}
    fail(library.model, second.pk)
    # What has the key of an image, and is none; and what has no key that an image could have.
    fail(Page, first.pk)
    GenerationFailure.objects.create(source_key="file:abc", filter_spec="width-20")
    GenerationFailure.objects.create(source_key="group:broken")
    images = library.model.objects.all()
    assert set(failures_of(images.filter(pk=first.pk))) == mine
    assert failures_of(images).count() == 3
    assert not failures_of(images.filter(pk=whole.pk)).exists()
    # As the admin asks for them: narrowed further, ordered, counted.
    assert failures_of(images.order_by("title")).filter(filter_spec="width-20").count() == 2


def test_one_query_where_the_keys_are_numbers(django_assert_num_queries: Any) -> None:
    library = Library()
    fail(library.model, library.add(complete=False).pk)
    content_type_of(library.model)
    with django_assert_num_queries(1):
        assert len(failures_of(library.model.objects.all())) == 1
