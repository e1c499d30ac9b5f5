"""
``{% generateimage %}``, ``{% thumbnail %}`` and ``{% prefetch_generateimages %}``.

The nodes keep the words they were written with, so that whoever looks through a site's templates can read them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import template
from django.template.base import FilterExpression, Parser, Token
from django.template.context import Context

from ..showing.prefetching import prefetch
from ..showing.shownset import ShownSet
from ..showing.tags import rendition_set_for, thumbnail_for

register = template.Library()

Expressions = Mapping[str, FilterExpression]

#: What comes before the ``--`` and is yet an attribute: ``sizes`` goes to every ``<source>`` as well.
ATTRIBUTES = ("sizes",)
OPTIONS = ("crop", "anchor", "format", "srcset")

_NAME = re.compile(r"[A-Za-z_@:][\w@:.-]*")


@dataclass(frozen=True)
class Words:
    """What a tag was written with: expressions, some with a name; attributes after ``--``; and ``as``, a name."""

    tag: str
    positional: Sequence[FilterExpression]
    named: Expressions
    attributes: Expressions = field(default_factory=dict)
    target: str | None = None


class PictureNode(template.Node):
    """Writes a picture, or assigns its rendition set; ``None`` where there is no picture."""

    def __init__(self, source: FilterExpression, attributes: Expressions, target: str | None) -> None:
        self.source = source
        self.attributes = attributes
        self.target = target

    def found(self, source: Any, attributes: Mapping[str, Any], context: Context) -> ShownSet | None:
        """What there is to show of a source."""
        raise NotImplementedError

    def render(self, context: Context) -> str:
        attributes = _resolved(self.attributes, context)
        found = self.found(self.source.resolve(context, ignore_failures=True), attributes, context)
        if self.target is not None:
            context[self.target] = found
            return ""
        return "" if found is None else found.__html__()


class GenerateImageNode(PictureNode):
    """``{% generateimage SPEC source=SOURCE %}``"""

    def __init__(
        self,
        spec: FilterExpression,
        source: FilterExpression,
        attributes: Expressions | None = None,
        target: str | None = None,
    ) -> None:
        super().__init__(source, attributes or {}, target)
        self.spec = spec

    def found(self, source: Any, attributes: Mapping[str, Any], context: Context) -> ShownSet | None:
        return rendition_set_for(self.spec.resolve(context), source, attributes)


class ThumbnailNode(PictureNode):
    """``{% thumbnail [SPEC] SIZE SOURCE %}``"""

    def __init__(
        self,
        size: FilterExpression,
        source: FilterExpression,
        options: Expressions | None = None,
        spec: FilterExpression | None = None,
        attributes: Expressions | None = None,
        target: str | None = None,
    ) -> None:
        super().__init__(source, attributes or {}, target)
        self.size = size
        self.options = options or {}
        self.spec = spec

    def found(self, source: Any, attributes: Mapping[str, Any], context: Context) -> ShownSet | None:
        spec_id = None if self.spec is None else self.spec.resolve(context)
        options = _resolved(self.options, context)
        return thumbnail_for(spec_id, self.size.resolve(context), source, options, attributes)


class PrefetchNode(template.Node):
    """``{% prefetch_generateimages SPEC [SPEC ...] OBJECTS [source=PATH] %}``"""

    def __init__(
        self, specs: Sequence[FilterExpression], objects: FilterExpression, path: FilterExpression | None
    ) -> None:
        self.specs = specs
        self.objects = objects
        self.path = path

    def render(self, context: Context) -> str:
        objects = self.objects.resolve(context, ignore_failures=True)
        path = None if self.path is None else self.path.resolve(context)
        prefetch([spec.resolve(context) for spec in self.specs], () if objects is None else objects, path)
        return ""


@register.tag
def generateimage(parser: Parser, token: Token) -> GenerateImageNode:
    """
    A picture of a registered spec::

        {% generateimage "blog:hero" source=page.image %}
        {% generateimage "blog:hero" source=page.image sizes="100vw" -- class="hero" loading="lazy" %}
        {% generateimage "blog:hero" source=page.image as pictures %}
    """
    usage = '{% generateimage "blog:hero" source=page.image [sizes="..."] [-- class="..."] %}, or ... as pictures %}'
    words = read(parser, token, ("source", *ATTRIBUTES), usage)
    given = list(words.positional)
    source = words.named.get("source") or (given.pop() if len(given) == 2 else None)
    if len(given) != 1 or source is None:
        raise template.TemplateSyntaxError(f"{words.tag!r} takes the id of a spec, and a source: {usage}")
    return GenerateImageNode(given[0], source, words.attributes, words.target)


@register.tag
def thumbnail(parser: Parser, token: Token) -> ThumbnailNode:
    """
    A picture of a size, which no spec has to know of::

        {% thumbnail "100x100" page.image %}
        {% thumbnail "100x100" page.image anchor="t" format="webp" srcset="2 3" -- class="avatar" %}
        {% thumbnail "300x" page.image as small %}
        {% thumbnail "blog:hero" "100x100" page.image %}

    A spec gives its strategy and its formats.
    """
    usage = (
        '{% thumbnail ["blog:hero"] "100x100" page.image [crop=False] [anchor="t"] [format="webp"] [srcset="2 3"] '
        '[-- class="..."] %}, or ... as small %}'
    )
    words = read(parser, token, ("source", *OPTIONS, *ATTRIBUTES), usage)
    given = list(words.positional)
    source = words.named.get("source") or (given.pop() if len(given) > 1 else None)
    if source is None or not 1 <= len(given) <= 2:
        raise template.TemplateSyntaxError(
            f"{words.tag!r} takes a size and a source, and before them the id of a spec, if any: {usage}"
        )
    *spec, size = given
    options = {name: value for name, value in words.named.items() if name in OPTIONS}
    return ThumbnailNode(size, source, options, spec[0] if spec else None, words.attributes, words.target)


@register.tag
def prefetch_generateimages(parser: Parser, token: Token) -> PrefetchNode:
    """
    Look up at once what tags are going to show of a list::

        {% prefetch_generateimages "blog:card" pages %}
        {% prefetch_generateimages "blog:card" "blog:hero" pages source="author__portrait" %}
    """
    usage = '{% prefetch_generateimages "blog:card" ["blog:hero" ...] pages [source="author__portrait"] %}'
    words = read(parser, token, ("source",), usage)
    if len(words.positional) < 2 or words.attributes or words.target:
        raise template.TemplateSyntaxError(f"{words.tag!r} takes ids of specs, and a list: {usage}")
    *specs, objects = words.positional
    return PrefetchNode(specs, objects, words.named.get("source"))


def read(parser: Parser, token: Token, names: Sequence[str], usage: str) -> Words:
    """
    The words of a tag, of which those with a name may have one of ``names``.

    Raises ``TemplateSyntaxError`` for others, for one that is there twice, and for attributes together with ``as``.
    """
    tag, *bits = token.split_contents()
    target = None
    if "as" in bits:
        place = bits.index("as")
        if place != len(bits) - 2:
            raise template.TemplateSyntaxError(f"{tag!r} takes one name after 'as', at its end: {usage}")
        target = bits[-1]
        bits = bits[:place]
    before, after = bits, []
    if "--" in bits:
        place = bits.index("--")
        before, after = bits[:place], bits[place + 1 :]
    positional: list[FilterExpression] = []
    named: dict[str, FilterExpression] = {}
    for bit in before:
        name, value = _named(bit)
        if not name:
            positional.append(parser.compile_filter(value))
        elif name not in names:
            raise template.TemplateSyntaxError(
                f"{tag!r} has no option {name!r}; it has {', '.join(names)}. Attributes come after a --: {usage}"
            )
        elif name in named:
            raise template.TemplateSyntaxError(f"{tag!r} is given {name!r} twice: {usage}")
        else:
            named[name] = parser.compile_filter(value)
    attributes = {name: named.pop(name) for name in ATTRIBUTES if name in named}
    for bit in after:
        name, value = _named(bit)
        if not name:
            raise template.TemplateSyntaxError(
                f"{tag!r} has {bit!r} after the --, where attributes are name=value: {usage}"
            )
        attributes[name] = parser.compile_filter(value)
    if target is not None and attributes:
        raise template.TemplateSyntaxError(f"{tag!r} takes either attributes or 'as', not both: {usage}")
    return Words(tag, positional, named, attributes, target)


def _named(bit: str) -> tuple[str, str]:
    """Name and value of ``name=value``; no name for a value, which may be a text with a ``=`` in it."""
    name, equals, value = bit.partition("=")
    return (name, value) if equals and _NAME.fullmatch(name) else ("", bit)


def _resolved(expressions: Expressions, context: Context) -> dict[str, Any]:
    return {name: value.resolve(context) for name, value in expressions.items()}
