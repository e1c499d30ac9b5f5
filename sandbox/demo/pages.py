"""The site around the photographs: people first, then the pages that show them. What exists is left as it is."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.conf import settings
from django.core.files.images import ImageFile
from django.utils.text import slugify
from wagtail.models import Page, Site

from sandbox import album
from sandbox.blog.models import AlbumPage, BlogIndexPage, BlogPage, HomePage, PeoplePage
from sandbox.gallery.models import CustomImage
from sandbox.people.models import Guest, Profile
from sandbox.pictures import make_missing

from .library import Photograph, collection_at
from .stories import GUESTS, SECTIONS, STORIES, STRAPLINE, WRITERS, Story

Images = dict[str, CustomImage]
# How many photographs of one's own an article shows.
OWN_PICTURES = 12


def make_people() -> int:
    """The writers and their guests, with portraits. Returns how many were added."""
    added = 0
    missing = {name: values for name, values in WRITERS.items() if not _known(Profile, values[0])}
    for name, (full_name, role, about) in missing.items():
        with _portrait(name) as portrait:
            Profile.objects.create(name=full_name, role=role, about=about, avatar=portrait)
        added += 1
    for name, (full_name, town) in GUESTS.items():
        if not _known(Guest, full_name):
            with _portrait(name) as portrait:
                Guest.objects.create(name=full_name, town=town, portrait=portrait)
            added += 1
    return added


def _known(model: Any, name: str) -> bool:
    return bool(model.objects.filter(name=name).exists())


def _portrait(name: str) -> ImageFile:
    (path,) = make_missing([album.PORTRAITS[name]], settings.PICTURES_DIR)
    return ImageFile(path.open("rb"), name=path.name)


def make_pages(own: Iterable[Photograph] = ()) -> int:
    """
    The home page, the sections and their articles; one article for each collection of one's ``own`` photographs.

    Returns how many pages were added. Pictures are found by their origin: one that could not be loaded is left out.
    """
    wanted = _wanted_slugs(own := list(own))
    have = set(Page.objects.filter(slug__in=wanted).values_list("slug", flat=True))
    if have == wanted:
        return 0
    images: Images = {image.origin: image for image in CustomImage.objects.exclude(origin="")}
    home = _home()
    sections = {slug: _section(home, slug, *words) for slug, words in SECTIONS.items()}
    writers = {name: Profile.objects.filter(name=values[0]).first() for name, values in WRITERS.items()}
    for story in reversed(STORIES):
        if story.slug not in have:
            _publish(sections[story.section], _article(story, images, writers[story.author]))
    _others(home)
    for shelf, photographs in _shelves(own):
        if _own_slug(shelf) not in have:
            _own_article(
                sections["journeys"], shelf, [images[p.origin] for p in photographs if p.origin in images]
            )
    return Page.objects.filter(slug__in=wanted).count() - len(have)


def _wanted_slugs(own: list[Photograph]) -> set[str]:
    return {
        "saltmarsh", "journeys", "kitchen", "odd-formats", "people",
        *(story.slug for story in STORIES),
        *(_own_slug(shelf) for shelf, _ in _shelves(own)),
    }  # fmt: skip


def _home() -> HomePage:
    home = HomePage.objects.filter(slug="saltmarsh").first()
    if home is None:
        home = HomePage(title="Saltmarsh", slug="saltmarsh", strapline=STRAPLINE, show_in_menus=True)
        Page.get_first_root_node().add_child(instance=home)
        welcome = Site.objects.filter(is_default_site=True).first()
        Site.objects.update_or_create(
            is_default_site=True,
            defaults={"hostname": "localhost", "root_page": home, "site_name": "Saltmarsh"},
        )
        # The page that a new Wagtail site starts with.
        if welcome and welcome.root_page.depth == 2 and not welcome.root_page.get_children().exists():
            Page.objects.get(pk=welcome.root_page_id).delete()
    return home


def _publish(parent: Page, page: Page) -> Any:
    parent.add_child(instance=page)
    page.save_revision().publish()
    return page


def _section(home: HomePage, slug: str, title: str, intro: str) -> BlogIndexPage:
    existing = BlogIndexPage.objects.child_of(home).filter(slug=slug).first()
    return existing or _publish(home, BlogIndexPage(title=title, slug=slug, intro=intro, show_in_menus=True))


def _others(home: HomePage) -> None:
    if not AlbumPage.objects.child_of(home).filter(slug="odd-formats").exists():
        _publish(
            home,
            AlbumPage(
                title="Odd formats",
                slug="odd-formats",
                show_in_menus=True,
                collection=collection_at("Odd formats"),
                intro="Transparent, indexed, animated, turned on its side, in the colours of print or of a phone: "
                "one picture of each kind that a site meets sooner or later.",
            ),
        )
    if not PeoplePage.objects.child_of(home).filter(slug="people").exists():
        _publish(
            home,
            PeoplePage(
                title="People",
                slug="people",
                show_in_menus=True,
                intro="Four of us write. Many more come to dinner.",
            ),
        )


def _article(story: Story, images: Images, author: Profile | None) -> BlogPage:
    return BlogPage(
        title=story.title,
        slug=story.slug,
        standfirst=story.standfirst,
        author=author,
        date=datetime.date.fromisoformat(story.date),
        hero=images.get(story.hero),
        body=re.sub(r"{(\w+):([^}]+)}", lambda found: _embed(images.get(found[2]), found[1]), story.body),
        story=json.dumps([block for kind, value in story.story if (block := _block(kind, value, images))]),
    )


def _embed(image: CustomImage | None, format_name: str) -> str:
    return (
        f'<embed embedtype="image" id="{image.pk}" format="{format_name}" alt="{image.description}"/>'
        if image
        else ""
    )


def _block(kind: str, value: Any, images: Images) -> dict[str, Any] | None:
    if kind == "picture":
        if value["picture"] not in images:
            return None
        chosen = {
            "image": images[value["picture"]].pk,
            "decorative": not value["alt"],
            "alt_text": value["alt"],
        }
        value = {"picture": chosen, "caption": value["caption"]}
    elif kind == "pair":
        if value["left"] not in images or value["right"] not in images:
            return None
        value = {**value, "left": images[value["left"]].pk, "right": images[value["right"]].pk}
    return {"type": kind, "value": value}


def _shelves(own: list[Photograph]) -> list[tuple[str, list[Photograph]]]:
    ordered = sorted(own, key=lambda photograph: (photograph.picture.collection, photograph.origin))
    return [(shelf, list(group)) for shelf, group in groupby(ordered, lambda each: each.picture.collection)]


def _own_slug(shelf: str) -> str:
    return slugify(f"photographs {shelf.removeprefix('Blog/')}".replace("/", " "))


def _own_article(parent: Page, shelf: str, photographs: list[CustomImage]) -> None:
    if not photographs:
        return
    pictures = [
        {
            "type": "picture",
            "value": {"picture": {"image": image.pk, "decorative": True}, "caption": image.title},
        }
        for image in photographs[1 : OWN_PICTURES + 1]
    ]
    _publish(
        parent,
        BlogPage(
            title=shelf.removeprefix("Blog/").replace("/", ", "),
            slug=_own_slug(shelf),
            standfirst=f"{len(photographs)} photographs of your own.",
            date=datetime.date.today(),
            hero=photographs[0],
            story=json.dumps(pictures),
        ),
    )
