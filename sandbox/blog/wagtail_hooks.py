"""
What this site wants made ahead of time, and of which pictures: each kind of source group once.

A filter spec is written in the order in which the templates write it, since Wagtail takes the order as part of
the rendition's name: ``{% picture image format-{avif,webp} fill-800x450 %}`` asks for ``format-avif|fill-800x450``.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core.files import File
from django.db.models import QuerySet

from sandbox.gallery.models import CustomImage
from wagtail_sourcegroups import register
from wagtail_sourcegroups.sourcegroups import (
    CollectionSourceGroup,
    DirectorySourceGroup,
    ImageFieldSourceGroup,
    ImageModelSourceGroup,
    QuerySetSourceGroup,
    ReferenceSourceGroup,
    SourceGroup,
    TagSourceGroup,
)
from wagtail_sourcegroups.strategies import Manual

from .models import BlogPage, newest_posts


class Shareable(QuerySetSourceGroup):
    """Every picture that may go out on social networks: drawings and animations would only lose there."""

    def get_queryset(self) -> QuerySet[CustomImage]:
        return CustomImage.objects.exclude(file__endswith=".svg").exclude(file__endswith=".gif")


class NewestHeroes(SourceGroup):
    """The heroes of the newest articles: what the home page shows large today, or may tomorrow."""

    def files(self) -> Iterator[File]:
        for post in newest_posts().filter(hero__isnull=False)[:3]:
            yield post.hero.file


# The size of Wagtail's own image listing, so that editors do not wait for it either.
register.spec("admin:listing", "max-165x165", label="Image listing")
register.source_group("admin:listing", ImageModelSourceGroup())

register.spec("blog:hero", "format-{avif,webp,jpeg}|fill-{800x450,1600x900}", label="Top of an article")
register.spec("blog:card", "fill-{480x320,960x640}|format-webp", label="Article in a list")
register.source_group(["blog:hero", "blog:card"], ImageFieldSourceGroup(BlogPage, "hero"))

register.spec("blog:picture", "format-{webp,jpeg}|width-{720,1440}|preserve-svg", label="Picture in a story")
register.spec("blog:pair", "fill-640x640-c20|format-webp|preserve-svg", label="Two pictures side by side")
# The sizes of Wagtail's rich text formats: full width, left and right.
register.spec("blog:richtext", "width-{800,500}", label="Picture in rich text")
register.source_group(["blog:picture", "blog:pair", "blog:richtext"], ReferenceSourceGroup(BlogPage))

register.spec("home:postcard", "fill-{320x240,640x480}-c15|format-webp", label="Postcard")
register.source_group("home:postcard", TagSourceGroup("postcard"))

register.spec("home:feature", "format-{avif,webp,jpeg}|fill-{840x630,1680x1260}", label="The newest article")
register.source_group("home:feature", NewestHeroes())

register.spec("album:sheet", "format-{webp,jpeg}|max-{420x420,840x840}|preserve-svg", label="Contact sheet")
register.spec("album:strip", "height-{64,128}", label="Film strip")
register.spec("album:cover", "fill-1200x360", label="Cover")
register.source_group(["album:sheet", "album:strip", "album:cover"], CollectionSourceGroup("Odd formats"))

register.spec("social:card", "fill-1200x630|format-jpeg", label="Social networks")
register.source_group("social:card", Shareable())

# A directory sends no signals: these are made by the command alone, and the strategy says so.
register.spec("press:kit", "format-{webp,jpeg}|max-{600x750,1200x1500}", label="Press kit", strategy=Manual())
register.source_group("press:kit", DirectorySourceGroup(settings.PRESS_DIR, ["*.jpg", "*.png"]))
