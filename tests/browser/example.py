"""A site such as there may be: collections, specs, photographs, and renditions in every state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone
from wagtail.images import get_image_model
from wagtail.models import Collection

from tests.browser.site import Site
from wagtail_sourcegroups import RenditionSpec, counting
from wagtail_sourcegroups.models import GenerationFailure, GenerationRun, SourceState
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.runs.question import Question
from wagtail_sourcegroups.runs.starting import start
from wagtail_sourcegroups.runs.working import drive
from wagtail_sourcegroups.selection import Selection
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup
from wagtail_sourcegroups.strategies import Manual


@dataclass
class Example:
    """What is where on it."""

    collections: dict[str, Collection]
    specs: dict[str, Any]
    images: dict[str, list[Any]]
    run: GenerationRun
    """One that is over, with failures."""

    @property
    def image(self) -> Any:
        return self.images["Recipes"][0]


def shelves(site: Site) -> tuple[dict[str, Collection], dict[str, Any]]:
    """Collections and specs by name, without an image in them."""
    blog, shop, press = (site.collection(name) for name in ("Blog", "Shop", "Press"))
    collections = {
        "Blog": blog,
        "Recipes": site.collection("Recipes", blog),
        "Travel": site.collection("Travel", blog),
        "Shop": shop,
        "Products": site.collection("Products", shop),
        "Press": press,
    }
    specs = {
        "Blog hero": site.spec("Blog hero", "fill-{800x450,480x270}|format-{webp,jpeg}"),
        "Blog thumbnail": site.spec("Blog thumbnail", "fill-320x320|format-webp"),
        "Product card": site.spec("Product card", "max-400x400|format-{webp,jpeg}"),
        "Press download": site.spec("Press download", "max-900x600"),
    }
    # Everybody's, and set in code.
    share = RenditionSpec("social:share", "fill-600x315|format-jpeg", label="Social share", strategy=Manual())
    get_registry().add_spec(share, "mysite/wagtail_hooks.py:12")
    get_registry().add_group(share.id, ImageModelSourceGroup(), "mysite/wagtail_hooks.py:13")
    for label, name in (("Blog hero", "Blog"), ("Blog thumbnail", "Blog"), ("Product card", "Shop")):
        site.assign(specs[label], collections[name])
    site.assign(specs["Press download"], press)

    return collections, specs


def furnished(site: Site) -> Example:
    """With photographs, and a run behind it."""
    collections, specs = shelves(site)
    images = {
        "Recipes": site.images(collections["Recipes"], 6),
        "Travel": site.images(collections["Travel"], 5),
        "Products": site.images(collections["Products"], 4),
        "Press": site.images(collections["Press"], 2),
    }
    # What one of them is made of is not there.
    lost = images["Recipes"][2]
    Path(lost.file.path).unlink()
    chosen = frozenset({collections["Recipes"].pk, collections["Products"].pk})
    asked = Question(("blog:hero", "blog:thumbnail", "product:card"), selection=Selection(collections=chosen))
    run = start(asked, user=site.user())
    while drive(run.pk):
        pass
    run.refresh_from_db()
    # And another was replaced while nobody looked.
    replaced = images["Recipes"][4]
    keys = [str(pk) for pk in replaced.renditions.values_list("pk", flat=True)]
    SourceState.objects.filter(object_id=str(replaced.pk)).update(stale=keys)
    GenerationFailure.objects.update(
        last_failed_at=timezone.now() - timedelta(minutes=3),
        first_failed_at=timezone.now() - timedelta(days=2),
    )
    counting.count()
    return Example(collections, specs, images, run)


def crowded(site: Site, count: int) -> dict[str, Collection]:
    """With so many images, which share the files of a few; of two of them the original is not there."""
    collections, _ = shelves(site)
    shares = {"Recipes": 40, "Travel": 30, "Products": 20, "Press": 10}
    model = get_image_model()
    for name, percent in shares.items():
        first = site.images(collections[name], len(site.photographs))
        rows = []
        for number in range(len(first), count * percent // 100):
            like = first[number % len(first)]
            title = f"{like.title} {number // len(first) + 1}"
            size = {"width": like.width, "height": like.height, "file_size": like.file_size}
            rows.append(model(title=title, file=like.file.name, collection=collections[name], **size))
        model.objects.bulk_create(rows)
    for image in model.objects.filter(collection=collections["Recipes"]).order_by("pk")[2:4]:
        model.objects.filter(pk=image.pk).update(file=f"original_images/{image.pk}-away.jpg")
    return collections
