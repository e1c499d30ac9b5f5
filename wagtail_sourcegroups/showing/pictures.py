"""HTML: an ``<img>``, or a ``<picture>`` where there are several formats. Attributes are as in Wagtail's own tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.apps import apps
from django.forms.utils import flatatt
from django.utils.safestring import SafeString, mark_safe
from wagtail.images.models import Picture

from .shown import Shown, least_modern

_NO_DENSITIES: Mapping[str, str] = {}


def html(
    shown: Sequence[Shown],
    attributes: Mapping[str, Any],
    densities: Mapping[str, str] = _NO_DENSITIES,
    *,
    in_picture: bool = False,
) -> SafeString:
    """
    Markup for what is shown of one source; empty if nothing is. ``in_picture``: inside a ``<picture>``, even if only
    one format is left.

    The formats that are more modern than that of the ``<img>`` are each a ``<source>``; of several widths there is a
    ``srcset``, each file once. ``sizes`` goes to every ``<source>``. With ``densities`` these are told apart by dots a
    pixel instead of by their widths.
    """
    image = in_img(shown)
    if image is None:
        return mark_safe("")
    by_format = _by_format(shown)
    sources = [
        f"<source{_source_attributes(by_format[each.name], each.mime_type, attributes, densities)}>"
        for each in Picture.source_format_order
        if each.name in by_format and each.name != image.format
    ]
    tag = _img(image, by_format[image.format], attributes, densities)
    if not sources and not in_picture:
        return tag
    return mark_safe(f"<picture>{''.join(sources)}{tag}</picture>")


def in_img(shown: Sequence[Shown]) -> Shown | None:
    """What the ``<img>`` shows: the first of the format that every browser knows, of those there are."""
    if not shown:
        return None
    format_ = least_modern(each.format for each in shown)
    return next(each for each in shown if each.format == format_)


def srcset(shown: Sequence[Shown], densities: Mapping[str, str] = _NO_DENSITIES) -> str:
    """
    The files that a browser may choose from, each once, with their widths; of a single one the address alone, as in
    Wagtail's tags.
    """
    if densities:
        return ", ".join(_by_density(shown, densities))
    by_url = {each.url: each for each in shown}
    if len(by_url) == 1 or not all(each.own_width for each in by_url.values()):
        return next(iter(by_url))
    return ", ".join(f"{url} {each.own_width}w" for url, each in by_url.items())


def _by_density(shown: Sequence[Shown], densities: Mapping[str, str]) -> list[str]:
    """A substitute is as dense as it happens to be: besides the first, only renditions are told apart like that."""
    first, *others = shown
    told = {first.url: first.url}
    for each in others:
        if each.is_ready:
            told.setdefault(each.url, f"{each.url} {_density(each, densities)}")
    return list(told.values())


def _density(shown: Shown, densities: Mapping[str, str]) -> str:
    return next(density for piece, density in densities.items() if piece in shown.filter_spec.split("|"))


def _source_attributes(
    shown: Sequence[Shown], mime_type: str, attributes: Mapping[str, Any], densities: Mapping[str, str]
) -> str:
    return flatatt({"srcset": srcset(shown, densities), "sizes": attributes.get("sizes"), "type": mime_type})


def _img(
    image: Shown, shown: Sequence[Shown], attributes: Mapping[str, Any], densities: Mapping[str, str]
) -> SafeString:
    added = dict(attributes)
    choice = srcset(shown, densities)
    if choice != image.url:
        # Of a single file there is nothing to choose.
        added.setdefault("srcset", choice)
    if image.is_ready and hasattr(image.rendition, "img_tag"):
        tag: SafeString = image.rendition.img_tag(added)
        return tag
    defaults = apps.get_app_config("wagtailimages").default_attrs  # type: ignore[attr-defined]
    own = {"src": image.url, "width": image.width, "height": image.height, "alt": image.alt}
    return mark_safe(f"<img{flatatt({**own, **defaults, **added})}>")


def _by_format(shown: Sequence[Shown]) -> dict[str, list[Shown]]:
    found: dict[str, list[Shown]] = {}
    for each in shown:
        found.setdefault(each.format, []).append(each)
    return found
