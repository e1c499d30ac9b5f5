"""
Tags as other packages write them, and stand-ins of this package's own: what is read of their nodes is what counts here.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import token_kwargs
from jinja2 import Environment
from wagtail.images import jinja2tags

register = template.Library()

OURS = "wagtail_sourcegroups.templatetags.sourcegroups_tags"


class Panel:
    """No node, and so nobody's child."""


class TabsNode(template.Node):
    """Keeps what is inside of it where ``child_nodelists`` does not say."""

    child_nodelists = ()

    def __init__(self, inside: template.NodeList) -> None:
        self.panel = Panel()
        self.tabs = {"first": [("title", inside)]}


@register.tag
def tabs(parser: Any, token: Any) -> TabsNode:
    inside = parser.parse(("endtabs",))
    parser.delete_first_token()
    return TabsNode(inside)


@register.tag
def moody(parser: Any, token: Any) -> template.Node:
    raise RuntimeError("not today")


GenerateImageNode = type("GenerateImageNode", (template.Node,), {"__module__": OURS})
ThumbnailNode = type("ThumbnailNode", (template.Node,), {"__module__": OURS})


@register.tag
def generateimage(parser: Any, token: Any) -> template.Node:
    node = GenerateImageNode()
    node.spec = parser.compile_filter(token.split_contents()[1])
    return node


@register.tag
def thumbnail(parser: Any, token: Any) -> template.Node:
    node = ThumbnailNode()
    _, *bits = token.split_contents()
    node.options = token_kwargs(bits[-1:], parser) if "=" in bits[-1] else {}
    first, second, *rest = (bit for bit in bits if "=" not in bit)
    size = second if rest else first
    node.spec, node.size = parser.compile_filter(first) if rest else None, parser.compile_filter(size)
    return node


def environment(**options: Any) -> Environment:
    env = Environment(**options)
    env.globals.update(
        img=jinja2tags.image, generateimage=lambda *args, **kwargs: "", thumbnail=lambda *args, **kwargs: ""
    )
    # What no dictionary can look up.
    env.globals["unhashable"] = {}
    return env
