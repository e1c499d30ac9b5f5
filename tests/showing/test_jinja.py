from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.template import engines
from django.template.backends.jinja2 import Jinja2

from sandbox.gallery.models import CustomImage
from tests.images import picture
from wagtail_sourcegroups.strategies import JustInTime

pytestmark = pytest.mark.django_db


@pytest.fixture
def image(make_image: Any) -> Any:
    return make_image(content=picture((600, 400)), description="A field, teal & wide")


@pytest.fixture
def write() -> Callable[..., str]:
    """Renders a Jinja template as the sandbox has it."""
    engine = next(each for each in engines.all() if isinstance(each, Jinja2))

    def write(source: str, **context: Any) -> str:
        return engine.from_string(source).render(context)

    return write


def test_generateimage_is_as_in_djangos_templates(
    image: Any, registered: Any, render: Callable[..., str], write: Callable[..., str]
) -> None:
    registered(filters="format-{webp,jpeg}|width-{20,40}", strategy=JustInTime())
    ours = write('{{ generateimage("a", source=image, sizes="50vw", class="x") }}', image=image)
    assert ours == render('{% generateimage "a" source=image sizes="50vw" -- class="x" %}', image=image)
    assert ours.startswith("<picture><source") and "teal &amp; wide" in ours


def test_assigned_it_is_a_rendition_set(image: Any, registered: Any, write: Callable[..., str]) -> None:
    registered(filters="width-{20,40}", strategy=JustInTime())
    template = (
        '{% set pictures = generateimage("a", image) %}{{ pictures.width }} {{ pictures.ready }}'
        "{% for each in pictures %} {{ each.width }}{% endfor %}"
    )
    assert write(template, image=image) == "20 True 20 40"


def test_thumbnail_is_as_in_djangos_templates(
    image: Any, registered: Any, render: Callable[..., str], write: Callable[..., str]
) -> None:
    registered("hero", "format-{webp,jpeg}|fill-80x40", strategy=JustInTime())
    for jinja, django in [
        ('thumbnail("50x50", image)', '"50x50" image'),
        ('thumbnail("50x50", source=image, crop=False, class="x")', '"50x50" image crop=False -- class="x"'),
        ('thumbnail("hero", "50x50", image, srcset="2")', '"hero" "50x50" image srcset="2"'),
    ]:
        assert write("{{ " + jinja + " }}", image=image) == render(
            "{% thumbnail " + django + " %}", image=image
        )


@pytest.mark.parametrize(
    "call",
    [
        'generateimage("a", image)',
        'generateimage("a", nothing)',
        'generateimage("a", source=image)',
        'thumbnail("50x50", image)',
        'thumbnail("50x50", source=image)',
        'prefetch_generateimages("a", image)',
        'prefetch_generateimages("a", nothing)',
    ],
)
def test_no_picture_is_nothing(call: str, registered: Any, write: Callable[..., str]) -> None:
    registered()
    assert write("{{ " + call + " }}{% if " + call + " %}!{% endif %}", image=None) == ""


def test_a_listing_is_one_query(
    image: Any, make_image: Any, registered: Any, write: Callable[..., str], django_assert_num_queries: Any
) -> None:
    registered(filters="width-{20,40}", strategy=JustInTime())
    make_image("2.jpg")
    template = '{{ prefetch_generateimages("a", images) }}{% for i in images %}{{ generateimage("a", i) }}{% endfor %}'
    write(template, images=list(CustomImage.objects.all()))
    images = list(CustomImage.objects.all())
    with django_assert_num_queries(1):
        written = write(template, images=images)
    assert written.count("<img") == 2


def test_words_that_are_missing(image: Any, write: Callable[..., str]) -> None:
    with pytest.raises(TypeError, match="takes a size and a source, and before them the id of a spec"):
        write('{{ thumbnail("50x50") }}')
    with pytest.raises(TypeError, match="takes ids of specs, and a list after them"):
        write('{{ prefetch_generateimages("a") }}')
