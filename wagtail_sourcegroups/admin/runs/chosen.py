"""Which images somebody wants renditions of, and which of them he or she may not change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from wagtail.images import get_image_model
from wagtail.models import Collection

from ...listing import canonical, honoured, listed
from ...runs.question import Question
from ...selection import Selection
from .. import access
from ..reports.thumbnails import thumbnails_of
from ..starting import images_of, selection_for
from .wording import Words, images_in_words

#: Pictures that are shown, and images left out that are named.
PICTURES, NAMED = 10, 20


@dataclass(frozen=True)
class Chosen:
    """
    Images that ``user`` has chosen: ``selection`` is what he or she may change of them, ``asked`` all of them.

    A number and a few of them are loaded, however many there are.
    """

    user: Any
    selection: Selection
    asked: QuerySet[Any]

    @cached_property
    def images(self) -> QuerySet[Any]:
        found: QuerySet[Any] = images_of(self.selection)
        return found

    @cached_property
    def count(self) -> int:
        return self.images.count()

    @cached_property
    def left_out(self) -> int:
        """How many of them may not be changed."""
        if access.changes_everything(self.user):
            return 0
        return max(self.asked.count() - self.count, 0)

    @cached_property
    def left_out_by_name(self) -> list[Any]:
        """The first of these, as far as the user sees them at all."""
        if not self.left_out:
            return []
        seen = self._left_out.filter(pk__in=access.visible_images(self.user).order_by().values("pk"))
        return list(seen.order_by("title", "pk")[:NAMED])

    @property
    def left_out_besides(self) -> int:
        return self.left_out - len(self.left_out_by_name)

    @property
    def _left_out(self) -> QuerySet[Any]:
        return self.asked.exclude(pk__in=self.images.order_by().values("pk"))

    @cached_property
    def pictures(self) -> list[tuple[Any, Any]]:
        """The first images, newest first, each with a rendition that there is, or none. Two queries."""
        first = list(self.images.order_by("-pk")[:PICTURES])
        thumbnails = thumbnails_of(get_image_model(), [image.pk for image in first])
        return [(image, thumbnails.get(image.pk)) for image in first]

    @property
    def besides(self) -> int:
        """How many are not shown as pictures."""
        return self.count - len(self.pictures)

    @cached_property
    def in_words(self) -> str:
        """Which they are, such as "Recipes and those below"; nothing of images that were chosen one by one."""
        if self.selection.images is not None:
            return ""
        asked = Question((), selection=self.selection).as_json()
        return Words([asked], access.known_collections(self.user)).scope(self.selection)

    @property
    def count_in_words(self) -> str:
        return images_in_words(self.count)


def chosen_everything(user: Any) -> Chosen:
    """Whatever the user may change."""
    selection = selection_for(user)
    return Chosen(user, selection, images_of(selection))


def chosen_collections(user: Any, collections: QuerySet[Any]) -> Chosen:
    """The images of some collections and of those below them."""
    below = [Q(path__startswith=path) for path in collections.values_list("path", flat=True)]
    pks = frozenset(Collection.objects.filter(reduce(or_, below, Q(pk__in=[]))).values_list("pk", flat=True))
    asked = access.visible_images(user).filter(collection__in=pks)
    return Chosen(user, selection_for(user, collections=pks), asked)


def chosen_images(user: Any, pks: tuple[Any, ...]) -> Chosen:
    """Images by their keys; those that there are not are none."""
    asked = get_image_model()._default_manager.filter(pk__in=pks)
    return Chosen(user, selection_for(user, images=pks), asked)


def chosen_listing(user: Any, query: str) -> Chosen:
    """What the listing of images shows for a query string, filters and search included."""
    query = honoured(query, user)
    return Chosen(user, selection_for(user, listing=query), listed(query, user))


def whole_collections(selection: Selection) -> frozenset[Any] | None:
    """
    Ids of the collections of which all images are meant, where that is what is meant; all collections for an empty set.
    ``None`` for anything else.
    """
    if selection.listing is not None:
        asked = QueryDict(canonical(selection.listing))
        if set(asked) - {"collection_id"} or selection != Selection(
            by=selection.by, listing=selection.listing
        ):
            return None
        return frozenset(int(pk) for pk in asked.getlist("collection_id")[-1:])
    if selection == Selection(by=selection.by, collections=selection.collections):
        return frozenset(selection.collections or ())
    return None
