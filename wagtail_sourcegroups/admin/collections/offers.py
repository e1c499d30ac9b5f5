"""What is offered after specs have been assigned: to generate for the images that are there already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Q
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.admin import messages
from wagtail.models import Collection

from ...registry import get_registry
from ...specs import RenditionSpec
from .. import access
from ..starting import estimates, images_of, selection_for
from .places import Change, site_images
from .wording import by_name, names_in_words


@dataclass(frozen=True)
class Offer:
    """``images`` and ``renditions`` of them are the most there can be to do; ``url`` is the page that asks first."""

    specs: tuple[RenditionSpec, ...]
    images: int
    renditions: int
    url: str

    @property
    def sentence(self) -> str:
        """Such as "268 images are there already: up to 268 renditions to make for Press download."."""
        images = ngettext(
            "%(count)s image is there already", "%(count)s images are there already", self.images
        ) % {"count": intcomma(self.images)}
        renditions = ngettext(
            "up to %(count)s rendition to make for %(specs)s.",
            "up to %(count)s renditions to make for %(specs)s.",
            self.renditions,
        ) % {
            "count": intcomma(self.renditions),
            "specs": names_in_words([str(spec) for spec in self.specs]),
        }
        return _("%(images)s: %(renditions)s") % {"images": images, "renditions": renditions}

    @property
    def button(self) -> tuple[str, str, bool]:
        """For Wagtail's messages: the way to the page that asks first."""
        label = ngettext(
            "Generate up to %(count)s rendition", "Generate up to %(count)s renditions", self.renditions
        ) % {"count": intcomma(self.renditions)}
        button: tuple[str, str, bool] = messages.button(self.url, label)
        return button


def offer(user: Any, added: Iterable[Change]) -> Offer | None:
    """
    What this user may generate now that specs have been assigned; ``None`` where there is nothing, and for images of
    a model beside the site's. A few queries.
    """
    added = [change for change in added if change.place == site_images() or change.place.collection]
    ids = {change.spec_id for change in added}
    specs = [spec for spec in by_name(get_registry()) if spec.id in ids]
    if not specs or not access.may_generate(user):
        return None
    asked = {"spec": [spec.id for spec in specs]}
    collections = None
    if all(change.place.collection for change in added):
        below = _with_those_below(user, {change.place.collection for change in added})
        asked["collection"] = _topmost(below)
        collections = frozenset(below)
    images = images_of(selection_for(user, collections=collections))
    count = images.count()
    if not count:
        return None
    renditions = sum(estimate.renditions for estimate in estimates(specs, images))
    url = f"{reverse('sourcegroups:generate')}?{urlencode(asked, doseq=True)}"
    return Offer(tuple(specs), count, renditions, url)


def _with_those_below(user: Any, places: Iterable[Any]) -> dict[Any, str]:
    """The paths of some collections and of those below them, by their ids, as far as the user sees their images."""
    paths = Collection.objects.filter(pk__in=places).values_list("path", flat=True)
    below = reduce(or_, (Q(path__startswith=path) for path in paths), Q(pk__in=[]))
    return dict(access.visible_collections(user).filter(below).order_by("path").values_list("pk", "path"))


def _topmost(paths: Mapping[Any, str]) -> list[Any]:
    """Of collections in the order of the tree, those that are not below another one."""
    found: list[Any] = []
    for pk, path in paths.items():
        if not found or not path.startswith(paths[found[-1]]):
            found.append(pk)
    return found
