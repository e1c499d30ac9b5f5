"""The pages: a home page, two kinds of list, an article, an album and the people behind it all."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.images import get_image_model
from wagtail.models import Collection, Page

from sandbox.people.models import Guest, Profile

from .blocks import StoryBlocks

POSTCARDS = 8


class HomePage(Page):
    """The newest article large, the next ones small, and a wall of postcards."""

    strapline = models.CharField(max_length=120, blank=True)

    content_panels = [*Page.content_panels, FieldPanel("strapline")]
    parent_page_types = ["wagtailcore.Page"]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        feature, *others = newest_posts()[:7] or [None]
        images = get_image_model().objects.filter(tags__name="postcard").order_by("-pk")
        return context | {"feature": feature, "posts": others, "postcards": images[:POSTCARDS]}


class BlogIndexPage(Page):
    """Every article below it, newest first."""

    intro = models.TextField(blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    parent_page_types = ["blog.HomePage"]
    subpage_types = ["blog.BlogPage"]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return super().get_context(request, *args, **kwargs) | {"posts": newest_posts().child_of(self)}


class BlogPage(Page):
    """An article. Its pictures sit in a ForeignKey, in rich text and in a StreamField."""

    date = models.DateField()
    standfirst = models.CharField(max_length=250, blank=True)
    author = models.ForeignKey(Profile, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    hero = models.ForeignKey(
        "gallery.CustomImage", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    body = RichTextField(blank=True)
    story = StreamField(StoryBlocks(), blank=True)

    content_panels = [
        *Page.content_panels,
        FieldPanel("date"),
        FieldPanel("standfirst"),
        FieldPanel("author"),
        FieldPanel("hero"),
        FieldPanel("body"),
        FieldPanel("story"),
    ]
    parent_page_types = ["blog.BlogIndexPage"]
    subpage_types: list[str] = []

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return super().get_context(request, *args, **kwargs) | {
            "more": newest_posts().exclude(pk=self.pk)[:3]
        }


class AlbumPage(Page):
    """A contact sheet of a collection and the collections below it. Its template is a Jinja one."""

    intro = models.TextField(blank=True)
    collection = models.ForeignKey(
        "wagtailcore.Collection", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    content_panels = [*Page.content_panels, FieldPanel("intro"), FieldPanel("collection")]
    parent_page_types = ["blog.HomePage"]
    subpage_types: list[str] = []

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        collections = (
            self.collection.get_descendants(inclusive=True) if self.collection else Collection.objects.none()
        )
        images = get_image_model().objects.filter(collection__in=collections).select_related("collection")
        return context | {"images": images.order_by("collection__path", "pk")}


class PeoplePage(Page):
    """The writers and their guests."""

    intro = models.TextField(blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    parent_page_types = ["blog.HomePage"]
    subpage_types: list[str] = []

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        return context | {"profiles": Profile.objects.all(), "guests": Guest.objects.all()}


def newest_posts() -> Any:
    """Live articles with what a list shows of them."""
    return BlogPage.objects.live().select_related("hero", "author").order_by("-date", "-pk")
