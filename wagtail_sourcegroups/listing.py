"""What Wagtail's listing of images shows: asked of the very view that is mounted, filters and search included."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import resolve, reverse
from wagtail.images import get_image_model

#: Of the query string, what says where in the listing somebody is, and which images are ticked.
_NOT_ASKED = ("p", "id", "next", "layout", "ordering", "_w_filter_fragment")


def canonical(query: str) -> str:
    """A query string of the listing without what does not change which images are listed."""
    asked = QueryDict(query, mutable=True)
    # Wagtail's bulk actions call the collection so.
    for collection in asked.pop("childOf", []):
        asked.setdefault("collection_id", collection)
    for name in list(asked):
        values = [value for value in asked.getlist(name) if value.strip()]
        if name in _NOT_ASKED or not values:
            del asked[name]
        else:
            asked.setlist(name, values)
    return asked.urlencode()


def view_of(query: str, user: Any) -> Any:
    """The view of the listing, as this user sees it with this query string; nothing is asked of it yet."""
    match = resolve(reverse("wagtailimages:index"))
    request = HttpRequest()
    request.method, request.user, request.resolver_match = "GET", user, match
    request.GET = QueryDict(canonical(query))
    view = match.func.view_class(**match.func.view_initkwargs)  # type: ignore[attr-defined]
    view.setup(request)
    return view


def honoured(query: str, user: Any) -> str:
    """
    Of a query string, what the listing goes by, for this user and now: the search, and the filters it has. It has no
    filter by collection for whoever sees only one, it knows the most popular tags only, and it leaves out every filter
    where one cannot be.
    """
    return _honoured(view_of(query, user))


def listed(query: str, user: Any) -> QuerySet[Any]:
    """The images that it shows, in no order."""
    return get_image_model()._default_manager.filter(pk__in=listed_keys(query, user))


def listed_keys(query: str, user: Any) -> Any:
    """
    Their keys, for a condition on images: a query, or a list where a search engine has found them. None where the
    listing does not go by all of the query string: what was narrowed once is not to become everything.
    """
    view = view_of(query, user)
    if _honoured(view) != view.request.GET.urlencode():
        return []
    found = view.get_queryset()
    if isinstance(found, QuerySet):
        return found.order_by().values("pk")
    if hasattr(found, "get_queryset"):
        # Results of a search in the database.
        return found.get_queryset().order_by().values("pk")
    return [image.pk for image in found]


def _honoured(view: Any) -> str:
    asked = view.request.GET.copy()
    narrowing = view.filters.form.changed_data if view.is_filtering else []
    for name in list(asked):
        searched = name == view.search_kwarg and view.is_searching
        # A filter of two values has two names: usage_count_min and usage_count_max.
        if not searched and not any(name == each or name.startswith(f"{each}_") for each in narrowing):
            del asked[name]
    return str(asked.urlencode())
